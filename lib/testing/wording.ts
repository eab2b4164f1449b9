/** Events, states and values in words, for names of paths and for reports of failures. */
import { timerNameOf } from './state-nodes';

/** `respond by=ann yes=true`; a timer by the name of its delay. */
export function describeEvent({ type, ...payload }: { type: string }): string {
  const words = Object.entries(payload).map(([name, value]) => `${name}=${describe(value)}`);
  return [type.startsWith('xstate.after.') ? `after ${timerNameOf(type)}` : type, ...words].join(' ');
}

/** `pending.claimed`; the regions of a parallel state are joined by `&`. */
export function describeState(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  const regions = Object.entries(value).map(([name, child]) => {
    const inner = describeState(child);
    return inner ? `${name}.${inner}` : name;
  });
  return regions.join(' & ');
}

/** JSON, with short strings left bare. */
export function describe(value: unknown): string {
  return typeof value === 'string' && /^[\w.-]+$/.test(value)
    ? value
    : (JSON.stringify(asPlain(value)) ?? 'nothing');
}

/** JSON with sorted keys: equal for values that are equal as JSON, `Map`s and `Set`s counting as their entries. */
export function canonical(value: unknown): string {
  return JSON.stringify(asPlain(value)) ?? 'undefined';
}

function asPlain(value: unknown): unknown {
  if (value instanceof Map) return asPlain([...value.entries()]);
  if (value instanceof Set) return asPlain([...value]);
  if (Array.isArray(value)) return value.map(asPlain);
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return value;
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(
    fields.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, field]) => [name, asPlain(field)]),
  );
}
