/** Whether what a schema has made of an answer is what was sent: kinds refuse answers of which something would be lost or changed. */
import type { z } from 'zod';
import { describeIssue } from '../../protocol/codec';
import { unknownFields } from '../../protocol/unknown-field';

type AnySchema = z.core.$ZodType;

/** What an object schema would drop of a value, at any level, as a sentence; nothing if it drops nothing. */
export function unknownIn(
  schema: AnySchema | undefined,
  value: unknown,
  path: PropertyKey[] = [],
): string | undefined {
  if (!schema || typeof value !== 'object' || value === null) return undefined;
  const definition = schema._zod.def as unknown as { type: string } & Record<string, unknown>;
  switch (definition.type) {
    case 'object': {
      const { shape, catchall } = definition as unknown as z.core.$ZodObjectDef;
      const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
      const unknown = entries.map(([key]) => key).filter((key) => !Object.hasOwn(shape, key));
      if (!catchall && unknown.length > 0)
        return describeIssue({
          code: 'unrecognized_keys',
          keys: unknown,
          path,
          message: unknownFields(unknown, Object.keys(shape)),
        });
      return first(entries, ([key, inner]) => unknownIn(shape[key], inner, [...path, key]));
    }
    case 'array':
      return first([...(value as unknown[]).entries()], ([index, inner]) =>
        unknownIn(definition.element as AnySchema, inner, [...path, index]),
      );
    case 'record':
      return first(Object.entries(value), ([key, inner]) =>
        unknownIn(definition.valueType as AnySchema, inner, [...path, key]),
      );
    case 'tuple':
      return first([...(value as unknown[]).entries()], ([index, inner]) =>
        unknownIn((definition.items as AnySchema[])[index], inner, [...path, index]),
      );
    case 'union': {
      const whys = (definition.options as AnySchema[]).map((option) => unknownIn(option, value, path));
      return whys.every((why) => why !== undefined) ? whys[0] : undefined;
    }
    case 'pipe':
      return unknownIn(definition.in as AnySchema, value, path);
    case 'lazy':
      return unknownIn((definition.getter as () => AnySchema)(), value, path);
    default:
      return unknownIn(definition.innerType as AnySchema | undefined, value, path);
  }
}

/** The first place where two JSON values differ, as a sentence about what became of `sent`; nothing if they are the same. */
export function changedIn(sent: unknown, parsed: unknown, path: string): string | undefined {
  if (typeof sent !== 'object' || sent === null || typeof parsed !== 'object' || parsed === null)
    return sent === parsed ? undefined : `${path}: The schema would change it; send it as the tool takes it`;
  if (
    Array.isArray(sent) !== Array.isArray(parsed) ||
    (Array.isArray(sent) && sent.length !== Object.keys(parsed).length)
  )
    return `${path}: The schema would change the list; send it as the tool takes it`;
  const before = new Map(Object.entries(sent).filter(([, value]) => value !== undefined));
  const after = new Map(Object.entries(parsed));
  for (const key of before.keys())
    if (!after.has(key)) return `${path}.${key}: The tool does not take this field`;
  for (const [key, value] of after) {
    if (!before.has(key))
      return `${path}.${key}: The schema would fill this in; send the value that is to be used`;
    const why = changedIn(before.get(key), value, `${path}.${key}`);
    if (why) return why;
  }
  return undefined;
}

function first<T>(items: readonly T[], why: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = why(item);
    if (found) return found;
  }
  return undefined;
}
