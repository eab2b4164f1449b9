/** What an approval of the app's own kinds carries: what the kind says, and a comment beside it; `Kinds` validates answers with it. */
import { z } from 'zod';
import { isA } from '../../errors';
import { maxCommentLength } from '../../protocol/client-frames';
import type { JsonObject } from './app-types';
import { isAdapted, jsonSchemaOf } from './schemas';

type Carried = z.ZodType<JsonObject>;

export const comment = z.string().max(maxCommentLength).optional();

/** Cached by the kind's own schema. */
const approvals = new WeakMap<object, Carried>();
/** By the approval, where it is not simply the kind's own with one more field. */
const inside = new WeakMap<object, z.ZodType>();

/** The kind's own schema with a comment beside it; one that has a field of that name is left as it is. */
export function withComment(response: z.ZodType): Carried {
  const known = approvals.get(response);
  if (known) return known;
  const made = isA(response, z.ZodObject) && !isAdapted(response) ? beside(response) : around(response);
  approvals.set(response, made);
  return made;
}

/** The schema that says what an answer carries. */
export function insideOf(approval: z.ZodType): z.ZodType {
  return inside.get(approval) ?? approval;
}

/** The JSON Schema of an approval, for the form; nothing if its kind's schema has none. */
export function approvalJsonSchema(approval: z.ZodType): JsonObject | undefined {
  const own = jsonSchemaOf(insideOf(approval));
  return own && inside.has(approval) ? commentedJson(own) : own;
}

function beside(response: z.ZodObject): Carried {
  return 'comment' in response.shape ? response : (response.safeExtend({ comment }) as unknown as Carried);
}

/** Of a union, an intersection, a schema of another library: the comment is taken off before it is parsed. */
function around(response: z.ZodType): Carried {
  const made = z.unknown().transform((given, context) => {
    const issues = (found: z.core.$ZodIssue[]) => {
      context.issues.push(...(found as unknown as z.core.$ZodRawIssue[]));
      return z.NEVER;
    };
    const isObject = typeof given === 'object' && given !== null && !Array.isArray(given);
    if (!isObject || !('comment' in given)) {
      const result = response.safeParse(given);
      return result.success ? result.data : issues(result.error.issues);
    }
    const whole = response.safeParse(given);
    // It has a comment of its own.
    if (whole.success && (whole.data as JsonObject).comment !== undefined) return whole.data;
    const { comment: words, ...rest } = given as JsonObject;
    const said = comment.safeParse(words);
    if (!said.success) return issues(said.error.issues.map((each) => ({ ...each, path: ['comment'] })));
    const result = response.safeParse(rest);
    if (!result.success) return issues(result.error.issues);
    return { ...(result.data as object), ...(said.data !== undefined && { comment: said.data }) };
  }) as unknown as Carried;
  inside.set(made, response);
  return made;
}

/** With a comment in each object that has none. */
function commentedJson(schema: JsonObject): JsonObject {
  const { properties, anyOf, oneOf } = schema as {
    properties?: JsonObject;
    anyOf?: unknown;
    oneOf?: unknown;
  };
  const each = (branches: unknown) =>
    Array.isArray(branches) ? branches.map((branch) => commentedJson(branch as JsonObject)) : branches;
  if (anyOf || oneOf)
    return { ...schema, ...(anyOf ? { anyOf: each(anyOf) } : {}), ...(oneOf ? { oneOf: each(oneOf) } : {}) };
  if (schema.type !== 'object' || properties?.comment !== undefined) return schema;
  const field = { type: 'string', maxLength: maxCommentLength };
  return { ...schema, properties: { ...properties, comment: field } };
}
