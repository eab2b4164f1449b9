/** The SQL statements of grants. */
import type { Millis } from '../../../protocol/records';
import { type At, afterPlace, type ListedRow, listed, type Prepare, type TextRow } from './prepared';

/** A live grant with its end for a place. */
const ending = 'id, record AS text, holds_until AS created_at';
const afterEnd = '(holds_until, id) > (?, ?) ORDER BY holds_until, id LIMIT ?';

export function grantStatements(prepare: Prepare) {
  return {
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
  };
}
