/** Writes transitions as coloured text: the rows in a box and the lines at an arrow. */
import { type Chart, type ChartState, type ChartTransition, isArrow } from './chart';
import { type Marks, signs } from './mark';
import type { Line, Run } from './text';
import { actionsText, eventText, guardText, isDeadline, stayText } from './wording';

/** What one event, or several of the same effect, do without leading to another state. */
export interface EventRows {
  readonly label: Line;
  /** Each in two parts, so that it can be broken between them: what has to hold, and what is done. */
  readonly branches: readonly (readonly Line[])[];
}

/** The rows of a state: event by event, and events that do the same without a condition on one row. */
export function rowsOf(chart: Chart, state: ChartState, marks: Marks): readonly EventRows[] {
  const rows = new Map<
    string,
    { events: Map<string, ChartTransition[]>; branches: Map<string, ChartTransition[]> }
  >();
  for (const transition of state.transitions) {
    if (isArrow(transition)) continue;
    const { id, event, branches, guard } = transition;
    const isPlain = branches === 1 && !guard;
    const effect = JSON.stringify([marks.get(id), transition.actions, stayText(transition)]);
    const row = rows.get(isPlain ? effect : event) ?? { events: new Map(), branches: new Map() };
    rows.set(isPlain ? effect : event, row);
    row.events.set(event, [...(row.events.get(event) ?? []), transition]);
    row.branches.set(isPlain ? effect : id, [...(row.branches.get(isPlain ? effect : id) ?? []), transition]);
  }
  return [...rows.values()].map(({ events, branches }) => ({
    label: [...events.values()].flatMap((of, index) =>
      eventRuns(chart, of, index < events.size - 1 ? ', ' : ' '),
    ),
    branches: [...branches.values()].map((of) => {
      const [first = [], ...rest] = branchRuns(of);
      return [[...signRuns(of, marks), ...first], ...rest];
    }),
  }));
}

/** The lines of one transition at an arrow, in two parts. */
export function arrowLines(chart: Chart, transition: ChartTransition, marks: Marks): readonly Line[] {
  const [first = [], ...rest] = branchRuns([transition]);
  return [[...signRuns([transition], marks), ...eventRuns(chart, [transition], ' '), ...first], ...rest];
}

/** The sign of a mark, if these have one; those on one row have the same. */
function signRuns(transitions: readonly ChartTransition[], marks: Marks): Run[] {
  const mark = marks.get(transitions[0]?.id ?? '');
  return mark && signs[mark] ? [{ text: signs[mark], ink: 'sign', of: transitions.map(({ id }) => id) }] : [];
}

/** The name of the event; a clock before it says that time brings it. */
function eventRuns(chart: Chart, transitions: readonly ChartTransition[], end: string): Run[] {
  const [first] = transitions;
  if (!first) return [];
  const of = transitions.map(({ id }) => id);
  const text = eventText(first) + end;
  if (!isDeadline(chart, first)) return [{ text, ink: 'event', of }];
  return [
    { text: '', ink: 'clock', of },
    { text, ink: 'deadline', of },
  ];
}

/** What one branch asks and does, of one transition or of several that are the same in that. */
function branchRuns(transitions: readonly ChartTransition[]): Line[] {
  const [transition] = transitions;
  if (!transition) return [];
  const { guard, actions, order, branches } = transition;
  const of = transitions.map((each) => each.id);
  const stay = stayText(transition);
  const holds: Run[] = [
    ...(branches > 1 ? [{ text: `${order} `, ink: 'order', of } as const] : []),
    ...(guard ? [{ text: `[${guardText(guard)}] `, ink: 'guard', of } as const] : []),
  ];
  const done: Run[] = [
    ...(actions.length > 0 ? [{ text: `/ ${actionsText(actions)} `, ink: 'action', of } as const] : []),
    ...(stay ? [{ text: stay, ink: 'kind', of } as const] : []),
  ];
  return holds.length > 0 && done.length > 0 ? [holds, done] : [[...holds, ...done]];
}
