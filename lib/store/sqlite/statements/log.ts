/** The SQL statements of tickets, their logs and their audit. */
import type { Millis } from '../../../protocol/records';
import type { AuditRow, Prepare, TicketRow } from './prepared';

export function logStatements(prepare: Prepare) {
  return {
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
  };
}
