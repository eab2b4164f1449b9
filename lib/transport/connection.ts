/** One socket: holds back what is live until the client knows what was before, keeps its queue bounded, and notices when it is dead. */
import { Broadcast, isLogged, type Outbound } from '../hub/broadcast';
import type { Sink } from '../hub/client';
import type { Clock } from '../hub/clock';
import type { ChatUser } from '../protocol/chat-frames';
import { type CloseName, classicCloseCode, closeCodes } from '../protocol/close-codes';
import { type Dialect, encode, encodeClassic, encodeClassicDirect } from '../protocol/codec';
import type { DirectEnvelope, EphemeralEnvelope } from '../protocol/envelopes';

/** What a connection needs of a WebSocket; those of ws 7 and 8 have it. */
export interface Socket {
  readonly bufferedAmount: number;
  send(data: string): void;
  close(code: number, reason: string): void;
  terminate(): void;
  ping(): void;
}

/** Frames a client may be behind before it is closed with `resync` (reference A82). */
export const maxQueuedFrames = 256;
/** Bytes a client may be behind before it is closed with `resync`. */
export const maxQueuedBytes = 1_048_576;
/** Bytes behind at which ephemeral frames are dropped for this client. */
export const pressureBytes = 65_536;
/** How long a client may take to answer a close. */
const closeTimeoutMs = 5_000;

export class Connection implements Sink {
  /** Ephemeral frames this client was spared because it was behind. */
  dropped = 0;
  private state: 'opening' | 'live' | 'closed' = 'opening';
  private held: (Broadcast | DirectEnvelope | EphemeralEnvelope)[] = [];
  private queuedFrames = 0;
  /** Bytes of the opening that are still under way: a long one is no sign of a slow client. */
  private exemptBytes = 0;
  /** The last logged envelope this client was sent. */
  private seq = 0;
  private alive = true;

  constructor(
    private readonly socket: Socket,
    private readonly dialect: Dialect,
    private readonly clock: Clock,
    private readonly agent: ChatUser,
  ) {}

  deliver(broadcast: Broadcast): boolean {
    if (this.state === 'closed') return true;
    return this.state === 'opening' ? this.hold(broadcast) : this.forward(broadcast);
  }

  send(envelope: DirectEnvelope | EphemeralEnvelope): boolean {
    if (this.state === 'closed') return true;
    return this.state === 'opening' ? this.hold(envelope) : this.write(this.encodeOne(envelope));
  }

  /**
   * Tells what was before `seq`, then what was held back meanwhile, each envelope once; from now on the client is live.
   * @param opening in order; a snapshot or the envelopes that were missed
   */
  goLive(opening: readonly (DirectEnvelope | Outbound)[], seq: number): boolean {
    if (this.state !== 'opening') return true;
    const frames = opening.flatMap((envelope) => this.encodeOne(envelope));
    for (const frame of frames) this.socket.send(frame);
    this.exemptBytes = this.socket.bufferedAmount;
    this.seq = seq;
    this.state = 'live';
    const { held } = this;
    this.held = [];
    return held.every((each) =>
      each instanceof Broadcast ? this.forward(each) : this.write(this.encodeOne(each)),
    );
  }

  close(name: CloseName): void {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.held = [];
    const { code, reason } = closeCodes[name];
    this.socket.close(this.dialect === 'classic' ? classicCloseCode(name) : code, reason);
    this.clock.later(closeTimeoutMs, () => this.socket.terminate());
  }

  /** The peer has shown that it is there. */
  heard(): void {
    this.alive = true;
  }

  /** Called once per heartbeat: a peer not heard of since the last one is gone. */
  beat(): void {
    if (!this.alive) {
      this.socket.terminate();
      return;
    }
    this.alive = false;
    this.socket.ping();
  }

  private hold(each: Broadcast | DirectEnvelope | EphemeralEnvelope): boolean {
    this.held.push(each);
    return this.held.length <= maxQueuedFrames;
  }

  private forward(broadcast: Broadcast): boolean {
    const underPressure = this.socket.bufferedAmount > pressureBytes;
    const fresh = (outbound: Outbound) => !isLogged(outbound) || outbound.seq > this.seq;
    const { outbounds } = broadcast;
    const all = !underPressure && outbounds.every(fresh);
    const wanted = all
      ? outbounds
      : outbounds.filter((each) => fresh(each) && (!underPressure || isLogged(each)));
    if (underPressure) this.dropped += outbounds.filter((each) => !isLogged(each)).length;
    const last = wanted.findLast(isLogged);
    if (last) this.seq = last.seq;
    // Encoded once for all clients that get the whole of it; the few that do not pay for themselves.
    const toFrames = (some: readonly Outbound[]) => some.flatMap((each) => this.encodeOne(each));
    return this.write(all ? broadcast.encoded(this.dialect, toFrames) : toFrames(wanted));
  }

  private write(frames: readonly string[]): boolean {
    for (const frame of frames) this.socket.send(frame);
    const { bufferedAmount } = this.socket;
    if (bufferedAmount === 0) {
      this.queuedFrames = 0;
      this.exemptBytes = 0;
      return true;
    }
    this.queuedFrames += frames.length;
    return this.queuedFrames < maxQueuedFrames && bufferedAmount <= this.exemptBytes + maxQueuedBytes;
  }

  private encodeOne(envelope: DirectEnvelope | Outbound): string[] {
    if (!('event' in envelope)) return [envelope.raw];
    if (this.dialect !== 'classic') return [encode(envelope)];
    return isDirect(envelope)
      ? encodeClassicDirect(envelope, this.clock.now())
      : encodeClassic(envelope, this.agent);
  }
}

const directEvents = new Set<string>([
  'welcome',
  'snapshot',
  'session_resumed',
  'ack',
  'error',
  'pong',
  'going_away',
] satisfies DirectEnvelope['event'][]);

function isDirect(envelope: DirectEnvelope | Exclude<Outbound, { raw: string }>): envelope is DirectEnvelope {
  return directEvents.has(envelope.event);
}
