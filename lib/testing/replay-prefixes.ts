/** Replays every prefix of the journal of a turn, as if its process had died after each entry: finds agents that do something else the second time. */
import type { HitlTypes } from '../hub/kinds/app-types';
import { codeOf } from '../hub/turns/durable/durable';
import type { TurnRecord } from '../protocol/records';
import type { AgentRun, AgentUnderTest } from './agent-run';
import type { Fit, SavedJournal } from './fit';
import { recordTurn } from './recorded-turn';
import { rehearse } from './rehearsal';

/** What `replayEveryPrefix` found. */
export type PrefixReplay =
  /** `entries`: of the journal that was recorded, all legs together. */
  | { fits: true; entries: number }
  | (Extract<Fit, { fits: false }> & {
      /** From 0: in which leg. */
      leg: number;
      /** The call of the last entry that fits. */
      afterCall?: string;
    });

/**
 * Runs one turn in a hub of its own, with these answers, and then replays it from every prefix of its journal, executing nothing:
 * the agent's code has to make the calls that were recorded, each time. Finds time and chance in what is asked or decided, state
 * of the process, and work outside of steps; not what is the same by luck, for which there is `findStrayCalls`.
 * @throws Error if the turn fails, or its code awaits something for ever
 */
export async function replayEveryPrefix<App extends HitlTypes>(
  agent: AgentUnderTest<App>,
  run: AgentRun,
): Promise<PrefixReplay> {
  const recorded = await recordTurn(agent, run);
  const code = codeOf(recorded.agent);
  if (!code) throw new Error('replayEveryPrefix takes what durable gives');
  const isOver = recorded.turn.status === 'completed';
  let entries = 0;
  for (const [leg, saved] of recorded.legs.entries()) {
    const isLast = leg === recorded.legs.length - 1;
    const mustEnd = !isLast || isOver;
    for (let upTo = 0; upTo <= saved.entries.length; upTo += 1) {
      const { departure, reworded } = await rehearse(code, saved, { upTo, mustEnd });
      const found = departure ?? rewordedIn(saved, upTo, reworded);
      const afterCall = found && saved.entries[found.after - 1]?.call;
      if (found) return { ...found, leg, ...(afterCall !== undefined && { afterCall }) };
    }
    entries += saved.entries.length;
    const stuck = isLast && stuckAt(saved, recorded.turn);
    if (stuck) return { ...stuck, leg };
  }
  return { fits: true, entries };
}

/** It was called again while it was recorded, since a turn that waits is let go of after a while, and did something else then. */
function stuckAt(
  { entries }: SavedJournal,
  { problem }: TurnRecord,
): Extract<Fit, { fits: false }> | undefined {
  if (!problem) return undefined;
  const { recorded = '', instead = [], message } = problem;
  const after = Math.max(
    entries.findIndex(({ call }) => call === recorded),
    0,
  );
  return { fits: false, after, recorded, instead, message: `After entry ${after}: ${message}` };
}

/** Other words are no fault of new code; of the same code they are. */
function rewordedIn(
  { entries }: SavedJournal,
  upTo: number,
  [what]: readonly string[],
): Extract<Fit, { fits: false }> | undefined {
  if (what === undefined) return undefined;
  const kind = what.replace(/^a /, '');
  const at = entries.slice(0, upTo).findIndex(({ call }) => call.startsWith(`say:${kind}`));
  const recorded = entries[at]?.call ?? `say:${kind}`;
  const message = `After entry ${Math.max(at, 0)}: the code says ${what} in other words than before`;
  return { fits: false, after: Math.max(at, 0), recorded, instead: [`${recorded} in other words`], message };
}
