/** Finds the way between two recorded states on a chart, for steps that were not observed. */
import { type Chart, isWithin, transitionsOf } from '../../../charts/chart';

export interface Way {
  event: string;
  /** Ids of active states, outermost first. */
  from: readonly string[];
  to: readonly string[];
}

/** `pending.open` as the ids of the states that are active then, outermost first. */
export function pathOf(machine: string, state: string | undefined): string[] {
  const keys = state?.split('.') ?? [];
  return keys.map((_key, index) => [machine, ...keys.slice(0, index + 1)].join('.'));
}

/** The transitions that may have been taken: which of several branches it was, a record does not say where they lead alike. */
export function wayOf(chart: Chart, { event, from, to }: Way): string[] {
  const [before, after] = [from.at(-1), to.at(-1)];
  if (before === undefined || after === undefined) return [];
  const heard = transitionsOf(chart).filter((each) => each.event === event && isWithin(before, each.source));
  const leading = heard.filter(({ targets }) =>
    targets.length === 0 ? before === after : targets.some((target) => isWithin(after, target)),
  );
  return leading.map(({ id }) => id);
}
