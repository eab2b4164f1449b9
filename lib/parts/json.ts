/** What a value from JSON is, and whether two are the same; the parts look into payloads with it. */
import { canonicalJson } from '../protocol/canonical-json';

export type JsonObject = Readonly<Record<string, unknown>>;

/** Neither a list nor null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Equal as JSON, in whatever order the fields stand; one that is `undefined` counts as absent. */
export function isSame(a: unknown, b: unknown): boolean {
  return canonicalJson(a) === canonicalJson(b);
}
