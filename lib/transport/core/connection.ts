/** One socket: holds back what is live until the client has what was before, bounds its queue (backpressure), and notices when it is dead. */
import type { Clock } from '../../hub/commit/clock';
import { Broadcast, isLogged, isPrompt, type Outbound } from '../../hub/tickets/broadcast';
import type { Sink } from '../../hub/tickets/client';
import { withoutUnchanged } from '../../protocol/changes-alone';
import { type ChatUser, isAmended } from '../../protocol/chat-frames';
import { type CloseName, classicCloseCode, closeCodes } from '../../protocol/close-codes';
import {
  type Dialect,
  encode,
  encodeClassic,
  encodeClassicDirect,
  encodeClassicForeign,
  encodeClassicPrompt,
} from '../../protocol/codec';
import type { DirectEnvelope, EphemeralEnvelope, LoggedEnvelope } from '../../protocol/envelopes';
import type { InboxEnvelope } from '../../protocol/inbox-envelopes';
import type { RequestView } from '../../protocol/request-view';
import { Batch, type Socket } from './batch';
import { Panel } from './panel';

/** Frames a client may be behind; when one more is due it is closed with `resync`. */
export const maxQueuedFrames = 256;
/** Bytes a client may be behind before it is closed with `resync`. */
export const maxQueuedBytes = 1_048_576;
/** Bytes behind at which ephemeral frames are dropped for this client. */
export const pressureBytes = 65_536;
/** Frames behind at which the same is done: deltas are many and small. */
export const pressureFrames = 64;
/** How long a client may take to answer a close. */
export const closeTimeoutMs = 5_000;

/** What is sent to one client by itself. */
type Told = DirectEnvelope | EphemeralEnvelope | InboxEnvelope;

/** What a connection that is live or closed holds back: one list for all of them. */
const nothingHeld: (Broadcast | Told)[] = [];

export class Connection implements Sink {
  /** Ephemeral frames this client was spared because it was behind. */
  dropped = 0;
  /** Of a classic client. */
  readonly panel: Panel | undefined;
  /** The only session that this client receives; none: it receives all of the ticket. */
  private ownSession: (() => string | undefined) | undefined;
  /** This client knows every pending request, and asked for changes of these alone. */
  private hearsChanges = false;
  private socket: Socket | undefined;
  private state: 'opening' | 'live' | 'closed' = 'opening';
  private held: (Broadcast | Told)[] = [];
  private heldFrames = 0;
  /** Frames given to the socket since it is live, and how many of these have gone for certain. */
  private given = 0;
  private gone = 0;
  /** Bytes of the opening that are still under way: a long one is no sign of a slow client. */
  private exemptBytes = 0;
  /** The last logged envelope this client was sent. */
  seq = 0;
  private requests: Set<string> | undefined;
  private alive = true;
  private cancelTerminate: (() => void) | undefined;

  constructor(
    readonly dialect: Dialect,
    private readonly clock: Clock,
    private readonly agent: ChatUser,
  ) {
    this.panel = dialect === 'classic' ? new Panel() : undefined;
  }

  /** From now on a classic client is sent output and prompts of this session only; of the others what people say. */
  hearOnly(sessionId: () => string | undefined): void {
    this.ownSession = sessionId;
  }

  /** From now on a `hitl.v1` client is sent of what is pending only what has changed: it has all the rest. */
  hearChanges(): void {
    this.hearsChanges = this.dialect !== 'classic';
  }

  /** The handshake is done. What was to be sent before is held back still. */
  open(socket: Socket): void {
    this.socket = socket;
  }

  deliver(broadcast: Broadcast): boolean {
    if (this.state === 'closed') return true;
    if (this.state === 'live') return this.forward(broadcast);
    const held = broadcast.withoutDeltas;
    return held.outbounds.length === 0 || this.hold(held, held.outbounds.length);
  }

  send(envelope: Told): boolean {
    if (this.state === 'closed') return true;
    return this.state === 'opening' ? this.hold(envelope, 1) : this.write(this.batchOf([envelope]));
  }

  /**
   * As `send`, for what the client has asked for: however long it is, that is no sign of a slow client, unless the last one
   * still waits.
   * @param done called once the network has it, or never will
   */
  answer(envelope: Told, done?: () => void): boolean {
    if (this.state !== 'live' || !this.socket) {
      done?.();
      return this.send(envelope);
    }
    if (this.buffered > maxQueuedBytes) return false;
    this.note([envelope]);
    this.batchOf([envelope]).writeTo(this.socket, done);
    this.exemptBytes = this.buffered;
    return true;
  }

