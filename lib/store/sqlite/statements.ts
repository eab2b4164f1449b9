/** Every SQL statement of the SQLite store, prepared once when it opens; each is driven by an index, which a test holds. */
import type { Database } from 'better-sqlite3';
import type { Millis } from '../../protocol/records';
import { type InboxPlace, never } from '../shared/cursor';
import type { Counted } from '../shared/inbox';
import type { DeadDelivery, DueRequest, UnfinishedTurn, WaitingDelivery } from '../store';

/** What is used of the driver's statements; its own type has no name that a declaration could give. */
export interface Prepared<Parameters extends unknown[], Row> {
  readonly source: string;
  run(...parameters: Parameters): unknown;
  get(...parameters: Parameters): Row | undefined;
  all(...parameters: Parameters): Row[];
  iterate(...parameters: Parameters): IterableIterator<Row>;
}

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

/** A record of the audit, with its number in its ticket. */
export interface AuditRow {
  n: number;
  text: string;
}

type InList = [list: string, createdAt: Millis, id: string];
type InInbox = [...InList, userId: string, limit: number];
type OfDelivery = [channel: string, requestId: string, version: number];
type At = [createdAt: Millis, id: string, limit: number];

const unfinished = `status IN ('queued', 'running')`;
const stored = 'id, record AS text, snapshot, version, due_at';
const listed = 'id, record AS text, created_at';
const notExcept = 'NOT EXISTS (SELECT 1 FROM inbox_except WHERE user_id = ? AND inbox_except.id = inbox.id)';
const inboxPlace = `id, created_at AS createdAt, coalesce(urgency, ${never}) AS urgency`;
/** A live grant with its end for a place. */
const ending = 'id, record AS text, holds_until AS created_at';
const afterEnd = '(holds_until, id) > (?, ?) ORDER BY holds_until, id LIMIT ?';
const afterPlace = '(created_at, id) > (?, ?) ORDER BY created_at, id LIMIT ?';

const delivery = 'channel, request_id AS requestId, event, version, attempts';
const ofDelivery = 'channel = ? AND request_id = ? AND version = ?';

export type Statements = ReturnType<typeof prepareStatements>;

