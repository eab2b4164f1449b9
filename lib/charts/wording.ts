/** How a guard, an action, an event and a state are written in words; every picture, page and comparison writes them alike. */
import {
  type Chart,
  type ChartAction,
  type ChartGuard,
  type ChartState,
  type ChartTransition,
  isArrow,
  type Json,
} from './chart';

/** A guard on one line, as `isHolder and not isTooLate`. */
export function guardText(guard: ChartGuard): string {
  if ('name' in guard) return withParams(guard.name, guard.params);
  if ('in' in guard) return `in ${guard.in}`;
  if ('not' in guard) return `not ${nested(guard.not)}`;
  return 'and' in guard ? guard.and.map(nested).join(' and ') : guard.or.map(nested).join(' or ');
}

function nested(guard: ChartGuard): string {
  return 'and' in guard || 'or' in guard ? `(${guardText(guard)})` : guardText(guard);
}

/** An action on one line, as `refuse(not_allowed, four_eyes)`. */
export function actionText(action: ChartAction): string {
  return withParams(action.name, action.params);
}

/** Several actions, in their order. */
export function actionsText(actions: readonly ChartAction[]): string {
  return actions.map(actionText).join(', ');
}

/** An event as a person would name it: XState's own become `after 5 s`, `always`, `done`, `done: payment`. */
export function eventText({ event, delay }: Pick<ChartTransition, 'event' | 'delay'>): string {
  if (delay !== undefined) return `after ${typeof delay === 'number' ? durationText(delay) : delay}`;
  if (event === '') return 'always';
  if (event === '*') return 'any other event';
  if (event.startsWith('xstate.done.state.')) return 'done';
  const [, kind, actor] =
    /^xstate\.(done|error)\.actor\.(.+)$/.exec(event) ?? /^xstate\.(snapshot)\.(.+)$/.exec(event) ?? [];
  return kind ? `${kind}: ${actor}` : event;
}

/** Whether time brings this event: an `after`, or an event that the machine's `meta.deadlines` names. */
export function isDeadline(
  chart: Chart,
  { event, delay }: Pick<ChartTransition, 'event' | 'delay'>,
): boolean {
  return delay !== undefined || event in chart.sentences.deadlines;
}

/** A state's way from the machine down, as `pending.open`; the machine itself by its id. */
export function stateText(chart: Chart, id: string): string {
  return id === chart.id ? id : id.slice(chart.id.length + 1);
}

/** What a state does by itself, name and content: at entry, at exit, which actors run in it, what a history state falls back on. */
export function hooksOf({
  entry,
  exit,
  invoke,
  otherwise,
}: ChartState): readonly (readonly [name: string, what: string])[] {
  const actors = invoke.map(({ id, src }) => (id.includes(src) ? src : `${src} as ${id}`));
  return [
    ['entry', entry.length > 0 ? `/ ${actionsText(entry)}` : ''] as const,
    ['exit', exit.length > 0 ? `/ ${actionsText(exit)}` : ''] as const,
    ['runs', actors.join(', ')] as const,
    ['at first', otherwise ?? ''] as const,
  ].filter(([, what]) => what !== '');
}

/** What a transition that leads to no other state does with its own, where its actions do not say it; empty for all others. */
export function stayText(transition: ChartTransition): string {
  if (isArrow(transition)) return '';
  if (transition.targets.length > 0) return transition.reenter ? 're-enters' : 'stays';
  return transition.actions.length === 0 ? 'ignored' : '';
}

function withParams(name: string, params: Json | undefined): string {
  return params === undefined ? name : `${name}(${valuesOf(params)})`;
}

function valuesOf(params: Json): string {
  if (params === null || typeof params !== 'object') return String(params);
  return (Array.isArray(params) ? params : Object.values(params)).map(valuesOf).join(', ');
}

function durationText(ms: number): string {
  for (const [unit, size] of [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000],
    ['s', 1000],
  ] as const) {
    if (ms >= size && ms % size === 0) return `${ms / size} ${unit}`;
  }
  return `${ms} ms`;
}