  /**
   * Sends what was before `seq`, then what was held back in the meantime, each envelope once; from now on the client is live.
   * @param opening in order; a snapshot or the envelopes that were missed
   * @param done called once the network has the opening, or never will
   * @returns false if the client is too far behind already
   */
  goLive(opening: readonly (Told | Outbound)[], seq: number, done?: () => void): boolean {
    if (this.state !== 'opening' || !this.socket) done?.();
    if (this.state !== 'opening') return true;
    this.note(opening);
    if (this.socket) this.batchOf(opening).writeTo(this.socket, done);
    this.exemptBytes = this.buffered;
    this.seq = seq;
    this.state = 'live';
    const { held } = this;
    this.held = nothingHeld;
    return held.every((each) =>
      each instanceof Broadcast ? this.forward(each) : this.write(this.batchOf([each])),
    );
  }

  /** Sends what belongs to the opening and is not in the log: as that, it is no sign of a slow client. */
  catchUp(envelopes: readonly EphemeralEnvelope[]): void {
    if (this.state !== 'live' || !this.socket || envelopes.length === 0) return;
    this.batchOf(envelopes).writeTo(this.socket);
    this.exemptBytes = this.buffered;
  }

  close(name: CloseName): void {
    if (this.state === 'closed') return;
    const { code, reason } = closeCodes[name];
    this.state = 'closed';
    this.held = nothingHeld;
    this.socket?.close(this.dialect === 'classic' ? classicCloseCode(name) : code, reason);
    this.cancelTerminate = this.clock.later(closeTimeoutMs, () => this.socket?.terminate());
  }

  /** The socket is closed; nothing is left to be done. */
  ended(): void {
    this.state = 'closed';
    this.held = nothingHeld;
    this.cancelTerminate?.();
  }

  /** The peer has shown that it is there. */
  heard(): void {
    this.alive = true;
  }

  /** Called once per heartbeat: a peer not heard of since the last one is gone. */
  beat(): void {
    if (!this.alive) {
      this.socket?.terminate();
      return;
    }
    this.alive = false;
    this.socket?.ping();
  }

  /** What those who are sent the same have in common. */
  private get form(): string {
    return this.hearsChanges ? 'changes' : this.dialect;
  }

  private get buffered(): number {
    return this.socket?.bufferedAmount ?? 0;
  }

  private hold(each: Broadcast | Told, frames: number): boolean {
    this.held.push(each);
    this.heldFrames += frames;
    return this.heldFrames <= maxQueuedFrames;
  }

  private forward(broadcast: Broadcast): boolean {
    const { buffered } = this;
    const underPressure =
      buffered > pressureBytes || (buffered > 0 && this.given - this.gone >= pressureFrames);
    if (broadcast.isAfter(this.seq) && !(underPressure && broadcast.ephemerals > 0)) {
      this.seq = broadcast.lastSeq ?? this.seq;
      this.note(broadcast.outbounds);
      const batch = this.ownSession
        ? this.batchOf(broadcast.outbounds)
        : broadcast.encoded(this.form, (outbounds) => this.batchOf(outbounds));
      return this.write(batch);
    }
    // The few that do not get the whole of it pay for themselves.
    const wanted = broadcast.outbounds.filter((each) => {
      if (isLogged(each)) return each.seq > this.seq;
      return isPrompt(each) ? each.asOf >= this.seq : !underPressure;
    });
    if (underPressure) this.dropped += broadcast.ephemerals;
    this.seq = wanted.findLast(isLogged)?.seq ?? this.seq;
    this.note(wanted);
    return this.write(this.batchOf(wanted));
  }

  /**
   * How many frames wait is asked before, so that a burst within one tick is no sign of a slow client; how many bytes, which
   * is what costs memory, after.
   */
  private write(batch: Batch): boolean {
    const { socket } = this;
    const frames = batch.texts.length;
    if (!socket || frames === 0) return true;
    const before = socket.bufferedAmount;
    // Where nothing waits, all frames have gone, and no callback is needed: one costs as much as a tenth of a write.
    if (before === 0) this.gone = this.given;
    else if (this.given - this.gone >= maxQueuedFrames) return false;
    this.exemptBytes = Math.min(this.exemptBytes, before);
    this.given += frames;
    batch.writeTo(socket, before === 0 ? undefined : this.whenGone(this.given));
    return socket.bufferedAmount <= this.exemptBytes + maxQueuedBytes;
  }

