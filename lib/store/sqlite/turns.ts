/** Turns in SQLite, each without what its row has in columns and with people by number; commits write them, reads list them. */
import type { TurnRecord, TurnStatus, User } from '../../protocol/records';
import { decodeNumber, encodeNumber } from '../shared/cursor';
import { bounded, maxPageSize } from '../shared/limits';
import { bytesOfText, firstPage } from '../shared/page';
import { dueTimeOf, hasJournal, isOpen, openStatuses } from '../shared/turns';
import type { Commit, Page, TurnFilter, TurnVersion } from '../store';
import { mergeNumbers } from './merged';
import type { People } from './people';
import { parseRow } from './rows';
import type { TurnRow } from './statements';
import type { Tables } from './tables';

/** A turn without what its row has in columns. */
type NamedTurn = Omit<TurnRecord, 'id' | 'ticketId' | 'sessionId' | 'status' | 'userId' | 'user'> & {
  userId: number;
  /** Who wrote the message, with their groups then. */
  user?: { person: number; groups: readonly string[] };
};

/** The text of a turn; inside a transaction that writes. */
export function turnText(people: People, turn: TurnRecord): string {
  const {
    id: _id,
    ticketId: _ticketId,
    sessionId: _sessionId,
    status: _status,
    userId,
    user,
    ...same
  } = turn;
  return JSON.stringify({
    ...same,
    userId: people.numberOfId(userId),
    ...(user && { user: { person: people.number(authorOf(user)), groups: user.groups } }),
  } satisfies NamedTurn);
}

function authorOf({ id: userId, name: displayName }: Required<User>) {
  return { userId, displayName };
}

/** @throws HubError `storage_failed` for a row that cannot be read */
export function turnOf({ people }: Tables, row: TurnRow): TurnRecord {
  const { id, ticketId, sessionId, status } = row;
  const { userId, user, ...same } = parseRow<NamedTurn>('turns', row);
  return {
    id,
    ticketId,
    sessionId: sessionId ?? '',
    userId: people.id(userId),
    status,
    ...same,
    ...(user && { user: userOf(people, user) }),
  };
}

function userOf(people: People, { person, groups }: NonNullable<NamedTurn['user']>): Required<User> {
  const { userId: id, displayName: name } = people.author(person);
  return { id, name, groups };
}

/** The turns of a commit, and what each stops to have. */
export function writeTurns(tables: Tables, { turns = [], state }: Commit): void {
  const { s } = tables;
  for (const turn of turns) writeTurn(tables, turn);
  const n = state && s.openTurn.get(state.turnId)?.n;
  if (n === undefined) return;
  const text = JSON.stringify(state?.state);
  if (text === undefined) s.dropTurnState.run(n);
  else s.putTurnState.run(n, text);
}

function writeTurn(tables: Tables, turn: TurnRecord): void {
  const { s, people } = tables;
  const { id, ticketId, sessionId, status, queuedAt, run } = turn;
  const known = s.knownTurn.get(id);
  // A turn of a plain agent has nothing beside its record.
  if (known && run && (!isOpen(status) || known.leg !== run.leg)) s.dropJournal.run(known.n);
  if (known && run && !isOpen(status)) {
    s.dropWaitsOfTurn.run(known.n);
    s.dropTurnState.run(known.n);
  }
  const isStillWaiting = known?.status === 'waiting' && status === 'waiting';
  const answeredAt = isStillWaiting ? known.answered_at : null;
  const openSince = hasJournal(turn) ? queuedAt : null;
  const dueAt = dueTimeOf(turn, answeredAt ?? undefined) ?? null;
  const { version = null, owner = null, generation = null, leg = 0 } = run ?? {};
  const columns = [
    ...([status, version, owner, generation, leg, openSince, dueAt, answeredAt] as const),
    turnText(people, turn),
  ] as const;
  if (known) s.setTurn.run(...columns, known.n);
  else s.addTurn.run(id, tables.ticketNumber(ticketId), sessionId, ...columns);
}

/** As `Store.turns`. */
export function turnPage(
  tables: Tables,
  filter: TurnFilter,
  limit: number,
  cursor?: string,
): Page<TurnRecord> {
  const size = bounded(limit, 1, maxPageSize);
  const numbers = numbersOf(tables, filter, decodeNumber(cursor), size + 1);
  const { shown, hasMore } = firstPage(rowsOf(tables, numbers), size, bytesOfText);
  const last = hasMore && shown.at(-1);
  return {
    items: shown.map((row) => turnOf(tables, row)),
    ...(last && { nextCursor: encodeNumber(last.n) }),
  };
}

/** The turns of a ticket that have not ended, in the order in which they were first committed. */
export function openTurnsOfTicket(tables: Tables, ticketId: string): TurnRecord[] {
  const ticket = tables.foundTicket(ticketId);
  if (ticket === undefined) return [];
  const most = bounded(Infinity);
  const ranges = openStatuses.map((status) => tables.s.turnsOfTicket.all(ticket, status, 0, most));
  return [...rowsOf(tables, mergeNumbers(ranges, most))].map((row) => turnOf(tables, row));
}

function* rowsOf({ s }: Tables, numbers: readonly number[]): Iterable<TurnRow> {
  for (const n of numbers) {
    const row = s.turnOfNumber.get(n);
    if (row) yield row;
  }
}

const statuses: readonly TurnStatus[] = [...openStatuses, 'completed', 'aborted'];

function numbersOf(
  tables: Tables,
  { ticketId, status, version }: TurnFilter,
  after: number,
  limit: number,
): number[] {
  const { s } = tables;
  const wanted = status === undefined ? statuses : [status];
  const merge = (range: (status: TurnStatus) => { n: number }[]) => mergeNumbers(wanted.map(range), limit);
  if (ticketId !== undefined) {
    const ticket = tables.foundTicket(ticketId);
    if (ticket === undefined) return [];
    if (version === undefined) return merge((each) => s.turnsOfTicket.all(ticket, each, after, limit));
    return merge((each) => s.turnsOfTicketByVersion.all(ticket, each, after, version, limit));
  }
  if (version !== undefined) return merge((each) => s.turnsOfVersion.all(version, each, after, limit));
  if (status !== undefined) return merge((each) => s.turnsByStatus.all(each, after, limit));
  return mergeNumbers([s.turns.all(after, limit)], limit);
}

/** As `Store.turnVersions`. */
export function turnVersions({ s }: Tables): TurnVersion[] {
  const rows = s.turnVersions.all().map(({ version, ...more }) => {
    return { ...more, ...(version !== null && { version }) };
  });
  return rows.sort((a, b) => a.since - b.since);
}
