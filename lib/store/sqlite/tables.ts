/** What every part of the SQLite store works with: the statements, and the numbers by which rows name tickets and people. */
import { damaged } from '../../errors';
import { People } from './people';
import type { Statements } from './statements';
import { Tickets } from './tickets';

export class Tables {
  readonly people: People;
  readonly tickets: Tickets;

  private constructor(
    readonly s: Statements,
    seed: string,
  ) {
    this.people = new People(s);
    this.tickets = new Tickets(s, seed);
  }

  /** @throws HubError `storage_failed` for a file without the secret that its epochs are made from */
  static of(s: Statements): Tables {
    const row = s.epochSeed.get();
    if (!row) throw damaged('epoch_seed', '1');
    return new Tables(s, row.seed);
  }

  /** The number of a ticket that has a row. */
  foundTicket(id: string): number | undefined {
    return this.tickets.find(id)?.n;
  }

  /** The number of a ticket, which gets a row if it has none; inside a transaction that writes. */
  ticketNumber(id: string): number {
    return this.tickets.get(id).n;
  }

  /** Forgets what was remembered of a transaction that is rolled back. */
  forget(): void {
    this.people.forget();
    this.tickets.forget();
  }
}
