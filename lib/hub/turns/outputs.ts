/** What an agent says in its turn: stored as messages of the session, earlier contents as revisions; turns hand it to the agent. */
import { HubError } from '../../errors';
import { sessionMessageAdded, sessionMessageUpdated } from '../../protocol/envelopes';
import type { MessageRecord, MessageType, TurnRecord } from '../../protocol/records';
import type { Store } from '../../store/store';
import type { Clock } from '../commit/clock';
import type { Funnel } from '../commit/funnel';
import { Lanes } from '../commit/lanes';
import { newId } from '../commit/new-id';

/** Bytes of one message of the agent; so that its envelope fits a client's buffers. */
export const maxOutputBytes = 262_144;

/** The turn that speaks. Once `signal` has aborted it may say nothing more. */
export interface Speaker extends Pick<TurnRecord, 'id' | 'ticketId' | 'sessionId'> {
  signal: AbortSignal;
}

export class Outputs {
  private readonly lanes = new Lanes();

  constructor(private readonly parts: { store: Store; funnel: Funnel; clock: Clock }) {}

  /** A new line. @throws HubError `invalid_request` for what is no text, `turn_ended`, `too_large`, `storage_failed` */
  async add(turn: Speaker, type: MessageType, content: string): Promise<MessageRecord> {
    const { id, ticketId, sessionId } = turn;
    const createdAt = this.parts.clock.now();
    return this.store(
      turn,
      { id: newId(createdAt), ticketId, sessionId, turnId: id, type, content, createdAt, revisions: [] },
      sessionMessageAdded,
    );
  }

  /** Another content for a line of this turn; updates of one line wait for each other. Also `not_found`. */
  update(turn: Speaker, messageId: string, content: string): Promise<MessageRecord> {
    return this.lanes.run(messageId, async () => {
      const known = await this.parts.store.message(messageId);
      // What a person wrote has the id of its turn too, and is not the agent's to change.
      if (known?.turnId !== turn.id || known.type === 'user')
        throw new HubError('not_found', { message: 'No such message of the agent in this turn' });
      const revisions = [{ content: known.content, updatedAt: known.updatedAt ?? known.createdAt }];
      const updatedAt = this.parts.clock.now();
      return this.store(turn, { ...known, content, updatedAt, revisions }, sessionMessageUpdated);
    });
  }

  private async store(
    turn: Speaker,
    message: MessageRecord,
    toEnvelope: typeof sessionMessageAdded,
  ): Promise<MessageRecord> {
    turn.signal.throwIfAborted();
    if (typeof message.content !== 'string')
      throw new HubError('invalid_request', {
        message: `A line of the agent is text, and ${message.type === 'response' ? 'the answer' : `this ${message.type}`} was ${nameOf(message.content)}: is something missing in what the agent says?`,
      });
    if (Buffer.byteLength(message.content) > maxOutputBytes)
      throw new HubError('too_large', { message: `A message has at most ${maxOutputBytes} bytes` });
    const at = this.parts.clock.now();
    await this.parts.funnel.commit({
      ticketId: message.ticketId,
      at,
      messages: [message],
      envelopes: [toEnvelope(message, at)],
    });
    return message;
  }
}

function nameOf(value: unknown): string {
  return value === null || value === undefined ? `${value}` : `of type ${typeof value}`;
}
