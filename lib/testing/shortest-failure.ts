/** Makes a failing path as short as it will go, by leaving steps out and walking again; tests call it before they report. */
import type { AnyStateMachine, EventFromLogic } from 'xstate';
import type { Finding, Search } from './model-failure';
import type { Path } from './model-options';

/** A path and what was found on it. */
export interface Failing<M extends AnyStateMachine> {
  path: Path<M>;
  finding: Finding;
}

/**
 * @param pathOf the path of these events, or nothing where one of them cannot happen
 * @param walk what is found on a path; nothing if it holds
 * @param limit walks at most
 */
export async function shortestFailure<M extends AnyStateMachine>(
  failing: Failing<M>,
  pathOf: (events: readonly EventFromLogic<M>[]) => Path<M> | undefined,
  walk: (path: Path<M>) => Promise<Finding | undefined>,
  limit: number,
): Promise<Failing<M> & { search: Search }> {
  const firstLength = failing.path.steps.length;
  let best = failing;
  let tried = 0;
  /** Whether it still fails without these. */
  const without = async (from: number, count: number): Promise<boolean> => {
    const events = eventsOf(best);
    const path = pathOf([...events.slice(0, from), ...events.slice(from + count)]);
    if (!path) return false;
    tried += 1;
    const finding = await walk(path);
    if (finding) best = { path, finding };
    return finding !== undefined;
  };
  for (let size = Math.ceil(eventsOf(best).length / 2); size >= 1; size = Math.floor(size / 2)) {
    // From the end, so that what led there stays as long as it matters. After a success the same size is worth more tries.
    for (let from = eventsOf(best).length - size; from >= 0 && tried < limit; from -= size) {
      await without(from, size);
    }
  }
  // A step may matter only beside one that is gone by now.
  for (let from = eventsOf(best).length - 1; from >= 0 && tried < limit; from -= 1) {
    if (await without(from, 1)) from = eventsOf(best).length;
  }
  const { origin, steps } = best.path;
  const path = pathOf(eventsOf(best)) ?? { ...best.path, origin, steps: steps.slice(0, best.finding.at + 1) };
  return { path, finding: best.finding, search: { firstLength, tried } };
}

/** Up to the step that failed; what comes after plays no part. */
function eventsOf<M extends AnyStateMachine>({ path, finding }: Failing<M>): EventFromLogic<M>[] {
  return path.steps.slice(0, finding.at + 1).map(({ event }) => event);
}
