/** Compares two charts of the same machine: which states, transitions, guards and sentences came, went or changed. */
import { type Chart, type ChartState, type ChartTransition, namesIn, statesIn, transitionsOf } from './chart';
import { type Pair, pairs } from './pairs';
import { actionsText, eventText, guardText, hooksOf, stateText } from './wording';

/** Something that is not the same on both sides. */
export interface Difference {
  readonly kind: 'added' | 'removed' | 'changed';
  readonly of: 'machine' | 'state' | 'transition' | 'guard' | 'event' | 'deadline' | 'action';
  /** What differs: a state's or transition's id, or a name. */
  readonly id: string;
  /** What differs and how, on one line. */
  readonly text: string;
}

/** A chart with what it does not hold itself: the source text of its guards, by name, if the guards' own code is to be compared too. */
export interface DiffSide {
  readonly chart: Chart;
  readonly guardCode?: Readonly<Record<string, string>>;
}

/** Everything that differs from `before` to `after`, states first; empty when nothing does. A missing side is a machine not there. */
export function diffOf(before: DiffSide | undefined, after: DiffSide | undefined): readonly Difference[] {
  if (!before || !after) {
    const chart = (after ?? before)?.chart;
    if (!chart) return [];
    const states = statesIn(chart.root).length - 1;
    const text = `${chart.id}: ${count(states, 'state')}, ${count(transitionsOf(chart).length, 'transition')}`;
    return [{ kind: after ? 'added' : 'removed', of: 'machine', id: chart.id, text }];
  }
  return [
    ...stateDifferences(before.chart, after.chart),
    ...transitionDifferences(before.chart, after.chart),
    ...guardDifferences(before, after),
    ...sentenceDifferences(before.chart, after.chart),
  ];
}

/** Whether two transitions do the same under the same condition; their order and description apart. */
export function isSameStep(before: ChartTransition, after: ChartTransition): boolean {
  return stepText(before) === stepText(after);
}

/** A state's own facts by name; its transitions and the states inside are compared by themselves. */
export function factsOf(state: ChartState): Readonly<Record<string, string>> {
  return {
    kind: state.history ? `${state.history} history` : state.type,
    initial: state.initial?.slice(state.id.length + 1) ?? '',
    tags: state.tags.join(', '),
    description: quoted(state.description),
    ...Object.fromEntries(hooksOf(state)),
  };
}

function stateDifferences(before: Chart, after: Chart): Difference[] {
  const [old, now] = [byId(statesIn(before.root)), byId(statesIn(after.root))];
  const found: Difference[] = [];
  for (const [id, state] of old) if (!now.has(id)) found.push(lone('removed', before, state));
  for (const [id, state] of now) {
    const was = old.get(id);
    if (!was) found.push(lone('added', after, state));
    else {
      const changes = changesOf(factsOf(was), factsOf(state));
      if (changes)
        found.push({ kind: 'changed', of: 'state', id, text: `${stateText(after, id)}: ${changes}` });
    }
  }
  return found;
}

function lone(kind: 'added' | 'removed', chart: Chart, { id, description }: ChartState): Difference {
  const about = description ? `: ${quoted(description)}` : '';
  return { kind, of: 'state', id, text: `${stateText(chart, id)}${about}` };
}

function transitionDifferences(before: Chart, after: Chart): Difference[] {
  const [old, now] = [byId(statesIn(before.root)), byId(statesIn(after.root))];
  const found: Difference[] = [];
  for (const id of new Set([...old.keys(), ...now.keys()])) {
    const [was, is] = [old.get(id), now.get(id)];
    const together = pairs(was?.transitions ?? [], is?.transitions ?? []);
    for (const [left, right] of together) {
      const difference = between(before, after, left, right);
      if (difference) found.push(difference);
    }
    found.push(...orderDifferences(after, id, together));
  }
  return found;
}

function between(
  before: Chart,
  after: Chart,
  left?: ChartTransition,
  right?: ChartTransition,
): Difference | undefined {
  if (!left || !right) {
    const [chart, only] = right ? [after, right] : [before, left];
    if (!only) return undefined;
    return {
      kind: right ? 'added' : 'removed',
      of: 'transition',
      id: only.id,
      text: transitionText(chart, only),
    };
  }
  const changes = changesOf(stepFacts(before, left), stepFacts(after, right));
  if (!changes) return undefined;
  return { kind: 'changed', of: 'transition', id: right.id, text: `${headText(after, right)}: ${changes}` };
}

