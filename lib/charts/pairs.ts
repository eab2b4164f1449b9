/** Pairs the transitions of a state before and after a change; the comparison of charts and its picture use it. */
import type { ChartTransition } from './chart';
import { guardText } from './wording';

/** A transition before and after; one side is missing for what came or went. */
export type Pair = readonly [before: ChartTransition | undefined, after: ChartTransition | undefined];

/**
 * Pairs the transitions of one state. Branches of one event belong together when they agree in most of guard, actions, targets and
 * description, the best agreement first; where an event has but one branch on both sides, that is the same. What is left has come or gone.
 */
export function pairs(
  before: readonly ChartTransition[],
  after: readonly ChartTransition[],
): readonly Pair[] {
  const left = new Set(before);
  const partners = new Map<ChartTransition, ChartTransition>();
  for (const least of [4, 3, 2, 0]) {
    for (const now of after) {
      if (partners.has(now)) continue;
      const isLike = (was: ChartTransition) =>
        was.event === now.event &&
        (least > 0 ? agreement(was, now) >= least : was.branches === 1 && now.branches === 1);
      const was = [...left].find(isLike);
      if (!was) continue;
      partners.set(now, was);
      left.delete(was);
    }
  }
  return [
    ...[...left].map((was): Pair => [was, undefined]),
    ...after.map((now): Pair => [partners.get(now), now]),
  ];
}

/** How many of the four things that make a branch are the same; having no description in common is no agreement. */
function agreement(a: ChartTransition, b: ChartTransition): number {
  return [
    (a.guard && guardText(a.guard)) === (b.guard && guardText(b.guard)),
    JSON.stringify(a.actions) === JSON.stringify(b.actions),
    a.targets.join() === b.targets.join(),
    a.description !== undefined && a.description === b.description,
  ].filter(Boolean).length;
}
