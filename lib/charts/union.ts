/** Lays two charts of one machine over each other, each part marked as added, removed or changed: what the picture of a comparison shows. */
import type { Chart, ChartSentences, ChartState, ChartTransition } from './chart';
import { factsOf, isSameStep } from './diff';
import type { Mark, Marks } from './mark';
import { pairs } from './pairs';

/**
 * One chart that holds everything of both. A transition that leads elsewhere, asks or does something else is there twice, removed and
 * added; the id of a removed one ends with `~`, so that it is not taken for the one that stands in its place now.
 * @param before missing if the machine is new, as `after` is if it is gone
 */
export function unionOf(
  before: Chart | undefined,
  after: Chart | undefined,
): { readonly chart: Chart; readonly marks: Marks } {
  const marks = new Map<string, Mark>();
  const chart = after ?? before;
  if (!chart) throw new TypeError('A union needs a chart');
  const of = (name: keyof ChartSentences) => ({ ...before?.sentences[name], ...after?.sentences[name] });
  return {
    chart: {
      id: chart.id,
      root: stateUnion(before?.root, after?.root, marks),
      sentences: {
        guards: of('guards'),
        events: of('events'),
        deadlines: of('deadlines'),
        actions: of('actions'),
      },
      combined: { ...before?.combined, ...after?.combined },
    },
    marks,
  };
}

function stateUnion(
  before: ChartState | undefined,
  after: ChartState | undefined,
  marks: Map<string, Mark>,
): ChartState {
  const state = after ?? before;
  if (!state) throw new TypeError('A union needs a state');
  if (!before) marks.set(state.id, 'added');
  else if (!after) marks.set(state.id, 'removed');
  else if (JSON.stringify(factsOf(before)) !== JSON.stringify(factsOf(after))) marks.set(state.id, 'changed');
  return {
    ...state,
    transitions: transitionUnion(before?.transitions ?? [], after?.transitions ?? [], marks),
    states: childUnion(before?.states ?? [], after?.states ?? [], marks),
  };
}

/** The states of `after` in their order, each removed one behind the one it stood behind. */
function childUnion(
  before: readonly ChartState[],
  after: readonly ChartState[],
  marks: Map<string, Mark>,
): ChartState[] {
  const keys = after.map(({ key }) => key);
  before.forEach(({ key }, index) => {
    if (!keys.includes(key)) keys.splice(keys.indexOf(before[index - 1]?.key ?? '') + 1, 0, key);
  });
  const named = (states: readonly ChartState[], key: string) => states.find((state) => state.key === key);
  return keys.map((key) => stateUnion(named(before, key), named(after, key), marks));
}

/** The transitions of `after` in their order, each removed one behind the one it stood behind. */
function transitionUnion(
  before: readonly ChartTransition[],
  after: readonly ChartTransition[],
  marks: Map<string, Mark>,
): ChartTransition[] {
  const together = pairs(before, after);
  const partners = new Map(together.flatMap(([was, is]) => (was ? [[was, is] as const] : [])));
  const all: ChartTransition[] = [...after];
  let last: ChartTransition | undefined;
  for (const was of before) {
    const is = partners.get(was);
    if (is && isSameStep(was, is)) {
      last = is;
      continue;
    }
    const removed = { ...was, id: `${was.id}~` };
    marks.set(removed.id, 'removed');
    all.splice(is ? all.indexOf(is) : last ? all.indexOf(last) + 1 : 0, 0, removed);
    last = is ?? removed;
  }
  for (const [was, is] of together) if (is && !(was && isSameStep(was, is))) marks.set(is.id, 'added');
  return all;
}
