/** The SQL statements of turns, their journals and what they wait for. */
import type { Millis, TurnStatus } from '../../../protocol/records';
import type { DueTurn, UnfinishedTurn } from '../../store';
import { type After, after, type Numbered, type Prepare, type TextRow } from './prepared';

/** A turn; what is not in its text is in columns. */
export interface TurnRow extends TextRow, Numbered {
  ticketId: string;
  sessionId: string | null;
  status: TurnStatus;
}

/** An entry of a journal. */
export interface EntryRow extends Numbered {
  at: Millis;
  call: string;
  text: string;
}

/** What a new record of a turn is compared with. */
export interface KnownTurn extends Numbered {
  status: TurnStatus;
  leg: number;
  answered_at: Millis | null;
}

/** What is written of a turn each time. */
export type TurnColumns = [
  status: string,
  version: string | null,
  owner: string | null,
  generation: number | null,
  leg: number,
  openSince: Millis | null,
  dueAt: Millis | null,
  answeredAt: Millis | null,
  record: string,
];

const row =
  'turns.n, turns.id, tickets.id AS ticketId, session_id AS sessionId, status, record AS text FROM turns';
const join = 'JOIN tickets ON tickets.n = turns.ticket';
/** The number of the last entry. */
const length = (turn: string) =>
  `coalesce((SELECT max(n) FROM turn_journal WHERE turn_journal.turn = ${turn}), 0)`;

/** `INDEXED BY` stands where SQLite, which does not know that most turns have ended, would take another index. */
export function turnStatements(prepare: Prepare) {
  return {
    addTurn: prepare<[id: string, ticket: number, sessionId: string, ...TurnColumns]>(
      `INSERT INTO turns
         (id, ticket, session_id, status, version, owner, generation, leg, open_since, due_at, answered_at, record)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    // What never changes is left out, so that the indexes over it are not written again.
    setTurn: prepare<[...TurnColumns, n: number]>(
      `UPDATE turns SET status = ?, version = ?, owner = ?, generation = ?, leg = ?, open_since = ?, due_at = ?,
         answered_at = ?, record = ? WHERE n = ?`,
    ),
    turn: prepare<[id: string], TurnRow>(`SELECT ${row} ${join} WHERE turns.id = ?`),
    turnOfNumber: prepare<[n: number], TurnRow>(`SELECT ${row} ${join} WHERE turns.n = ?`),
    knownTurn: prepare<[id: string], KnownTurn>('SELECT n, status, leg, answered_at FROM turns WHERE id = ?'),
    fencedTurn: prepare<[id: string], Numbered & { status: TurnStatus; generation: number | null }>(
      'SELECT n, status, generation FROM turns WHERE id = ?',
    ),
    /** Its number, if it has a journal. */
    openTurn: prepare<[id: string], Numbered>('SELECT n FROM turns WHERE id = ? AND open_since IS NOT NULL'),
    journalLength: prepare<[turn: number], { entries: number }>(
      'SELECT coalesce(max(n), 0) AS entries FROM turn_journal WHERE turn = ?',
    ),
    unfinishedTurns: prepare<[], UnfinishedTurn>(
      `SELECT turns.id, tickets.id AS ticketId FROM turns INDEXED BY turns_by_status ${join}
       WHERE status IN ('queued', 'running') ORDER BY turns.n`,
    ),
    openTurnsOfSession: prepare<[sessionId: string], TurnRow>(
      `SELECT ${row} INDEXED BY turns_open_of_session ${join}
       WHERE session_id = ? AND status IN ('queued', 'running', 'waiting', 'stuck') ORDER BY turns.n`,
    ),
    turns: prepare<After, Numbered>(`SELECT n FROM turns WHERE ${after}`),
    turnsByStatus: prepare<[status: string, ...After], Numbered>(
      `SELECT n FROM turns INDEXED BY turns_by_status WHERE status = ? AND ${after}`,
    ),
    turnsOfTicket: prepare<[ticket: number, status: string, ...After], Numbered>(
      `SELECT n FROM turns INDEXED BY turns_of_ticket WHERE ticket = ? AND status = ? AND ${after}`,
    ),
    turnsOfTicketByVersion: prepare<
      [ticket: number, status: string, n: number, version: string, limit: number],
      Numbered
    >(
      `SELECT n FROM turns INDEXED BY turns_of_ticket
       WHERE ticket = ? AND status = ? AND n > ? AND version = ? ORDER BY n LIMIT ?`,
    ),
    turnsOfVersion: prepare<[version: string, status: string, ...After], Numbered>(
      `SELECT n FROM turns INDEXED BY turns_of_version WHERE version = ? AND status = ? AND ${after}`,
    ),
    turnVersions: prepare<[], { version: string | null; turns: number; since: Millis }>(
      `SELECT version, count(*) AS turns, min(open_since) AS since FROM turns INDEXED BY turns_durable
       WHERE open_since IS NOT NULL GROUP BY version`,
    ),
    dueTurns: prepare<[until: Millis, limit: number], DueTurn>(
      `SELECT turns.id, tickets.id AS ticketId FROM turns ${join} WHERE due_at <= ? ORDER BY due_at, turns.id LIMIT ?`,
    ),
    nextDueTurn: prepare<[after: Millis], { due_at: Millis }>(
      'SELECT due_at FROM turns WHERE due_at > ? ORDER BY due_at LIMIT 1',
    ),
    answerTurn: prepare<[at: Millis, orAt: Millis, answeredAt: Millis, n: number]>(
      `UPDATE turns SET due_at = min(coalesce(due_at, ?), ?), answered_at = coalesce(answered_at, ?)
       WHERE n = ? AND status = 'waiting'`,
    ),

    addEntry: prepare<[turn: number, ofTurn: number, at: Millis, call: string, body: string], Numbered>(
      `INSERT INTO turn_journal (turn, n, at, call, body) VALUES (?, 1 + ${length('?')}, ?, ?, ?) RETURNING n`,
    ),
    journal: prepare<[turn: number, ...After], EntryRow>(
      `SELECT n, at, call, body AS text FROM turn_journal WHERE turn = ? AND ${after}`,
    ),
    dropJournal: prepare<[turn: number]>('DELETE FROM turn_journal WHERE turn = ?'),
    addWait: prepare<[requestId: string, turn: number]>(
      'INSERT INTO turn_waits (request_id, turn) VALUES (?, ?) ON CONFLICT DO NOTHING',
    ),
    waitingTurns: prepare<[requestId: string], Numbered & { id: string }>(
      `SELECT turns.n, turns.id FROM turn_waits JOIN turns ON turns.n = turn_waits.turn WHERE request_id = ?`,
    ),
    dropWaitsForRequest: prepare<[requestId: string]>('DELETE FROM turn_waits WHERE request_id = ?'),
    dropWaitsOfTurn: prepare<[turn: number]>('DELETE FROM turn_waits WHERE turn = ?'),
    putTurnState: prepare<[turn: number, state: string]>(
      `INSERT INTO turn_states (turn, state) VALUES (?, ?)
       ON CONFLICT (turn) DO UPDATE SET state = excluded.state`,
    ),
    turnState: prepare<[turn: number], { text: string }>(
      'SELECT state AS text FROM turn_states WHERE turn = ?',
    ),
    dropTurnState: prepare<[turn: number]>('DELETE FROM turn_states WHERE turn = ?'),
  };
}
