/** What an agent says in its turn: stored as messages of the session, earlier contents as revisions; turns hand it to the agent. */
import { createHash } from 'node:crypto';
import { HubError } from '../../errors';
import { sessionMessageAdded, sessionMessageUpdated } from '../../protocol/envelopes';
import type { MessageRecord, MessageType, TurnRecord } from '../../protocol/records';
import type { Store } from '../../store/store';
import type { Clock } from '../commit/clock';
import type { Funnel } from '../commit/funnel';
import { Lanes } from '../commit/lanes';
import { newId } from '../commit/new-id';
import type { Beside } from '../commit/occasion';

/** Bytes of one message of the agent; so that its envelope fits a client's buffers. */
export const maxOutputBytes = 262_144;
/** Characters of a turn's intent; what is longer is cut. */
export const maxIntentLength = 200;

/** The turn that speaks. Once `signal` has aborted it may say nothing more. */
export interface Speaker extends Pick<TurnRecord, 'id' | 'ticketId' | 'sessionId'> {
  signal: AbortSignal;
}

/** How a line is said. */
export interface SayOptions {
  /** Said once: the same key in the same turn gives the same message. Durable turns need none. */
  key?: string;
}

/** What is committed with a line, made from it. */
interface WithBeside {
  beside?: (message: MessageRecord) => Beside;
}

export class Outputs {
  private readonly lanes = new Lanes();

  constructor(private readonly parts: { store: Store; funnel: Funnel; clock: Clock }) {}

  /** A new line. @throws HubError `invalid_request` for what is no text, `turn_ended`, `too_large`, `storage_failed` */
  async add(
    turn: Speaker,
    type: MessageType,
    content: string,
    { key, ...more }: SayOptions & WithBeside = {},
  ): Promise<MessageRecord> {
    const { id: turnId, ticketId, sessionId } = turn;
    const createdAt = this.parts.clock.now();
    const add = (id: string) => {
      const message = { id, ticketId, sessionId, turnId, type, content, createdAt, revisions: [] };
      return this.store(turn, message, sessionMessageAdded, more);
    };
    if (key === undefined) return add(newId(createdAt));
    const id = keyedId(turnId, key);
    return this.lanes.run(id, async () => (await this.parts.store.message(id)) ?? (await add(id)));
  }

  /** Another content for a line of this turn; updates of one line wait for each other. Also `not_found`. */
  update(turn: Speaker, messageId: string, content: string, more: WithBeside = {}): Promise<MessageRecord> {
    return this.lanes.run(messageId, async () => {
      const known = await this.parts.store.message(messageId);
      // What a person wrote has the id of its turn too, and is not the agent's to change.
      if (known?.turnId !== turn.id || known.type === 'user')
        throw new HubError('not_found', { message: 'No such message of the agent in this turn' });
      const revisions = [{ content: known.content, updatedAt: known.updatedAt ?? known.createdAt }];
      const updatedAt = this.parts.clock.now();
      return this.store(turn, { ...known, content, updatedAt, revisions }, sessionMessageUpdated, more);
    });
  }

  private async store(
    turn: Speaker,
    message: MessageRecord,
    toEnvelope: typeof sessionMessageAdded,
    { beside }: WithBeside,
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
      ...beside?.(message),
    });
    return message;
  }
}

/** The id of a line that is said once: derived from what makes it the same one, in the form of a UUID (RFC 9562 §5.8). */
function keyedId(turnId: string, key: string): string {
  const hex = createHash('sha256').update(`${turnId}\n${key}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function nameOf(value: unknown): string {
  return value === null || value === undefined ? `${value}` : `of type ${typeof value}`;
}
