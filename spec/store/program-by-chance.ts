/** A program by chance: commits, trims, tries of deliveries, reads and reopenings, one after another, each made when what came before is known. */
import type { Commit, CommitResult, DeliveryOutcome, DeliveryWrite } from '../../lib/store/store';
import { Chance } from './chance';
import { CommitsByChance } from './commits-by-chance';
import type { Read } from './reads';
import { ReadsByChance } from './reads-by-chance';
import { placeOf, Written } from './written';

export type Step =
  | { do: 'commit'; commits: readonly Commit[] }
  | { do: 'trim'; ticketId: string; keep: number; since: number }
  | { do: 'dropGrants'; endedBefore: number; limit: number }
  | { do: 'noteDelivery'; tried: DeliveryWrite; outcome: DeliveryOutcome }
  | { do: 'read'; reads: readonly Read[] }
  | { do: 'reopen' };

/** What a store answered to a step, as far as the next ones depend on it. */
export interface Answer {
  results?: readonly CommitResult[];
  isNoted?: boolean;
}

/** Steps one by one, of which each is answered before the next is asked for. */
export interface Program {
  next(): Step | undefined;
  learn(step: Step, answer: Answer): void;
}

export class ProgramByChance implements Program {
  private readonly chance: Chance;
  private readonly written: Written;
  private readonly commits: CommitsByChance;
  private readonly reads: ReadsByChance;
  private left: number;
  /** What every program ends with: all of it is read, also by a store that has just opened its file. */
  private readonly end: readonly (() => Step)[] = [
    () => ({ do: 'read', reads: this.reads.all() }),
    () => ({ do: 'reopen' }),
    () => ({ do: 'read', reads: this.reads.all() }),
  ];
  private ended = 0;

  constructor(seed: number, steps: number) {
    // A program in ten is shorter and of large texts, so that pages end by their bytes.
    const isLarge = seed % 10 === 7;
    this.chance = new Chance(
      seed,
      isLarge ? { share: 0.1, most: 400_000 } : { share: 0.0008, most: 110_000 },
    );
    this.left = isLarge ? steps / 2 : steps;
    this.written = new Written(isLarge ? 1 : this.chance.from(1, 5));
    this.commits = new CommitsByChance(this.chance, this.written);
    this.reads = new ReadsByChance(this.chance, this.written);
  }

  next(): Step | undefined {
    if (this.left > 0) {
      this.left -= 1;
      return this.step();
    }
    this.ended += 1;
    return this.end[this.ended - 1]?.();
  }

  learn(step: Step, { results, isNoted }: Answer): void {
    if (step.do === 'commit')
      step.commits.forEach((commit, nth) => void this.written.learn(commit, results?.[nth]));
    if (step.do === 'noteDelivery' && isNoted && step.outcome !== 'delivered' && 'deadAt' in step.outcome)
      this.written.dead.add(placeOf(step.tried));
  }

  private step(): Step {
    const { chance } = this;
    const kind = chance.from(0, 99);
    if (kind < 64) return { do: 'commit', commits: this.commits.next() };
    if (kind < 87) return { do: 'read', reads: chance.several(4, 12, () => this.reads.next()) };
    if (kind < 93) return this.note() ?? { do: 'commit', commits: this.commits.next() };
    if (kind < 96) return this.trim();
    return kind < 98 ? this.dropGrants() : { do: 'reopen' };
  }

  private trim(): Step {
    const { chance, written } = this;
    const keep = chance.one([0, 1, chance.from(2, 30), chance.from(10, 60), 10_000]);
    const since = chance.is(0.4) ? -1 : (chance.any(written.times.slice(-40)) ?? 0);
    return { do: 'trim', ticketId: chance.one(written.tickets), keep, since };
  }

  /** To the millisecond at which one ends. */
  private dropGrants(): Step {
    const { chance, written } = this;
    const ended = [...written.grants.values()].filter(({ expiresAt }) => expiresAt <= written.now);
    const { expiresAt = written.now } = chance.any(ended.slice(-5)) ?? {};
    return { do: 'dropGrants', endedBefore: expiresAt, limit: chance.from(1, 9) };
  }

  private note(): Step | undefined {
    const { chance, written } = this;
    const last = written.deliveries.slice(-12);
    const overtaken = last.filter((each, nth) => {
      return last.some((other, later) => later > nth && placeOf(other) === placeOf(each));
    });
    const late = chance.is(0.4) ? chance.any(overtaken) : undefined;
    if (late && chance.is(0.8)) return { do: 'noteDelivery', tried: late, outcome: 'delivered' };
    const tried = late ?? chance.any(last.slice(-8));
    if (!tried) return undefined;
    const attempts = chance.from(1, 5);
    const later = { attempts, dueAt: written.nextSecond + chance.from(0, 3) * 1_000 };
    const never = { attempts, deadAt: written.nextSecond, error: chance.text() };
    const outcomes: readonly DeliveryOutcome[] = ['delivered', never, later];
    // What was given up is tried no more.
    const isDead = written.dead.has(placeOf(tried));
    return { do: 'noteDelivery', tried, outcome: chance.one(isDead ? outcomes.slice(0, 2) : outcomes) };
  }
}
