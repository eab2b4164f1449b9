/** Names what a machine carries as functions: guards, also combined ones, and actions, also XState's own; read by `chartOf`. */
import type { AnyStateMachine } from 'xstate';
import type { ChartAction, ChartGuard, Json } from './chart';

/** What is shown for something written in place without a name of its own. */
const inline = '(inline)';

/** Names a function gets from the property it was written in, which say nothing about it. */
const propertyNames: ReadonlySet<string> = new Set(['', 'guard', 'actions', 'entry', 'exit', 'anonymous']);

/** What is read of the functions that XState's combinators return: they are named after them and carry what they combine. */
interface Combination {
  name: string;
  guards: readonly unknown[];
  stateValue: unknown;
}

/** Whether a guard is made by `and`, `or`, `not` or `stateIn`. */
export function isCombination(guard: unknown): boolean {
  return asCombination(guard) !== undefined;
}

/** A guard as data. */
export function guardOf(guard: unknown): ChartGuard {
  const combination = asCombination(guard);
  if (!combination) return named(guard);
  if (combination.name === 'stateIn') {
    const value = plain(combination.stateValue);
    return { in: typeof value === 'string' ? value : JSON.stringify(value) };
  }
  const parts = combination.guards.map(guardOf);
  if (combination.name === 'not') return { not: parts[0] ?? { name: inline } };
  return combination.name === 'and' ? { and: parts } : { or: parts };
}

/** An action as data; of XState's own actions the name says what they touch, as `assign(count)` or `emit(done)`. */
export function actionOf(action: unknown): ChartAction {
  const { type, ...fields }: Record<string, unknown> = typeof action === 'function' ? { ...action } : {};
  if (typeof type !== 'string' || !type.startsWith('xstate.')) return named(action);
  const name = type.slice('xstate.'.length);
  const about = aboutOf(fields);
  return { name: about === undefined ? name : `${name}(${about})` };
}

/** What one of XState's own actions is about, as far as it is written down and not computed. */
function aboutOf({
  assignment,
  event,
  actorId,
  sendId,
  src,
  to,
}: Record<string, unknown>): string | undefined {
  if (assignment && typeof assignment === 'object') return Object.keys(assignment).join(', ');
  const sent = event && typeof event === 'object' && 'type' in event ? String(event.type) : undefined;
  const other = [to, actorId, sendId, src].find((value): value is string => typeof value === 'string');
  return sent !== undefined && other !== undefined ? `${sent} to ${other}` : (sent ?? other);
}

function named(value: unknown): { name: string; params?: Json } {
  if (typeof value === 'string') return { name: value };
  if (typeof value === 'function') return { name: propertyNames.has(value.name) ? inline : value.name };
  if (value && typeof value === 'object' && 'type' in value) {
    const params = 'params' in value ? plain(value.params) : undefined;
    return { name: String(value.type), ...(params !== undefined && { params }) };
  }
  return { name: inline };
}

function asCombination(guard: unknown): Combination | undefined {
  if (typeof guard !== 'function' || !('check' in guard)) return undefined;
  if (!['and', 'or', 'not', 'stateIn'].includes(guard.name)) return undefined;
  const guards = 'guards' in guard && Array.isArray(guard.guards) ? guard.guards : [];
  return { name: guard.name, guards, stateValue: 'stateValue' in guard ? guard.stateValue : undefined };
}

/** The part of a value that survives JSON; a function becomes `(computed)`, so that its presence is still seen. */
function plain(value: unknown): Json | undefined {
  if (value === undefined) return undefined;
  const text = JSON.stringify(value, (_key, item) =>
    typeof item === 'function' ? '(computed)' : typeof item === 'bigint' ? String(item) : item,
  );
  return text === undefined ? undefined : JSON.parse(text);
}

/** The source text of a machine's guards by name, as far as they are functions of its own: what a comparison can say of their code. */
export function guardCodeOf(machine: AnyStateMachine): Readonly<Record<string, string>> {
  const own = Object.entries(machine.implementations.guards).filter(([, guard]) => !isCombination(guard));
  return Object.fromEntries(own.map(([name, guard]) => [name, String(guard)]));
}
