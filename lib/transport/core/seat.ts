/** One client at its socket: its frames are read, counted, carried out once and answered here, whatever they are about; a ticket or an inbox says what they mean. */
import { describe, HubError, toHubError } from '../../errors';
import { type Clock, longestTimerMs } from '../../hub/commit/clock';
import type { Occasion } from '../../hub/commit/occasion';
import type { Turnstile } from '../../hub/commit/turnstile';
import type { InboxClient } from '../../hub/inbox/inbox-client';
import type { Logger } from '../../hub/options/logger';
import type { HubPort } from '../../hub/port';
import type { Client } from '../../hub/tickets/client';
import type { ClassicScope } from '../../hub/tickets/prompts';
import type { RequestFrame } from '../../protocol/client-frames';
import type { CloseName } from '../../protocol/close-codes';
import type { DirectEnvelope, Pong } from '../../protocol/envelopes';
import type { Millis, RequestRecord } from '../../protocol/records';
import { requestView } from '../../protocol/request-view';
import type { Access } from './access';
import type { Connection } from './connection';
import type { Handshake } from './handshake';
import { addressOf, type Peer, peerOf } from './peer';
import type { RateLimit } from './rate-limit';
import { readingTurnstile } from './reading';
import { closeNameFor } from './refusal';

/** Frames of one client that may be under way at once; one more is refused as `busy`. */
export const maxFramesInFlight = 64;

/** Clients of one person that wait for what is sent first. */
export const maxWaitingOpenings = 1_024;

/** Through which the openings of all clients are read. */
export function openingTurnstile(clock: Clock): Turnstile {
  const refusal = `${maxWaitingOpenings} of your clients are joining; wait until some have joined`;
  return readingTurnstile(clock, maxWaitingOpenings, refusal);
}

export interface SeatParts {
  hub: HubPort;
  access: Access;
  logger: Logger;
  clock: Clock;
  /** How often the peer is pinged. */
  heartbeatMs: number;
  /** Through which what is sent first to each person's clients is read. */
  openings: Turnstile;
  /** What is sent to classic clients. */
  classicScope: ClassicScope;
  /** None: as many frames as the client likes. */
  limit?: RateLimit | undefined;
}

/** What a frame asks for, and its id, so that even a refusal can be matched to it. */
export interface Asked {
  work(): Promise<void>;
  re?: string;
}

export abstract class Seat {
  private inFlight = 0;
  /** Set once this client has to be closed: its access was withdrawn, or it does not stop sending. */
  protected farewell: CloseName | undefined;
  private peer: Peer;
  /** How many disconnects there were when it began to join. */
  private readonly arrivedAt: number;
  private cancelExpiry = () => {};

  /** @param expiresAt when the person's login ends; undefined: not by itself */
  constructor(
    protected readonly parts: SeatParts,
    readonly connection: Connection,
    req: Handshake,
    private readonly expiresAt: Millis | undefined,
  ) {
    this.peer = peerOf(req);
    this.arrivedAt = parts.hub.disconnects.arrivalOf(req);
  }

  abstract readonly client: Client | InboxClient;

  /** @throws HubError saying why not; then nothing has changed */
  protected abstract register(): void;
  /** Repeatable. */
  protected abstract unregister(): void;
  /** Whether the client is connected: not replaced, not removed, not gone. */
  abstract get isIn(): boolean;
  /** Sends what happened before the client joined. @throws HubError then the client is closed */
  abstract open(): Promise<void>;
  /** Sends an envelope to this client alone; a client that falls behind is closed. */
  abstract send(envelope: DirectEnvelope): void;
  /** What the pong is about: seats of one name can be sent the same. */
  abstract get pongFor(): string;
  /** @throws HubError `storage_failed`, `unavailable` */
  abstract pong(): Promise<Pong>;
  /** What this frame asks for. @throws HubError what is wrong with it; its details name the frame if they can */
  protected abstract read(text: string): Asked;

  /** Joins, for as long as the login is valid. @throws HubError saying why not; then nothing has changed */
  enter(): void {
    const { hub, access } = this.parts;
    // Both may have come while the app decided.
    access.identities.assertHolds(this.expiresAt);
    hub.disconnects.assertMayEnter(this.client, this.arrivedAt);
    this.register();
    if (this.expiresAt !== undefined) this.awaitExpiry(this.expiresAt);
  }

  /** The client is gone. Repeatable. */
  leave(): void {
    this.cancelExpiry();
    this.unregister();
  }

  /** Never throws and never rejects: whatever is wrong with the frame is sent to its sender. */
  async receive(text: string): Promise<void> {
    const { clientId, user } = this.client;
    // Now, since one that has sent its frame and gone has no address any more.
    this.peer = addressOf(this.peer) ?? this.peer;
    const { work, re, failure } = this.tryToRead(text);
    try {
      await this.parts.limit?.count(clientId, user.id);
      if (failure) throw failure;
      await this.counted(work);
    } catch (thrown) {
      const error = toHubError(thrown);
      if (HubError.is(error, 'rate_limited') && error.details.final) this.farewell = 'rate_limited';
      this.refuse(error, re);
      if (this.farewell) this.dismiss(this.farewell);
    }
  }

  dismiss(name: CloseName): void {
    this.parts.hub.dismiss(this.client, name);
  }

