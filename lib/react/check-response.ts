/** Checks a response against the `response_schema` of its request before it is sent, so that a form can say at once what is missing. */

/** What is wrong, and where: `tool_args.hours`; the path of the response itself is empty. */
export interface Issue {
  readonly path: string;
  /** For people: `is required`. */
  readonly message: string;
}

/** A JSON Schema, as zod writes it. */
type Schema = Readonly<Record<string, unknown>>;

/**
 * What the server would refuse, as far as a page can tell. It looks at types, required and unknown fields, choices,
 * lengths, bounds and patterns; whatever else a schema says is left to the server, whose answer counts.
 * @param schema the `response_schema` of a request; without one nothing is wrong
 */
export function checkResponse(schema: Schema | undefined, response: unknown): Issue[] {
  return schema ? check(schema, response, '', schema) : [];
}

function check(schema: Schema, value: unknown, path: string, root: Schema): Issue[] {
  const target = typeof schema.$ref === 'string' ? resolve(schema.$ref, root) : schema;
  if (!target) return [];
  const issue = (message: string): Issue[] => [{ path, message }];
  const types = listOf(target.type).map(String);
  if (types.length > 0 && !types.some((type) => isOfType(value, type))) {
    return issue(`has to be ${types.map(named).join(' or ')}`);
  }
  if ('const' in target && value !== target.const) return issue(`has to be ${String(target.const)}`);
  if (Array.isArray(target.enum) && !target.enum.includes(value)) {
    return issue(`has to be one of ${target.enum.join(', ')}`);
  }
  const choices = schemasIn(target.anyOf ?? target.oneOf).map((each) => check(each, value, path, root));
  if (choices.length > 0 && choices.every((found) => found.length > 0)) {
    return choices.toSorted((a, b) => a.length - b.length)[0] ?? [];
  }
  return [
    ...schemasIn(target.allOf).flatMap((each) => check(each, value, path, root)),
    ...bounds(target, value).flatMap(issue),
    ...fields(target, value, path, root),
  ];
}

function fields(schema: Schema, value: unknown, path: string, root: Schema): Issue[] {
  if (Array.isArray(value)) {
    const { items } = schema;
    return isSchema(items) ? value.flatMap((item, at) => check(items, item, `${path}[${at}]`, root)) : [];
  }
  if (!isSchema(value)) return [];
  const at = (name: string) => (path === '' ? name : `${path}.${name}`);
  const known = isSchema(schema.properties) ? schema.properties : {};
  const missing = listOf(schema.required)
    .map(String)
    .filter((name) => value[name] === undefined)
    .map((name) => ({ path: at(name), message: 'is required' }));
  const wrong = Object.entries(value).flatMap(([name, child]) => {
    if (child === undefined) return [];
    const own = Object.hasOwn(known, name) ? known[name] : schema.additionalProperties;
    if (own === false) return [{ path: at(name), message: 'is not expected' }];
    return isSchema(own) ? check(own, child, at(name), root) : [];
  });
  return [...missing, ...wrong];
}

/** What a number, a text or a list is beyond. */
function bounds(schema: Schema, value: unknown): string[] {
  const limit = (name: string) => {
    const found = schema[name];
    return typeof found === 'number' ? found : undefined;
  };
  const beyond = (size: number, least: string, most: string, unit: string): string[] => {
    const [low, high] = [limit(least), limit(most)];
    if (low !== undefined && size < low) return [`has to be at least ${low}${unit}`];
    return high !== undefined && size > high ? [`has to be at most ${high}${unit}`] : [];
  };
  if (typeof value === 'number') {
    const [above, below] = [limit('exclusiveMinimum'), limit('exclusiveMaximum')];
    if (above !== undefined && value <= above) return [`has to be above ${above}`];
    if (below !== undefined && value >= below) return [`has to be below ${below}`];
    return beyond(value, 'minimum', 'maximum', '');
  }
  if (Array.isArray(value)) return beyond(value.length, 'minItems', 'maxItems', ' items long');
  if (typeof value !== 'string') return [];
  const { pattern, format } = schema;
  const isOff = typeof pattern === 'string' && !matches(value, pattern);
  return [
    ...beyond(value.length, 'minLength', 'maxLength', ' characters long'),
    ...(isOff
      ? [typeof format === 'string' ? `has to be of the form ${format}` : 'has not the right form']
      : []),
  ];
}

/** A pattern that this engine does not know refuses nothing. */
function matches(text: string, pattern: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(text);
  } catch {
    return true;
  }
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
  return `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type}`;
}

/** What `#/$defs/Name` names; a reference elsewhere is not followed. */
function resolve(reference: string, root: Schema): Schema | undefined {
  let found: unknown = root;
  if (!reference.startsWith('#')) return undefined;
  for (const step of reference.slice(1).split('/').filter(Boolean)) {
    found = isSchema(found)
      ? found[decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')]
      : undefined;
  }
  return isSchema(found) ? found : undefined;
}

function schemasIn(value: unknown): Schema[] {
  return listOf(value).filter(isSchema);
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : value === undefined ? [] : [value];
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
