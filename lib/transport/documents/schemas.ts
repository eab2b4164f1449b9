/** JSON Schemas of what travels, by name and referring to each other; both documents take theirs from here. */
import { z } from 'zod';
import { authorSchema } from '../../protocol/author-view';
import { errorSchema } from '../../protocol/envelopes';
import { messageViewSchema } from '../../protocol/message-view';
import { policySchema } from '../../protocol/policy-view';
import { requestViewSchema } from '../../protocol/request-view';
import { sessionViewSchema } from '../../protocol/session-view';
import { turnViewSchema } from '../../protocol/turn-view';

/** Of what travels, as in `hitl.v1`; not that of the package. */
export const protocolVersion = '1';

export type JsonSchema = Record<string, unknown>;

/** What is referred to by name wherever it occurs. */
const views = {
  Author: authorSchema,
  Hitl: requestViewSchema,
  Message: messageViewSchema,
  Policy: policySchema,
  Session: sessionViewSchema,
  Turn: turnViewSchema,
};

/** The body of every refusal. */
export const refusalSchema = z.object({
  error: errorSchema.pick({ code: true, message: true, details: true }),
});

/** Where a document holds its schemas. */
export const schemaUri = (name: string) => `#/components/schemas/${name}`;

/**
 * The schemas as JSON Schema, each by its name, with all views beside them.
 * @param target OpenAPI 3.1 speaks `draft-2020-12`, AsyncAPI `draft-7`
 */
export function jsonSchemasOf(
  named: Readonly<Record<string, z.ZodType>>,
  target: 'draft-2020-12' | 'draft-7',
): Record<string, JsonSchema> {
  const registry = z.registry<{ id: string }>();
  const aliases: [string, JsonSchema][] = [];
  for (const [id, schema] of Object.entries({ ...views, ...named })) {
    const first = registry.get(schema)?.id;
    if (first === undefined) registry.add(schema, { id });
    else aliases.push([id, { $ref: schemaUri(first) }]);
  }
  // As what is sent in: that leaves objects open, and fields may be added to all of them.
  const { schemas } = z.toJSONSchema(registry, { io: 'input', target, uri: schemaUri });
  const all: [string, JsonSchema][] = [...Object.entries(schemas), ...aliases];
  return Object.fromEntries(all.sort(byName).map(([id, schema]) => [id, bare(schema)]));
}

function bare({ $schema: _schema, $id: _id, ...schema }: JsonSchema): JsonSchema {
  return schema;
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1;
}
