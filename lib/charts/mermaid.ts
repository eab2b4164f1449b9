/** Writes a chart as a Mermaid state diagram, for places that draw Mermaid themselves. */
import {
  type Chart,
  type ChartState,
  type ChartTransition,
  isArrow,
  isWithin,
  statesIn,
  transitionsOf,
} from './chart';
import { mark } from './markdown';
import { actionsText, eventText, guardText, hooksOf, isDeadline, stayText } from './wording';

/**
 * The chart as `stateDiagram-v2`. What does not lead to another state stands as a line in its state; what a state with others inside does
 * for all of them stands in a box of its own, `anywhere in …`, since Mermaid can neither list nor leave from a frame inwards.
 */
export function mermaidOf(chart: Chart): string {
  const ids = idsOf(chart);
  const lines = ['stateDiagram-v2', `  %% ${mark}`, ...inside(chart, chart.root, ids), ...arrows(chart, ids)];
  return `${lines.join('\n')}\n`;
}

type Ids = (id: string) => string;

/** Ids that Mermaid can read: letters, digits and underscores, none of them a word of the language. */
function idsOf(chart: Chart): Ids {
  const taken = new Map<string, string>();
  for (const { id } of statesIn(chart.root)) {
    const plain = id.replace(/\W/g, '_');
    let free = plain;
    for (let count = 2; [...taken.values()].includes(free); count += 1) free = `${plain}_${count}`;
    taken.set(id, free);
  }
  return (id) => taken.get(id) ?? id.replace(/\W/g, '_');
}

function inside(chart: Chart, state: ChartState, ids: Ids, isParallel = false): string[] {
  const rows = rowsOf(chart, state);
  const hasAny = rows.length > 0 || state.transitions.some(isInward);
  const any = state.id === chart.id ? 'any state' : `anywhere in ${state.key}`;
  const regions = [
    ...(hasAny ? [leaf(`${ids(state.id)}_any`, any, rows)] : []),
    ...state.states.map((child) => stateLines(chart, child, ids, isParallel || state.type === 'parallel')),
  ];
  const lines =
    state.type === 'parallel'
      ? regions.flatMap((region, index) => (index > 0 ? ['--', ...region] : region))
      : regions.flat();
  return [...(state.initial ? [`[*] --> ${ids(state.initial)}`] : []), ...lines].map((line) => `  ${line}`);
}

function stateLines(chart: Chart, state: ChartState, ids: Ids, isParallel: boolean): string[] {
  const id = ids(state.id);
  if (state.states.length > 0) {
    return [`state "${escaped(state.key)}" as ${id} {`, ...inside(chart, state, ids, isParallel), '}'];
  }
  const title = state.type === 'history' ? `${state.key} (${state.history} history)` : state.key;
  const about = state.description === undefined ? [] : [state.description];
  const lines = leaf(id, title, [...about, ...rowsOf(chart, state)]);
  // Mermaid draws the end sign of one parallel region into another, so there the state says it in words.
  return state.type === 'final' ? [...lines, isParallel ? `${id} : final` : `${id} --> [*]`] : lines;
}

function leaf(id: string, title: string, rows: readonly string[]): string[] {
  return [`state "${escaped(title)}" as ${id}`, ...rows.map((row) => `${id} : ${escaped(row)}`)];
}

function rowsOf(chart: Chart, state: ChartState): string[] {
  return [
    ...hooksOf(state).map(([name, what]) => `${name} ${what}`),
    ...state.transitions
      .filter((transition) => !isArrow(transition))
      .map((transition) => rowOf(chart, transition)),
  ];
}

function rowOf(chart: Chart, transition: ChartTransition): string {
  const { guard, actions, order, branches, delay } = transition;
  return [
    isDeadline(chart, transition) && delay === undefined ? 'deadline' : '',
    eventText(transition),
    branches > 1 ? `(${order})` : '',
    guard ? `[${guardText(guard)}]` : '',
    actions.length > 0 ? `/ ${actionsText(actions)}` : '',
    stayText(transition),
  ]
    .filter((part) => part !== '')
    .join(' ');
}

/** One line per pair of states, the transitions between them on lines of the label. */
function arrows(chart: Chart, ids: Ids): string[] {
  const labels = new Map<string, string[]>();
  for (const transition of transitionsOf(chart)) {
    if (!isArrow(transition)) continue;
    for (const target of transition.targets) {
      const from = isWithin(target, transition.source)
        ? `${ids(transition.source)}_any`
        : ids(transition.source);
      const way = `${from} --> ${ids(target)}`;
      labels.set(way, [...(labels.get(way) ?? []), rowOf(chart, transition)]);
    }
  }
  return [...labels].map(([way, rows]) => `  ${way} : ${rows.map(escaped).join('<br/>')}`);
}

function isInward({ source, targets }: ChartTransition): boolean {
  return targets.some((target) => target !== source && isWithin(target, source));
}

/** Mermaid has no dependable way of writing its own signs in a text, so they become their nearest relatives. */
function escaped(text: string): string {
  const signs: Readonly<Record<string, string>> = { ';': ',', '<': '‹', '>': '›', '"': "'" };
  return text.replace(/\s+/g, ' ').replace(/[;<>"]/g, (sign) => signs[sign] ?? sign);
}
