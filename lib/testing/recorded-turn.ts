/** Runs one turn of an agent and records the journal of each of its legs, which the store drops with them; the replay of prefixes reads it. */
import type { HitlTypes, NoTypes } from '../hub/kinds/app-types';
import type { DurableAgent } from '../hub/turns/durable/durable';
import type { TurnRecord } from '../protocol/records';
import { memoryStore } from '../store/memory/memory-store';
import type { Commit, CommitResult, JournalEntry, Store } from '../store/store';
import { type AgentRun, type AgentUnderTest, RunningAgent } from './agent-run';
import type { SavedJournal } from './fit';
import { collect } from './saved-journal';

/** What was recorded. */
export interface RecordedTurn<App extends HitlTypes = NoTypes> {
  /** As it was registered. */
  agent: DurableAgent<App>;
  /** The last record. */
  turn: TurnRecord;
  /** Of each leg, in their order. */
  legs: readonly SavedJournal[];
}

interface Leg {
  turn: TurnRecord;
  entries: JournalEntry[];
  state: unknown;
}

/** The turn may have got stuck, if its code did something else after a rest. @throws Error for one that failed while it was recorded */
export async function recordTurn<App extends HitlTypes>(
  agent: AgentUnderTest<App>,
  run: AgentRun,
): Promise<RecordedTurn<App>> {
  const kept = memoryStore();
  const legs: Leg[] = [];
  const store = watchedStore(kept, (commit, result) => note(legs, commit, result));
  const running = await RunningAgent.start(agent, run, () => store);
  try {
    await running.begin();
    const turn = await running.finish();
    const isOther = turn.status === 'stuck' && turn.problem?.reason !== 'changed';
    if (isOther || turn.reason === 'error')
      throw new Error(`The turn could not be recorded: ${turn.problem?.message ?? 'the agent failed'}`);
    const saved = legs.map((leg) => collect(store, leg.turn, leg.entries, leg.state));
    return { agent: running.agent, turn, legs: await Promise.all(saved) };
  } finally {
    await running.close();
  }
}

function note(legs: Leg[], commit: Commit, result: CommitResult): void {
  if (!result.ok) return;
  for (const turn of commit.turns ?? []) {
    const last = legs.at(-1);
    if (!turn.run || turn.run.leg === last?.turn.run?.leg) continue;
    legs.push({ turn, entries: [], state: commit.state?.state });
  }
  legs.at(-1)?.entries.push(...result.journal);
}

/** The same store; `noted` is called for every commit when it is stored, and where it returns true the result is never given. */
export function watchedStore(
  store: Store,
  // biome-ignore lint/suspicious/noConfusingVoidType: one that only looks returns nothing
  noted: (commit: Commit, result: CommitResult) => boolean | void,
): Store {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      if (name !== 'commit') return (...args: unknown[]) => Reflect.apply(value, target, args);
      return async (commits: readonly Commit[]) => {
        const results = await store.commit(commits);
        const ends = results.map((result, index) => noted(commits[index] as Commit, result));
        return ends.includes(true) ? new Promise<never>(() => {}) : results;
      };
    },
  });
}