  private whenGone(given: number): () => void {
    return () => {
      this.gone = Math.max(this.gone, given);
    };
  }

  /**
   * From now on, until it is called again, the ids of the requests that this client is sent something about are collected:
   * of these it knows more than what was read in the meantime.
   */
  collectRequests(): ReadonlySet<string> {
    this.requests = new Set();
    return this.requests;
  }

  /** No longer. */
  stopCollecting(): void {
    this.requests = undefined;
  }

  /** What this client is about to be sent; an inbox has no panel. */
  private note(sent: readonly (Told | Outbound)[]): void {
    if (this.requests) for (const id of sent.flatMap((each) => this.requestOf(each))) this.requests.add(id);
    this.panel?.note(sent as readonly (Outbound | DirectEnvelope)[]);
  }

  /** Which request this is about; a classic client is not sent an update that is no amendment. */
  private requestOf(each: Told | Outbound): string[] {
    if (!('event' in each) || !('hitl' in each) || ofInbox(each)) return [];
    const { event, hitl } = each as LoggedEnvelope & { hitl: RequestView };
    const isHeard = this.dialect !== 'classic' || event !== 'hitl_request_updated' || isAmended(each);
    return isHeard ? [hitl.id] : [];
  }

  private batchOf(envelopes: readonly (Told | Outbound)[]): Batch {
    if (this.dialect !== 'classic')
      return new Batch(envelopes.flatMap((each) => encodeOne(each, this.hearsChanges)));
    return new Batch(
      envelopes.flatMap((each, index) =>
        this.encodeClassicOne(each, { before: envelopes[index - 1], after: envelopes[index + 1] }),
      ),
    );
  }

  private encodeClassicOne(
    envelope: Told | Outbound,
    beside: { before: Told | Outbound | undefined; after: Told | Outbound | undefined },
  ): string[] {
    if (isPrompt(envelope))
      return this.isForeign(envelope.prompt) ? [] : [encodeClassicPrompt(envelope.prompt)];
    if (!('event' in envelope)) return [envelope.raw];
    // The classic dialect has no inbox, so no client that speaks it has one.
    if (ofInbox(envelope)) return [encode(envelope)];
    if ((envelope.event === 'snapshot' || envelope.event === 'snapshot_requests') && this.ownSession) {
      const requests = envelope.requests.filter((view) => !this.isForeign(view));
      return encodeClassicDirect({ ...envelope, requests }, this.clock.now());
    }
    if (isDirect(envelope)) return encodeClassicDirect(envelope, this.clock.now());
    if (isLogged(envelope) && this.isForeign(envelope)) return encodeClassicForeign(envelope, this.agent);
    return encodeClassic(envelope, this.agent, {
      before: loggedOnly(beside.before),
      after: loggedOnly(beside.after),
    });
  }

  private isForeign({ session_id }: { session_id: string }): boolean {
    return this.ownSession !== undefined && session_id !== this.ownSession();
  }
}

function encodeOne(envelope: Told | Outbound, changesAlone: boolean): string[] {
  if (isPrompt(envelope)) return [];
  if (!('event' in envelope)) return [envelope.raw];
  const isOfRequest = envelope.event === 'hitl_request_updated' || envelope.event === 'hitl_request_resolved';
  return [encode(changesAlone && isOfRequest ? withoutUnchanged(envelope) : envelope)];
}

function loggedOnly(envelope: Told | Outbound | undefined): LoggedEnvelope | undefined {
  return envelope && 'epoch' in envelope && 'session_id' in envelope
    ? (envelope as LoggedEnvelope)
    : undefined;
}

const directEvents = new Set<string>([
  'welcome',
  'snapshot',
  'snapshot_requests',
  'session_resumed',
  'ack',
  'error',
  'pong',
  'going_away',
] satisfies DirectEnvelope['event'][]);

function isDirect(envelope: DirectEnvelope | LoggedEnvelope | EphemeralEnvelope): envelope is DirectEnvelope {
  return directEvents.has(envelope.event);
}

function ofInbox(envelope: {
  event: string;
}): envelope is Extract<InboxEnvelope, { event: `inbox_${string}` }> {
  return envelope.event.startsWith('inbox_');
}
