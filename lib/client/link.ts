/** One connection over all its sockets, to a ticket or an inbox: connects, resumes, notices death and gaps, waits, comes back; the client runs it. */
import type { Envelope, Welcome } from '../protocol/envelopes';
import type { InboxEnvelope } from '../protocol/inbox-envelopes';
import { BackOff } from './back-off';
import type { Clock } from './clock';
import { comesBack } from './close-class';
import { Follower, type LogPosition } from './follower';
import { Heartbeat } from './heartbeat';
import type { ClientSocket, Fetch, PageEvents, SocketConstructor, SocketEvent } from './page';
import { type Ending, finalRefusal } from './refusal';

type Subprotocol = typeof import('../protocol/codec').subprotocol;
const subprotocol: Subprotocol = 'hitl.v1';

/**
 * `connecting`: never been in. `live`: in, and everything that was missed has been told. `resuming`: was in, comes back.
 * `closed`: over for good.
 */
export type ClientState = 'connecting' | 'live' | 'resuming' | 'closed';

/** From the start of a connection to its `welcome`; slower counts as failed. */
export const connectMs = 15_000;
/** A connection that lasted this long was a good one: the next wait is short again. */
export const steadyMs = 10_000;
/** How long an envelope that a `pong` told of may still be under way; only then it counts as lost. */
export const graceMs = 1_000;

export interface LinkParts {
  /** Where to connect, for one who knows everything up to there. @throws TypeError for a `url` that is none */
  address(after: LogPosition | undefined): string;
  /** A route that makes the same checks as the handshake, and whose answer a page may read. */
  check(): string;
  after: LogPosition | undefined;
  WebSocket: SocketConstructor;
  fetch: Fetch | undefined;
  events: PageEvents | undefined;
  clock: Clock;
  random(): number;
  onState(state: ClientState): void;
  /** Logged ones once each and without a gap. */
  onEnvelope(envelope: Envelope | InboxEnvelope): void;
  /** What is no envelope. */
  onRaw(text: string): void;
}

export class Link {
  /** Why it is `closed`. */
  ending: Ending | undefined;
  private now: ClientState = 'connecting';
  private socket: ClientSocket | undefined;
  private hasOpened = false;
  private welcomed: Pick<Welcome, 'epoch' | 'seq'> | undefined;
  private liveSince: number | undefined;
  private isOffline = false;
  /** When the server wants to be asked again at the earliest. */
  private notBefore = 0;
  private asking: AbortController | undefined;
  private cancelWait: (() => void) | undefined;
  private cancelConnect: (() => void) | undefined;
  private cancelDoubt: (() => void) | undefined;
  private readonly follower: Follower;
  private readonly backOff: BackOff;
  private readonly heartbeat: Heartbeat;

  constructor(private readonly parts: LinkParts) {
    this.follower = new Follower(parts.after);
    this.backOff = new BackOff(parts.random);
    this.heartbeat = new Heartbeat(
      parts.clock,
      () => this.send('{"type":"ping"}'),
      () => this.giveUp(),
    );
  }

  get state(): ClientState {
    return this.now;
  }

  /** Up to where everything was told. */
  get position(): LogPosition | undefined {
    return this.follower.position;
  }

  /** @throws TypeError for an address that is none, and what the `WebSocket` constructor throws */
  start(): void {
    this.connect();
    const { events } = this.parts;
    events?.addEventListener('online', this.onOnline);
    events?.addEventListener('offline', this.onOffline);
  }

  /** Nothing is sent where there is no connection. */
  send(text: string): void {
    this.socket?.send(text);
  }

  /** Over for good; nothing is left running. Repeatable. */
  end(ending: Ending): void {
    if (this.now === 'closed') return;
    const { events } = this.parts;
    events?.removeEventListener('online', this.onOnline);
    events?.removeEventListener('offline', this.onOffline);
    this.cancelWait?.();
    this.asking?.abort();
    this.drop()?.close(1000);
    this.ending = { code: ending.code, reason: ending.reason };
    this.turn('closed');
  }

  private connect(): void {
    const { WebSocket, clock } = this.parts;
    const socket = new WebSocket(this.parts.address(this.position), [subprotocol]);
    this.socket = socket;
    this.hasOpened = false;
    this.cancelConnect = clock.later(connectMs, () => this.giveUp());
    // A socket that was dropped may still have something to say; nobody listens, but an unheard `error` would throw in Node.
    const on = (type: 'open' | 'message' | 'close' | 'error', hear: (event: SocketEvent) => void) =>
      socket.addEventListener(type, (event) => {
        if (this.socket === socket) hear(event);
      });
    on('open', () => {
      this.hasOpened = true;
    });
    on('message', ({ data }) => this.receive(String(data)));
    on('close', ({ code = 1006, reason = '' }) => this.closed(code, reason));
    on('error', () => {});
  }

  private receive(text: string): void {
    this.heartbeat.heard();
    const envelope = parse(text);
    if (envelope) this.take(envelope);
    else this.parts.onRaw(text);
  }

