/** The client of one ticket: events in, frames out, however often the connection breaks; what an app's page or bot holds. */
import type { ClientFrame } from '../protocol/client-frames';
import type { Ack, Envelope } from '../protocol/envelopes';
import type { RequestResponse } from '../protocol/records';
import type { RequestView } from '../protocol/views';
import { type Clock, systemClock } from './clock';
import type { LogPosition } from './follower';
import { type ClientState, Link } from './link';
import { Listeners } from './listeners';
import { Outbox } from './outbox';
import {
  type Fetch,
  type PageEvents,
  pageEvents,
  pageFetch,
  pageWebSocket,
  type SocketConstructor,
} from './page';
import type { Ending } from './refusal';
import { randomId, type TabName, takeTabName } from './tab-name';
import { TicketError } from './ticket-error';

export interface TicketOptions {
  /** Where the app mounted the hub's router: `wss://app.example.com/soc`, also with `https`; in a page `/soc` will do. */
  url: string;
  ticketId: string;
  /** Names this tab or device; two with one name throw each other out. Default: kept for the tab over reloads, else random. */
  tab?: string;
  /** The session to go on with. Default: the one last begun in this tab. */
  sessionId?: string;
  /** Where a view that was kept stands: only what came after is told. Default: begins with a snapshot. */
  after?: LogPosition;
  /** Default: the global one. In Node below 22 that of `ws`; a subclass of it can add headers. */
  WebSocket?: SocketConstructor;
  /** Asked why a handshake failed, if it did. Default: the page's; in Node nobody is asked, and the client keeps trying. */
  fetch?: Fetch;
  /** Where `online` and `offline` are heard. Default: the page. */
  events?: PageEvents;
  /** Closes the client. */
  signal?: AbortSignal;
  /** For tests. Default: the system's. */
  clock?: Clock;
  /** From 0 up to, not including, 1; for tests. Default `Math.random`. */
  random?: () => number;
}

/** What can be listened to: every envelope by its `event`, and these three. */
export type TicketEvents = { [E in Envelope as E['event']]: E } & {
  state: ClientState;
  /** Every envelope, in order, also of kinds that this version does not know; what a view is made from. */
  envelope: Envelope;
  /** Text that the app sent as it is, and that is no envelope. */
  raw: string;
};

/** What became of a message. */
export type MessageAck = Ack & { message_id: string; session_id: string; turn_id?: string };
/** The request as it stands after an answer, a claim or a release. */
export type RequestAck = Ack & { hitl: RequestView };
export type TurnAck = Ack & { turn_id: string };

export interface RequestAnswer {
  status: 'approved' | 'denied';
  /** The one that was shown; a request that was amended since is not answered by it. */
  revision: number;
  response?: RequestResponse;
}

type WithoutId<F> = F extends { id: string } ? Omit<F, 'id'> : never;

export interface FrameOptions {
  /** The frame's id, where the app keeps frames itself and may send one again after a crash. Default: random. */
  id?: string;
}

/**
 * Joins a ticket and stays in it until `close` or until the server says that it is over.
 * @throws TypeError for a `url` that is none, and where there is no `WebSocket`
 */
export function connectTicket(options: TicketOptions): TicketClient {
  return new TicketClient(options);
}

export class TicketClient {
  private readonly listeners = new Listeners<TicketEvents>();
  private readonly outbox: Outbox;
  private readonly link: Link;
  private readonly tabName: TabName | undefined;

  constructor(private readonly options: TicketOptions) {
    const { url, ticketId, sessionId, after, signal, clock = systemClock } = options;
    this.outbox = new Outbox(clock);
    const WebSocket = options.WebSocket ?? pageWebSocket();
    if (!WebSocket) throw new TypeError('There is no WebSocket here: hand one in, that of the package ws');
    this.tabName = options.tab === undefined ? takeTabName(`${url}/${ticketId}`) : undefined;
    this.link = new Link({
      place: { url, ticketId },
      tab: options.tab ?? this.tabName?.name ?? '',
      sessionId,
      after,
      WebSocket,
      fetch: options.fetch ?? pageFetch(),
      events: options.events ?? pageEvents(),
      clock,
      random: options.random ?? Math.random,
      onState: (state) => this.turn(state),
      onEnvelope: (envelope) => this.hear(envelope),
      onRaw: (text) => this.listeners.tell('raw', text),
    });
    try {
      this.link.start();
    } catch (error) {
      this.tabName?.giveBack();
      throw error;
    }
    if (signal?.aborted) this.close();
    else signal?.addEventListener('abort', this.close);
  }

