/** The client of an inbox: what waits for its user, updated as it changes, and answers; what an app's page or bot holds. */
import type { InboxEnvelope } from '../protocol/inbox-envelopes';
import type { RequestView } from '../protocol/request-view';
import { inboxAddress } from './address';
import type { Refusal } from './ending';
import { emptyInbox, type InboxNews, type InboxOrder, type InboxPart, InboxReducer } from './inbox-view';
import type { ClientState } from './link-parts';
import { Listeners } from './listeners';
import { type ConnectOptions, SocketClient } from './socket-client';
import { randomId } from './tab-name';
import { TicketError } from './ticket-error';
import { withUnchanged } from './whole-request';

export interface InboxOptions extends ConnectOptions {
  /** Only requests of this kind. */
  type?: string;
  /** Only approvals of this tool. */
  toolName?: string;
  /** Only requests of this ticket. */
  ticketId?: string;
  /** By age, or what expires first. Default `oldest`. */
  order?: InboxOrder;
  /** Requests on a page, from 1 to 200. Default 50. */
  limit?: number;
}

/** What can be listened to: every envelope by its `event`, and these four. */
export type InboxEvents = { [E in InboxEnvelope as E['event']]: E } & {
  state: ClientState;
  /** A try to connect was refused; the next one may not be. */
  refusal: Refusal;
  /** `items` or `total` are others now. */
  change: InboxClient;
  /** Every envelope, in order. */
  envelope: InboxEnvelope;
};

/** A page that was asked for. */
interface Asked {
  id: string;
  done: Promise<void>;
  resolve(): void;
  reject(error: TicketError): void;
}

/**
 * Opens the user's inbox and stays connected until `close` or until the server says that it is over.
 * @throws TypeError for a `url` that is none, and where there is no `WebSocket`
 */
export function connectInbox(options: InboxOptions): InboxClient {
  return new InboxClient(options);
}

export class InboxClient extends SocketClient {
  private readonly listeners = new Listeners<InboxEvents>();
  private readonly reducer: InboxReducer;
  private readonly limit: number;
  private view = emptyInbox;
  private asked: Asked | undefined;

  constructor(options: InboxOptions) {
    const { url, type, toolName, ticketId, order = 'oldest', limit = 50 } = options;
    const query = {
      ...(type !== undefined && { type }),
      ...(toolName !== undefined && { tool_name: toolName }),
      ...(ticketId !== undefined && { ticket_id: ticketId }),
      order,
      limit: String(limit),
    };
    const place = { url, query };
    super(options, { address: () => inboxAddress(place) });
    this.limit = limit;
    this.reducer = new InboxReducer(order, limit);
    this.start();
  }

  /** The first of the inbox, in its order, without a gap: `limit` or more, if there are so many. Another array after each change. */
  get items(): readonly RequestView[] {
    return this.view.items;
  }

  /** How many requests there are in all, those that are not in `items` included. */
  get total(): number {
    return this.view.total;
  }

  /** There are more than `total`. */
  get isCapped(): boolean {
    return this.view.capped;
  }

  /** There are requests behind `items`. */
  get hasMore(): boolean {
    return this.view.cursor !== undefined;
  }

  /** Calls `listener` for every such event from now on; returns what ends that. */
  on<E extends keyof InboxEvents>(event: E, listener: (value: InboxEvents[E]) => void): () => void {
    return this.listeners.on(event, listener);
  }

  /**
   * Asks for one more page; resolves when `items` has it, at once if there is none. One page at a time. What is lost with
   * the connection is not asked for again, since the inbox then begins again.
   * @throws TicketError with the server's code
   */
  loadMore(): Promise<void> {
    const { cursor } = this.view;
    if (this.asked) return this.asked.done;
    if (cursor === undefined || this.state !== 'live') return Promise.resolve();
    let resolve = () => {};
    let reject: Asked['reject'] = () => {};
    const done = new Promise<void>((yes, no) => {
      resolve = yes;
      reject = no;
    });
    const id = randomId();
    this.asked = { id, done, resolve, reject };
    this.link.send(JSON.stringify({ type: 'inbox_more', id, cursor }));
    return done;
  }

  /** On the socket of an inbox come envelopes of inboxes only. */
  protected hear(sent: InboxEnvelope): void {
    // One of a request behind `items` stays as it was sent.
    const envelope = withUnchanged(sent, (id) => this.items.find((item) => item.id === id));
    if (isNews(envelope)) this.change(this.reducer.reduce(this.view, envelope));
    else if (envelope.event === 'ack' && envelope.re === this.asked?.id) {
      // What an ack holds depends on its frame, and the protocol says what.
      const part = envelope as unknown as InboxPart;
      this.change(this.reducer.extend(this.view, part));
      this.letGo();
      if (part.items.length > 0) this.refill();
    } else if (envelope.event === 'error' && envelope.re !== undefined && envelope.re === this.asked?.id) {
      this.letGo(new TicketError(envelope.code, envelope.message, envelope.details));
    }
    this.listeners.notify('envelope', envelope);
    this.notifyByName(envelope.event, envelope);
    if (envelope.event === 'inbox_removed') this.refill();
  }

  protected hearRaw(): void {}

  protected hearState(state: ClientState): void {
    if (state !== 'live') this.letGo();
    this.listeners.notify('state', state);
  }

  protected hearRefusal(refusal: Refusal): void {
    this.listeners.notify('refusal', refusal);
  }

  private change(view: typeof emptyInbox): void {
    if (view === this.view) return;
    this.view = view;
    this.listeners.notify('change', this);
  }

  /** What was answered makes room for what is behind. */
  private refill(): void {
    if (this.items.length < this.limit && this.hasMore) this.loadMore().catch(() => {});
  }

  private letGo(error?: TicketError): void {
    const { asked } = this;
    this.asked = undefined;
    if (error) asked?.reject(error);
    else asked?.resolve();
  }

  /** Apart, since only as a parameter the name and the envelope are known to belong together. */
  private notifyByName<E extends InboxEnvelope['event']>(event: E, envelope: InboxEnvelope): void {
    this.listeners.notify(event, envelope as InboxEvents[E]);
  }
}

function isNews(envelope: InboxEnvelope): envelope is InboxNews {
  return envelope.event.startsWith('inbox_');
}
