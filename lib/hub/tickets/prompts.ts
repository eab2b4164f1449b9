/** Replays prompts to clients that show one at a time: when a prompt resolves, the oldest pending one is sent again; the hub calls it with what is delivered. */
import { describe } from '../../errors';
import type { LoggedEnvelope } from '../../protocol/envelopes';
import type { RequestRecord } from '../../protocol/records';
import { requestView } from '../../protocol/request-view';
import type { Store } from '../../store/store';
import type { Clock } from '../commit/clock';
import type { Funnel } from '../commit/funnel';
import type { Logger } from '../options/logger';
import type { PromptAgain } from './broadcast';
import type { Rooms } from './rooms';

/** Which sessions are sent to classic clients: all of their ticket, or their own. */
export type ClassicScope = 'ticket' | 'session';

/** Requests read at a time while the oldest of a session is looked for. */
const pageSize = 50;

export interface PromptsParts {
  store: Store;
  funnel: Funnel;
  rooms: Rooms;
  clock: Clock;
  logger: Logger;
  scope: ClassicScope;
}

export class Prompts {
  /** By ticket: the sessions in which a prompt has resolved since prompts were last replayed. */
  private readonly resolved = new Map<string, Set<string>>();
  private readonly underWay = new Set<Promise<void>>();

  constructor(private readonly parts: PromptsParts) {}

  /** Called with every committed envelope, in the order of the log. */
  note(ticketId: string, envelopes: readonly LoggedEnvelope[]): void {
    const resolved = envelopes.filter(({ event }) => event === 'hitl_request_resolved');
    if (resolved.length === 0 || !this.parts.rooms.hasPanel(ticketId)) return;
    const sessions = resolved.map(({ session_id }) => session_id);
    const known = this.resolved.get(ticketId);
    if (known) {
      for (const session of sessions) known.add(session);
      return;
    }
    this.resolved.set(ticketId, new Set(sessions));
    const work = this.replay(ticketId).finally(() => this.underWay.delete(work));
    this.underWay.add(work);
  }

  /** Resolves when every replay that was begun is sent. */
  async settled(): Promise<void> {
    while (this.underWay.size > 0) await Promise.all(this.underWay);
  }

  /** Runs between two commits, so that what is sent is true at that position of the log. Never rejects. */
  private async replay(ticketId: string): Promise<void> {
    const { store, funnel, rooms, clock, logger } = this.parts;
    try {
      await funnel.between(async () => {
        const sessions = this.resolved.get(ticketId) ?? new Set();
        this.resolved.delete(ticketId);
        const oldest = await this.oldestOf(ticketId, sessions);
        if (oldest.length === 0) return;
        const { seq: asOf } = await store.position(ticketId);
        const now = clock.now();
        rooms.deliver(
          ticketId,
          oldest.map((record): PromptAgain => ({ prompt: requestView(record, now), asOf })),
        );
      });
    } catch (error) {
      this.resolved.delete(ticketId);
      logger.error('A pending prompt could not be sent again', { ticketId, error: describe(error) });
    }
  }

  /** The oldest pending request of the ticket, or of each of the sessions. */
  private async oldestOf(ticketId: string, sessions: ReadonlySet<string>): Promise<RequestRecord[]> {
    const { store, scope } = this.parts;
    const filter = { ticketId, status: 'pending' } as const;
    if (scope === 'ticket') return [...(await store.requests(filter, 1)).items];
    const oldest = new Map<string, RequestRecord>();
    let cursor: string | undefined;
    do {
      const { items, nextCursor } = await store.requests(filter, pageSize, cursor);
      for (const record of items)
        if (sessions.has(record.sessionId) && !oldest.has(record.sessionId))
          oldest.set(record.sessionId, record);
      cursor = nextCursor;
    } while (cursor !== undefined && oldest.size < sessions.size);
    return [...oldest.values()];
  }
}
