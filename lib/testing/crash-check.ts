/** Runs one turn of a durable agent again and again, and ends its process after another commit each time: what people see has to be the same. */
import type { HitlTypes } from '../hub/kinds/app-types';
import { memoryStore } from '../store/memory/memory-store';
import type { Store } from '../store/store';
import { type AgentRun, type AgentUnderTest, RunningAgent, type Seen, seenIn } from './agent-run';
import { watchedStore } from './recorded-turn';

/** What `crashAfterEachCommit` found. */
export type CrashCheck =
  /** `crashes`: one for each commit of the turn. */
  | { same: true; crashes: number }
  | {
      same: false;
      /** After which commit of the turn the process ended, from 1; 0: it gets stuck without that. */
      after: number;
      /** What people see of the turn without the crash, and with it. */
      expected: Seen;
      actual: Seen;
      message: string;
    };

/** Commits of one turn that are tried at most. */
const maxCommits = 1_000;

/**
 * Runs one turn to its end, and then once for each of its commits, with a crash just after that commit: the hub ends as by kill
 * -9, and another goes on with what is stored. The status of the turn, what it said, what it asked and how that ended have to be
 * the same, and it has to end once. Steps are run, and may be run once more than without the crash.
 * @throws Error if the agent's code awaits something for ever, or the turn has more than 1,000 commits
 */
export async function crashAfterEachCommit<App extends HitlTypes>(
  agent: AgentUnderTest<App>,
  run: AgentRun,
): Promise<CrashCheck> {
  const { seen: expected } = await runWithCrash(agent, run, undefined);
  if (expected.status === 'stuck')
    return { same: false, after: 0, expected, actual: expected, message: 'It gets stuck without a crash' };
  for (let after = 1; after <= maxCommits; after += 1) {
    const { seen: actual, hasCrashed } = await runWithCrash(agent, run, after);
    if (!hasCrashed) return { same: true, crashes: after - 1 };
    const differs = differenceOf(expected, actual);
    if (differs)
      return { same: false, after, expected, actual, message: `Ended after commit ${after}: ${differs}` };
  }
  throw new Error(`The turn has more than ${maxCommits} commits`);
}

async function runWithCrash<App extends HitlTypes>(
  agent: AgentUnderTest<App>,
  run: AgentRun,
  after: number | undefined,
): Promise<{ seen: Seen; hasCrashed: boolean }> {
  const memory = memoryStore();
  // A closed memory store loses its data.
  const kept: Store = Object.assign(Object.create(memory), { close: async () => {} });
  let commits = 0;
  const makeStore = () =>
    watchedStore(kept, ({ turns = [], journal = [] }) => {
      running.turnId ||= turns[0]?.id ?? '';
      if (turns.length > 0 || journal.length > 0) commits += 1;
      if (commits !== after || hasCrashed) return false;
      hasCrashed = true;
      running.crash();
      return true;
    });
  let hasCrashed = false;
  const running = await RunningAgent.start(agent, run, makeStore);
  try {
    await running.begin();
    await running.finish();
    return { seen: await seenIn(running), hasCrashed };
  } finally {
    await running.close();
  }
}

function differenceOf(expected: Seen, actual: Seen): string | undefined {
  for (const what of ['status', 'said', 'asked', 'ends'] as const) {
    const [before, now] = [JSON.stringify(expected[what]), JSON.stringify(actual[what])];
    if (before !== now) return `${what} is ${now}, and was ${before} without that`;
  }
  return undefined;
}
