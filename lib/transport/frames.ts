/** Carries out what a client sends, in both dialects, and answers it; the socket route calls it with each text frame. */
import type { Logger } from 'winston';
import { describe, HubError, toHubError } from '../errors';
import type { Client } from '../hub/client';
import type { Clock } from '../hub/clock';
import type { Hub } from '../hub/hub';
import type { Occasion } from '../hub/occasion';
import type { ClassicFrame, ClientFrame } from '../protocol/client-frames';
import type { CloseName } from '../protocol/close-codes';
import { decodeClassicFrame, decodeClientFrame } from '../protocol/codec';
import type { RequestRecord } from '../protocol/records';
import { requestView } from '../protocol/views';
import type { Access } from './access';
import type { Connection } from './connection';
import { pongOf } from './pong';
import type { RateLimit } from './rate-limit';
import { closeNameFor } from './refusal';

/** Frames of one client that may be under way at once; one more is refused as `busy`. */
export const maxFramesInFlight = 64;

export interface FramesParts {
  hub: Hub;
  access: Access;
  logger: Logger;
  clock: Clock;
  /** None: as many frames as the client likes. */
  limit?: RateLimit | undefined;
}

/** One client's way into the hub. */
export class Frames {
  private inFlight = 0;
  /** Set once this client has to go: its access was taken away, or it does not stop sending. */
  private farewell: CloseName | undefined;

  constructor(
    private readonly parts: FramesParts,
    readonly client: Client,
    readonly connection: Connection,
  ) {}

  /** Never throws and never rejects: whatever is wrong with the frame is told to its sender. */
  async receive(text: string): Promise<void> {
    const { client } = this;
    const { hub, limit } = this.parts;
    const { work, re, failure } = this.read(text);
    try {
      await limit?.count(client.clientId, client.user.id);
      if (failure) throw failure;
      await this.counted(work);
    } catch (thrown) {
      const error = toHubError(thrown);
      if (error.details?.final === true) this.farewell = 'rate_limited';
      this.refuse(error, re);
      if (this.farewell) hub.disconnect((each) => each === client, this.farewell);
    }
  }

  /** What the frame asks for, or what is wrong with it; and its id, so that even a refusal can be matched to it. */
  private read(text: string): { work: () => Promise<void>; re?: string; failure?: unknown } {
    try {
      if (this.connection.dialect === 'classic') {
        const frame = decodeClassicFrame(text);
        return { work: () => this.carryOutClassic(frame) };
      }
      const frame = decodeClientFrame(text);
      return { work: () => this.carryOut(frame), ...('id' in frame && { re: frame.id }) };
    } catch (failure) {
      return { work: async () => {}, failure };
    }
  }

  private async counted(work: () => Promise<void>): Promise<void> {
    if (this.inFlight >= maxFramesInFlight)
      throw new HubError('busy', 'Too many frames are under way; wait for their acks');
    this.inFlight += 1;
    try {
      await work();
    } finally {
      this.inFlight -= 1;
    }
  }

  private refuse(error: HubError, re: string | undefined): void {
    const { hub, logger } = this.parts;
    if (error.code === 'internal')
      logger.error('A frame could not be carried out', { error: describe(error) });
    const { code, message, details } = error.toBody();
    // The codec names the frame in the details when it could read that much of it.
    const { re: named, ...rest } = details ?? {};
    const answers = re ?? (typeof named === 'string' ? named : undefined);
    hub.tell(this.client, {
      event: 'error',
      ...(answers !== undefined && { re: answers }),
      code,
      message,
      ...(Object.keys(rest).length > 0 && { details: rest }),
    });
  }

  private async carryOutClassic(frame: ClassicFrame): Promise<void> {
    if (frame.type === 'ping') await this.pong();
    else await this.parts.hub.turns.message(this.client, frame.content ?? '');
  }

  private async carryOut(frame: ClientFrame): Promise<void> {
    const { client } = this;
    const { hub } = this.parts;
    switch (frame.type) {
      case 'ping':
        return this.pong();
      case 'typing':
        return hub.tellTyping(client);
      case 'turn_cancel':
        return this.once(frame.id, async (occasion) => {
          await hub.turns.cancel(client.ticketId, frame.turn_id, occasion);
          return { turn_id: frame.turn_id };
        });
      case 'message':
        return this.once(frame.id, async (occasion) => {
          const accepted = await hub.turns.message(client, frame.content, occasion);
          const { messageId, sessionId, turnId } = accepted;
          return { message_id: messageId, session_id: sessionId, ...(turnId && { turn_id: turnId }) };
        });
      case 'hitl_respond':
        return this.onRequest(frame, (occasion) => {
          const { request_id: id, status, response, revision } = frame;
          const answer = {
            by: client.user,
            status,
            ...(response && { response }),
            ...(revision !== undefined && { revision }),
          };
          return hub.hitl.respond(id, answer, occasion);
        });
      case 'hitl_claim':
        return this.onRequest(frame, (occasion) => hub.hitl.claim(frame.request_id, client.user, occasion));
      case 'hitl_release':
        return this.onRequest(frame, (occasion) => hub.hitl.release(frame.request_id, client.user, occasion));
    }
  }

  /**
   * What is done to a request. Access is asked again at this very moment, and a request of another ticket is none of this
   * client's. @throws HubError `not_found`; see `assertAccess`
   */
  private async onRequest(
    frame: { id: string; request_id: string },
    work: (occasion: Occasion) => Promise<RequestRecord>,
  ): Promise<void> {
    const { hub, clock } = this.parts;
    await this.assertAccess();
    await this.once(frame.id, async (occasion) => {
      const { ticketId } = await hub.hitl.get(frame.request_id);
      if (ticketId !== this.client.ticketId) throw new HubError('not_found', 'There is no such request');
      return { hitl: requestView(await work(occasion), clock.now()) };
    });
  }

  /** The same frame of the same user again gets the same ack and changes nothing. */
  private async once(
    frameId: string,
    work: (occasion: Occasion) => Promise<Record<string, unknown>>,
  ): Promise<void> {
    const { hub } = this.parts;
    const userId = this.client.user.id;
    const before = await hub.processedFrame(userId, frameId);
    if (before) return this.ack(frameId, before);
    try {
      this.ack(frameId, await work({ frame: { userId, frameId }, via: 'socket', from: this.client.from }));
    } catch (error) {
      // The same frame may have been on its way twice: then what refuses this one is what the other has done.
      const meanwhile = await hub.processedFrame(userId, frameId).catch(() => undefined);
      if (!meanwhile) throw error;
      this.ack(frameId, meanwhile);
    }
  }

  /** @throws HubError `unavailable`; what the ticket callback says now, and then the client has to go */
  private async assertAccess(): Promise<void> {
    const { ticketId, user } = this.client;
    try {
      await this.parts.access.authorize(ticketId, user);
    } catch (thrown) {
      const error = toHubError(thrown);
      if (error.status < 500) this.farewell = closeNameFor(error);
      throw error;
    }
  }

  private async pong(): Promise<void> {
    const { hub } = this.parts;
    hub.tell(this.client, await pongOf(hub, this.client.ticketId));
  }

  private ack(re: string, what: Record<string, unknown>): void {
    this.parts.hub.tell(this.client, { event: 'ack', re, ...what });
  }
}