  get state(): ClientState {
    return this.link.state;
  }

  /** Up to where everything was told; what `after` takes, for a client that comes later and goes on. */
  get position(): LogPosition | undefined {
    return this.link.position;
  }

  /** Why the state is `closed`. */
  get ending(): Ending | undefined {
    return this.link.ending;
  }

  /** Frames that have no answer yet. */
  get waiting(): number {
    return this.outbox.size;
  }

  /** Calls `listener` for every such event from now on; returns what ends that. */
  on<E extends keyof TicketEvents>(event: E, listener: (value: TicketEvents[E]) => void): () => void {
    return this.listeners.on(event, listener);
  }

  /**
   * A line of chat. While the client is away it waits, with up to 255 other frames, and is sent when it is back; the server
   * carries it out once, however often it had to be sent.
   * @throws TicketError with the server's code, or `closed`, `queue_full`, `too_large`
   */
  send(content: string, options: FrameOptions = {}): Promise<MessageAck> {
    return this.ask({ type: 'message', content }, options);
  }

  /** Answers a request. Waits and is carried out once, as `send`; an answer that came too late is `already_resolved`. */
  respond(requestId: string, answer: RequestAnswer, options: FrameOptions = {}): Promise<RequestAck> {
    const { status, revision, response } = answer;
    const more = response && { response };
    return this.ask({ type: 'hitl_respond', request_id: requestId, revision, status, ...more }, options);
  }

  /** "I am on it", for two minutes; again renews. As `send`. */
  claim(requestId: string, options: FrameOptions = {}): Promise<RequestAck> {
    return this.ask({ type: 'hitl_claim', request_id: requestId }, options);
  }

  /** Lets go of an own claim. As `send`. */
  release(requestId: string, options: FrameOptions = {}): Promise<RequestAck> {
    return this.ask({ type: 'hitl_release', request_id: requestId }, options);
  }

  /** Stops a turn. As `send`. */
  cancelTurn(turnId: string, options: FrameOptions = {}): Promise<TurnAck> {
    return this.ask({ type: 'turn_cancel', turn_id: turnId }, options);
  }

  /** Tells the others that this user is writing. Forgotten while the client is away. */
  typing(): void {
    if (this.state === 'live') this.link.send('{"type":"typing"}');
  }

  /** Leaves for good. What has no answer is rejected with `closed`; no timer, listener or socket is left. Repeatable. */
  readonly close = (): void => {
    this.link.end({ code: 1000, reason: 'closed' });
  };

  private ask<A extends Ack>(frame: WithoutId<ClientFrame>, { id = randomId() }: FrameOptions): Promise<A> {
    if (this.state === 'closed') return Promise.reject(this.closedError());
    // What an ack holds beside `re` depends on its frame, and the protocol says what.
    return this.outbox.add({ id, ...frame }) as Promise<A>;
  }

  private hear(envelope: Envelope): void {
    if (envelope.event === 'ack' || envelope.event === 'error') this.outbox.settle(envelope);
    this.listeners.tell('envelope', envelope);
    this.tellByName(envelope.event, envelope);
  }

  /** Apart, since only as a parameter the name and the envelope are known to belong together. */
  private tellByName<E extends Envelope['event']>(event: E, envelope: Envelope): void {
    this.listeners.tell(event, envelope as TicketEvents[E]);
  }

  private turn(state: ClientState): void {
    if (state === 'live') this.outbox.open((text) => this.link.send(text));
    else this.outbox.shut();
    if (state === 'closed') {
      this.options.signal?.removeEventListener('abort', this.close);
      this.tabName?.giveBack();
      this.outbox.end(this.closedError());
    }
    this.listeners.tell('state', state);
  }

  private closedError(): TicketError {
    const { code = 1000, reason = '' } = this.ending ?? {};
    return new TicketError('closed', `The connection is over: ${code} ${reason}`, { code, reason });
  }
}
