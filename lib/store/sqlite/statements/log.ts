/** The SQL statements of the logs of tickets. */
import type { Millis } from '../../../protocol/records';
import { endOf, type Prepare, placeOf, within } from './prepared';

/** An envelope as it is stored. */
export interface LogRow {
  seq: number;
  /** The row it is completed from; null if it is stored whole. */
  about: number | null;
  at: Millis;
  body: string;
}

export function logStatements(prepare: Prepare) {
  return {
    append: prepare<[ticket: number, seq: number, at: Millis, about: number | null, body: string]>(
      `INSERT INTO log (place, at, about, body) VALUES (${placeOf}, ?, ?, ?)`,
    ),
    logEnd: prepare<[ticket: number, zero: 0, ofTicket: number], { seq: number }>(
      `SELECT ${within} AS seq FROM log WHERE place > ${placeOf} AND place < ${endOf} ORDER BY place DESC LIMIT 1`,
    ),
    log: prepare<[ticket: number, after: number, ofTicket: number, limit: number], LogRow>(
      `SELECT ${within} AS seq, about, at, body FROM log
       WHERE place > ${placeOf} AND place < ${endOf} ORDER BY place LIMIT ?`,
    ),
    logged: prepare<[ticket: number, seq: number], LogRow>(
      `SELECT ${within} AS seq, about, at, body FROM log WHERE place = ${placeOf}`,
    ),
    completeEntry: prepare<[body: string, ticket: number, seq: number]>(
      `UPDATE log SET about = NULL, body = ? WHERE place = ${placeOf}`,
    ),
    usePart: prepare<[seq: number, ticket: number, name: string], { name: string }>(
      'UPDATE log_parts SET last_seq = ? WHERE ticket = ? AND name = ? RETURNING name',
    ),
    addPart: prepare<[ticket: number, name: string, seq: number]>(
      'INSERT INTO log_parts (ticket, name, last_seq) VALUES (?, ?, ?)',
    ),
    addPartText: prepare<[ticket: number, name: string, text: string]>(
      'INSERT INTO log_part_texts (ticket, name, text) VALUES (?, ?, ?)',
    ),
    partText: prepare<[ticket: number, name: string], { text: string }>(
      'SELECT text FROM log_part_texts WHERE ticket = ? AND name = ?',
    ),
    unusedParts: prepare<[ticket: number, upTo: number], { name: string }>(
      'SELECT name FROM log_parts WHERE ticket = ? AND last_seq <= ?',
    ),
    dropPart: prepare<[ticket: number, name: string]>('DELETE FROM log_parts WHERE ticket = ? AND name = ?'),
    dropPartText: prepare<[ticket: number, name: string]>(
      'DELETE FROM log_part_texts WHERE ticket = ? AND name = ?',
    ),
    dropBases: prepare<[ticket: number, upTo: number]>(
      'DELETE FROM request_bases WHERE ticket = ? AND last_seq <= ?',
    ),
    lastBefore: prepare<[ticket: number, zero: 0, ofTicket: number, since: Millis], { seq: number }>(
      `SELECT ${within} AS seq FROM log WHERE place > ${placeOf} AND place < ${endOf} AND at < ?
       ORDER BY place DESC LIMIT 1`,
    ),
    dropLog: prepare<[ticket: number, zero: 0, ofTicket: number, upTo: number]>(
      `DELETE FROM log WHERE place > ${placeOf} AND place <= ${placeOf}`,
    ),
  };
}
