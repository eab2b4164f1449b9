/** The SQL statements of inboxes. */
import type { Millis } from '../../../protocol/records';
import { type InboxPlace, never } from '../../shared/cursor';
import type { Counted } from '../../shared/inbox';
import type { Prepare } from './prepared';

type InList = [list: string, createdAt: Millis, id: string];
type InInbox = [...InList, userId: string, limit: number];

const notExcept = 'NOT EXISTS (SELECT 1 FROM inbox_except WHERE user_id = ? AND inbox_except.id = inbox.id)';
const inboxPlace = `id, created_at AS createdAt, coalesce(urgency, ${never}) AS urgency`;

export function inboxStatements(prepare: Prepare) {
  return {
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
  };
}
