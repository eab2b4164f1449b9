/** Reads a JSON Schema as a form: which fields it has, and what kind of control each needs; `SchemaForm` draws them. */

import { isObject, type JsonObject } from './json';

/** A JSON Schema, as `response_schema` holds it. */
export type Schema = JsonObject;

/** How a value is put in. What no simple control can make is written as JSON. */
export type Control =
  | { kind: 'text'; isLong: boolean }
  | { kind: 'number' }
  | { kind: 'flag' }
  | { kind: 'choice'; options: readonly unknown[] }
  | { kind: 'choices'; options: readonly string[] }
  | { kind: 'group'; fields: readonly Field[] }
  | { kind: 'json' };

export interface Field {
  readonly name: string;
  /** As the server names it in an issue: `tool_args.hours`. */
  readonly path: string;
  readonly title: string | undefined;
  readonly description: string | undefined;
  readonly isRequired: boolean;
  /** What the value may be, in words: "1 to 72"; nothing where the control says it. */
  readonly bounds: readonly [least: number | undefined, most: number | undefined];
  readonly control: Control;
}

/** From this many characters on a text gets several lines. */
const longText = 200;
const groupsDeep = 4;

/** The fields of an object's schema, in its order; none if it has none to name. @param path of the object itself */
export function fieldsOf(schema: Schema, path = '', root = schema, level = 0): Field[] {
  const target = resolved(schema, root);
  const required = Array.isArray(target.required) ? target.required : [];
  return Object.entries(isObject(target.properties) ? target.properties : {}).flatMap(([name, child]) => {
    if (!isObject(child)) return [];
    const at = path === '' ? name : `${path}.${name}`;
    const { title, description } = resolved(child, root);
    return {
      name,
      path: at,
      title: typeof title === 'string' ? title : undefined,
      description: typeof description === 'string' ? description : undefined,
      isRequired: required.includes(name),
      bounds: boundsOf(resolved(child, root)),
      control: controlOf(child, at, root, level),
    };
  });
}

/** A field for a whole value, written as JSON. */
export function jsonField(name: string, title: string): Field {
  return {
    name,
    path: name,
    title,
    description: undefined,
    isRequired: true,
    bounds: [undefined, undefined],
    control: { kind: 'json' },
  };
}

/** The schema of one property of an object's schema. */
export function propertyOf(schema: Schema | undefined, name: string): Schema | undefined {
  const found = schema && isObject(schema.properties) ? schema.properties[name] : undefined;
  return isObject(found) && schema ? resolved(found, schema) : undefined;
}

function controlOf(schema: Schema, path: string, root: Schema, level: number): Control {
  const target = resolved(schema, root);
  if (Array.isArray(target.enum)) return { kind: 'choice', options: target.enum };
  if ('const' in target) return { kind: 'choice', options: [target.const] };
  switch (target.type) {
    case 'string':
      return { kind: 'text', isLong: typeof target.maxLength !== 'number' || target.maxLength > longText };
    case 'number':
    case 'integer':
      return { kind: 'number' };
    case 'boolean':
      return { kind: 'flag' };
    case 'array': {
      const items = isObject(target.items) ? resolved(target.items, root).enum : undefined;
      const areTexts = Array.isArray(items) && items.every((item) => typeof item === 'string');
      return areTexts ? { kind: 'choices', options: items } : { kind: 'json' };
    }
    case 'object': {
      const fields = level < groupsDeep ? fieldsOf(target, path, root, level + 1) : [];
      const isClosed = target.additionalProperties === undefined || target.additionalProperties === false;
      return fields.length > 0 && isClosed ? { kind: 'group', fields } : { kind: 'json' };
    }
    default:
      return { kind: 'json' };
  }
}

function boundsOf(schema: Schema): Field['bounds'] {
  const [least, most] = [schema.minimum, schema.maximum].map((bound) =>
    // Bounds at the edge of what a number can hold are none that a person cares for.
    typeof bound === 'number' && Math.abs(bound) < Number.MAX_SAFE_INTEGER ? bound : undefined,
  );
  return [least, most];
}

/** Follows `$ref` within the document; what it leads to, or the schema itself. */
function resolved(schema: Schema, root: Schema): Schema {
  if (typeof schema.$ref !== 'string' || !schema.$ref.startsWith('#/')) return schema;
  let found: unknown = root;
  for (const step of schema.$ref.slice(2).split('/')) found = isObject(found) ? found[step] : undefined;
  return isObject(found) ? found : schema;
}
