/** The tickets of the SQLite store: the numbers by which rows name them, and where log and audit of each end; commits and reads ask here. */
import { epochOf } from '../shared/epoch';
import type { LogPosition } from '../store';
import type { Statements } from './statements';

/** A ticket that has a row. */
export interface Ticket extends LogPosition {
  n: number;
  /** The last record of its audit; undefined as long as there is none. */
  audit: AuditEnd | undefined;
}

/** The last record of an audit: its number, and the end of the chain with it. */
export interface AuditEnd {
  n: number;
  head: Uint8Array;
}

/** Tickets in memory at most; all are forgotten at once, and read again. No other process writes the file. */
const maxRemembered = 1_000;

export class Tickets {
  private readonly known = new Map<string, Ticket>();

  constructor(
    private readonly s: Statements,
    private readonly seed: string,
  ) {}

  /** A ticket that has a row. */
  find(id: string): Ticket | undefined {
    const known = this.known.get(id);
    if (known) return known;
    const row = this.s.ticket.get(id);
    if (!row) return undefined;
    const { n, epoch, first } = row;
    const seq = this.s.logEnd.get(n, 0, n)?.seq ?? first - 1;
    return this.remember(id, { n, epoch, seq, first, audit: this.s.auditEnd.get(n, 0, n) });
  }

  /** A ticket, which gets a row if it has none; inside a transaction that writes. */
  get(id: string): Ticket {
    const found = this.find(id);
    if (found) return found;
    const epoch = epochOf(this.seed, id);
    const n = Number(this.s.addTicket.get(id, epoch)?.n);
    return this.remember(id, { n, epoch, seq: 0, first: 1, audit: undefined });
  }

  /** Where a log stands; one of a ticket without a row is empty, under the epoch that it will have. */
  position(id: string): LogPosition {
    const { epoch, seq, first } = this.find(id) ?? { epoch: epochOf(this.seed, id), seq: 0, first: 1 };
    return { epoch, seq, first };
  }

  /** Forgets what is in memory: the transaction in which it changed is rolled back. */
  forget(): void {
    this.known.clear();
  }

  private remember(id: string, ticket: Ticket): Ticket {
    if (this.known.size >= maxRemembered) this.forget();
    this.known.set(id, ticket);
    return ticket;
  }
}
