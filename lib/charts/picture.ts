/** What a chart looks like before anything has a place: boxes with their text, and arrows with theirs; the layout places them. */
import { type Chart, type ChartState, type ChartTransition, isArrow, statesIn, transitionsOf } from './chart';
import { Column, indent, type Text } from './column';
import { type Marks, signs } from './mark';
import { arrowLines, rowsOf } from './rows';
import { type Line, lineWidth } from './text';
import { hooksOf } from './wording';

/** A state: its text, already placed, and the states inside. */
export interface Box {
  readonly state: ChartState;
  readonly texts: readonly Text[];
  /** Where the line below title and description runs; absent when nothing is below it. */
  readonly divider?: number;
  /** The size its own text needs. */
  readonly width: number;
  readonly height: number;
  readonly inner: readonly Box[];
}

/** All that leads from one state to another, as one arrow. */
export interface Arrow {
  readonly id: string;
  /** Ids of states. */
  readonly from: string;
  readonly to: string;
  readonly transitions: readonly ChartTransition[];
  readonly texts: readonly Text[];
  /** The size of the label. */
  readonly width: number;
  readonly height: number;
}

/** A machine, ready to be laid out. */
export interface Picture {
  readonly box: Box;
  readonly arrows: readonly Arrow[];
}

const padding = 14;
/** How wide text may run in a state, in a state with others inside, and at an arrow. */
const limits = { state: 290, outer: 560, arrow: 230 };
/** How wide a description may always run, and a box always is. */
const least = { prose: 210, box: 128 };
/** How wide the name of an event may be so that its branches still stand beside it. */
const besideLimit = 110;

/** The picture of a chart; what is marked says so by a sign too, since not everyone sees colours. */
export function pictureOf(chart: Chart, marks: Marks = new Map()): Picture {
  return { box: boxOf(chart, chart.root, marks), arrows: arrowsOf(chart, marks) };
}

function boxOf(chart: Chart, state: ChartState, marks: Marks): Box {
  const body = bodyOf(chart, state, marks);
  const hasBody = body.texts.length > 0;
  const head = headOf(state, marks, body.width);
  const divider = head.height + 7;
  const texts = [...head.texts, ...body.texts.map((text) => ({ ...text, y: text.y + divider + 7 }))];
  return {
    state,
    texts: texts.map((text) => ({ ...text, x: text.x + padding })),
    ...(hasBody && { divider }),
    width: Math.ceil(Math.max(least.box, Math.max(head.width, body.width) + 2 * padding)),
    height: Math.ceil(hasBody ? divider + body.height + 16 : head.height + 10),
    inner: state.states.map((inner) => boxOf(chart, inner, marks)),
  };
}

/** Title and description. */
function headOf(state: ChartState, marks: Marks, besides: number): Column {
  const head = new Column(11);
  const mark = marks.get(state.id);
  const kind = state.type === 'history' ? `${state.history} history` : state.type;
  const title: Line = [
    ...(mark && signs[mark] ? [{ text: signs[mark], ink: 'title' } as const] : []),
    { text: `${state.key}  `, ink: 'title' },
    ...(kind === 'atomic' || kind === 'compound' ? [] : [{ text: kind, ink: 'kind' } as const]),
  ];
  head.put([title], limitOf(state));
  if (state.description) {
    head.skip(2);
    const room = state.states.length > 0 ? limits.outer : Math.max(least.prose, besides, lineWidth(title));
    head.put([[{ text: state.description, ink: 'prose' }]], room, 0, 0);
  }
  return head;
}

/** What the state does by itself, and the events it answers without being left. */
function bodyOf(chart: Chart, state: ChartState, marks: Marks): Column {
  const body = new Column();
  const limit = limitOf(state);
  for (const [name, what] of hooksOf(state)) {
    body.put([[{ text: `${name} `, ink: 'kind' }], [{ text: what, ink: 'action' }]], limit);
  }
  for (const { label, branches } of rowsOf(chart, state, marks)) {
    const [only = [], ...others] = branches;
    const [first = [], ...rest] = only;
    const width = lineWidth(label);
    if (others.length === 0) body.put([[...label, ...first], ...rest], limit);
    else if (width <= besideLimit) {
      body.beside(label);
      for (const branch of branches) body.put(branch, limit, width);
    } else {
      body.put([label], limit);
      for (const branch of branches) body.put(branch, limit, indent);
    }
  }
  return body;
}

function limitOf(state: ChartState): number {
  return state.states.length > 0 ? limits.outer : limits.state;
}

/** One arrow per pair of states, in the order of the machine. */
function arrowsOf(chart: Chart, marks: Marks): Arrow[] {
  const arrows = new Map<string, { from: string; to: string; transitions: ChartTransition[] }>();
  for (const transition of transitionsOf(chart).filter(isArrow)) {
    for (const to of transition.targets) {
      const id = `${transition.source} -> ${to}`;
      const arrow = arrows.get(id) ?? { from: transition.source, to, transitions: [] };
      arrow.transitions.push(transition);
      arrows.set(id, arrow);
    }
  }
  const outer = new Map(
    statesIn(chart.root).flatMap((state) => (state.states.length > 0 ? [[state.id, state]] : [])),
  );
  return [...arrows].map(([id, arrow]) => {
    const label = new Column(4);
    const source = outer.get(arrow.from);
    const isDone = arrow.transitions.every(({ event }) => event.startsWith('xstate.done.state.'));
    if (source && !isDone) {
      const from = source.id === chart.id ? 'from any state' : `from anywhere in ${source.key}`;
      label.put([[{ text: from, ink: 'kind' }]], limits.arrow);
    }
    for (const transition of arrow.transitions) label.put(arrowLines(chart, transition, marks), limits.arrow);
    const texts = label.texts.map((text) => ({ ...text, x: text.x + 7 }));
    return { id, ...arrow, texts, width: Math.ceil(label.width + 14), height: label.height + 4 };
  });
}
