/** Sees to it that no prompt stays lost to a client with one panel: when a prompt resolves, the oldest pending one is told again; the hub calls it with what is delivered. */

import { describe } from '../../errors';
import type { LoggedEnvelope } from '../../protocol/envelopes';
import type { RequestRecord } from '../../protocol/records';
import { requestView } from '../../protocol/views';
import type { Store } from '../../store/store';
import type { Clock } from '../commit/clock';
import type { Funnel } from '../commit/funnel';
import type { Logger } from '../options/logger';
import type { PromptAgain } from './broadcast';
import type { Rooms } from './rooms';

/** Of which session classic clients are told: of all in their ticket, or of their own. */
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
  /** By ticket: the sessions in which a prompt has resolved since prompts were last told again. */
  private readonly resolved = new Map<string, Set<string>>();
  private readonly underWay = new Set<Promise<void>>();

  constructor(private readonly parts: PromptsParts) {}

  /** Told of every kept envelope, in the order of the log. */
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
    const work = this.tellAgain(ticketId).finally(() => this.underWay.delete(work));
    this.underWay.add(work);
  }

  /** Resolves when whatever was noted is told. */
  async settled(): Promise<void> {
    while (this.underWay.size > 0) await Promise.all(this.underWay);
  }

  /** Between two commits, so that what is told is true at that place of the log. Never rejects. */
  private async tellAgain(ticketId: string): Promise<void> {
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
      logger.error('A pending prompt could not be told again', { ticketId, error: describe(error) });
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
