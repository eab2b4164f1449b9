/** Turns in SQLite with their journals, their state and what they wait for: written by a commit, read by the store. */
import type { Millis, TurnRecord } from '../../protocol/records';
import { decodeNumber, encodeNumber } from '../shared/cursor';
import { bounded, maxJournalPage, maxPageSize } from '../shared/limits';
import { bytesOfText, firstPage } from '../shared/page';
import type { FencedTurn } from '../shared/preconditions';
import { answerCall, answeringRequests, bodyText, dueTimeOf, hasJournal, isOpen } from '../shared/turns';
import type { Commit, JournalEntry, Page, TurnFilter, TurnVersion } from '../store';
import { parseJson, parseRow } from './rows';
import type { Statements, TurnRow } from './statements';

/** As `Lookup.turn`. */
export function fencedTurn(s: Statements, id: string): FencedTurn | undefined {
  const row = s.fencedTurn.get(id);
  if (!row) return undefined;
  return {
    ...{ status: row.status, generation: row.generation ?? undefined },
    // Looked up only where a fence names a length, which most do not.
    get entries() {
      return s.journalLength.get(id)?.entries ?? 0;
    },
  };
}

/** The turns of a commit, and what each stops to have. */
export function writeTurns(s: Statements, { turns = [], state }: Commit): void {
  for (const turn of turns) writeTurn(s, turn);
  if (!state) return;
  const text = JSON.stringify(state.state);
  if (text === undefined) s.dropTurnState.run(state.turnId);
  else s.putTurnState.run(text, state.turnId);
}

function writeTurn(s: Statements, turn: TurnRecord): void {
  const { id, ticketId, sessionId, status, queuedAt, run } = turn;
  // A turn of a plain agent has nothing beside its record.
  const known = run && s.knownTurn.get(id);
  if (known && (!isOpen(status) || known.leg !== run.leg)) s.dropJournal.run(id);
  if (known && !isOpen(status)) {
    s.dropWaitsOfTurn.run(id);
    s.dropTurnState.run(id);
  }
  const isStillWaiting = known?.status === 'waiting' && status === 'waiting';
  const answeredAt = isStillWaiting ? known.answered_at : null;
  const openSince = hasJournal(turn) ? queuedAt : null;
  const dueAt = dueTimeOf(turn, answeredAt ?? undefined) ?? null;
  const { version = null, generation = null, leg = 0 } = run ?? {};
  s.putTurn.run(
    ...([id, ticketId, sessionId, status, version, generation, leg, openSince, dueAt, answeredAt] as const),
    JSON.stringify(turn),
  );
}

/** What was appended of the journal entries of a commit. */
export function appendToJournals(s: Statements, { at, journal = [] }: Commit): JournalEntry[] {
  return journal.flatMap(({ turnId, call, body }) => append(s, turnId, at, call, bodyText(body)));
}

/** Stores what turns wait for, and answers those who wait for what is settled now. */
export function answerTurns(s: Statements, commit: Commit): JournalEntry[] {
  const { at, waits = [] } = commit;
  for (const { turnId, requestId } of waits) s.addWait.run(requestId, turnId);
  return Array.from(answeringRequests(commit)).flatMap((requestId) => answer(s, requestId, at));
}

function answer(s: Statements, requestId: string, at: Millis): JournalEntry[] {
  const answered = s.answeredTurns.all(requestId);
  if (answered.length === 0) return [];
  s.dropWaitsForRequest.run(requestId);
  return answered.flatMap(({ turnId }) => {
    s.answerTurn.run(at, at, at, turnId);
    return append(s, turnId, at, answerCall(requestId), bodyText(null));
  });
}

function append(s: Statements, turnId: string, at: Millis, call: string, text: string): JournalEntry[] {
  const added = s.addEntry.get(at, call, text, turnId);
  return added ? [{ turnId, n: added.n, at, call, body: JSON.parse(text) }] : [];
}

/** As `Store.turns`. */
export function turnPage(
  s: Statements,
  filter: TurnFilter,
  limit: number,
  cursor?: string,
): Page<TurnRecord> {
  const size = bounded(limit, 1, maxPageSize);
  const rows = listTurns(s, filter, decodeNumber(cursor), size + 1);
  const { shown, hasMore } = firstPage(rows, size, bytesOfText);
  const last = hasMore && shown.at(-1);
  return {
    items: shown.map((row) => parseRow<TurnRecord>('turns', row)),
    ...(last && { nextCursor: encodeNumber(last.n) }),
  };
}

function listTurns(
  s: Statements,
  { ticketId, status, version }: TurnFilter,
  after: number,
  limit: number,
): Iterable<TurnRow> {
  if (ticketId !== undefined && version !== undefined && status !== undefined)
    return s.turnsOfVersionInTicketByStatus.iterate(ticketId, version, status, after, limit);
  if (ticketId !== undefined && version !== undefined)
    return s.turnsOfVersionInTicket.iterate(ticketId, version, after, limit);
  if (version !== undefined && status !== undefined)
    return s.turnsOfVersionByStatus.iterate(version, status, after, limit);
  if (version !== undefined) return s.turnsOfVersion.iterate(version, after, limit);
  if (ticketId !== undefined && status !== undefined)
    return s.turnsOfTicketByStatus.iterate(ticketId, status, after, limit);
  if (ticketId !== undefined) return s.turnsOfTicket.iterate(ticketId, after, limit);
  if (status !== undefined) return s.turnsByStatus.iterate(status, after, limit);
  return s.turns.iterate(after, limit);
}

/** As `Store.journal`. */
export function journalOf(s: Statements, turnId: string, after: number, limit: number): JournalEntry[] {
  const size = bounded(limit, 0, maxJournalPage);
  if (size === 0) return [];
  const { shown } = firstPage(s.journal.iterate(turnId, after, size), size, bytesOfText);
  return shown.map(({ text, ...entry }) => {
    return { turnId, ...entry, body: parseJson('turn_journal', { id: `${turnId}:${entry.n}`, text }) };
  });
}

/** As `Store.turnState`. */
export function turnStateOf(s: Statements, turnId: string): unknown {
  const row = s.turnState.get(turnId);
  return row && parseJson('turn_states', row);
}

/** As `Store.turnVersions`. */
export function turnVersions(s: Statements): TurnVersion[] {
  const rows = s.turnVersions.all().map(({ version, ...more }) => {
    return { ...more, ...(version !== null && { version }) };
  });
  return rows.sort((a, b) => a.since - b.since);
}