/** `INDEXED BY` stands where SQLite, which does not know that most requests are pending, would take another index. */
export function prepareStatements(db: Database) {
  const prepare = <Parameters extends unknown[], Row = unknown>(sql: string) =>
    db.prepare(sql) as Prepared<Parameters, Row>;
  return {
    begin: prepare<[]>('BEGIN'),
    // Writers take the lock at once: a transaction that began as a reader could not become one if another process wrote.
    beginWrite: prepare<[]>('BEGIN IMMEDIATE'),
    commit: prepare<[]>('COMMIT'),
    rollback: prepare<[]>('ROLLBACK'),

    epochSeed: prepare<[], { seed: string }>('SELECT seed FROM epoch_seed WHERE id = 1'),
    ticket: prepare<[id: string], TicketRow>('SELECT epoch, seq, first FROM tickets WHERE id = ?'),
    addTicket: prepare<[id: string, epoch: string]>(
      'INSERT INTO tickets (id, epoch, seq, first) VALUES (?, ?, 0, 1) ON CONFLICT DO NOTHING',
    ),
    advance: prepare<[by: number, id: string], TicketRow>(
      'UPDATE tickets SET seq = seq + ? WHERE id = ? RETURNING epoch, seq, first',
    ),
    setFirst: prepare<[first: number, id: string]>('UPDATE tickets SET first = ? WHERE id = ?'),

    append: prepare<[ticketId: string, seq: number, at: Millis, body: string]>(
      'INSERT INTO log (ticket_id, seq, at, body) VALUES (?, ?, ?, ?)',
    ),
    log: prepare<[ticketId: string, after: number, limit: number], { seq: number; body: string }>(
      'SELECT seq, body FROM log WHERE ticket_id = ? AND seq > ? ORDER BY seq LIMIT ?',
    ),
    usePart: prepare<[seq: number, ticketId: string, name: string], { name: string }>(
      'UPDATE log_parts SET last_seq = ? WHERE ticket_id = ? AND name = ? RETURNING name',
    ),
    addPart: prepare<[ticketId: string, name: string, seq: number]>(
      'INSERT INTO log_parts (ticket_id, name, last_seq) VALUES (?, ?, ?)',
    ),
    addPartText: prepare<[ticketId: string, name: string, text: string]>(
      'INSERT INTO log_part_texts (ticket_id, name, text) VALUES (?, ?, ?)',
    ),
    partText: prepare<[ticketId: string, name: string], { text: string }>(
      'SELECT text FROM log_part_texts WHERE ticket_id = ? AND name = ?',
    ),
    unusedParts: prepare<[ticketId: string, upTo: number], { name: string }>(
      'SELECT name FROM log_parts WHERE ticket_id = ? AND last_seq <= ?',
    ),
    dropPart: prepare<[ticketId: string, name: string]>(
      'DELETE FROM log_parts WHERE ticket_id = ? AND name = ?',
    ),
    dropPartText: prepare<[ticketId: string, name: string]>(
      'DELETE FROM log_part_texts WHERE ticket_id = ? AND name = ?',
    ),
    lastBefore: prepare<[ticketId: string, since: Millis], { seq: number }>(
      'SELECT seq FROM log WHERE ticket_id = ? AND at < ? ORDER BY seq DESC LIMIT 1',
    ),
    dropLog: prepare<[ticketId: string, upTo: number]>('DELETE FROM log WHERE ticket_id = ? AND seq <= ?'),

    putSession: prepare<
      [string, ticketId: string, userId: string, tabId: string, created: Millis, active: Millis, string]
    >(
      `INSERT INTO sessions (id, ticket_id, user_id, tab_id, created_at, last_active_at, record)
       VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET last_active_at = excluded.last_active_at, record = excluded.record`,
    ),
    session: prepare<[id: string], TextRow>('SELECT id, record AS text FROM sessions WHERE id = ?'),
    sessionByTab: prepare<[ticketId: string, userId: string, tabId: string], TextRow>(
      `SELECT id, record AS text FROM sessions WHERE ticket_id = ? AND user_id = ? AND tab_id = ?
       ORDER BY created_at DESC, n DESC LIMIT 1`,
    ),
    sessions: prepare<[ticketId: string, limit: number], TextRow>(
      'SELECT id, record AS text FROM sessions WHERE ticket_id = ? ORDER BY last_active_at DESC, n DESC LIMIT ?',
    ),

    putTurn: prepare<[id: string, ticketId: string, status: string, record: string]>(
      `INSERT INTO turns (id, ticket_id, status, record) VALUES (?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET status = excluded.status, record = excluded.record`,
    ),
    turn: prepare<[id: string], TextRow>('SELECT id, record AS text FROM turns WHERE id = ?'),
    unfinishedTurns: prepare<[], UnfinishedTurn>(
      `SELECT id, ticket_id AS ticketId FROM turns INDEXED BY turns_unfinished WHERE ${unfinished} ORDER BY n`,
    ),
    unfinishedTurnsOfTicket: prepare<[ticketId: string], TextRow>(
      `SELECT id, record AS text FROM turns WHERE ticket_id = ? AND ${unfinished} ORDER BY n`,
    ),

    putMessage: prepare<[id: string, ticketId: string, sessionId: string, record: string]>(
      `INSERT INTO messages (id, ticket_id, session_id, record) VALUES (?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET record = excluded.record`,
    ),
    message: prepare<[id: string], TextRow>('SELECT id, record AS text FROM messages WHERE id = ?'),
    messagesOfSession: prepare<[sessionId: string, before: number, limit: number], TextRow>(
      'SELECT id, record AS text FROM messages WHERE session_id = ? AND n < ? ORDER BY n DESC LIMIT ?',
    ),
    placeOfMessage: prepare<[id: string, sessionId: string], { n: number }>(
      'SELECT n FROM messages WHERE id = ? AND session_id = ?',
    ),
    messagesOfTicket: prepare<[ticketId: string, limit: number], TextRow>(
      'SELECT id, record AS text FROM messages WHERE ticket_id = ? ORDER BY n DESC LIMIT ?',
    ),

    addRequest: prepare<
      [
        id: string,
        ticketId: string,
        sessionId: string,
        turnId: string | null,
        key: string | null,
        grantId: string | null,
        status: string,
        version: number,
        dueAt: Millis | null,
        createdAt: Millis,
        claimedBy: string | null,
        inbox: string | null,
        record: string,
        snapshot: string,
      ]
    >(
      `INSERT INTO requests
         (id, ticket_id, session_id, turn_id, key, grant_id, status, version, due_at, created_at, claimed_by, inbox,
          record, snapshot)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    // What never changes is left out, so that the indexes over it are not written again.
    setRequest: prepare<
      [
        status: string,
        key: string | null,
        version: number,
        dueAt: Millis | null,
        claimedBy: string | null,
        inbox: string | null,
        record: string,
        snapshot: string,
        id: string,
      ]
    >(
      'UPDATE requests SET status = ?, key = ?, version = ?, due_at = ?, claimed_by = ?, inbox = ?, record = ?, snapshot = ? WHERE id = ?',
    ),
    request: prepare<[id: string], RequestRow>(`SELECT ${stored} FROM requests WHERE id = ?`),
    requestVersion: prepare<[id: string], { version: number }>('SELECT version FROM requests WHERE id = ?'),
    requestByKey: prepare<[ticketId: string, key: string], RequestRow>(
      `SELECT ${stored} FROM requests WHERE ticket_id = ? AND key = ? AND status <> 'superseded'`,
    ),
    keyHolder: prepare<[ticketId: string, key: string], { id: string }>(
      `SELECT id FROM requests WHERE ticket_id = ? AND key = ? AND status <> 'superseded'`,
    ),
    requestsOfTurn: prepare<[turnId: string], RequestRow>(
      `SELECT ${stored} FROM requests INDEXED BY requests_of_turn WHERE turn_id = ? AND status = 'pending' ORDER BY created_at, id`,
    ),
    claims: prepare<[ticketId: string, userId: string], { id: string }>(
      'SELECT id FROM requests WHERE ticket_id = ? AND claimed_by = ?',
    ),
    requests: prepare<At, ListedRow>(`SELECT ${listed} FROM requests WHERE ${afterPlace}`),
    requestsByStatus: prepare<[status: string, ...At], ListedRow>(
      `SELECT ${listed} FROM requests WHERE status = ? AND ${afterPlace}`,
    ),
    requestsOfTicket: prepare<[ticketId: string, ...At], ListedRow>(
      `SELECT ${listed} FROM requests WHERE ticket_id = ? AND ${afterPlace}`,
    ),
    requestsOfTicketByStatus: prepare<[ticketId: string, status: string, ...At], ListedRow>(
      `SELECT ${listed} FROM requests WHERE ticket_id = ? AND status = ? AND ${afterPlace}`,
    ),
    requestRecord: prepare<[id: string], TextRow>('SELECT id, record AS text FROM requests WHERE id = ?'),
    listing: prepare<[id: string], { inbox: string | null }>('SELECT inbox FROM requests WHERE id = ?'),
    addInbox: prepare<[...InList, urgency: Millis | null, type: string, toolName: string | null]>(
      'INSERT INTO inbox (list, created_at, id, urgency, type, tool_name) VALUES (?, ?, ?, ?, ?, ?)',
    ),
    dropInbox: prepare<InList>('DELETE FROM inbox WHERE list = ? AND created_at = ? AND id = ?'),
    addInboxExcept: prepare<[userId: string, id: string]>(
      'INSERT INTO inbox_except (user_id, id) VALUES (?, ?)',
    ),
    dropInboxExcept: prepare<[userId: string, id: string]>(
      'DELETE FROM inbox_except WHERE user_id = ? AND id = ?',
    ),
    inboxOldest: prepare<InInbox, InboxPlace>(
      `SELECT ${inboxPlace} FROM inbox WHERE list = ? AND (created_at, id) > (?, ?) AND ${notExcept}
       ORDER BY created_at, id LIMIT ?`,
    ),
    inboxNewest: prepare<InInbox, InboxPlace>(
      `SELECT ${inboxPlace} FROM inbox WHERE list = ? AND (created_at, id) < (?, ?) AND ${notExcept}
       ORDER BY created_at DESC, id DESC LIMIT ?`,
    ),
    inboxUrgent: prepare<
      [list: string, urgency: Millis, createdAt: Millis, id: string, userId: string, limit: number],
      InboxPlace
    >(
      `SELECT ${inboxPlace} FROM inbox
       WHERE list = ? AND urgency IS NOT NULL AND (urgency, created_at, id) > (?, ?, ?) AND ${notExcept}
       ORDER BY inbox.urgency, created_at, id LIMIT ?`,
    ),
    inboxPatient: prepare<InInbox, InboxPlace>(
      `SELECT ${inboxPlace} FROM inbox WHERE list = ? AND (created_at, id) > (?, ?) AND urgency IS NULL AND ${notExcept}
       ORDER BY created_at, id LIMIT ?`,
    ),
    inboxCounted: prepare<[list: string, userId: string, limit: number], Counted>(
      `SELECT id, type, tool_name AS toolName FROM inbox WHERE list = ? AND ${notExcept} LIMIT ?`,
    ),
    dueRequests: prepare<[until: Millis, limit: number], DueRequest>(
      `SELECT id, ticket_id AS ticketId FROM requests WHERE due_at <= ? ORDER BY due_at, id LIMIT ?`,
    ),
    nextDue: prepare<[after: Millis], { due_at: Millis }>(
      `SELECT due_at FROM requests WHERE due_at > ? ORDER BY due_at LIMIT 1`,
    ),

    addAudit: prepare<[ticketId: string, ofTicket: string, requestId: string, record: string]>(
      `INSERT INTO audit (ticket_id, n, request_id, record)
       VALUES (?, 1 + coalesce((SELECT max(n) FROM audit WHERE ticket_id = ?), 0), ?, ?)`,
    ),
    audit: prepare<[ticketId: string, after: number, limit: number], AuditRow>(
      'SELECT n, record AS text FROM audit WHERE ticket_id = ? AND n > ? ORDER BY n LIMIT ?',
    ),
    auditOfRequest: prepare<[ticketId: string, requestId: string, after: number, limit: number], AuditRow>(
      `SELECT n, record AS text FROM audit
       WHERE ticket_id = ? AND request_id = ? AND n > ? ORDER BY n LIMIT ?`,
    ),
    requestsOfGrant: prepare<[grantId: string, ...At], ListedRow>(
      `SELECT ${listed} FROM requests WHERE grant_id = ? AND ${afterPlace}`,
    ),

    putGrant: prepare<
      [string, ticketId: string, covers: string, Millis, expires: Millis, holdsUntil: Millis | null, string]
    >(
      `INSERT INTO grants (id, ticket_id, covers, created_at, expires_at, holds_until, record)
       VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET holds_until = excluded.holds_until, record = excluded.record`,
    ),
    grant: prepare<[id: string], TextRow>('SELECT id, record AS text FROM grants WHERE id = ?'),
    grantsCovering: prepare<[covers: string, now: Millis, limit: number], TextRow>(
      'SELECT id, record AS text FROM grants WHERE covers = ? AND holds_until > ? ORDER BY holds_until, id LIMIT ?',
    ),
    grants: prepare<At, ListedRow>(`SELECT ${listed} FROM grants WHERE ${afterPlace}`),
    grantsOfTicket: prepare<[ticketId: string, ...At], ListedRow>(
      `SELECT ${listed} FROM grants WHERE ticket_id = ? AND ${afterPlace}`,
    ),
    grantsLive: prepare<[now: Millis, ...At], ListedRow>(
      `SELECT ${ending} FROM grants WHERE holds_until > ? AND ${afterEnd}`,
    ),
    grantsLiveOfTicket: prepare<[ticketId: string, now: Millis, ...At], ListedRow>(
      `SELECT ${ending} FROM grants WHERE ticket_id = ? AND holds_until > ? AND ${afterEnd}`,
    ),
    dropGrants: prepare<[endedBefore: Millis, limit: number]>(
      `DELETE FROM grants WHERE id IN
         (SELECT id FROM grants WHERE expires_at < ? ORDER BY expires_at, id LIMIT ?)`,
    ),

    putDelivery: prepare<[channel: string, requestId: string, event: string, version: number, due: Millis]>(
      `INSERT INTO deliveries (channel, request_id, event, version, attempts, due_at) VALUES (?, ?, ?, ?, 0, ?)
       ON CONFLICT (channel, request_id) DO UPDATE SET
         event = iif(deliveries.event = 'present' AND excluded.event = 'update', 'present', excluded.event),
         version = excluded.version, attempts = 0, due_at = excluded.due_at, dead_at = NULL, error = NULL`,
    ),
    deliveries: prepare<[channel: string, limit: number], WaitingDelivery>(
      `SELECT ${delivery}, due_at AS dueAt FROM deliveries
       WHERE channel = ? AND due_at IS NOT NULL ORDER BY due_at, request_id LIMIT ?`,
    ),
    dropDelivery: prepare<[...OfDelivery], { version: number }>(
      `DELETE FROM deliveries WHERE ${ofDelivery} RETURNING version`,
    ),
    presented: prepare<[channel: string, requestId: string]>(
      `UPDATE deliveries SET event = 'update' WHERE channel = ? AND request_id = ? AND event = 'present'`,
    ),
    postponeDelivery: prepare<[attempts: number, due: Millis, ...OfDelivery], { version: number }>(
      `UPDATE deliveries SET attempts = ?, due_at = ? WHERE ${ofDelivery} RETURNING version`,
    ),
    buryDelivery: prepare<[number, dead: Millis, error: string, ...OfDelivery], { version: number }>(
      `UPDATE deliveries SET attempts = ?, due_at = NULL, dead_at = ?, error = ? WHERE ${ofDelivery}
       RETURNING version`,
    ),
    deadDeliveries: prepare<[limit: number], DeadDelivery>(
      `SELECT ${delivery}, dead_at AS deadAt, error FROM deliveries
       WHERE dead_at > 0 ORDER BY dead_at DESC, channel DESC, request_id DESC LIMIT ?`,
    ),
    dropDead: prepare<[keep: number]>(
      `DELETE FROM deliveries WHERE (channel, request_id) IN
         (SELECT channel, request_id FROM deliveries WHERE dead_at > 0
          ORDER BY dead_at DESC, channel DESC, request_id DESC LIMIT -1 OFFSET ?)`,
    ),

    frame: prepare<[userId: string, frameId: string], TextRow>(
      'SELECT frame_id AS id, ack AS text FROM frames WHERE user_id = ? AND frame_id = ?',
    ),
    countFrame: prepare<[userId: string], { n: number }>(
      'INSERT INTO frame_counts (user_id, n) VALUES (?, 1) ON CONFLICT DO UPDATE SET n = n + 1 RETURNING n',
    ),
    addFrame: prepare<[userId: string, frameId: string, ack: string]>(
      'INSERT INTO frames (user_id, frame_id, ack) VALUES (?, ?, ?)',
    ),
    dropFrames: prepare<[userId: string, ofUser: string, keep: number]>(
      `DELETE FROM frames WHERE user_id = ? AND n <=
         (SELECT n FROM frames WHERE user_id = ? ORDER BY n DESC LIMIT 1 OFFSET ?)`,
    ),
  };
}
