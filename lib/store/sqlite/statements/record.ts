/** The SQL statements of sessions, messages and frames. */
import type { Millis } from '../../../protocol/records';
import type { Prepare, TextRow } from './prepared';

export function recordStatements(prepare: Prepare) {
  return {
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
    putMessage: prepare<[id: string, ticketId: string, sessionId: string, record: string]>(
      `INSERT INTO messages (id, ticket_id, session_id, record) VALUES (?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET record = excluded.record`,
    ),
    addRevision: prepare<[messageId: string, ofMessage: string, revision: string], { n: number }>(
      `INSERT INTO message_revisions (message_id, n, revision)
       VALUES (?, 1 + coalesce((SELECT max(n) FROM message_revisions WHERE message_id = ?), 0), ?) RETURNING n`,
    ),
    dropRevisions: prepare<[messageId: string, upTo: number]>(
      'DELETE FROM message_revisions WHERE message_id = ? AND n <= ?',
    ),
    revisions: prepare<[messageId: string], { n: number; text: string }>(
      'SELECT n, revision AS text FROM message_revisions WHERE message_id = ? ORDER BY n',
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
