/** A prepared statement with its parameters and its row, and what several tables share of both. */
import type { Millis } from '../../../protocol/records';

/** What is used of the driver's statements; its own type has no name that a declaration could give. */
export interface Prepared<Parameters extends unknown[], Row> {
  readonly source: string;
  run(...parameters: Parameters): unknown;
  get(...parameters: Parameters): Row | undefined;
  all(...parameters: Parameters): Row[];
  iterate(...parameters: Parameters): IterableIterator<Row>;
}

/** Where a ticket's log stands. */
export interface TicketRow {
  epoch: string;
  seq: number;
  first: number;
}

/** A row whose JSON is in `text`; the id is there to name it if that is unreadable. */
export interface TextRow {
  id: string;
  text: string;
}

/** A request with what restores its actor. */
export interface RequestRow extends TextRow {
  snapshot: string;
  version: number;
  due_at: Millis | null;
}

/** A request in a list, with its place. */
export interface ListedRow extends TextRow {
  created_at: Millis;
}

/** A record of the audit, with its number in its ticket. */
export interface AuditRow {
  n: number;
  text: string;
}

/** Prepares a statement; its text says what the types promise. */
export type Prepare = <Parameters extends unknown[], Row = unknown>(sql: string) => Prepared<Parameters, Row>;

/** A place in a list, and how many rows come after it. */
export type At = [createdAt: Millis, id: string, limit: number];
export const listed = 'id, record AS text, created_at';
export const afterPlace = '(created_at, id) > (?, ?) ORDER BY created_at, id LIMIT ?';
