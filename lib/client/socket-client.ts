/** What the clients of a ticket and of an inbox share: one link, frames that are carried out once, and an end; each of them extends it. */
import type { ClientFrame } from '../protocol/client-frames';
import type { Ack, Envelope } from '../protocol/envelopes';
import type { InboxEnvelope } from '../protocol/inbox-envelopes';
import type { RequestResponse } from '../protocol/records';
import type { RequestView } from '../protocol/request-view';
import { type Clock, systemClock } from './clock';
import type { Ending, Refusal } from './ending';
import type { LogPosition } from './follower';
import { Link } from './link';
import type { ClientState, LinkParts, Transport } from './link-parts';
import { Outbox } from './outbox';
import {
  type Fetch,
  type PageEvents,
  pageEvents,
  pageFetch,
  pageWebSocket,
  type SocketConstructor,
} from './page';
import { randomId } from './tab-name';
import { TicketError } from './ticket-error';

export interface ConnectOptions {
  /** Where the app mounted the hub's router: `wss://app.example.com/soc`, also with `https`; in a page `/soc` will do. */
  url: string;
  /** Default: the global one. In Node below 22 that of `ws`; a subclass of it can add headers. */
  WebSocket?: SocketConstructor;
  /**
   * Asked why a handshake failed, if it did, and what the connection goes over where no upgrade gets through. Default: the
   * page's; in Node it is not asked, and the client continues to retry.
   */
  fetch?: Fetch;
  /** Where `online`, `visibilitychange` and the like are heard. Default: the page. */
  events?: PageEvents;
  /** Closes the client. */
  signal?: AbortSignal;
  /** For tests. Default: the system's. */
  clock?: Clock;
  /** From 0 up to, not including, 1; for tests. Default `Math.random`. */
  random?: () => number;
}

/** The request as it stands after an answer, a claim or a release. */
export type RequestAck = Ack & { hitl: RequestView };

export interface RequestAnswer {
  status: 'approved' | 'denied';
  /** The one that was shown; a request that was amended since is not answered by it. */
  revision: number;
  response?: RequestResponse;
}

type WithoutId<F> = F extends { id: string } ? Omit<F, 'id'> : never;

export interface FrameOptions {
  /** The frame's id, where the app stores frames itself and may send one again after a crash. Default: random. */
  id?: string;
}

export abstract class SocketClient {
  protected readonly link: Link;
  private readonly outbox: Outbox;
  private readonly signal: AbortSignal | undefined;

  /**
   * @param place where the socket is
   * @throws TypeError where there is no `WebSocket`
   */
  constructor(
    options: ConnectOptions,
    place: Pick<LinkParts, 'address' | 'certain' | 'renew'>,
    after?: LogPosition,
  ) {
    const { signal, clock = systemClock } = options;
    this.outbox = new Outbox(clock);
    this.signal = signal;
    const WebSocket = options.WebSocket ?? pageWebSocket();
    if (!WebSocket) throw new TypeError('There is no WebSocket here: hand in that of ws');
    this.link = new Link({
      ...place,
      after,
      WebSocket,
      fetch: options.fetch ?? pageFetch(),
      events: options.events ?? pageEvents(),
      clock,
      random: options.random ?? Math.random,
      onState: (state) => this.turn(state),
      onRefusal: (refusal) => this.hearRefusal(refusal),
      onEnvelope: (envelope) => {
        if (envelope.event === 'ack' || envelope.event === 'error') this.outbox.settle(envelope);
        this.hear(envelope);
      },
      onRaw: (text) => this.hearRaw(text),
    });
  }

  get state(): ClientState {
    return this.link.state;
  }

  /** Why the state is `closed`. */
  get ending(): Ending | undefined {
    return this.link.ending;
  }

  /** Why it is not connected: the answer to the last try, if there was one; the client tries again. None while it is connected. */
  get refusal(): Refusal | undefined {
    return this.link.refusal;
  }

  /** What the connection goes over, or went over last; it changes between two states `live`. */
  get transport(): Transport {
    return this.link.transport;
  }

  /** Frames that have no answer yet. */
  get waiting(): number {
    return this.outbox.size;
  }

  /** Answers a request. Waits and is carried out once, as `send`; an answer that came too late is `already_resolved`. */
  respond(requestId: string, answer: RequestAnswer, options: FrameOptions = {}): Promise<RequestAck> {
    const { status, revision, response } = answer;
    const more = response && { response };
    return this.ask({ type: 'hitl_respond', request_id: requestId, revision, status, ...more }, options);
  }

  /** "I am on it", for two minutes; again renews. As `respond`. */
  claim(requestId: string, options: FrameOptions = {}): Promise<RequestAck> {
    return this.ask({ type: 'hitl_claim', request_id: requestId }, options);
  }

  /** Lets go of an own claim. As `respond`. */
  release(requestId: string, options: FrameOptions = {}): Promise<RequestAck> {
    return this.ask({ type: 'hitl_release', request_id: requestId }, options);
  }

  /** Leaves for good. What has no answer is rejected with `closed`; no timer, listener or socket is left. Repeatable. */
  readonly close = (): void => {
    this.link.end({ code: 1000, reason: 'closed' });
  };

  /** @throws TypeError for a `url` that is none */
  protected start(): void {
    this.link.start();
    if (this.signal?.aborted) this.close();
    else this.signal?.addEventListener('abort', this.close);
  }

  protected ask<A extends Ack>(frame: WithoutId<ClientFrame>, { id = randomId() }: FrameOptions): Promise<A> {
    if (this.state === 'closed') return Promise.reject(this.closedError());
    // What an ack holds beside `re` depends on its frame, and the protocol says what.
    return this.outbox.add({ id, ...frame }) as Promise<A>;
  }

  protected closedError(): TicketError {
    const { code = 1000, reason = '' } = this.ending ?? {};
    return new TicketError('closed', `The connection is over: ${code} ${reason}`, { code, reason });
  }

  /** An envelope, in order. */
  protected abstract hear(envelope: Envelope | InboxEnvelope): void;
  protected abstract hearRaw(text: string): void;
  /** The state has changed. */
  protected abstract hearState(state: ClientState): void;
  protected abstract hearRefusal(refusal: Refusal): void;

  private turn(state: ClientState): void {
    if (state === 'live') this.outbox.open((text) => this.link.send(text));
    else this.outbox.shut();
    if (state === 'closed') {
      this.signal?.removeEventListener('abort', this.close);
      this.outbox.end(this.closedError());
    }
    this.hearState(state);
  }
}
