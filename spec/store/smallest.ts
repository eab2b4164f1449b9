/** The smallest program found by which stores still differ: made of a longer one by leaving out steps, commits and what commits have. */
import type { Commit } from '../../lib/store/store';
import type { Program, Step } from './program-by-chance';
import { type Contestant, type Difference, firstDifference } from './side-by-side';

/** Steps that are given. */
export class Replay implements Program {
  private place = 0;

  constructor(private readonly steps: readonly Step[]) {}

  next(): Step | undefined {
    this.place += 1;
    return this.steps[this.place - 1];
  }

  learn(): void {}
}

/** What a program has done so far, as a program. */
export class Recorded implements Program {
  readonly steps: Step[] = [];

  constructor(private readonly program: Program) {}

  next(): Step | undefined {
    const step = this.program.next();
    if (step) this.steps.push(step);
    return step;
  }

  learn(...learnt: Parameters<Program['learn']>): void {
    this.program.learn(...learnt);
  }
}

/** Steps with the difference that they lead to. */
export interface Smallest {
  steps: readonly Step[];
  difference: Difference;
}

/** What stores are made for one try of a program. */
export type Make = (isReopened: boolean) => readonly Contestant[];

/** @param most how often a shorter program is tried */
export async function smallest(
  steps: readonly Step[],
  found: Difference,
  make: Make,
  most = 500,
): Promise<Smallest> {
  let best: Smallest = { steps, difference: found };
  let tries = 0;
  /** Whether these differ in the same question; then they are the best so far. */
  const isEnough = async (fewer: readonly Step[]): Promise<boolean> => {
    tries += 1;
    if (tries > most) return false;
    const stores = make(fewer.some((step) => step.do === 'reopen'));
    const difference = await firstDifference(stores, new Replay(fewer));
    if (difference?.what !== found.what) return false;
    best = { steps: fewer, difference };
    return true;
  };
  const leaveOut = async (largest: number) => {
    for (let size = largest; size >= 1; size = Math.floor(size / 2)) {
      for (let from = best.steps.length - size; from >= 0; from -= size)
        await isEnough(best.steps.toSpliced(from, size));
    }
  };
  await isEnough(onlyRead(steps, found));
  await isEnough(best.steps.filter((step) => step.do !== 'reopen'));
  await leaveOut(Math.ceil(best.steps.length / 2));
  for (let place = best.steps.length - 1; place >= 0; place -= 1) {
    while (await firstOf(smaller(best.steps[place]), (less) => isEnough(best.steps.with(place, less))));
  }
  // Of what later steps needed before, commits may be left that have nothing.
  await leaveOut(1);
  return best;
}

/** Whether one of them will do; no more are tried then. */
async function firstOf<T>(all: readonly T[], isRight: (one: T) => Promise<boolean>): Promise<boolean> {
  for (const one of all) if (await isRight(one)) return true;
  return false;
}

/** Reads change nothing: of them only the one that differs is needed. */
function onlyRead(steps: readonly Step[], { what, args }: Difference): Step[] {
  return steps.flatMap((step, nth): Step[] => {
    if (step.do !== 'read') return [step];
    const read = step.reads.find((each) => each.name === what && each.args === args);
    return read && nth === steps.length - 1 ? [{ do: 'read', reads: [read] }] : [];
  });
}

/** The same step with one thing less. */
function smaller(step: Step | undefined): Step[] {
  if (step?.do !== 'commit') return [];
  const { commits } = step;
  const fewer = commits.map((_commit, nth) => commits.toSpliced(nth, 1)).filter((each) => each.length > 0);
  const less = commits.flatMap((commit, nth) => lesser(commit).map((each) => commits.with(nth, each)));
  return [...fewer, ...less].map((each) => ({ do: 'commit', commits: each }));
}

function lesser(commit: Commit): Commit[] {
  return Object.entries(commit).flatMap(([name, value]): Commit[] => {
    if (name === 'ticketId' || name === 'at') return [];
    const { [name as keyof Commit]: _left, ...rest } = commit;
    const without = { envelopes: [], ...rest } as unknown as Commit;
    if (!Array.isArray(value)) return value === undefined ? [] : [without];
    if (value.length === 0) return name === 'envelopes' ? [] : [without];
    return [without, ...value.map((_item, nth) => ({ ...commit, [name]: value.toSpliced(nth, 1) }))].slice(
      0,
      8,
    );
  });
}

/** A difference with the program that leads to it, to be read by people. */
export function told(seed: number, { steps, difference }: Smallest): string {
  const { what, args, answers } = difference;
  const place = placeOf(Object.values(answers));
  return [
    `Seed ${seed}: the stores differ in ${what}(${args.map(short).join(', ')})${place.join('')}`,
    ...Object.entries(answers).map(([name, answer]) => `  ${name}: ${short(place.reduce(within, answer))}`),
    `after ${steps.length} steps:`,
    ...steps.map((step) => `  ${step.do === 'read' ? 'read' : short(step)}`),
  ].join('\n');
}

/** The way to the first part in which these are not the same. */
function placeOf(answers: readonly unknown[]): string[] {
  const way: string[] = [];
  for (let parts = answers; parts.every((part) => typeof part === 'object' && part !== null); ) {
    const names = new Set(parts.flatMap((part) => Object.keys(part as object)));
    const name = [...names].find((each) => {
      return new Set(parts.map((part) => JSON.stringify(Reflect.get(part as object, each)))).size > 1;
    });
    if (name === undefined) break;
    way.push(`[${JSON.stringify(name)}]`);
    parts = parts.map((part) => Reflect.get(part as object, name));
  }
  return way;
}

function within(answer: unknown, step: string): unknown {
  return answer === undefined ? undefined : Reflect.get(answer as object, JSON.parse(step.slice(1, -1)));
}

/** JSON in which no text is longer than what a person reads. */
function short(value: unknown): string {
  const cut = (_name: string, each: unknown) => {
    return typeof each === 'string' && each.length > 600 ? `${each.slice(0, 600)}… (${each.length})` : each;
  };
  return JSON.stringify(value, cut) ?? 'undefined';
}
