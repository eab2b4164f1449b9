/** Every SQL statement of the SQLite store, prepared once when it opens; each is driven by an index, which a test holds. */
import type { Database } from 'better-sqlite3';
import type { Millis } from '../protocol/records';

/** Where a ticket's log stands. */
export interface TicketRow {
  epoch: string;
  seq: number;
  first: number;
}

/** A row whose JSON is in `text`; the id is there to name it if that is unreadable. */
export interface TextRow {
  id: string;
  text: string;
}

/** A request with what restores its actor. */
export interface RequestRow extends TextRow {
  snapshot: string;
  version: number;
  due_at: Millis | null;
}

/** A request in a list, with its place. */
export interface ListedRow extends TextRow {
  created_at: Millis;
}

type At = [createdAt: Millis, id: string, limit: number];

const unfinished = `status IN ('queued', 'running')`;
const stored = 'id, record AS text, snapshot, version, due_at';
const listed = 'id, record AS text, created_at';
const afterPlace = '(created_at, id) > (?, ?) ORDER BY created_at, id LIMIT ?';

export type Statements = ReturnType<typeof prepareStatements>;

/** `INDEXED BY` stands where SQLite, which does not know that most requests are pending, would take another index. */
export function prepareStatements(db: Database) {
  return {
    begin: db.prepare<[]>('BEGIN'),
    // Writers take the lock at once: a transaction that began as a reader could not become one if another process wrote.
    beginWrite: db.prepare<[]>('BEGIN IMMEDIATE'),
    commit: db.prepare<[]>('COMMIT'),
    rollback: db.prepare<[]>('ROLLBACK'),

    ticket: db.prepare<[id: string], TicketRow>('SELECT epoch, seq, first FROM tickets WHERE id = ?'),
    addTicket: db.prepare<[id: string, epoch: string]>(
      'INSERT INTO tickets (id, epoch, seq, first) VALUES (?, ?, 0, 1) ON CONFLICT DO NOTHING',
    ),
    advance: db.prepare<[by: number, id: string], TicketRow>(
      'UPDATE tickets SET seq = seq + ? WHERE id = ? RETURNING epoch, seq, first',
    ),
    setFirst: db.prepare<[first: number, id: string]>('UPDATE tickets SET first = ? WHERE id = ?'),

    append: db.prepare<[ticketId: string, seq: number, at: Millis, body: string]>(
      'INSERT INTO log (ticket_id, seq, at, body) VALUES (?, ?, ?, ?)',
    ),
    log: db.prepare<[ticketId: string, after: number, limit: number], { seq: number; body: string }>(
      'SELECT seq, body FROM log WHERE ticket_id = ? AND seq > ? ORDER BY seq LIMIT ?',
    ),
    lastBefore: db.prepare<[ticketId: string, since: Millis], { seq: number }>(
      'SELECT seq FROM log WHERE ticket_id = ? AND at < ? ORDER BY seq DESC LIMIT 1',
    ),
    dropLog: db.prepare<[ticketId: string, upTo: number]>('DELETE FROM log WHERE ticket_id = ? AND seq <= ?'),

    putSession: db.prepare<
      [string, ticketId: string, userId: string, tabId: string, created: Millis, active: Millis, string]
    >(
      `INSERT INTO sessions (id, ticket_id, user_id, tab_id, created_at, last_active_at, record)
       VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET user_id = excluded.user_id, tab_id = excluded.tab_id,
         last_active_at = excluded.last_active_at, record = excluded.record`,
    ),
    session: db.prepare<[id: string], TextRow>('SELECT id, record AS text FROM sessions WHERE id = ?'),
    sessionByTab: db.prepare<[ticketId: string, userId: string, tabId: string], TextRow>(
      `SELECT id, record AS text FROM sessions WHERE ticket_id = ? AND user_id = ? AND tab_id = ?
       ORDER BY created_at DESC, n DESC LIMIT 1`,
    ),
    sessions: db.prepare<[ticketId: string, limit: number], TextRow>(
      'SELECT id, record AS text FROM sessions WHERE ticket_id = ? ORDER BY last_active_at DESC, n DESC LIMIT ?',
    ),

    putTurn: db.prepare<[id: string, ticketId: string, status: string, record: string]>(
      `INSERT INTO turns (id, ticket_id, status, record) VALUES (?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET status = excluded.status, record = excluded.record`,
    ),
    turn: db.prepare<[id: string], TextRow>('SELECT id, record AS text FROM turns WHERE id = ?'),
    unfinishedTurns: db.prepare<[], TextRow>(
      `SELECT id, record AS text FROM turns INDEXED BY turns_unfinished WHERE ${unfinished} ORDER BY n`,
    ),
    unfinishedTurnsOfTicket: db.prepare<[ticketId: string], TextRow>(
      `SELECT id, record AS text FROM turns WHERE ticket_id = ? AND ${unfinished} ORDER BY n`,
    ),

    putMessage: db.prepare<[id: string, ticketId: string, sessionId: string, record: string]>(
      `INSERT INTO messages (id, ticket_id, session_id, record) VALUES (?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET record = excluded.record`,
    ),
    message: db.prepare<[id: string], TextRow>('SELECT id, record AS text FROM messages WHERE id = ?'),
    messagesOfSession: db.prepare<[sessionId: string, limit: number], TextRow>(
      'SELECT id, record AS text FROM messages WHERE session_id = ? ORDER BY n DESC LIMIT ?',
    ),
    messagesOfTicket: db.prepare<[ticketId: string, limit: number], TextRow>(
      'SELECT id, record AS text FROM messages WHERE ticket_id = ? ORDER BY n DESC LIMIT ?',
    ),

    addRequest: db.prepare<
      [
        id: string,
        ticketId: string,
        sessionId: string,
        turnId: string | null,
        key: string | null,
        status: string,
        version: number,
        dueAt: Millis | null,
        createdAt: Millis,
        record: string,
        snapshot: string,
      ]
    >(
      `INSERT INTO requests
         (id, ticket_id, session_id, turn_id, key, status, version, due_at, created_at, record, snapshot)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    // What never changes is left out, so that the indexes over it are not written again.
    setRequest: db.prepare<
      [
        status: string,
        key: string | null,
        version: number,
        dueAt: Millis | null,
        record: string,
        snapshot: string,
        id: string,
      ]
    >(
      'UPDATE requests SET status = ?, key = ?, version = ?, due_at = ?, record = ?, snapshot = ? WHERE id = ?',
    ),
    request: db.prepare<[id: string], RequestRow>(`SELECT ${stored} FROM requests WHERE id = ?`),
    requestVersion: db.prepare<[id: string], { version: number }>(
      'SELECT version FROM requests WHERE id = ?',
    ),
    requestByKey: db.prepare<[ticketId: string, key: string], RequestRow>(
      `SELECT ${stored} FROM requests WHERE ticket_id = ? AND key = ? AND status <> 'superseded'`,
    ),
    keyHolder: db.prepare<[ticketId: string, key: string], { id: string }>(
      `SELECT id FROM requests WHERE ticket_id = ? AND key = ? AND status <> 'superseded'`,
    ),
    requestsOfTurn: db.prepare<[turnId: string], RequestRow>(
      `SELECT ${stored} FROM requests INDEXED BY requests_of_turn WHERE turn_id = ? AND status = 'pending' ORDER BY created_at, id`,
    ),
    pendingOfTicket: db.prepare<[ticketId: string], TextRow>(
      `SELECT id, record AS text FROM requests WHERE ticket_id = ? AND status = 'pending' ORDER BY created_at, id`,
    ),
    requests: db.prepare<At, ListedRow>(`SELECT ${listed} FROM requests WHERE ${afterPlace}`),
    requestsByStatus: db.prepare<[status: string, ...At], ListedRow>(
      `SELECT ${listed} FROM requests WHERE status = ? AND ${afterPlace}`,
    ),
    requestsOfTicket: db.prepare<[ticketId: string, ...At], ListedRow>(
      `SELECT ${listed} FROM requests WHERE ticket_id = ? AND ${afterPlace}`,
    ),
    requestsOfTicketByStatus: db.prepare<[ticketId: string, status: string, ...At], ListedRow>(
      `SELECT ${listed} FROM requests WHERE ticket_id = ? AND status = ? AND ${afterPlace}`,
    ),
    dueRequests: db.prepare<[until: Millis, limit: number], RequestRow>(
      `SELECT ${stored} FROM requests WHERE due_at <= ? ORDER BY due_at, id LIMIT ?`,
    ),
    nextDue: db.prepare<[], { due_at: Millis }>(
      `SELECT due_at FROM requests WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1`,
    ),

    frame: db.prepare<[userId: string, frameId: string], TextRow>(
      'SELECT frame_id AS id, ack AS text FROM frames WHERE user_id = ? AND frame_id = ?',
    ),
    addFrame: db.prepare<[userId: string, frameId: string, ofUser: string, ack: string], { n: number }>(
      `INSERT INTO frames (user_id, frame_id, n, ack)
       VALUES (?, ?, 1 + coalesce((SELECT max(n) FROM frames WHERE user_id = ?), 0), ?) RETURNING n`,
    ),
    dropFrames: db.prepare<[userId: string, upTo: number]>('DELETE FROM frames WHERE user_id = ? AND n <= ?'),
  };
}
