/** Turns as the app's own code starts, ends and reads them; `hub.turns` is this. */
import { HubError } from '../errors';
import type { TurnRecord, User } from '../protocol/records';
import type { Store } from '../store/store';
import { messageFields, turnFields } from './options/asked-options';
import { assertOptions } from './options/options';
import type { HubPort } from './port';
import type { Accepted } from './turns/turns';

/** The sink of an author who has no client connected: it accepts everything and sends nothing. */
const nowhere = { deliver: () => true, send: () => true, close: () => {} };

export class AppTurns {
  /** @internal */
  constructor(
    private readonly port: HubPort,
    private readonly store: Store,
  ) {}

  /**
   * A chat message, as if its user had sent it; the agent answers. Resolves when it is stored.
   * @param message `sessionId`: one of this user's own on the ticket; default: their session in the tab `default`
   * @throws HubError `invalid_request`, `invalid_id`, `empty_message`, `too_large`, `not_found` for the session, `busy`,
   *   `closing`, `storage_failed`
   */
  async start(message: {
    ticketId: string;
    user: User;
    content: string;
    sessionId?: string | undefined;
  }): Promise<Accepted> {
    assertOptions('The message', message, messageFields);
    const { ticketId, user, content, sessionId } = message;
    for (const field of ['user', 'content'] as const)
      if (message[field] === undefined)
        throw new HubError('invalid_request', { message: `The message: ${field} is missing` });
    const client = this.port.newClient(ticketId, user, 'default', nowhere);
    if (sessionId !== undefined && (await this.port.resumeSession(client, sessionId)))
      throw new HubError('not_found', { message: 'There is no such session of this user on this ticket' });
    return this.port.turns.message(client, content);
  }

  /**
   * Stops a turn: its signal aborts, its pending requests are withdrawn, its further output is refused.
   * @param turn `by`: the person who asks for it; default: the app's own code, which no rule holds back
   * @throws HubError `not_found`, `turn_ended`, `not_allowed` (details.rule is `app`)
   */
  async cancel(turn: { turnId: string; by?: User | undefined }): Promise<void> {
    assertOptions('The turn', turn, turnFields);
    const { turnId, by } = turn;
    const { ticketId } = await this.get(turnId);
    await this.port.turns.cancel(ticketId, turnId, { by });
  }

  /** @throws HubError `not_found`, `storage_failed` */
  async get(turnId: string): Promise<TurnRecord> {
    const turn = await this.store.turn(turnId);
    if (!turn) throw new HubError('not_found', { message: 'There is no such turn' });
    return turn;
  }
}
