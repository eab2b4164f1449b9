/** The OpenAPI document of the REST side, made from the operations that are served; the router serves it. */
import { STATUS_CODES } from 'node:http';
import { errorCodes, type WireCode } from '../../errors';
import type { Operation } from '../rest/operation';
import { type JsonSchema, jsonSchemasOf, protocolVersion, refusalSchema, schemaUri } from './schemas';

/** What every operation may refuse with; those that change something also `changeRefusals`. */
const refusals: readonly WireCode[] = [
  'authentication_required',
  'invalid_frame',
  'unavailable',
  'closing',
  'storage_failed',
  'internal',
];
const changeRefusals: readonly WireCode[] = ['origin_refused', 'too_large'];

/** An OpenAPI 3.1 document. */
export function openApiOf(operations: readonly Operation[]): JsonSchema {
  const bodies = operations.flatMap(({ id, query, body, answers }) => [
    ...(query ? [[nameOf(id, 'Query'), query] as const] : []),
    ...(body ? [[nameOf(id, 'Body'), body] as const] : []),
    ...Object.entries(answers).map(([status, schema]) => [nameOf(id, 'Answer', status), schema] as const),
  ]);
  const all = jsonSchemasOf({ ...Object.fromEntries(bodies), Refusal: refusalSchema }, 'draft-2020-12');
  // A query travels as parameters, each with its own schema.
  const queries = new Set(operations.map(({ id }) => nameOf(id, 'Query')));
  const schemas = Object.fromEntries(Object.entries(all).filter(([name]) => !queries.has(name)));
  const paths: Record<string, Record<string, unknown>> = {};
  for (const each of operations) {
    const path = each.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [each.method]: operationObject(each, all[nameOf(each.id, 'Query')]) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'express-hitl',
      version: protocolVersion,
      description:
        'Reading tickets and asking and answering requests to humans. Who calls is for the app to know: its own login applies, which this document cannot name.',
    },
    // Relative to where this document is served from.
    servers: [{ url: '.' }],
    paths,
    components: { schemas },
  };
}

function operationObject(declared: Operation, query: JsonSchema | undefined): JsonSchema {
  const { id, summary, method, path, body, answers, mediaType } = declared;
  const parameters = [...pathParameters(path), ...queryParameters(query)];
  return {
    operationId: id,
    summary,
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: { required: true, content: content(nameOf(id, 'Body')) } }),
    responses: {
      ...Object.fromEntries(
        Object.keys(answers).map((status) => [
          status,
          { description: STATUS_CODES[status], content: content(nameOf(id, 'Answer', status), mediaType) },
        ]),
      ),
      ...refusalResponses([...declared.refusals, ...refusals, ...(method === 'post' ? changeRefusals : [])]),
    },
  };
}

/** One response per status, which says the codes it may carry. */
function refusalResponses(codes: readonly WireCode[]): JsonSchema {
  const byStatus = new Map<number, Set<WireCode>>();
  for (const code of codes) {
    const { status } = errorCodes[code];
    byStatus.set(status, (byStatus.get(status) ?? new Set()).add(code));
  }
  return Object.fromEntries(
    [...byStatus].map(([status, some]) => [
      status,
      { description: [...some].sort().join(', '), content: content('Refusal') },
    ]),
  );
}

function pathParameters(path: string): JsonSchema[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function queryParameters(query: JsonSchema | undefined): JsonSchema[] {
  const required = new Set((query?.required as string[] | undefined) ?? []);
  return Object.entries((query?.properties as Record<string, JsonSchema> | undefined) ?? {}).map(
    ([name, schema]) => ({ name, in: 'query', ...(required.has(name) && { required: true }), schema }),
  );
}

function content(name: string, mediaType: string = 'application/json'): JsonSchema {
  return { [mediaType]: { schema: { $ref: schemaUri(name) } } };
}

/** `listRequests` and `Answer` make `ListRequestsAnswer`; statuses other than 200 are distinguished by their number. */
function nameOf(id: string, part: 'Query' | 'Body' | 'Answer', status = '200'): string {
  return `${id.charAt(0).toUpperCase()}${id.slice(1)}${part}${status === '200' ? '' : status}`;
}
