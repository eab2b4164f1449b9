/** Schemas of other libraries as schemas of zod, which the hub parses and draws forms with; `Kinds` and tools read theirs through here. */
import { z } from 'zod';
import { describe, HubError } from '../../errors';
import type { JsonObject } from './app-types';
import { inputSchema } from './input-schema';
import type { Schema, SchemaIssue } from './standard-schema';

/** By the schema that was given: the same one each time, since what is known of it is remembered by it. */
const adapted = new WeakMap<object, z.ZodType>();
/** By the schema of zod: its JSON Schema, where it has one that zod does not know; `null` where there is none. */
const jsonSchemas = new WeakMap<object, JsonObject | null>();

/**
 * A JSON Schema (draft 2020-12, 7 or 4, or OpenAPI 3.0) as a schema for `defineKind` and `hitl.tool`: values are validated by
 * it and forms drawn from it.
 * @typeParam T what the schema describes; this is not checked
 * @throws HubError `invalid_request` for one that cannot be read, such as with a `$ref` to elsewhere
 */
export function jsonSchema<T extends object = JsonObject>(schema: JsonObject): Schema<T> {
  try {
    const read = z.fromJSONSchema(structuredClone(schema) as Parameters<typeof z.fromJSONSchema>[0]);
    jsonSchemas.set(read, structuredClone(schema));
    return read as unknown as Schema<T>;
  } catch (cause) {
    throw new HubError('invalid_request', {
      message: `jsonSchema cannot read this: ${describe(cause)}`,
      cause,
    });
  }
}

/**
 * A schema as one of zod 4: itself, if it is one; what is none is returned unchanged, to be refused by `whyNoSchema`, which
 * names the rule.
 */
export function zodOf(schema: unknown): z.ZodType {
  const given = schema as Partial<Schema> & { _zod?: unknown; _def?: unknown };
  const isObject = (typeof schema === 'object' && schema !== null) || typeof schema === 'function';
  const standard = isObject ? given['~standard'] : undefined;
  if (!standard || given._zod !== undefined || standard.vendor === 'zod' || !isStandard(standard))
    return schema as z.ZodType;
  const known = adapted.get(given);
  if (known) return known;
  const made = z.unknown().transform((value, context) => {
    const result = standard.validate(value);
    if ('then' in result) {
      result.then(undefined, () => {});
      throw new z.core.$ZodAsyncError();
    }
    if (!result.issues) return result.value;
    for (const { message, path } of result.issues)
      context.issues.push({ code: 'custom', message, path: stepsOf(path), input: value });
    return z.NEVER;
  });
  adapted.set(given, made);
  jsonSchemas.set(made, ownJsonSchema(standard) ?? null);
  return made;
}

/** Whether its JSON Schema is not what zod makes of it. */
export function isAdapted(schema: z.ZodType): boolean {
  return jsonSchemas.has(schema);
}

/** What a schema takes, as JSON Schema; nothing for one of a library that has none. @throws what zod throws */
export function jsonSchemaOf(schema: z.ZodType): JsonObject | undefined {
  const own = jsonSchemas.get(schema);
  return own === undefined ? inputSchema(schema) : (own ?? undefined);
}

type Standard = Schema['~standard'];

function isStandard({ version, validate }: Partial<Standard>): boolean {
  return version === 1 && typeof validate === 'function';
}

function stepsOf(path: SchemaIssue['path'] = []): PropertyKey[] {
  return path.map((step) => (typeof step === 'object' ? step.key : step));
}

/** As Standard JSON Schema has it, where a library follows that too. */
function ownJsonSchema(standard: Standard): JsonObject | undefined {
  const { jsonSchema: made } = standard as { jsonSchema?: { input?(options: object): JsonObject } };
  try {
    return made?.input?.({ target: 'draft-2020-12' });
  } catch {
    // A library says by throwing that it has no words for this one.
    return undefined;
  }
}
