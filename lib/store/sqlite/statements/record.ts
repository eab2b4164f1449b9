/** The SQL statements of sessions, messages and frames. */
import type { Millis } from '../../../protocol/records';
import type { Numbered, Prepare, TextRow } from './prepared';

/** A session; what is not in its text is in columns. */
export interface SessionRow extends TextRow {
  ticketId: string;
  person: number;
  tabId: string;
  createdAt: Millis;
  lastActiveAt: Millis;
}

/** A message; what is not in its text is in columns. */
export interface MessageRow extends TextRow, Numbered {
  ticketId: string;
  sessionId: string;
  createdAt: Millis;
}

/** What a write of a message is preceded by: the row as it is. */
export interface KnownMessage extends MessageRow {
  ticket: number;
  /** The envelope that is completed from it; null for none. */
  logged: number | null;
}

const session = `sessions.id, tickets.id AS ticketId, person, tab_id AS tabId, created_at AS createdAt,
  last_active_at AS lastActiveAt, record AS text FROM sessions JOIN tickets ON tickets.n = sessions.ticket`;
const message = `messages.n, messages.id, tickets.id AS ticketId, session_id AS sessionId, created_at AS createdAt, record AS text`;
const messages = 'FROM messages JOIN tickets ON tickets.n = messages.ticket';

export function recordStatements(prepare: Prepare) {
  return {
    putSession: prepare<
      [
        id: string,
        ticket: number,
        person: number,
        tabId: string,
        created: Millis,
        active: Millis,
        record: string,
      ]
    >(
      `INSERT INTO sessions (id, ticket, person, tab_id, created_at, last_active_at, record)
       VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET last_active_at = excluded.last_active_at, record = excluded.record`,
    ),
    session: prepare<[id: string], SessionRow>(`SELECT ${session} WHERE sessions.id = ?`),
    sessionByTab: prepare<[ticket: number, person: number, tabId: string], SessionRow>(
      `SELECT ${session} WHERE ticket = ? AND person = ? AND tab_id = ? ORDER BY created_at DESC, sessions.n DESC LIMIT 1`,
    ),
    sessions: prepare<[ticket: number, limit: number], SessionRow>(
      `SELECT ${session} WHERE ticket = ? ORDER BY last_active_at DESC, sessions.n DESC LIMIT ?`,
    ),

    addMessage: prepare<
      [id: string, ticket: number, sessionId: string, created: Millis, logged: number | null, record: string],
      Numbered
    >(
      `INSERT INTO messages (id, ticket, session_id, created_at, logged, record) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT DO NOTHING RETURNING n`,
    ),
    knownMessage: prepare<[id: string], KnownMessage>(
      `SELECT ${message}, ticket, logged ${messages} WHERE messages.id = ?`,
    ),
    setMessage: prepare<[created: Millis, logged: number | null, record: string, n: number]>(
      'UPDATE messages SET created_at = ?, logged = ?, record = ? WHERE n = ?',
    ),
    addRevision: prepare<[message: number, ofMessage: number, revision: string], Numbered>(
      `INSERT INTO message_revisions (message, n, revision)
       VALUES (?, 1 + coalesce((SELECT max(n) FROM message_revisions WHERE message = ?), 0), ?) RETURNING n`,
    ),
    dropRevisions: prepare<[message: number, upTo: number]>(
      'DELETE FROM message_revisions WHERE message = ? AND n <= ?',
    ),
    revisions: prepare<[message: number], { n: number; text: string }>(
      'SELECT n, revision AS text FROM message_revisions WHERE message = ? ORDER BY n',
    ),
    message: prepare<[id: string], MessageRow>(`SELECT ${message} ${messages} WHERE messages.id = ?`),
    messageOfNumber: prepare<[n: number], MessageRow>(`SELECT ${message} ${messages} WHERE messages.n = ?`),
    messagesOfSession: prepare<[sessionId: string, before: number, limit: number], MessageRow>(
      `SELECT ${message} ${messages} WHERE session_id = ? AND messages.n < ? ORDER BY messages.n DESC LIMIT ?`,
    ),
    placeOfMessage: prepare<[id: string, sessionId: string], Numbered>(
      'SELECT n FROM messages WHERE id = ? AND session_id = ?',
    ),
    messagesOfTicket: prepare<[ticket: number, limit: number], MessageRow>(
      `SELECT ${message} ${messages} WHERE ticket = ? ORDER BY messages.n DESC LIMIT ?`,
    ),

    frame: prepare<[userId: string, frameId: string], TextRow>(
      'SELECT frame_id AS id, ack AS text FROM frames WHERE user_id = ? AND frame_id = ?',
    ),
    countFrames: prepare<[userId: string], { count: number }>(
      'SELECT count(*) AS count FROM frames WHERE user_id = ?',
    ),
    addFrame: prepare<[userId: string, frameId: string, at: Millis, ack: string]>(
      'INSERT INTO frames (user_id, frame_id, at, ack) VALUES (?, ?, ?, ?)',
    ),
    dropFrames: prepare<[userId: string, ofUser: string, keep: number]>(
      `DELETE FROM frames WHERE user_id = ? AND n <=
         (SELECT n FROM frames WHERE user_id = ? ORDER BY n DESC LIMIT 1 OFFSET ?)`,
    ),
  };
}
