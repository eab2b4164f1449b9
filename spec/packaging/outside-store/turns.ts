/** How the store in this folder lists turns and reads their journals. */
import {
  bounded,
  decodeNumber,
  dueTimeOf,
  encodeNumber,
  firstPage,
  isOpen,
  maxJournalPage,
  maxPageSize,
  type Store,
  type TurnVersion,
} from 'express-hitl/store';
import { type Contents, copy, sizeOf } from './contents';

type TurnReads = Pick<
  Store,
  'turns' | 'openTurns' | 'dueTurns' | 'nextDueTurn' | 'turnVersions' | 'journal' | 'turnState'
>;

/** @param opened what the store has */
export function turnReads(opened: () => Contents): TurnReads {
  return {
    turns: async ({ ticketId, status, version }, limit, cursor) => {
      const all = [...opened().turns.values()].map((turn, index) => ({ turn, n: index + 1 }));
      const after = decodeNumber(cursor);
      const wanted = all.filter(
        ({ turn, n }) =>
          n > after &&
          (ticketId ?? turn.ticketId) === turn.ticketId &&
          (status ?? turn.status) === turn.status &&
          (version === undefined || version === turn.run?.version),
      );
      const size = bounded(limit, 1, maxPageSize);
      const { shown, hasMore } = firstPage(wanted, size, ({ turn }) => sizeOf(turn));
      const last = hasMore && shown.at(-1);
      return {
        items: shown.map(({ turn }) => copy(turn)),
        ...(last && { nextCursor: encodeNumber(last.n) }),
      };
    },
    openTurns: async (sessionId) =>
      copy(
        [...opened().turns.values()].filter((each) => each.sessionId === sessionId && isOpen(each.status)),
      ),
    dueTurns: async (until, limit) =>
      dueTurns(opened())
        .filter(({ dueAt }) => dueAt <= until)
        .slice(0, bounded(limit))
        .map(({ id, ticketId }) => ({ id, ticketId })),
    nextDueTurn: async (after) => dueTurns(opened()).find(({ dueAt }) => dueAt > after)?.dueAt,
    turnVersions: async () => {
      const versions = new Map<string | undefined, TurnVersion>();
      for (const { run, status, queuedAt } of opened().turns.values()) {
        if (!run || !isOpen(status)) continue;
        const { version } = run;
        const { turns = 0, since = queuedAt } = versions.get(version) ?? {};
        const counted = { turns: turns + 1, since: Math.min(since, queuedAt) };
        versions.set(version, { ...counted, ...(version !== undefined && { version }) });
      }
      return [...versions.values()].sort((a, b) => a.since - b.since);
    },
    journal: async (turnId, after, limit) => {
      const size = bounded(limit, 0, maxJournalPage);
      const entries = opened().beside.get(turnId)?.journal.slice(Math.max(0, after)) ?? [];
      return copy(firstPage(entries.slice(0, size), size, ({ body }) => sizeOf(body)).shown);
    },
    turnState: async (turnId) => copy(opened().beside.get(turnId)?.state),
  };
}

function dueTurns({ turns, beside }: Contents): { id: string; ticketId: string; dueAt: number }[] {
  const found = [...turns.values()].flatMap((turn) => {
    const dueAt = dueTimeOf(turn, beside.get(turn.id)?.answeredAt);
    return dueAt === undefined ? [] : [{ id: turn.id, ticketId: turn.ticketId, dueAt }];
  });
  return found.sort((a, b) => a.dueAt - b.dueAt || (a.id < b.id ? -1 : 1));
}
