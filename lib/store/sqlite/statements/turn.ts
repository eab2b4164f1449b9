/** The SQL statements of turns, their journals and what they wait for. */
import type { Millis, TurnStatus } from '../../../protocol/records';
import { openStatuses } from '../../shared/turns';
import type { DueTurn, UnfinishedTurn } from '../../store';
import type { Prepare, TextRow } from './prepared';

/** A turn in a list, with its place. */
export interface TurnRow extends TextRow {
  n: number;
}

/** An entry of a journal. */
export interface EntryRow {
  n: number;
  at: Millis;
  call: string;
  text: string;
}

/** What a new record of a turn is compared with. */
export interface KnownTurn {
  status: TurnStatus;
  leg: number;
  answered_at: Millis | null;
}

type After = [n: number, limit: number];

const unfinished = `status IN ('queued', 'running')`;
const open = `status IN (${openStatuses.map((each) => `'${each}'`).join(', ')})`;
const listed = 'id, n, record AS text';
const after = 'n > ? ORDER BY n LIMIT ?';
/** The number of the last entry. */
const length = (turnId: string) =>
  `coalesce((SELECT max(n) FROM turn_journal WHERE turn_journal.turn_id = ${turnId}), 0)`;

/** `INDEXED BY` stands where SQLite, which does not know that most turns have ended, would take another index. */
export function turnStatements(prepare: Prepare) {
  return {
    // What never changes is left out of the update, so that the indexes over it are not written again.
    putTurn: prepare<
      [
        id: string,
        ticketId: string,
        sessionId: string,
        status: string,
        version: string | null,
        generation: number | null,
        leg: number,
        openSince: Millis | null,
        dueAt: Millis | null,
        answeredAt: Millis | null,
        record: string,
      ]
    >(
      `INSERT INTO turns
         (id, ticket_id, session_id, status, version, generation, leg, open_since, due_at, answered_at, record)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET
         status = excluded.status, version = excluded.version, generation = excluded.generation, leg = excluded.leg, open_since = excluded.open_since, due_at = excluded.due_at,
         answered_at = excluded.answered_at, record = excluded.record`,
    ),
    turn: prepare<[id: string], TextRow>('SELECT id, record AS text FROM turns WHERE id = ?'),
    knownTurn: prepare<[id: string], KnownTurn>('SELECT status, leg, answered_at FROM turns WHERE id = ?'),
    fencedTurn: prepare<[id: string], { status: TurnStatus; generation: number | null }>(
      'SELECT status, generation FROM turns WHERE id = ?',
    ),
    journalLength: prepare<[turnId: string], { entries: number | null }>(
      'SELECT max(n) AS entries FROM turn_journal WHERE turn_id = ?',
    ),
    unfinishedTurns: prepare<[], UnfinishedTurn>(
      `SELECT id, ticket_id AS ticketId FROM turns INDEXED BY turns_unfinished WHERE ${unfinished} ORDER BY n`,
    ),
    openTurnsOfTicket: prepare<[ticketId: string], TextRow>(
      `SELECT id, record AS text FROM turns INDEXED BY turns_open_of_ticket WHERE ticket_id = ? AND ${open} ORDER BY n`,
    ),
    openTurnsOfSession: prepare<[sessionId: string], TextRow>(
      `SELECT id, record AS text FROM turns INDEXED BY turns_open_of_session WHERE session_id = ? AND ${open} ORDER BY n`,
    ),
    turns: prepare<After, TurnRow>(`SELECT ${listed} FROM turns WHERE ${after}`),
    turnsOfTicket: prepare<[ticketId: string, ...After], TurnRow>(
      `SELECT ${listed} FROM turns INDEXED BY turns_of_ticket WHERE ticket_id = ? AND ${after}`,
    ),
    turnsByStatus: prepare<[status: string, ...After], TurnRow>(
      `SELECT ${listed} FROM turns INDEXED BY turns_by_status WHERE status = ? AND ${after}`,
    ),
    turnsOfTicketByStatus: prepare<[ticketId: string, status: string, ...After], TurnRow>(
      `SELECT ${listed} FROM turns INDEXED BY turns_of_ticket_by_status WHERE ticket_id = ? AND status = ? AND ${after}`,
    ),
    turnsOfVersion: prepare<[version: string, ...After], TurnRow>(
      `SELECT ${listed} FROM turns INDEXED BY turns_of_version WHERE version = ? AND ${after}`,
    ),
    turnsOfVersionInTicket: prepare<[ticketId: string, version: string, ...After], TurnRow>(
      `SELECT ${listed} FROM turns INDEXED BY turns_of_version_in_ticket WHERE ticket_id = ? AND version = ? AND ${after}`,
    ),
    turnsOfVersionByStatus: prepare<[version: string, status: string, ...After], TurnRow>(
      `SELECT ${listed} FROM turns INDEXED BY turns_of_version_by_status WHERE version = ? AND status = ? AND ${after}`,
    ),
    turnsOfVersionInTicketByStatus: prepare<
      [ticketId: string, version: string, status: string, ...After],
      TurnRow
    >(
      `SELECT ${listed} FROM turns INDEXED BY turns_of_version_in_ticket_by_status
       WHERE ticket_id = ? AND version = ? AND status = ? AND ${after}`,
    ),
    turnVersions: prepare<[], { version: string | null; turns: number; since: Millis }>(
      `SELECT version, count(*) AS turns, min(open_since) AS since FROM turns INDEXED BY turns_durable
       WHERE open_since IS NOT NULL GROUP BY version`,
    ),
    dueTurns: prepare<[until: Millis, limit: number], DueTurn>(
      'SELECT id, ticket_id AS ticketId FROM turns WHERE due_at <= ? ORDER BY due_at, id LIMIT ?',
    ),
    nextDueTurn: prepare<[after: Millis], { due_at: Millis }>(
      'SELECT due_at FROM turns WHERE due_at > ? ORDER BY due_at LIMIT 1',
    ),
    answerTurn: prepare<[at: Millis, orAt: Millis, answeredAt: Millis, id: string]>(
      `UPDATE turns SET due_at = min(coalesce(due_at, ?), ?), answered_at = coalesce(answered_at, ?)
       WHERE id = ? AND status = 'waiting'`,
    ),

    addEntry: prepare<[at: Millis, call: string, body: string, turnId: string], { n: number }>(
      `INSERT INTO turn_journal (turn_id, n, at, call, body)
       SELECT id, 1 + ${length('turns.id')}, ?, ?, ? FROM turns
       WHERE id = ? AND open_since IS NOT NULL
       RETURNING n`,
    ),
    journal: prepare<[turnId: string, ...After], EntryRow>(
      `SELECT n, at, call, body AS text FROM turn_journal WHERE turn_id = ? AND ${after}`,
    ),
    dropJournal: prepare<[turnId: string]>('DELETE FROM turn_journal WHERE turn_id = ?'),
    addWait: prepare<[requestId: string, turnId: string]>(
      `INSERT INTO turn_waits (request_id, turn_id)
       SELECT ?, id FROM turns WHERE id = ? AND open_since IS NOT NULL ON CONFLICT DO NOTHING`,
    ),
    /** Those who wait for a request that is settled. */
    answeredTurns: prepare<[requestId: string], { turnId: string }>(
      `SELECT turn_id AS turnId FROM turn_waits
       WHERE request_id = ? AND (SELECT status FROM requests WHERE id = turn_waits.request_id) <> 'pending'
       ORDER BY turn_id`,
    ),
    dropWaitsForRequest: prepare<[requestId: string]>('DELETE FROM turn_waits WHERE request_id = ?'),
    dropWaitsOfTurn: prepare<[turnId: string]>('DELETE FROM turn_waits WHERE turn_id = ?'),
    putTurnState: prepare<[state: string, turnId: string]>(
      `INSERT INTO turn_states (turn_id, state)
       SELECT id, ? FROM turns WHERE id = ? AND open_since IS NOT NULL
       ON CONFLICT (turn_id) DO UPDATE SET state = excluded.state`,
    ),
    turnState: prepare<[turnId: string], TextRow>(
      'SELECT turn_id AS id, state AS text FROM turn_states WHERE turn_id = ?',
    ),
    dropTurnState: prepare<[turnId: string]>('DELETE FROM turn_states WHERE turn_id = ?'),
  };
}