  private take(envelope: Envelope | InboxEnvelope): void {
    if (envelope.event === 'welcome') this.welcome(envelope);
    else if (envelope.event === 'inbox_snapshot') {
      this.welcome(envelope);
      this.follower.jump(envelope);
    } else if (envelope.event === 'snapshot')
      this.follower.jump(envelope, { isPartial: envelope.more_requests === true });
    else if (envelope.event === 'snapshot_requests' && !envelope.more_requests) this.follower.complete();
    else if (envelope.event === 'pong') this.doubt(envelope.seq);
    else if (envelope.event === 'going_away')
      this.notBefore = this.parts.clock.now() + envelope.retry_after_ms;
    else if (isLogged(envelope)) {
      const place = this.follower.take(envelope);
      if (place === 'gap') this.resync();
      if (place !== 'new') return;
    }
    this.parts.onEnvelope(envelope);
    this.goLive();
  }

  private welcome({ epoch, seq, heartbeat_ms }: Pick<Welcome, 'epoch' | 'seq' | 'heartbeat_ms'>): void {
    this.cancelConnect?.();
    this.asking?.abort();
    this.welcomed = { epoch, seq };
    this.heartbeat.start(heartbeat_ms);
  }

  private goLive(): void {
    const { position, welcomed } = this;
    if (!welcomed || !position || position.epoch !== welcomed.epoch || position.seq < welcomed.seq) return;
    this.liveSince ??= this.parts.clock.now();
    this.turn('live');
  }

  private doubt(seq: number): void {
    if (!this.follower.isBehind(seq) || this.cancelDoubt) return;
    this.cancelDoubt = this.parts.clock.later(graceMs, () => {
      this.cancelDoubt = undefined;
      if (this.follower.isBehind(seq)) this.resync();
    });
  }

  /** Something is missing: what is there is told again from where it is certain. */
  private resync(): void {
    this.follower.missed();
    this.drop()?.close(1000);
    this.comeBack();
  }

  /** The peer is dead or does not answer. */
  private giveUp(): void {
    const socket = this.drop();
    if (socket?.terminate) socket.terminate();
    else socket?.close();
    this.comeBack();
  }

  private closed(code: number, reason: string): void {
    const refused = !this.hasOpened;
    this.drop();
    if (comesBack(code)) {
      if (refused) this.askWhy();
      this.comeBack();
    } else this.end({ code, reason });
  }

  /** Lets go of the socket, which is the caller's to close. */
  private drop(): ClientSocket | undefined {
    const { socket } = this;
    this.follower.drop();
    this.heartbeat.stop();
    this.cancelConnect?.();
    this.cancelDoubt?.();
    this.cancelDoubt = undefined;
    this.socket = undefined;
    this.welcomed = undefined;
    return socket;
  }

  private comeBack(): void {
    const { clock } = this.parts;
    if (this.liveSince !== undefined && clock.now() - this.liveSince >= steadyMs) this.backOff.reset();
    this.liveSince = undefined;
    this.wait();
    if (this.now === 'live') this.turn('resuming');
  }

  private wait(): void {
    const { clock } = this.parts;
    this.cancelWait?.();
    const asked = this.notBefore - clock.now();
    const chosen = () => (this.isOffline ? this.backOff.longest() : this.backOff.next());
    this.cancelWait = clock.later(asked > 0 ? asked : chosen(), () => {
      this.cancelWait = undefined;
      try {
        this.connect();
      } catch {
        this.wait();
      }
    });
  }

  private askWhy(): void {
    const { fetch } = this.parts;
    if (!fetch || this.asking) return;
    const asking = new AbortController();
    this.asking = asking;
    void finalRefusal(fetch, this.parts.check(), asking.signal).then((ending) => {
      this.asking = undefined;
      if (ending && !asking.signal.aborted) this.end(ending);
    });
  }

  private readonly onOnline = (): void => {
    this.isOffline = false;
    this.backOff.reset();
    if (this.cancelWait) this.wait();
    else this.heartbeat.verify();
  };

  /** Browsers are wrong about this at times (a server on the same machine): it makes the client doubt, never stop. */
  private readonly onOffline = (): void => {
    this.isOffline = true;
    if (this.cancelWait) this.wait();
    else this.heartbeat.verify();
  };

  private turn(state: ClientState): void {
    if (this.now === state) return;
    this.now = state;
    this.parts.onState(state);
  }
}

function isLogged(envelope: object): envelope is LogPosition {
  return (
    'epoch' in envelope &&
    typeof envelope.epoch === 'string' &&
    'seq' in envelope &&
    typeof envelope.seq === 'number'
  );
}

/** Nothing for text that is no envelope: apps may send their own. */
function parse(text: string): Envelope | InboxEnvelope | undefined {
  try {
    const value: unknown = JSON.parse(text);
    // The server's promise: what has an `event` that this version knows has its fields too.
    return typeof value === 'object' && value !== null && 'event' in value && typeof value.event === 'string'
      ? (value as Envelope | InboxEnvelope)
      : undefined;
  } catch {
    return undefined;
  }
}
