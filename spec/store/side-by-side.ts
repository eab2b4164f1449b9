/** Stores side by side: each does the same steps, and the first answer in which they differ is found. */
import type { Commit, Store } from '../../lib/store/store';
import type { Answer, Program, Step } from './program-by-chance';
import { type Asked, entryOf, type Read } from './reads';

/** A store that takes part. */
export interface Contestant {
  name: string;
  /** Not open yet; each over the same data as the one before. */
  make(): Store;
  /** Whether it has anything after it was closed. */
  isDurable: boolean;
  /** What is wrong with its data while it is closed; nothing is. */
  faults?(): readonly string[];
  /** What it is given in place of a commit. */
  adapted?(commit: Commit): Commit;
  /** What it is taken to have answered. */
  answered?(answer: unknown): unknown;
}

/** One question with the answers to it, which are not all the same. */
export interface Difference {
  /** The name of the step or read. */
  what: string;
  args: readonly unknown[];
  /** By the name of the store. */
  answers: Readonly<Record<string, unknown>>;
}

/** Counts what a run has reached. */
export type Tally = Map<string, number>;

class Running implements Asked {
  private readonly epochs = new Map<string, string>();
  private opened: Store;

  constructor(readonly contestant: Contestant) {
    this.opened = contestant.make();
  }

  get store(): Store {
    return this.opened;
  }

  isKept(ticketId: string, epoch: string): boolean {
    const known = this.epochs.get(ticketId) ?? epoch;
    this.epochs.set(ticketId, known);
    return known === epoch;
  }

  async reopen(): Promise<readonly string[]> {
    const { contestant } = this;
    if (!contestant.isDurable) return [];
    await this.opened.close();
    const faults = contestant.faults?.() ?? [];
    this.opened = contestant.make();
    await this.opened.open();
    return faults;
  }

  async close(): Promise<readonly string[]> {
    await this.opened.close();
    return this.contestant.faults?.() ?? [];
  }

  /** What it answers, or throws, which is an answer too. */
  async does(step: Exclude<Step, { do: 'read' }>): Promise<{ answer: unknown } & Answer> {
    const { store, contestant } = this;
    if (step.do === 'reopen') return { answer: await this.reopen() };
    if (step.do === 'trim') return { answer: await store.trim(step.ticketId, step.keep, step.since) };
    if (step.do === 'dropGrants') return { answer: await store.dropGrants(step.endedBefore, step.limit) };
    if (step.do === 'noteDelivery') {
      const isNoted = await store.noteDelivery(step.tried, step.outcome);
      return { answer: isNoted, isNoted };
    }
    const { adapted = (commit) => commit } = contestant;
    const results = await store.commit(step.commits.map(adapted));
    const answer = results.map((result) =>
      result.ok
        ? { journal: asJson(result.journal), envelopes: result.envelopes.map((each) => entryOf(this, each)) }
        : asJson(result),
    );
    return { answer, results };
  }

  async reads(read: Read): Promise<unknown> {
    const answer = await read.ask(this);
    return this.contestant.answered ? this.contestant.answered(answer) : answer;
  }
}

/** Runs the program until the stores differ; the first is the one that the program learns from. */
export async function firstDifference(
  contestants: readonly Contestant[],
  program: Program,
  tally: Tally = new Map(),
): Promise<Difference | undefined> {
  const all = contestants.map((contestant) => new Running(contestant));
  try {
    for (const { store } of all) await store.open();
    for (let step = program.next(); step; step = program.next()) {
      const found =
        step.do === 'read' ? await ask(all, step.reads, tally) : await take(all, step, program, tally);
      if (found) return found;
    }
  } finally {
    for (const { store } of all) await store.close();
  }
  const faults = await Promise.all(all.map((each) => each.close()));
  return differing('the data at the end', [], all, faults);
}

async function take(
  all: readonly Running[],
  step: Exclude<Step, { do: 'read' }>,
  program: Program,
  tally: Tally,
): Promise<Difference | undefined> {
  const answers: unknown[] = [];
  for (const [nth, each] of all.entries()) {
    try {
      const { answer, ...learnt } = await each.does(step);
      answers.push(answer);
      if (nth > 0) continue;
      program.learn(step, learnt);
      for (const result of learnt.results ?? []) count(tally, result.ok ? 'committed' : result.code);
    } catch (thrown) {
      answers.push({ thrown: String(thrown), because: thrown instanceof Error ? String(thrown.cause) : '' });
    }
  }
  count(tally, step.do);
  return differing(step.do, [step], all, answers);
}

async function ask(all: readonly Running[], reads: readonly Read[], tally: Tally) {
  for (const read of reads) {
    const answers: unknown[] = [];
    for (const each of all) {
      answers.push(await each.reads(read).catch((thrown: unknown) => ({ thrown: String(thrown) })));
    }
    count(tally, 'reads');
    if (!isEmpty(answers[0])) count(tally, read.name);
    const found = differing(read.name, read.args, all, answers);
    if (found) return found;
  }
  return undefined;
}

function differing(
  what: string,
  args: readonly unknown[],
  all: readonly Running[],
  answers: readonly unknown[],
): Difference | undefined {
  // What all of them throw is no answer either.
  const isThrown = answers.some((each) => typeof each === 'object' && each !== null && 'thrown' in each);
  if (!isThrown && answers.every((each) => isSame(each, answers[0]))) return undefined;
  return {
    what,
    args,
    answers: Object.fromEntries(all.map((each, nth) => [each.contestant.name, answers[nth]])),
  };
}

/** The same data with the same fields, of whatever class: rows are made by the driver, in a realm of its own. */
function isSame(one: unknown, other: unknown): boolean {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null)
    return Object.is(one, other);
  const names = Object.keys(one);
  if (Array.isArray(one) !== Array.isArray(other) || names.length !== Object.keys(other).length) return false;
  return names.every(
    (name) => Object.hasOwn(other, name) && isSame(Reflect.get(one, name), Reflect.get(other, name)),
  );
}

/** Without the fields that are there and undefined. */
function asJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** Nothing was found, so that it says little that they agree. */
function isEmpty(answer: unknown): boolean {
  if (answer === undefined) return true;
  if (typeof answer !== 'object' || answer === null) return false;
  const { items, entries } = answer as { items?: unknown; entries?: unknown };
  const list = Array.isArray(answer) ? answer : (items ?? entries);
  return Array.isArray(list) && list.length === 0;
}

function count(tally: Tally, name: string): void {
  tally.set(name, (tally.get(name) ?? 0) + 1);
}
