/** The SQL statements of grants. */
import type { Millis } from '../../../protocol/records';
import type { Prepare, TextRow } from './prepared';

/** A grant in a list, with its place. */
export interface GrantRow extends TextRow {
  created_at: Millis;
}

/** A place in a list, and how many rows come after it. */
type At = [createdAt: Millis, id: string, limit: number];
const listed = 'id, record AS text, created_at';
const afterPlace = '(created_at, id) > (?, ?) ORDER BY created_at, id LIMIT ?';

/** A live grant with its end for a place. */
const ending = 'id, record AS text, holds_until AS created_at';
const afterEnd = '(holds_until, id) > (?, ?) ORDER BY holds_until, id LIMIT ?';

export function grantStatements(prepare: Prepare) {
  return {
    putGrant: prepare<
      [string, ticket: number, covers: string, Millis, expires: Millis, holdsUntil: Millis | null, string]
    >(
      `INSERT INTO grants (id, ticket, covers, created_at, expires_at, holds_until, record)
       VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET holds_until = excluded.holds_until, record = excluded.record`,
    ),
    grant: prepare<[id: string], TextRow>('SELECT id, record AS text FROM grants WHERE id = ?'),
    grantsCovering: prepare<[covers: string, now: Millis, limit: number], TextRow>(
      'SELECT id, record AS text FROM grants WHERE covers = ? AND holds_until > ? ORDER BY holds_until, id LIMIT ?',
    ),
    grants: prepare<At, GrantRow>(`SELECT ${listed} FROM grants WHERE ${afterPlace}`),
    grantsOfTicket: prepare<[ticket: number, ...At], GrantRow>(
      `SELECT ${listed} FROM grants WHERE ticket = ? AND ${afterPlace}`,
    ),
    grantsLive: prepare<[now: Millis, ...At], GrantRow>(
      `SELECT ${ending} FROM grants WHERE holds_until > ? AND ${afterEnd}`,
    ),
    grantsLiveOfTicket: prepare<[ticket: number, now: Millis, ...At], GrantRow>(
      `SELECT ${ending} FROM grants WHERE ticket = ? AND holds_until > ? AND ${afterEnd}`,
    ),
    dropGrants: prepare<[endedBefore: Millis, limit: number]>(
      `DELETE FROM grants WHERE id IN
         (SELECT id FROM grants WHERE expires_at < ? ORDER BY expires_at, id LIMIT ?)`,
    ),
  };
}
