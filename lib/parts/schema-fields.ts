/** Reads a JSON Schema as a form: which fields it has, and which control each gets, chosen from the schema alone; `SchemaForm` draws them. */
import { checkValue } from '../react/check-response';
import { type Branch, type Control, controlOf, formatOf } from './schema-controls';
import { propertiesOf, type Schema, shapeOf } from './schema-shape';
import { texts } from './texts';

export interface Field {
  readonly name: string;
  /** As the server names it in an issue: `tool_args.hours`. */
  readonly path: string;
  readonly title: string | undefined;
  readonly description: string | undefined;
  readonly isRequired: boolean;
  /** The schema's `default`, where it can be sent; a server would put it in place of an absent value. */
  readonly fallback: { readonly value: unknown } | undefined;
  /** What the value may be, in words: "1 to 72". */
  readonly notes: readonly string[];
  readonly control: Control;
  /** The document that the schemas refer into. */
  readonly root: Schema;
  /** How many fields this one is in. */
  readonly level: number;
}

/** Fields in fields that get controls of their own; deeper ones are written as JSON. */
const deepest = 10;

interface Place {
  name: string;
  path: string;
  isRequired: boolean;
  root: Schema;
  level?: number;
  /** Names of inner fields that only say which branch this is. */
  tags?: readonly string[];
}

export function fieldOf(
  schema: Schema,
  { name, path, isRequired, root, level = 0, tags = [] }: Place,
): Field {
  const shape = shapeOf(schema, root);
  const { title, description } = shape;
  const { default: fallback, ...input } = shape;
  const isFit = fallback !== undefined && checkValue(input, fallback, path, root).length === 0;
  return {
    name,
    path,
    title: typeof title === 'string' ? title : undefined,
    description: typeof description === 'string' ? description : undefined,
    isRequired,
    fallback: isFit ? { value: fallback } : undefined,
    notes: notesOf(shape, fallback !== undefined && !isFit ? fallback : undefined),
    control: level > deepest ? { kind: 'json' } : controlOf(shape, root, tags),
    root,
    level,
  };
}

/** A field for a whole response. */
export function responseField(schema: Schema): Field {
  return fieldOf(schema, { name: '', path: '', isRequired: true, root: schema });
}

/** The fields of a group, in the order of its schema. */
export function fieldsOf(field: Field): Field[] {
  const { control } = field;
  if (control.kind !== 'group') return [];
  return Object.entries(control.properties).map(([name, schema]) =>
    innerField(field, schema, name, pathOf(field, name), control.required.includes(name)),
  );
}

/** A field within another: an item, an entry. */
export function innerField(
  { root, level }: Field,
  schema: Schema,
  name: string,
  path: string,
  isRequired = true,
): Field {
  return fieldOf(schema, { name, path, isRequired, root, level: level + 1 });
}

/** The field that a branch of a union becomes once it is chosen. */
export function branchField({ name, path, root, level }: Field, { schema, tags }: Branch): Field {
  const { title: _title, ...untitled } = schema;
  return fieldOf(untitled, { name, path, isRequired: true, root, level: level + 1, tags });
}

/** The path of what is called `name` in an object. */
export function pathOf({ path }: Pick<Field, 'path'>, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

/** Whether it is this path, or one below it. */
export function isAt(path: string, ancestor: string): boolean {
  if (ancestor === '') return true;
  return path === ancestor || path.startsWith(`${ancestor}.`) || path.startsWith(`${ancestor}[`);
}

/** The schema of one property of an object's schema. */
export function propertyOf(schema: Schema | undefined, name: string): Schema | undefined {
  return schema && propertiesOf(shapeOf(schema, schema))[name];
}

/** @param becomes the default, where the server would put one that cannot be sent */
function notesOf(shape: Schema, becomes: unknown): string[] {
  const limit = (name: string) => {
    const found = shape[name];
    // Bounds at the edge of what a number can hold are none that a person cares for.
    return typeof found === 'number' && Math.abs(found) < 1e15 ? found : undefined;
  };
  const notes = [
    texts.bounds(limit('minimum'), limit('maximum')),
    texts.above(limit('exclusiveMinimum')),
    texts.below(limit('exclusiveMaximum')),
    texts.step(limit('multipleOf')),
    texts.length(limit('minLength'), limit('maxLength')),
    'prefixItems' in shape ? '' : texts.size(limit('minItems'), limit('maxItems')),
    texts.format(formatOf(shape)),
    becomes === undefined ? '' : texts.becomes(JSON.stringify(becomes)),
  ];
  return notes.filter((note) => note !== '');
}
