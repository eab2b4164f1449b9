/** The SQL statements of requests. */
import type { Millis, RequestStatus } from '../../../protocol/records';
import type { DueRequest } from '../../store';
import { type After, after, type Numbered, type Prepare } from './prepared';

/** What a request asks, as it is stored. */
export interface BaseRow {
  base: string;
  type: string;
  expiresAt: Millis | null;
}

/** A request with what restores its actor. */
export interface RequestRow extends Numbered, BaseRow {
  id: string;
  ticketId: string;
  sessionId: string;
  turnId: string | null;
  key: string | null;
  status: RequestStatus;
  createdAt: Millis;
  state: string;
  snapshot: string | null;
  version: number;
  dueAt: Millis | null;
  baseNumber: number;
}

/** What a write of a request is compared with. */
export interface KnownRequest extends Numbered, BaseRow {
  baseNumber: number;
  lists: string | null;
}

/** What is written of a request each time. */
export type RequestColumns = [
  key: string | null,
  type: string,
  toolName: string | null,
  status: string,
  isOpen: number,
  version: number,
  expiresAt: Millis | null,
  dueAt: Millis | null,
  claimedBy: string | null,
  auditFirst: number | null,
  auditLast: number | null,
  lists: string | null,
  baseNumber: number,
  base: string,
  state: string,
  snapshot: string | null,
];

const row = `requests.n, requests.id, tickets.id AS ticketId, session_id AS sessionId, turn_id AS turnId, key, type, status,
  created_at AS createdAt, expires_at AS expiresAt, base, state, snapshot, version, due_at AS dueAt, base_number AS baseNumber`;
const from = 'FROM requests JOIN tickets ON tickets.n = requests.ticket';

/** `INDEXED BY` stands where SQLite, which does not know how many requests are pending, would take another index. */
export function requestStatements(prepare: Prepare) {
  return {
    addRequest: prepare<
      [
        id: string,
        ticket: number,
        sessionId: string,
        turnId: string | null,
        grantId: string | null,
        createdAt: Millis,
        ...RequestColumns,
      ],
      Numbered
    >(
      `INSERT INTO requests
         (id, ticket, session_id, turn_id, grant_id, created_at, key, type, tool_name, status, is_open, version, expires_at,
          due_at, claimed_by, audit_first, audit_last, lists, base_number, base, state, snapshot)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING n`,
    ),
    // What never changes is left out, so that the indexes over it are not written again.
    setRequest: prepare<[...RequestColumns, n: number]>(
      `UPDATE requests SET key = ?, type = ?, tool_name = ?, status = ?, is_open = ?, version = ?, expires_at = ?, due_at = ?,
         claimed_by = ?, audit_first = coalesce(audit_first, ?), audit_last = coalesce(?, audit_last), lists = ?,
         base_number = ?, base = ?, state = ?, snapshot = ?
       WHERE n = ?`,
    ),
    knownRequest: prepare<[id: string], KnownRequest>(
      `SELECT n, base, type, expires_at AS expiresAt, base_number AS baseNumber, lists FROM requests WHERE id = ?`,
    ),
    addBase: prepare<[ticket: number, lastSeq: number, request: number, number: number, base: string]>(
      'INSERT INTO request_bases (ticket, last_seq, request, number, base) VALUES (?, ?, ?, ?, ?)',
    ),
    base: prepare<[request: number, number: number], { base: string }>(
      'SELECT base FROM request_bases WHERE request = ? AND number = ?',
    ),
    request: prepare<[id: string], RequestRow>(`SELECT ${row} ${from} WHERE requests.id = ?`),
    requestOfNumber: prepare<[n: number], RequestRow>(`SELECT ${row} ${from} WHERE requests.n = ?`),
    requestVersion: prepare<[id: string], { version: number }>('SELECT version FROM requests WHERE id = ?'),
    requestStatus: prepare<[id: string], { status: RequestStatus }>(
      'SELECT status FROM requests WHERE id = ?',
    ),
    keyHolder: prepare<[ticket: number, key: string], { id: string }>(
      `SELECT id FROM requests WHERE ticket = ? AND key = ? AND status <> 'superseded'`,
    ),
    requestsOfTurn: prepare<[turnId: string], Numbered>(
      `SELECT n FROM requests INDEXED BY requests_of_turn WHERE turn_id = ? AND status = 'pending' ORDER BY n`,
    ),
    claims: prepare<[ticket: number, userId: string], { id: string }>(
      'SELECT id FROM requests WHERE ticket = ? AND claimed_by = ?',
    ),
    requests: prepare<After, Numbered>(`SELECT n FROM requests WHERE ${after}`),
    requestsSettled: prepare<[status: string, ...After], Numbered>(
      `SELECT n FROM requests INDEXED BY requests_settled WHERE status = ? AND status <> 'pending' AND ${after}`,
    ),
    requestsPending: prepare<[isOpen: number, ...After], Numbered>(
      `SELECT n FROM requests INDEXED BY requests_pending WHERE status = 'pending' AND is_open = ? AND ${after}`,
    ),
    requestsOfTicket: prepare<[ticket: number, status: string, isOpen: number, ...After], Numbered>(
      `SELECT n FROM requests INDEXED BY requests_of_ticket WHERE ticket = ? AND status = ? AND is_open = ? AND ${after}`,
    ),
    requestsOfGrant: prepare<[grantId: string, ...After], Numbered>(
      `SELECT n FROM requests WHERE grant_id = ? AND ${after}`,
    ),
    dueRequests: prepare<[until: Millis, limit: number], DueRequest>(
      `SELECT requests.id, tickets.id AS ticketId ${from} WHERE due_at <= ? ORDER BY due_at, requests.id LIMIT ?`,
    ),
    nextDue: prepare<[after: Millis], { due_at: Millis }>(
      `SELECT due_at FROM requests WHERE due_at > ? ORDER BY due_at LIMIT 1`,
    ),
  };
}
