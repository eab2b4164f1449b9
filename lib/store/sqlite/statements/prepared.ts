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

/** A ticket. */
export interface TicketRow {
  n: number;
  epoch: string;
  /** The oldest envelope of its log. */
  first: number;
}

/** A row whose JSON is in `text`; the id is there to name it if that is unreadable. */
export interface TextRow {
  id: string;
  text: string;
}

/** The number of a row. */
export interface Numbered {
  n: number;
}

/** A record of the audit, with its number in its ticket; `personal` is null once it was forgotten. */
export interface AuditRow extends Numbered {
  at: Millis;
  requestId: string;
  fixed: string;
  personal: string | null;
}

/** How much of a place is the number within its ticket, in bits; the rest is the ticket's number. */
const bits = 34;
/** The greatest number within a ticket. */
export const maxWithin = 2 ** bits - 1;
/** The place of a ticket's number and a number within it. */
export const placeOf = `((? << ${bits}) | ?)`;
/** The end of what is of a ticket's number. */
export const endOf = `((? + 1) << ${bits})`;
/** The number within its ticket. */
export const within = `(place & ${maxWithin})`;

/** Prepares a statement; its text says what the types promise. */
export type Prepare = <Parameters extends unknown[], Row = unknown>(sql: string) => Prepared<Parameters, Row>;

/** A place in a list, and how many rows come after it. */
export type After = [n: number, limit: number];
export const after = 'n > ? ORDER BY n LIMIT ?';