/** Branches that stayed but are tried in another order. */
function orderDifferences(chart: Chart, id: string, together: readonly Pair[]): Difference[] {
  const stayed = together.flatMap(([left, right]) => (left && right ? [{ left, right }] : []));
  const events = new Set(stayed.map(({ right }) => right.event));
  return [...events].flatMap((event) => {
    const branches = stayed
      .filter(({ right }) => right.event === event)
      .sort((a, b) => a.right.order - b.right.order);
    const isMoved = branches.some(({ left }, index) => left.order < (branches[index - 1]?.left.order ?? 0));
    const first = branches[0];
    if (!isMoved || !first) return [];
    const order = branches
      .map(({ right }) => (right.guard ? `[${guardText(right.guard)}]` : 'otherwise'))
      .join(', ');
    const text = `${stateText(chart, id)}: ${eventText(first.right)}: tried in another order: ${order}`;
    return [{ kind: 'changed' as const, of: 'transition' as const, id: first.right.id, text }];
  });
}

function guardDifferences(before: DiffSide, after: DiffSide): Difference[] {
  const [old, now] = [guardFacts(before), guardFacts(after)];
  return namedDifferences('guard', old, now);
}

/** What is known of every guard that is asked somewhere. */
function guardFacts({ chart, guardCode }: DiffSide): Record<string, Record<string, string>> {
  const names = new Set(transitionsOf(chart).flatMap(({ guard }) => (guard ? namesIn(guard) : [])));
  const facts = [...names].map((name) => {
    const combined = chart.combined[name];
    const known = {
      sentence: quoted(chart.sentences.guards[name]),
      combines: combined ? guardText(combined) : '',
    };
    return [name, { ...known, code: guardCode?.[name] ?? '' }] as const;
  });
  return Object.fromEntries(facts);
}

function sentenceDifferences(before: Chart, after: Chart): Difference[] {
  const facts = (sentences: Readonly<Record<string, string>>) =>
    Object.fromEntries(
      Object.entries(sentences).map(([name, sentence]) => [name, { sentence: quoted(sentence) }]),
    );
  return (['event', 'deadline', 'action'] as const).flatMap((of) =>
    namedDifferences(of, facts(before.sentences[`${of}s`]), facts(after.sentences[`${of}s`])),
  );
}

function namedDifferences(
  of: Difference['of'],
  old: Readonly<Record<string, Readonly<Record<string, string>>>>,
  now: Readonly<Record<string, Readonly<Record<string, string>>>>,
): Difference[] {
  return [...new Set([...Object.keys(old), ...Object.keys(now)])].flatMap((name): Difference[] => {
    const [was, is] = [old[name], now[name]];
    if (was && is) {
      const changes = changesOf(was, is);
      return changes ? [{ kind: 'changed', of, id: name, text: `${name}: ${changes}` }] : [];
    }
    const sentence = (is ?? was)?.sentence;
    return [{ kind: is ? 'added' : 'removed', of, id: name, text: sentence ? `${name}: ${sentence}` : name }];
  });
}

/** `name: "old" → "new"` for each fact that differs; of code only that it does. */
function changesOf(old: Readonly<Record<string, string>>, now: Readonly<Record<string, string>>): string {
  return [...new Set([...Object.keys(old), ...Object.keys(now)])]
    .filter((name) => (old[name] ?? '') !== (now[name] ?? ''))
    .map((name) =>
      name === 'code' ? 'its code' : `${name} ${old[name] || '(none)'} → ${now[name] || '(none)'}`,
    )
    .join('; ');
}

function stepFacts(chart: Chart, transition: ChartTransition): Record<string, string> {
  const { guard, actions, targets, reenter, description } = transition;
  return {
    guard: guard ? `[${guardText(guard)}]` : '',
    target: targets.map((target) => stateText(chart, target)).join(', '),
    actions: actionsText(actions),
    reenter: reenter ? 'yes' : '',
    description: quoted(description),
  };
}

function stepText({ guard, actions, targets, reenter }: ChartTransition): string {
  return JSON.stringify([guard, actions, targets, reenter]);
}

function headText(chart: Chart, transition: ChartTransition): string {
  const { source, guard } = transition;
  return `${stateText(chart, source)}: ${eventText(transition)}${guard ? ` [${guardText(guard)}]` : ''}`;
}

function transitionText(chart: Chart, transition: ChartTransition): string {
  const { actions, targets } = transition;
  const to = targets.length > 0 ? ` → ${targets.map((target) => stateText(chart, target)).join(', ')}` : '';
  return `${headText(chart, transition)}${actions.length > 0 ? ` / ${actionsText(actions)}` : ''}${to}`;
}

/** A sentence, quoted, to distinguish it from the text about it. */
function quoted(sentence: string | undefined): string {
  return sentence === undefined ? '' : `“${sentence}”`;
}

function byId<T extends { readonly id: string }>(values: readonly T[]): ReadonlyMap<string, T> {
  return new Map(values.map((value) => [value.id, value]));
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