  private awaitExpiry(at: Millis): void {
    const { clock } = this.parts;
    const left = at - clock.now();
    if (left <= 0) this.dismiss('session_ended');
    else this.cancelExpiry = clock.later(Math.min(left, longestTimerMs), () => this.awaitExpiry(at));
  }

  /**
   * Asserts that the client may do what its frame asks for; created when the frame arrives, and called again right before it
   * is carried out. A client that clearly may not is closed.
   * @param ask what the app says
   */
  protected accessOf(ask: () => Promise<void>): () => Promise<void> {
    const { hub, access } = this.parts;
    const since = hub.disconnects.count;
    return async () => {
      await ask();
      try {
        access.identities.assertHolds(this.expiresAt);
        hub.disconnects.assertMayFinish(this.client, since);
      } catch (thrown) {
        this.farewell = closeNameFor(toHubError(thrown));
        throw thrown;
      }
    };
  }

  /** Opens it, or closes the client so that it reconnects. Never rejects. */
  async tryToOpen(): Promise<void> {
    try {
      await this.open();
    } catch (thrown) {
      const { ticketId } = this.client;
      this.parts.logger.error('A client could not be told what was before it came', {
        ...(ticketId !== undefined && { ticketId }),
        error: describe(thrown),
      });
      this.dismiss('unavailable');
    }
  }

  private tryToRead(text: string): Asked & { failure?: unknown } {
    try {
      return this.read(text);
    } catch (failure) {
      return { work: async () => {}, failure };
    }
  }

  private async counted(work: () => Promise<void>): Promise<void> {
    if (this.inFlight >= maxFramesInFlight)
      throw new HubError('busy', { message: 'Too many frames are under way; wait for their acks' });
    this.inFlight += 1;
    try {
      await work();
    } finally {
      this.inFlight -= 1;
    }
  }

  private refuse(error: HubError, re: string | undefined): void {
    if (error.code === 'internal')
      this.parts.logger.error('A frame could not be carried out', { error: describe(error) });
    const { code, message, details } = error.toBody();
    // The codec names the frame in the details when it could read that much of it.
    const { re: named, ...rest } = details ?? {};
    const answers = re ?? (typeof named === 'string' ? named : undefined);
    this.send({
      event: 'error',
      ...(answers !== undefined && { re: answers }),
      code,
      message,
      ...(Object.keys(rest).length > 0 && { details: rest }),
    });
  }

  /** An answer, a claim, a release or a withdrawal. */
  protected onRequest(
    frame: RequestFrame,
    assertAccess: () => Promise<void>,
    assertHere = async () => {},
  ): Promise<void> {
    const { clock } = this.parts;
    return this.once(frame.id, assertAccess, async (occasion) => {
      await assertHere();
      return { hitl: requestView(await this.change(frame, occasion), clock.now()) };
    });
  }

  private change(frame: RequestFrame, occasion: Occasion): Promise<RequestRecord> {
    const { hitl } = this.parts.hub;
    const { user } = this.client;
    switch (frame.type) {
      case 'hitl_respond': {
        // A client of this dialect knows the revision, and means the first if it sends none.
        const { status, response, revision = 1 } = frame;
        const answer = {
          by: user,
          status,
          ...(response && { response }),
          revision,
        };
        return hitl.respond(frame.request_id, answer, occasion);
      }
      case 'hitl_claim':
        return hitl.claim(frame.request_id, user, occasion);
      case 'hitl_release':
        return hitl.release(frame.request_id, user, occasion);
      case 'hitl_cancel':
        return hitl.withdraw(frame.request_id, { by: user, reason: frame.reason }, occasion);
    }
  }

  /** Where the client is, for the audit. */
  private get from(): string | undefined {
    return typeof this.peer === 'string' ? this.peer : undefined;
  }

  /** The same frame of the same user again gets the same ack and changes nothing. */
  protected async once(
    frameId: string,
    assertAccess: () => Promise<void>,
    work: (occasion: Occasion) => Promise<Record<string, unknown>>,
  ): Promise<void> {
    await assertAccess();
    const before = await this.parts.hub.processedFrame(this.client.user.id, frameId);
    if (before) this.ack(frameId, before);
    else await this.onceKept(frameId, assertAccess, work);
  }

  /** As `once`, for work that changes nothing but in its commit: the store refuses a frame that it knows, and it is not looked up before. */
  protected async onceKept(
    frameId: string,
    assertAccess: () => Promise<void>,
    work: (occasion: Occasion) => Promise<Record<string, unknown>>,
  ): Promise<void> {
    const { hub } = this.parts;
    const { user } = this.client;
    let denial: unknown;
    const occasion: Occasion = {
      frame: { userId: user.id, frameId },
      via: 'socket',
      from: this.from,
      assertAccess: () =>
        assertAccess().catch((thrown) => {
          denial = thrown;
          throw thrown;
        }),
    };
    try {
      this.ack(frameId, await work(occasion));
    } catch (error) {
      if (error === denial) throw error;
      // The same frame may have come before: then what refuses this one is what the other has done.
      const meanwhile = await hub.processedFrame(user.id, frameId).catch(() => undefined);
      if (!meanwhile) throw error;
      this.ack(frameId, meanwhile);
    }
  }

  private ack(re: string, what: Record<string, unknown>): void {
    this.send({ event: 'ack', re, ...what });
  }
}
