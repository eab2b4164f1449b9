/** Durable turns of programs made by chance, killed at moments that chance has chosen, held against the same turn that nobody disturbed; specs and the mutation check try them. */
import { memoryStore } from '../../lib/store/memory/memory-store';
import type { Store } from '../../lib/store/store';
import { seededRandom } from '../../lib/testing/seeded-random';
import { type Program, ProgramMaker } from './agent-programs';
import { type End, type Lives, play } from './lives';

export interface Trial {
  seed: number;
  program: Program;
  ends: readonly End[];
  /** Undisturbed. */
  whole: Lives;
  killed: Lives;
}

/** What a number of trials came to. */
export interface Sums {
  programs: number;
  /** Processes that ended under a turn. */
  kills: number;
  commits: number;
  steps: number;
  /** Runs of steps after the first. */
  stepsAgain: number;
}

/** Makes a program of this seed, runs it undisturbed, and once more with up to four processes that end under it. */
export async function tryProgram(seed: number, isRacing: boolean, makeStore: () => Store): Promise<Trial> {
  const program = new ProgramMaker(seed, { isRacing }).program();
  const whole = await inStore(makeStore, (store) => play({ program, seed, store, ends: [] }));
  const random = seededRandom(seed ^ 0x5eed);
  const ends = Array.from({ length: 1 + Math.floor(random() * 4) }, () => endBefore(whole, random));
  const killed = await inStore(makeStore, (store) => play({ program, seed, store, ends }));
  return { seed, program, ends, whole, killed };
}

function endBefore({ commits, turns }: Lives, random: () => number): End {
  const chance = random();
  const commit = 1 + Math.floor(random() * (commits + 2));
  if (chance < 0.4) return { how: 'before', commit };
  if (chance < 0.8) return { how: 'after', commit };
  const turn = 1 + Math.floor(random() * turns);
  if (chance < 0.88) return { how: 'dead', turn };
  return { how: chance < 0.94 ? 'closed' : 'left', turn };
}

async function inStore<T>(makeStore: () => Store, use: (store: Store) => Promise<T>): Promise<T> {
  const store = makeStore();
  await store.open();
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

/** What is not as it must be; nothing in most trials. */
export function faultsOf({ program, whole, killed }: Trial): string[] {
  const faults = [...standingFaults(whole, 'undisturbed'), ...standingFaults(killed, 'killed')];
  if (program.isRacing || faults.length > 0) return faults;
  const differs = (what: string, one: unknown, other: unknown) => {
    const [before, after] = [JSON.stringify(one), JSON.stringify(other)];
    if (before !== after) faults.push(`${what} differs: undisturbed ${before}, killed ${after}`);
  };
  differs('what was said', sorted(whole.said), sorted(killed.said));
  differs('what was asked and answered', sorted(whole.asked), sorted(killed.asked));
  differs('what was returned', whole.world.returned.at(-1), killed.world.returned.at(-1));
  differs('which steps were run', sorted(whole.world.effects.keys()), sorted(killed.world.effects.keys()));
  return faults;
}

/** What must hold whatever happens when. */
function standingFaults({ turn, world, said, asked, ends, lives, warnings }: Lives, which: string): string[] {
  const faults = [...world.faults];
  if (turn.status !== 'completed')
    faults.push(`it is ${turn.status} ${turn.reason ?? ''} ${turn.problem?.message ?? ''}`);
  if (ends !== 1) faults.push(`its end was sent ${ends} times`);
  for (const [what, all] of Object.entries({ said, asked }))
    for (const each of new Set(all))
      if (all.indexOf(each) !== all.lastIndexOf(each)) faults.push(`${what} twice: ${each}`);
  for (const [step, times] of world.effects)
    if (times > lives) faults.push(`step ${step} was run ${times} times in ${lives} lives`);
  for (const [step, times] of world.onceEffects)
    if (times > 1) faults.push(`step ${step} was run ${times} times`);
  if (world.unknowns > 0 && lives === 1) faults.push('a step was given up, and no process had died');
  // The code says the same each time, so what is recorded under a call is what that call said.
  for (const warning of warnings) if (/in other words/.test(warning)) faults.push(warning);
  return faults.map((fault) => `${which}: ${fault}`);
}

function sorted(all: Iterable<string>): string[] {
  return [...all].sort();
}

export function sumsOf(trials: readonly Trial[]): Sums {
  const sums: Sums = { programs: 0, kills: 0, commits: 0, steps: 0, stepsAgain: 0 };
  for (const { killed } of trials) {
    sums.programs += 1;
    sums.kills += killed.lives - 1;
    sums.commits += killed.commits;
    for (const times of killed.world.effects.values()) {
      sums.steps += 1;
      sums.stepsAgain += times - 1;
    }
  }
  return sums;
}

/** Programs tried by the mutation check. */
const tries = 300;

/** For the mutation check: what the first of many trials found, or nothing. */
export const KilledTurns = {
  async broken(seed: number, makeStore: () => Store = memoryStore): Promise<string | undefined> {
    for (let index = 0; index < tries; index += 1) {
      const found = await tryProgram(seed + index, index % 2 === 1, makeStore).then(
        (trial) => faultsOf(trial)[0],
        (error: Error) => error.message.split('\n')[0],
      );
      if (found !== undefined) return `program ${seed + index}: ${found.slice(0, 200)}`;
    }
    return undefined;
  },
};
