/** Who is named in the rows of the SQLite store: each person under each of their names has a number, and rows name them by it; what writes and reads records asks here. */
import { damaged } from '../../errors';
import type { Author } from '../../protocol/records';
import type { Statements } from './statements';

/** People whose number is in memory at most; all are forgotten at once, and read again. */
const maxRemembered = 10_000;

export class People {
  private readonly numbers = new Map<string, number>();
  private readonly authors = new Map<number, Author>();

  constructor(private readonly s: Pick<Statements, 'personNumber' | 'addPerson' | 'person'>) {}

  /** The number of this person under this name, given now if there is none; inside a transaction that writes. */
  number({ userId, displayName }: Author): number {
    const key = `${userId.length}:${userId}${displayName}`;
    const known = this.numbers.get(key) ?? this.found({ userId, displayName });
    const n = known ?? Number(this.s.addPerson.get(userId, displayName)?.n);
    this.remember(key, n, { userId, displayName });
    return n;
  }

  /** The number of someone of whom only the id is known. */
  numberOfId(userId: string): number {
    return this.number({ userId, displayName: '' });
  }

  /** As `number`, but gives none. */
  found({ userId, displayName }: Author): number | undefined {
    return this.s.personNumber.get(userId, displayName)?.n;
  }

  /** @throws HubError `storage_failed` for a number that no row has */
  author(n: number): Author {
    const known = this.authors.get(n);
    if (known) return { ...known };
    const row = this.s.person.get(n);
    if (!row) throw damaged('people', String(n));
    this.remember(`${row.userId.length}:${row.userId}${row.displayName}`, n, row);
    return { ...row };
  }

  id(n: number): string {
    return this.author(n).userId;
  }

  /** Forgets the numbers that were given: the transaction in which they were is rolled back. */
  forget(): void {
    this.numbers.clear();
    this.authors.clear();
  }

  private remember(key: string, n: number, { userId, displayName }: Author): void {
    if (this.authors.size >= maxRemembered) this.forget();
    this.numbers.set(key, n);
    this.authors.set(n, { userId, displayName });
  }
}
