/** The error text for an unknown field: its name, the one that was probably meant, and the known ones; every reader of options or JSON calls it. */
import type { z } from 'zod';
import { nearestName } from './nearest-name';

/** What a schema is parsed with, so that its refusal of an unknown field names the one that was probably meant. */
export const namingFields: z.core.ParseContext<z.core.$ZodIssue> = {
  error: (issue) =>
    issue.code === 'unrecognized_keys'
      ? unknownFields(issue.keys as string[], fieldsOf(issue.inst))
      : undefined,
};

/** What is wrong with these fields, which one was probably meant, and what there is. */
export function unknownFields(unknown: readonly string[], known: readonly string[]): string {
  const nearest = unknown.map((name) => nearestName(name, known)).find((name) => name !== undefined);
  const meant = nearest === undefined ? '' : `; did you mean ${nearest}?`;
  const names = unknown.slice(0, mostNamed).map((name) => JSON.stringify(name.slice(0, maxNameShown)));
  return `Unrecognized ${unknown.length > 1 ? 'keys' : 'key'}: ${names.join(', ')}${meant}${knownNames(known)}`;
}

/** Fields that a refusal lists; and characters of a name that it repeats. */
const mostNamed = 40;
const maxNameShown = 80;

function knownNames(known: readonly string[]): string {
  if (known.length === 0) return '';
  const more = known.length > mostNamed ? ' and others' : '';
  return ` (known: ${known.slice(0, mostNamed).join(', ')}${more})`;
}

/**
 * Of a schema that ignores what it does not know: the refusal of a field that looks like one of its own, misspelt, since
 * its author believes that it has an effect. Only the outermost fields are checked.
 */
export function misspeltField(schema: unknown, value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const known = fieldsOf(schema);
  const missing = known.filter((name) => !(name in value));
  const wrong = Object.keys(value).find(
    (name) => !known.includes(name) && nearestName(name, missing) !== undefined,
  );
  return wrong === undefined ? undefined : `The content: ${unknownFields([wrong], known)}`;
}

/** The names of an object schema's fields; none of any other schema. */
function fieldsOf(schema: unknown): string[] {
  const shape = (schema as Partial<z.ZodObject> | undefined)?.shape;
  return shape ? Object.keys(shape) : [];
}

/** The `error` of a strict object's schema, for fields that belong elsewhere; other issues have zod's own text. @param advice where they belong */
export function unknownField(advice: string) {
  return (issue: z.core.$ZodRawIssue): string | undefined => {
    const words = namingFields.error?.(issue);
    return typeof words === 'string' ? `${words}; ${advice}` : undefined;
  };
}
