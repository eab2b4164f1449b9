/** Carries out what a client sends, in both dialects, and answers it; the socket route calls it with each text frame. */
import type { Logger } from 'winston';
import { HubError, toHubError } from '../errors';
import type { Client } from '../hub/client';
import type { Hub } from '../hub/hub';
import type { ClientFrame } from '../protocol/client-frames';
import { type Dialect, decodeClassicFrame, decodeClientFrame } from '../protocol/codec';
import type { RequestRecord } from '../protocol/records';
import { requestView } from '../protocol/views';
import type { Access } from './access';

/** Frames of one client that may be under way at once; one more is refused as `busy`. */
export const maxFramesInFlight = 64;

/** One client's way into the hub. */
export class Frames {
  private inFlight = 0;

  constructor(
    private readonly parts: {
      hub: Hub;
      access: Access;
      logger: Logger;
      client: Client;
      dialect: Dialect;
      now(): number;
    },
  ) {}

  /** Never throws and never rejects: whatever is wrong with the frame is told to its sender. */
  async receive(text: string): Promise<void> {
    const { client, dialect, logger } = this.parts;
    let re: string | undefined;
    try {
      const frame = dialect === 'classic' ? decodeClassicFrame(text) : decodeClientFrame(text);
      re = 'id' in frame ? frame.id : undefined;
      if (this.inFlight >= maxFramesInFlight)
        throw new HubError('busy', 'Too many frames are under way; wait for their acks');
      this.inFlight += 1;
      try {
        if (dialect === 'classic')
          await this.carryOutClassic(frame as { type: 'message' | 'ping'; content?: string });
        else await this.carryOut(frame as ClientFrame);
      } finally {
        this.inFlight -= 1;
      }
    } catch (thrown) {
      const error = toHubError(thrown);
      if (error.code === 'internal')
        logger.error('A frame could not be carried out', { error: String(error.cause) });
      const { code, message, details } = error.toBody();
      // The codec names the frame in the details when it could read that much of it.
      const { re: named, ...rest } = details ?? {};
      const answers = re ?? (typeof named === 'string' ? named : undefined);
      client.sink.send({
        event: 'error',
        ...(answers !== undefined && { re: answers }),
        code,
        message,
        ...(Object.keys(rest).length > 0 && { details: rest }),
      });
    }
  }

  private async carryOutClassic(frame: { type: 'message' | 'ping'; content?: string | null }): Promise<void> {
    if (frame.type === 'ping') await this.pong();
    else await this.parts.hub.turns.message(this.parts.client, frame.content ?? '');
  }

  private async carryOut(frame: ClientFrame): Promise<void> {
    const { hub, client } = this.parts;
    switch (frame.type) {
      case 'ping':
        return this.pong();
      case 'typing':
        return hub.tellTyping(client);
      case 'turn_cancel':
        await hub.turns.cancel(client.ticketId, frame.turn_id);
        return this.ack(frame.id, { turn_id: frame.turn_id });
      case 'message':
        return this.once(frame.id, async (once) => {
          const accepted = await hub.turns.message(client, frame.content, once);
          const { messageId, sessionId, turnId } = accepted;
          return { message_id: messageId, session_id: sessionId, ...(turnId && { turn_id: turnId }) };
        });
      case 'hitl_respond':
        return this.once(frame.id, async (once) => {
          await this.assertMine(frame.request_id);
          const { status, response, revision } = frame;
          const answer = {
            by: client.user,
            status,
            ...(response && { response }),
            ...(revision !== undefined && { revision }),
          };
          return this.view(await hub.hitl.respond(frame.request_id, answer, once));
        });
      case 'hitl_claim':
        return this.once(frame.id, async (once) => {
          await this.assertMine(frame.request_id);
          return this.view(await hub.hitl.claim(frame.request_id, client.user, once));
        });
      case 'hitl_release':
        return this.once(frame.id, async (once) => {
          await this.assertMine(frame.request_id);
          return this.view(await hub.hitl.release(frame.request_id, client.user, once));
        });
    }
  }

  /** The same frame of the same user again gets the same ack and changes nothing. */
  private async once(
    frameId: string,
    work: (once: { frame: { userId: string; frameId: string } }) => Promise<Record<string, unknown>>,
  ): Promise<void> {
    const { hub, client } = this.parts;
    const userId = client.user.id;
    const before = await hub.processedFrame(userId, frameId);
    if (before) return this.ack(frameId, before);
    try {
      this.ack(frameId, await work({ frame: { userId, frameId } }));
    } catch (error) {
      // The same frame was on its way twice, and the other was first.
      if (!(error instanceof HubError) || error.code !== 'duplicate_id') throw error;
      this.ack(frameId, error.details ?? {});
    }
  }

  /**
   * Access is asked again at the moment of the answer, and a request of another ticket is none of this client's.
   * @throws HubError `not_found`, `forbidden`, `unavailable`
   */
  private async assertMine(requestId: string): Promise<void> {
    const { hub, access, client } = this.parts;
    try {
      await access.authorize(client.ticketId, client.user);
    } catch (error) {
      if (error instanceof HubError && error.code !== 'unavailable') {
        hub.disconnect((each) => each === client, 'forbidden');
      }
      throw error;
    }
    const request = await hub.hitl.get(requestId);
    if (request.ticketId !== client.ticketId) throw new HubError('not_found', 'There is no such request');
  }

  private async pong(): Promise<void> {
    const { hub, client } = this.parts;
    const { seq } = await hub.position(client.ticketId);
    client.sink.send({ event: 'pong', seq });
  }

  private ack(re: string, what: Record<string, unknown>): void {
    this.parts.client.sink.send({ event: 'ack', re, ...what });
  }

  private view(record: RequestRecord): Record<string, unknown> {
    return { hitl: requestView(record, this.parts.now()) };
  }
}
