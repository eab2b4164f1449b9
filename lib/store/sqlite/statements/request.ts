/** The SQL statements of requests. */
import type { Millis } from '../../../protocol/records';
import type { DueRequest } from '../../store';
import {
  type At,
  afterPlace,
  type ListedRow,
  listed,
  type Prepare,
  type RequestRow,
  type TextRow,
} from './prepared';

const stored = 'id, record AS text, snapshot, version, due_at';

/** `INDEXED BY` stands where SQLite, which does not know that most requests are pending, would take another index. */
export function requestStatements(prepare: Prepare) {
  return {
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
    requestsOfGrant: prepare<[grantId: string, ...At], ListedRow>(
      `SELECT ${listed} FROM requests WHERE grant_id = ? AND ${afterPlace}`,
    ),
    dueRequests: prepare<[until: Millis, limit: number], DueRequest>(
      `SELECT id, ticket_id AS ticketId FROM requests WHERE due_at <= ? ORDER BY due_at, id LIMIT ?`,
    ),
    nextDue: prepare<[after: Millis], { due_at: Millis }>(
      `SELECT due_at FROM requests WHERE due_at > ? ORDER BY due_at LIMIT 1`,
    ),
  };
}
