/** The client of one ticket: events in, frames out, however often the connection breaks; what an app's page or bot holds. */
import type { Ack, Envelope } from '../protocol/envelopes';
import { socketAddress } from './address';
import type { Refusal } from './ending';
import type { LogPosition } from './follower';
import { KnownRequests } from './known-requests';
import type { ClientState } from './link-parts';
import { Listeners } from './listeners';
import { type ConnectOptions, type FrameOptions, type RequestAck, SocketClient } from './socket-client';
import { type TabName, takeTabName } from './tab-name';

export interface TicketOptions extends ConnectOptions {
  ticketId: string;
  /** Names this tab or device; two with one name replace each other. Default: stored for the tab over reloads, else random. */
  tab?: string;
  /** The session to continue. Default: the one last begun in this tab. */
  sessionId?: string;
  /** The position of a stored view: only what came after is sent. Default: begins with a snapshot. */
  after?: LogPosition;
}

/** What can be listened to: every envelope by its `event`, and these four. */
export type TicketEvents = { [E in Envelope as E['event']]: E } & {
  state: ClientState;
  /** A try to connect was refused; the next one may not be. */
  refusal: Refusal;
  /** Every envelope, in order, also of kinds that this version does not know; what a view is made from. */
  envelope: Envelope;
  /** Text that the app sent as it is, and that is no envelope. */
  raw: string;
};

/** What became of a message. */
export type MessageAck = Ack & { message_id: string; session_id: string; turn_id?: string };
export type TurnAck = Ack & { turn_id: string };

/**
 * Joins a ticket and stays in it until `close` or until the server says that it is over.
 * @throws TypeError for a `url` that is none, and where there is no `WebSocket`
 */
export function connectTicket(options: TicketOptions): TicketClient {
  return new TicketClient(options);
}

export class TicketClient extends SocketClient {
  private readonly listeners = new Listeners<TicketEvents>();
  private readonly tabName: TabName | undefined;
  private readonly known = new KnownRequests();
  /** Of who is connected, as last received; none before that, and while the list is asked for. */
  private presenceVersion: number | undefined;

  constructor(options: TicketOptions) {
    const { url, ticketId, sessionId, after } = options;
    const tabName = options.tab === undefined ? takeTabName(`${url}/${ticketId}`) : undefined;
    const place = { url, ticketId };
    super(
      options,
      {
        address: (position) => {
          const tab = options.tab ?? tabName?.name ?? '';
          // Who begins in the middle has no requests that changes could be put together with.
          return socketAddress(place, { tab, sessionId, after: position, changesAlone: after === undefined });
        },
        certain: () => tabName?.certain,
        renew: () => tabName?.renew() ?? false,
      },
      after,
    );
    this.tabName = tabName;
    try {
      this.start();
    } catch (error) {
      tabName?.giveBack();
      throw error;
    }
  }

  /** Up to where every envelope was received; what `after` takes, for a client that resumes later. */
  get position(): LogPosition | undefined {
    return this.link.position;
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

  /** Takes a request back: an own one, or where the app lets this user. As `send`. */
  cancelRequest(requestId: string, reason: string, options: FrameOptions = {}): Promise<RequestAck> {
    return this.ask({ type: 'hitl_cancel', request_id: requestId, reason }, options);
  }

  /** Stops a turn. As `send`. */
  cancelTurn(turnId: string, options: FrameOptions = {}): Promise<TurnAck> {
    return this.ask({ type: 'turn_cancel', turn_id: turnId }, options);
  }

  /** Notifies the others that this user is writing. Dropped while the client is away. */
  typing(): void {
    if (this.state === 'live') this.link.send('{"type":"typing"}');
  }

  /** On the socket of a ticket come envelopes of tickets only. */
  protected hear(envelope: Envelope): void {
    if (!this.isNews(envelope)) return;
    const whole = this.known.complete(envelope);
    this.listeners.notify('envelope', whole);
    this.notifyByName(whole.event, whole);
  }

  /**
   * False for a change of presence that the list had already, since it was sent before the list. Changes may be dropped;
   * after a gap the list is asked for.
   */
  private isNews(envelope: Envelope): boolean {
    const { event } = envelope;
    if (event === 'snapshot' || event === 'presence_changed')
      this.presenceVersion = envelope.presence_version;
    const known = this.presenceVersion;
    if (event !== 'presence_updated' || known === undefined) return true;
    const { presence_version: version } = envelope;
    if (version <= known) return false;
    this.presenceVersion = version === known + 1 ? version : undefined;
    if (version > known + 1) this.link.send('{"type":"presence"}');
    return true;
  }

  protected hearRaw(text: string): void {
    this.listeners.notify('raw', text);
  }

  protected hearState(state: ClientState): void {
    if (state === 'closed') this.tabName?.giveBack();
    this.listeners.notify('state', state);
  }

  protected hearRefusal(refusal: Refusal): void {
    this.listeners.notify('refusal', refusal);
  }

  /** Apart, since only as a parameter the name and the envelope are known to belong together. */
  private notifyByName<E extends Envelope['event']>(event: E, envelope: Envelope): void {
    this.listeners.notify(event, envelope as TicketEvents[E]);
  }
}
