/** Chance with a seed, as values that are hard to store: texts of every length and script, JSON, ids and people; the programs by chance are made with it. */
import type { Author, Millis } from '../../lib/protocol/records';
import { seededRandom } from '../../lib/testing/seeded-random';

/** None is ill-formed: a lone surrogate is no text that a frame or a body can bring. */
const words = [
  ...[
    'block',
    'the host',
    'straße',
    '日本語',
    'עברית',
    '🚑👩‍👩‍👧',
    'a\u0301',
    'O’Brien',
    `it's "so"`,
    'null',
    '-1',
  ],
  ...['\u0000', '\u2028', '\\', '\n', '\t', '%_', "');--", '</script>', '{"a":[]}', '{x}', '\ufffd', '𝒳'],
];

/** One person may be known by several names. */
export const people: readonly Author[] = [
  { userId: 'ann', displayName: 'Ann' },
  { userId: 'ann', displayName: 'Ann Ångström' },
  { userId: 'bob', displayName: 'Bob' },
  { userId: 'cem', displayName: 'Cem' },
  { userId: `o'brien:"x"`, displayName: `O'Brien "x"` },
  { userId: '0197717d-5000-7000-8000-0123456789ab', displayName: '' },
];
export const groups = ['analyst', 'lead', 'on call: "2"'] as const;

/** Names whose place in an object is not where they were put, or that an object has already. */
const fieldNames = [
  'a',
  'tool',
  '',
  '7',
  '10',
  'constructor',
  'ü "q"',
  'event',
  'payload',
  '__proto__',
  'x.y',
];

export class Chance {
  private readonly random: () => number;
  private lastTime = 0;
  private ofLastTime = 0;

  /** @param large the share of texts that are very long, and how long these may be */
  constructor(
    seed: number,
    private readonly large: { share: number; most: number },
  ) {
    this.random = seededRandom(seed);
  }

  is(share: number): boolean {
    return this.random() < share;
  }

  /** A whole number from `least` to `most`. */
  from(least: number, most: number): number {
    return least + Math.floor(this.random() * (most - least + 1));
  }

  one<T>(list: readonly T[]): T {
    const found = list[this.from(0, list.length - 1)];
    if (found === undefined) throw new Error('There is nothing to choose from');
    return found;
  }

  /** One of them, if there is any. */
  any<T>(list: Iterable<T>): T | undefined {
    const all = [...list];
    return all[this.from(0, all.length - 1)];
  }

  maybe<T>(share: number, make: () => T): T | undefined {
    return this.is(share) ? make() : undefined;
  }

  several<T>(least: number, most: number, make: () => T): T[] {
    return Array.from({ length: this.from(least, most) }, make);
  }

  /** Each of them with this share, in their order. */
  some<T>(list: readonly T[], share: number): T[] {
    return list.filter(() => this.is(share));
  }

  shuffled<T>(list: readonly T[]): T[] {
    return list
      .map((item) => ({ item, place: this.random() }))
      .sort((a, b) => a.place - b.place)
      .map(({ item }) => item);
  }

  /** Mostly short; else around the lengths from which on a store may keep it apart, and once in a while very long. */
  text(): string {
    if (this.is(this.large.share)) return this.ofLength(this.from(60_000, this.large.most));
    const kind = this.random();
    if (kind < 0.8) return this.several(0, 4, () => this.one(words)).join(' ');
    if (kind < 0.92) return this.ofLength(this.from(230, 290));
    return this.ofLength(this.from(980, 1_100));
  }

  private ofLength(length: number): string {
    const piece = `${this.several(3, 9, () => this.one(words)).join(' ')} ${this.from(0, 999)} `;
    return piece
      .repeat(Math.ceil(length / piece.length))
      .slice(0, length)
      .replace(/[\ud800-\udbff]$/, '');
  }

  number(): number {
    return this.one([0, 1, -1, 0.1, 1e21, -2.5e-9, Number.MAX_SAFE_INTEGER, 4_294_967_296, this.from(0, 99)]);
  }

  /** Any JSON. */
  json(depth = 2): unknown {
    const kind = this.from(0, depth > 0 ? 8 : 5);
    if (kind <= 2) return this.text();
    if (kind === 3) return this.number();
    if (kind === 4) return this.is(0.5);
    if (kind === 5) return null;
    if (kind === 6) return this.several(0, 3, () => this.json(depth - 1));
    return this.fields(depth);
  }

  /** A JSON object. */
  fields(depth = 2): Record<string, unknown> {
    const entries = this.several(0, 3, () => [this.one(fieldNames), this.json(depth - 1)]);
    return Object.fromEntries(entries);
  }

  hex(digits: number): string {
    return Array.from({ length: digits }, () => this.from(0, 15).toString(16)).join('');
  }

  digest(): string {
    return `sha256:${this.hex(64)}`;
  }

  /** Of a session, a turn or a message: as the hub gives them, or whatever an app may call them. */
  id(kind: string, now: Millis): string {
    const chance = this.random();
    if (chance < 0.6) return this.growingId(now);
    if (chance < 0.75) return `${this.hex(8)}-${this.hex(4)}-4${this.hex(3)}-8${this.hex(3)}-${this.hex(12)}`;
    return `${kind}:${this.hex(4)}${this.one(['', ` "q"`, `'s`, '🚑', ':', '/..%00', 'long'.repeat(80)])}`;
  }

  /**
   * Each sorts behind all that were given before, as those that the hub gives do over time, since a layout may list requests in
   * the order in which they came. What comes behind the part that grows may be no UUID.
   */
  growingId(now: Millis): string {
    this.ofLastTime = now === this.lastTime ? this.ofLastTime + 1 : 0;
    this.lastTime = now;
    const time = now.toString(16).padStart(12, '0');
    const count = this.ofLastTime.toString(16).padStart(3, '0');
    const begun = `${time.slice(0, 8)}-${time.slice(8)}-7${count}-8${this.hex(3)}-`;
    const tail = this.hex(12);
    if (this.is(0.85)) return `${begun}${tail}`;
    return begun + this.one([tail.toUpperCase(), `${tail}:"q"`, `${tail}'`, '🚑', tail.repeat(20), '']);
  }
}

/** The fields that are given. */
export function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
