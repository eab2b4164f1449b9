/** Makes a failing path as short as it will go, by shortcuts and by leaving steps out, and walking again; tests call it before they report. */
import type { AnyStateMachine, EventFromLogic, SnapshotFrom } from 'xstate';
import type { Finding, Search } from './model-failure';
import type { Path } from './model-options';

/** A path and what was found on it. */
export interface Failing<M extends AnyStateMachine> {
  path: Path<M>;
  finding: Finding;
}

/** What the shortening has to work with. */
export interface Shortening<M extends AnyStateMachine> {
  /** The path of these events, or nothing where one of them cannot happen. */
  pathOf(events: readonly EventFromLogic<M>[]): Path<M> | undefined;
  /** The shortest way to a state of the model, where it is known. */
  wayTo(snapshot: SnapshotFrom<M>): readonly EventFromLogic<M>[] | undefined;
  /** What is found on a path; nothing if it holds. */
  walk(path: Path<M>): Promise<Finding | undefined>;
  /** Walks at most. */
  limit: number;
}

export async function shortestFailure<M extends AnyStateMachine>(
  failing: Failing<M>,
  { pathOf, wayTo, walk, limit }: Shortening<M>,
): Promise<Failing<M> & { search: Search }> {
  const firstLength = failing.path.steps.length;
  let best = failing;
  let tried = 0;
  /** Whether these fail too; then they are the best so far. */
  const stillFails = async (events: readonly EventFromLogic<M>[]): Promise<boolean> => {
    const path = events.length < eventsOf(best).length ? pathOf(events) : undefined;
    if (!path || tried >= limit) return false;
    tried += 1;
    const finding = await walk(path);
    if (finding) best = { path, finding };
    return finding !== undefined;
  };
  const without = (from: number, count: number): Promise<boolean> => {
    const events = eventsOf(best);
    return stillFails([...events.slice(0, from), ...events.slice(from + count)]);
  };
  // Mostly it is the last step alone that matters, and where the model stood; else the last two, four …
  const { steps } = failing.path;
  for (let last = 1; last <= failing.finding.at + 1; last *= 2) {
    const first = steps[failing.finding.at + 1 - last];
    const way = first && wayTo(first.before);
    if (way && (await stillFails([...way, ...eventsOf(failing).slice(-last)]))) break;
  }
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
  const path = pathOf(eventsOf(best)) ?? {
    ...best.path,
    steps: best.path.steps.slice(0, best.finding.at + 1),
  };
  return { path, finding: best.finding, search: { firstLength, tried } };
}

/** Up to the step that failed; what comes after plays no part. */
function eventsOf<M extends AnyStateMachine>({ path, finding }: Failing<M>): EventFromLogic<M>[] {
  return path.steps.slice(0, finding.at + 1).map(({ event }) => event);
}
