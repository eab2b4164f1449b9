/** What a value from JSON is, and whether two are the same; the parts look into payloads with it. */
export { isSame } from '../protocol/agreement';

export type JsonObject = Readonly<Record<string, unknown>>;

/** Neither a list nor null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
