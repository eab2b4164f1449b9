/** The SQL statements of tickets, people and the audit. */
import type { Author, Millis } from '../../../protocol/records';
import {
  type AuditRow,
  endOf,
  type Numbered,
  type Prepare,
  placeOf,
  type TicketRow,
  within,
} from './prepared';

const auditRow = `${within} AS n, at, request_id AS requestId, fixed, personal`;

export function ticketStatements(prepare: Prepare) {
  return {
    epochSeed: prepare<[], { seed: string }>('SELECT seed FROM epoch_seed WHERE id = 1'),
    ticket: prepare<[id: string], TicketRow>('SELECT n, epoch, first FROM tickets WHERE id = ?'),
    addTicket: prepare<[id: string, epoch: string], { n: number }>(
      'INSERT INTO tickets (id, epoch, first) VALUES (?, ?, 1) RETURNING n',
    ),
    setFirst: prepare<[first: number, n: number]>('UPDATE tickets SET first = ? WHERE n = ?'),

    personNumber: prepare<[userId: string, name: string], { n: number }>(
      'SELECT n FROM people WHERE user_id = ? AND name = ?',
    ),
    addPerson: prepare<[userId: string, name: string], { n: number }>(
      'INSERT INTO people (user_id, name) VALUES (?, ?) RETURNING n',
    ),
    person: prepare<[n: number], Author>(
      'SELECT user_id AS userId, name AS displayName FROM people WHERE n = ?',
    ),

    addAudit: prepare<
      [
        ticket: number,
        n: number,
        at: Millis,
        requestId: string,
        fixed: string,
        commitment: Uint8Array,
        head: Uint8Array,
        salt: Uint8Array,
        personal: string,
      ]
    >(
      `INSERT INTO audit (place, at, request_id, fixed, commitment, head, salt, personal)
       VALUES (${placeOf}, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    auditEnd: prepare<[ticket: number, zero: 0, ofTicket: number], Numbered & { head: Uint8Array }>(
      `SELECT ${within} AS n, head FROM audit WHERE place > ${placeOf} AND place < ${endOf} ORDER BY place DESC LIMIT 1`,
    ),
    audit: prepare<[ticket: number, after: number, ofTicket: number, limit: number], AuditRow>(
      `SELECT ${auditRow} FROM audit WHERE place > ${placeOf} AND place < ${endOf} ORDER BY place LIMIT ?`,
    ),
    auditOfRequest: prepare<
      [ticket: number, after: number, ofTicket: number, upTo: number, requestId: string, limit: number],
      AuditRow
    >(
      `SELECT ${auditRow} FROM audit WHERE place > ${placeOf} AND place <= ${placeOf} AND request_id = ?
       ORDER BY place LIMIT ?`,
    ),
    auditSpan: prepare<[requestId: string], { first: number | null; last: number | null }>(
      'SELECT audit_first AS first, audit_last AS last FROM requests WHERE id = ?',
    ),
    noteAudit: prepare<[first: number, last: number, requestId: string]>(
      'UPDATE requests SET audit_first = coalesce(audit_first, ?), audit_last = ? WHERE id = ?',
    ),
  };
}
