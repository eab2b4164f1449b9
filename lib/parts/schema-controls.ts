/** Which control a schema gets, chosen from the schema alone and never from a value; `schema-fields` makes fields of them. */
import { checkValue } from '../react/check-response';
import { isObject } from './json';
import { branchesOf, namesIn, optionsOf, propertiesOf, type Schema, shapeOf } from './schema-shape';
import { texts } from './texts';

/** How a value is put in. What no control can make is written as JSON. */
export type Control =
  /** `format` as in JSON Schema; a text without one may have several lines. */
  | { kind: 'text'; format: string | undefined; mayBeEmpty: boolean }
  | { kind: 'number' }
  | { kind: 'choice'; options: readonly unknown[] }
  /** Several of a few; `mayBeEmpty`: none of them is an answer too. */
  | { kind: 'choices'; options: readonly unknown[]; mayBeEmpty: boolean }
  | { kind: 'list'; item: Schema; most: number; mayBeEmpty: boolean }
  | { kind: 'tuple'; items: readonly Schema[]; least: number; rest: Schema | undefined }
  /** `rest`: of fields beyond those that are named. */
  | {
      kind: 'group';
      properties: Readonly<Record<string, Schema>>;
      required: readonly string[];
      rest: Schema | undefined;
    }
  | { kind: 'record'; rest: Schema }
  | { kind: 'union'; branches: readonly Branch[] }
  /** Says which branch of a union this is; nothing to choose. */
  | { kind: 'fixed'; value: unknown }
  | { kind: 'json' };

export interface Branch {
  readonly title: string;
  readonly schema: Schema;
  /** Fields that say which branch it is: their names. */
  readonly tags: readonly string[];
}

/** Of more choices than these no list of check boxes is made. */
const mostChoices = 60;

/** Marks the schema of a field that says which branch of a union this is. */
const tag = 'hitl:tag';

/** @param tags names of inner fields that only say which branch of a union this is */
export function controlOf(shape: Schema, root: Schema, tags: readonly string[], steps = 8): Control {
  // A shape that is nothing but itself is left as JSON.
  if (steps <= 0) return { kind: 'json' };
  const options = optionsOf(shape, root);
  if (options && options.length > 0) {
    const [only] = options;
    return tag in shape ? { kind: 'fixed', value: only } : { kind: 'choice', options };
  }
  const branches = branchesOf(shape, root);
  const [only] = branches;
  if (only && branches.length === 1) return controlOf(only, root, tags, steps - 1);
  if (branches.length > 1) return { kind: 'union', branches: titled(branches, root) };
  switch (shape.type ?? (isObject(shape.properties) ? 'object' : undefined)) {
    case 'string': {
      const format = formatOf(shape);
      return { kind: 'text', format, mayBeEmpty: format === undefined && !(Number(shape.minLength) > 0) };
    }
    case 'number':
    case 'integer':
      return { kind: 'number' };
    case 'array':
      return arrayOf(shape, root);
    case 'object':
      return objectOf(shape, root, tags);
    default:
      return { kind: 'json' };
  }
}

function arrayOf(shape: Schema, root: Schema): Control {
  const { prefixItems, items, minItems, maxItems } = shape;
  const least = typeof minItems === 'number' ? minItems : 0;
  const rest = items === false ? undefined : isObject(items) ? items : {};
  if (Array.isArray(prefixItems)) {
    return {
      kind: 'tuple',
      items: prefixItems.filter(isObject),
      least,
      rest: items === undefined ? undefined : rest,
    };
  }
  if (!rest) return { kind: 'json' };
  const most = typeof maxItems === 'number' ? maxItems : Number.POSITIVE_INFINITY;
  const options = optionsOf(shapeOf(rest, root), root) ?? [];
  const areFew = options.length > 1 && options.length <= mostChoices;
  return areFew && options.every((option) => typeof option === 'string' || typeof option === 'number')
    ? { kind: 'choices', options, mayBeEmpty: least === 0 }
    : { kind: 'list', item: rest, most, mayBeEmpty: least === 0 };
}

function objectOf(shape: Schema, root: Schema, tags: readonly string[]): Control {
  const { propertyNames, additionalProperties: beyond } = shape;
  const rest = isObject(beyond) ? beyond : beyond === true ? {} : undefined;
  const names = isObject(propertyNames) ? optionsOf(shapeOf(propertyNames, root), root) : undefined;
  const properties = names
    ? Object.fromEntries(names.map((name) => [String(name), rest ?? {}]))
    : propertiesOf(shape);
  if (Object.keys(properties).length === 0 && (rest || !('properties' in shape))) {
    return { kind: 'record', rest: rest ?? {} };
  }
  return {
    kind: 'group',
    properties: Object.fromEntries(
      Object.entries(properties).map(([name, own]) => [
        name,
        tags.includes(name) ? { ...own, [tag]: true } : own,
      ]),
    ),
    required: namesIn(shape.required),
    rest: names ? undefined : rest,
  };
}

/** Fields that every branch requires, and of which each branch takes another single value. */
function tagsOf(branches: readonly Schema[], root: Schema): string[] {
  const [first] = branches;
  return Object.keys(first ? propertiesOf(first) : {}).filter((name) => {
    const values = branches.map((branch) => {
      const own = propertiesOf(branch)[name];
      const options =
        own && namesIn(branch.required).includes(name) ? optionsOf(shapeOf(own, root), root) : undefined;
      return options?.length === 1 ? JSON.stringify(options[0]) : undefined;
    });
    return values.every((value) => value !== undefined) && new Set(values).size === values.length;
  });
}

function titled(branches: readonly Schema[], root: Schema): Branch[] {
  const tags = tagsOf(
    branches.filter((branch) => branch.type === 'object' || 'properties' in branch),
    root,
  );
  const all = branches.map((schema) => ({ schema, tags: 'properties' in schema ? tags : [] }));
  return all.map(({ schema, tags: own }, at) => {
    const title = titleOf(schema, root, own);
    const isAlone = all.every(
      (other, place) => place === at || titleOf(other.schema, root, other.tags) !== title,
    );
    return { schema, tags: own, title: isAlone ? title : texts.numbered(title, at + 1) };
  });
}

function titleOf(schema: Schema, root: Schema, tags: readonly string[]): string {
  if (typeof schema.title === 'string') return schema.title;
  const properties = propertiesOf(schema);
  const values = tags.flatMap((name) => optionsOf(shapeOf(properties[name] ?? {}, root), root) ?? []);
  if (values.length > 0) return values.map(texts.option).join(', ');
  const options = optionsOf(schema, root);
  if (options && options.length <= 3) return options.map(texts.option).join(', ');
  const names = Object.keys(properties);
  if (names.length > 0) return names.slice(0, 4).join(', ');
  return texts.types[String(schema.type)] ?? texts.json;
}

/** The format of a text, where it has one, which takes a single line. zod writes that of a time of day as a pattern. */
export function formatOf({ format, pattern, contentEncoding }: Schema): string | undefined {
  if (typeof format === 'string') return format;
  if (typeof contentEncoding === 'string') return contentEncoding;
  return typeof pattern === 'string' && pattern.startsWith('^(?:[01]\\d|2[0-3]):[0-5]\\d')
    ? 'time'
    : undefined;
}

/** The branch that a value fits: the first that finds nothing wrong with it, else none. */
export function branchOf(branches: readonly Branch[], value: unknown, root: Schema): Branch | undefined {
  return branches.find(({ schema }) => checkValue(schema, value, '', root).length === 0);
}
