/** Runs one turn of a durable agent and finds what its code takes from outside its steps: `findStrayCalls` is for tests. */
import type { HitlTypes } from '../hub/kinds/app-types';
import { calledBy } from '../hub/turns/durable/durable';
import { callWatched, type StrayCall, watchGlobals } from '../hub/turns/durable/stray-calls';
import { type AgentRun, type AgentUnderTest, RunningAgent } from './agent-run';

export type { StrayCall } from '../hub/turns/durable/stray-calls';

let isRunning = false;

/**
 * Runs one turn in a hub of its own, with these answers, and gives what the agent's code called outside of steps that may be
 * another the next time: clocks, chance, timers, `fetch`; each place once, also where the app's own functions do it. Globals
 * say who calls them while it runs, and are as before when it resolves or rejects.
 * @throws Error if another is under way in this process, the turn gets stuck, or its code awaits something for ever
 */
export async function findStrayCalls<App extends HitlTypes>(
  agent: AgentUnderTest<App>,
  run: AgentRun,
): Promise<readonly StrayCall[]> {
  if (isRunning)
    throw new Error(
      'findStrayCalls is under way already: it watches globals, so await the first before the second',
    );
  isRunning = true;
  const found = new Map<string, StrayCall>();
  const note = (stray: StrayCall) => void found.set(`${stray.call} ${stray.file}:${stray.line}`, stray);
  const stop = watchGlobals();
  try {
    const watched: AgentUnderTest<App> = (hitl) =>
      calledBy(typeof agent === 'function' ? agent(hitl) : agent, (turn, code) =>
        callWatched(turn, async (given) => code(given), note),
      );
    const running = await RunningAgent.start(watched, run);
    try {
      await running.begin();
      await running.finish();
    } finally {
      await running.close();
    }
  } finally {
    stop();
    isRunning = false;
  }
  return [...found.values()];
}
