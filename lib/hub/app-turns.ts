/** Turns as the app's own code starts, ends, lists and steers them; `hub.turns` is this. */
import { HubError } from '../errors';
import type { TurnRecord, TurnStatus, User } from '../protocol/records';
import type { Page, Store, TurnVersion } from '../store/store';
import { messageFields, turnFields, turnListFields } from './options/asked-options';
import { assertOptions } from './options/options';
import type { HubPort } from './port';
import { assertName } from './tickets/client';
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

  /**
   * Tries a stuck turn again: it goes on where it was, with the code of the agent as it is now. Resolves when it goes on; if the
   * code does not fit either, the turn is stuck once more, which `turn.stuck` says.
   * @param turn `by`: the person who asks for it; default: the app's own code, which no rule holds back
   * @throws HubError `not_found`, `turn_ended`, `turn_stuck` unless it is stuck, `busy` while another turn of
   *   its session is not over, `conflict` where the agent has no code for it, `not_allowed` (details.rule is `app`), `closing`
   */
  async retry(turn: { turnId: string; by?: User | undefined }): Promise<void> {
    assertOptions('The turn', turn, turnFields);
    await this.port.turns.retry(turn.turnId, 'retry', { by: turn.by });
  }

  /**
   * Begins a stuck turn again: the agent is called from its top with an empty journal. Answers that were given to the very
   * same questions are used again, and tools that people approved are not run again.
   * @param turn as of `retry`
   * @throws HubError as `retry`
   */
  async startOver(turn: { turnId: string; by?: User | undefined }): Promise<void> {
    assertOptions('The turn', turn, turnFields);
    await this.port.turns.retry(turn.turnId, 'start_over', { by: turn.by });
  }

  /**
   * Turns, oldest first, those that have ended too; `limit` default 50, at most 200.
   * @param query `version`: of the agent's code that a durable turn began with
   * @throws HubError `invalid_request`, `invalid_id`, `invalid_frame` for a cursor that was not given, `storage_failed`
   */
  async list(
    query: { ticketId?: string; status?: TurnStatus; version?: string; limit?: number; cursor?: string } = {},
  ): Promise<Page<TurnRecord>> {
    assertOptions('The query', query, turnListFields);
    const { limit = 50, cursor, ...filter } = query;
    if (filter.ticketId !== undefined) assertName(filter.ticketId);
    return this.store.turns(filter, limit, cursor);
  }

  /**
   * The versions of the agent's code that durable turns which have not ended began with: how many each, and since when the oldest
   * of them is there. Code of a version that is not among them can be deleted.
   * @throws HubError `storage_failed`
   */
  versions(): Promise<readonly TurnVersion[]> {
    return this.store.turnVersions();
  }

  /** @throws HubError `not_found`, `storage_failed` */
  async get(turnId: string): Promise<TurnRecord> {
    const turn = await this.store.turn(turnId);
    if (!turn) throw new HubError('not_found', { message: 'There is no such turn' });
    return turn;
  }
}
