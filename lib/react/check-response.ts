/** Checks a response against the `response_schema` of its request before it is sent, so that a form can say at once what is missing. */
import { unfinishedOf } from './unfinished';

/** What is wrong, and where: `tool_args.hours`, `ports[0]`; the path of the response itself is empty. */
export interface Issue {
  readonly path: string;
  /** For people: `is required`. */
  readonly message: string;
}

/** A JSON Schema, as zod writes it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Alternatives within alternatives that are followed without a step into the value. */
const deepest = 32;

/**
 * What the server would certainly refuse. It looks at types, required and unknown fields, choices, lengths and bounds.
 * Patterns, formats, steps (`multipleOf`) and the names of a record's keys are not evaluated here: the server decides on
 * them, and says in `details.issues` where it found what.
 * @param schema the `response_schema` of a request; without one only what is not complete is wrong
 */
export function checkResponse(schema: JsonSchema | undefined, response: unknown): Issue[] {
  return [...open(response, ''), ...(schema ? checkValue(schema, response, '', schema) : [])];
}

/** The same of a part of a response. @param path of the value @param root the document that `schema` refers into */
export function checkValue(
  schema: JsonSchema,
  value: unknown,
  path: string,
  root: JsonSchema,
  depth = 0,
): Issue[] {
  const target = typeof schema.$ref === 'string' ? resolve(schema.$ref, root) : schema;
  // What is not complete is found by itself, and is of no type yet.
  if (!target || depth > deepest || unfinishedOf(value)) return [];
  const issue = (message: string): Issue[] => [{ path, message }];
  const types = listOf(target.type).map(String);
  if (value === undefined && (types.length > 0 || 'const' in target || 'enum' in target)) {
    return issue('is required');
  }
  if (types.length > 0 && !types.some((type) => isOfType(value, type))) {
    return issue(`has to be ${types.map(named).join(' or ')}`);
  }
  if ('const' in target && value !== target.const) return issue(`has to be ${String(target.const)}`);
  if (Array.isArray(target.enum) && !target.enum.includes(value)) {
    return issue(`has to be one of ${target.enum.join(', ')}`);
  }
  const choices = schemasIn(target.anyOf ?? target.oneOf).map((each) =>
    checkValue(each, value, path, root, depth + 1),
  );
  if (choices.length > 0 && choices.every((found) => found.length > 0)) {
    return choices.toSorted((a, b) => a.length - b.length)[0] ?? [];
  }
  const parts = schemasIn(target.allOf).map((each) => checkValue(each, value, path, root, depth + 1));
  return [...inAll(parts), ...bounds(target, value).flatMap(issue), ...fields(target, value, path, root)];
}

/** Fields of the value that hold something which is not complete. */
function open(value: unknown, path: string): Issue[] {
  const found = unfinishedOf(value);
  if (found) return [{ path, message: found.message }];
  if (Array.isArray(value)) return value.flatMap((item, at) => open(item, `${path}[${at}]`));
  if (!isSchema(value)) return [];
  return Object.entries(value).flatMap(([name, child]) => open(child, join(path, name)));
}

/** A field that one part of an intersection does not expect may be known to another. */
function inAll(parts: readonly Issue[][]): Issue[] {
  const isIn = (part: readonly Issue[], issue: Issue) =>
    part.some(({ path, message }) => path === issue.path && message === issue.message);
  return parts.flatMap((part, at) =>
    part.filter(
      (issue) =>
        issue.message !== unexpected ||
        (parts.every((other) => isIn(other, issue)) &&
          !parts.slice(0, at).some((other) => isIn(other, issue))),
    ),
  );
}

const unexpected = 'is not expected';

function fields(schema: JsonSchema, value: unknown, path: string, root: JsonSchema): Issue[] {
  if (Array.isArray(value)) {
    const first = listOf(schema.prefixItems);
    return value.flatMap((item, at) => {
      const own = at < first.length ? first[at] : schema.items;
      if (item === undefined) return [{ path: `${path}[${at}]`, message: 'is required' }];
      return isSchema(own) ? checkValue(own, item, `${path}[${at}]`, root) : [];
    });
  }
  if (!isSchema(value)) return [];
  const known = isSchema(schema.properties) ? schema.properties : {};
  const missing = listOf(schema.required)
    .map(String)
    .filter((name) => !Object.hasOwn(value, name) || value[name] === undefined)
    .map((name) => ({ path: join(path, name), message: 'is required' }));
  const wrong = Object.entries(value).flatMap(([name, child]) => {
    if (child === undefined) return [];
    const own = Object.hasOwn(known, name) ? known[name] : schema.additionalProperties;
    if (own === false) return [{ path: join(path, name), message: unexpected }];
    return isSchema(own) ? checkValue(own, child, join(path, name), root) : [];
  });
  return [...missing, ...wrong];
}

/** What a number, a text or a list is beyond. */
function bounds(schema: JsonSchema, value: unknown): string[] {
  const limit = (name: string) => {
    const found = schema[name];
    return typeof found === 'number' ? found : undefined;
  };
  const beyond = (size: number, least: string, most: string, unit: string, sizeForMost = size): string[] => {
    const [low, high] = [limit(least), limit(most)];
    if (low !== undefined && size < low) return [`has to be at least ${low}${unit}`];
    return high !== undefined && sizeForMost > high ? [`has to be at most ${high}${unit}`] : [];
  };
  if (typeof value === 'number') {
    const [above, below] = [limit('exclusiveMinimum'), limit('exclusiveMaximum')];
    if (above !== undefined && value <= above) return [`has to be above ${above}`];
    if (below !== undefined && value >= below) return [`has to be below ${below}`];
    return beyond(value, 'minimum', 'maximum', '');
  }
  if (Array.isArray(value)) return beyond(value.length, 'minItems', 'maxItems', ' items long');
  if (typeof value !== 'string') return [];
  // Some count code points and some UTF-16 units; beyond is what is beyond in both.
  return beyond(value.length, 'minLength', 'maxLength', ' characters long', [...value].length);
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isSchema(value);
    case 'integer':
      return Number.isInteger(value);
    case 'string':
    case 'number':
    case 'boolean':
      return typeof value === type;
    default:
      return true;
  }
}

function named(type: string): string {
  if (type === 'string') return 'a text';
  if (type === 'integer') return 'a whole number';
  if (type === 'null') return 'none';
  return `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type}`;
}

/** What `#/$defs/Name` names; a reference elsewhere is not followed. */
export function resolve(reference: string, root: JsonSchema): JsonSchema | undefined {
  let found: unknown = root;
  if (!reference.startsWith('#')) return undefined;
  for (const step of reference.slice(1).split('/').filter(Boolean)) {
    found = isSchema(found)
      ? found[decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')]
      : undefined;
  }
  return isSchema(found) ? found : undefined;
}

/** The path of a field of what is at `path`. */
function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function schemasIn(value: unknown): JsonSchema[] {
  return listOf(value).filter(isSchema);
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : value === undefined ? [] : [value];
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
