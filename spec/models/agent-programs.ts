/** Programs of agents made by chance: what they say, ask and do, at once and one after another; the specs of durable turns run them and kill their processes. */
import { seededRandom } from '../../lib/testing/seeded-random';

/** How a step's function takes its time: not at all, by microtasks, by turns of the loop, by a timer, or until others of its kind end with it. */
export type Pace = 'at once' | 'microtasks' | 'turns' | 'timer' | 'together';

/** One thing that an agent does. Names are unique in a program. */
export type Deed =
  | { do: 'say'; as: 'say' | 'trace' | 'plan' | 'warn'; name: string }
  /** Says a line, and replaces it twice. */
  | { do: 'update' | 'history' | 'draw' | 'clock'; name: string }
  | { do: 'ask' | 'approve'; name: string; expires: boolean }
  /** Asks without waiting, does something, and waits then. */
  | { do: 'open'; name: string; meanwhile: Deed }
  | { do: 'step'; name: string; pace: Pace; throws: boolean; once: boolean; retries: boolean }
  | { do: 'sleep'; name: string; ms: number }
  /** What is done next is up to a person. */
  | { do: 'if'; name: string; yes: Deed; no: Deed }
  | { do: 'loop'; name: string; times: number; of: Deed }
  | { do: 'seq'; of: readonly Deed[] }
  /** At once; each branch ends so many microtasks late. */
  | { do: 'all' | 'race'; name: string; of: readonly Deed[]; lag: readonly number[] }
  /** Begun, and not waited for. */
  | { do: 'aside'; name: string; of: Deed }
  /** Plain asynchronous code. */
  | { do: 'pause'; turns: number };

/** Each leg but the last ends with `again`. */
export interface Program extends Taste {
  legs: readonly Deed[];
  /** What the next leg waits for, after each leg but the last. */
  when: readonly ('nothing' | 'a request' | 'a time')[];
}

export interface Taste {
  /** Races, chance, deadlines and what is not waited for: what is said then depends on when things happen. */
  isRacing: boolean;
}

const paces = ['at once', 'at once', 'microtasks', 'turns', 'timer', 'together'] as const;

export class ProgramMaker {
  private readonly random: () => number;
  private names = 0;

  constructor(
    seed: number,
    private readonly taste: Taste,
  ) {
    this.random = seededRandom(seed);
  }

  program(): Program {
    const legs = this.random() < 0.2 ? this.upTo(2) + 1 : 1;
    const maxSize = legs > 1 ? 2 : 3;
    return {
      ...this.taste,
      legs: this.several(legs, () => ({ do: 'seq', of: this.several(2, () => this.deed(maxSize, false)) })),
      when: this.several(legs - 1, () => this.one(['nothing', 'nothing', 'a request', 'a time'] as const)),
    };
  }

  /** @param depth how many levels it may have below it @param isBeside whether other code of the agent runs beside it */
  private deed(depth: number, isBeside: boolean): Deed {
    const chance = this.random();
    if (depth === 0 || chance < 0.4) return this.simple(isBeside);
    if (chance < 0.55)
      return { do: 'seq', of: this.several(1 + this.upTo(3), () => this.deed(depth - 1, isBeside)) };
    if (chance < 0.75) return this.atOnce('all', depth);
    if (chance < 0.88 && this.taste.isRacing) return this.atOnce('race', depth);
    if (chance < 0.91 && this.taste.isRacing)
      return { do: 'aside', name: this.name('w'), of: this.deed(depth - 1, true) };
    if (chance < 0.95) {
      const [yes, no] = [this.deed(depth - 1, isBeside), this.deed(depth - 1, isBeside)];
      return { do: 'if', name: this.name('i'), yes, no };
    }
    return { do: 'loop', name: this.name('l'), times: 1 + this.upTo(2), of: this.deed(depth - 1, isBeside) };
  }

  private atOnce(kind: 'all' | 'race', depth: number): Deed {
    const of = this.several(1 + this.upTo(2), () => this.deed(depth - 1, true));
    return { do: kind, name: this.name('r'), of, lag: of.map(() => this.upTo(7) - 1) };
  }

  private simple(isBeside: boolean): Deed {
    const chance = this.random();
    const { isRacing } = this.taste;
    if (chance < 0.3)
      return {
        do: 'say',
        as: this.one(['say', 'trace', 'trace', 'plan', 'warn'] as const),
        name: this.name('s'),
      };
    if (chance < 0.52) {
      const expires = isRacing && this.random() < 0.2;
      return { do: this.one(['ask', 'approve'] as const), name: this.name('q'), expires };
    }
    if (chance < 0.56) return { do: 'open', name: this.name('o'), meanwhile: this.simple(isBeside) };
    if (chance < 0.8) return this.step();
    if (chance < 0.86) return { do: 'update', name: this.name('u') };
    if (chance < 0.91) return { do: 'sleep', name: this.name('z'), ms: this.one([1, 50, 700, 2_500]) };
    if (chance < 0.93) return { do: 'clock', name: this.name('c') };
    if (chance < 0.95) return { do: 'history', name: this.name('h') };
    if (chance < 0.97 && isRacing) return { do: 'draw', name: this.name('d') };
    // Beside other code the order of what both say would depend on it.
    if (!isBeside) return { do: 'pause', turns: this.upTo(3) };
    return this.step();
  }

  private step(): Deed {
    const once = this.random() < 0.15;
    const throws = this.random() < 0.12;
    const retries = !throws && !once && this.random() < 0.1;
    return { do: 'step', name: this.name('t'), pace: this.one(paces), throws, once, retries };
  }

  private name(letter: string): string {
    this.names += 1;
    return `${letter}${this.names}`;
  }

  private several<T>(count: number, make: () => T): T[] {
    return Array.from({ length: count }, make);
  }

  /** From 1. */
  private upTo(most: number): number {
    return 1 + Math.floor(this.random() * most);
  }

  private one<T>(all: readonly T[]): T {
    return all[Math.floor(this.random() * all.length)] as T;
  }
}
