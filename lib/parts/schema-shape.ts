/** A JSON Schema with its references followed and its parts put together, and the alternatives it has; `schema-fields` reads forms from it. */
import { resolve } from '../react/check-response';
import { isObject, isSame, type JsonObject } from './json';

/** A JSON Schema, as `response_schema` holds it. */
export type Schema = JsonObject;

/** References and parts that are followed for one shape, so that one which leads to itself ends. */
const mostSteps = 32;

/** The schema without `$ref` and `allOf`. A reference that leads nowhere, or to itself, leaves `{}`: anything. */
export function shapeOf(schema: Schema, root: Schema, steps = mostSteps): Schema {
  if (steps <= 0) return {};
  const { $ref, allOf, $defs, ...own } = schema;
  const target = typeof $ref === 'string' ? resolve($ref, root) : undefined;
  const parts = Array.isArray(allOf) ? allOf.filter(isObject) : [];
  // What stands beside a reference, such as a default, is said of this place and counts more.
  const base = target ? { ...shapeOf(target, root, steps - 1), ...own } : own;
  return parts.reduce<Schema>((all, part) => both(all, shapeOf(part, root, steps - 1)), base);
}

/** What fits both, as far as a form has to know; the server looks at the rest. */
function both(a: Schema, b: Schema): Schema {
  const [inA, inB] = [propertiesOf(a), propertiesOf(b)];
  const names = [...new Set([...Object.keys(inA), ...Object.keys(inB)])];
  const properties = Object.fromEntries(
    names.map((name) => [
      name,
      name in inA && name in inB ? { allOf: [inA[name], inB[name]] } : (inA[name] ?? inB[name]),
    ]),
  );
  const required = [...new Set([...namesIn(a.required), ...namesIn(b.required)])];
  return {
    ...b,
    ...a,
    ...(names.length > 0 && { properties }),
    ...(required.length > 0 && { required }),
    // A field is unknown only where neither knows it.
    ...((a.additionalProperties === false) !== (b.additionalProperties === false) && {
      additionalProperties: undefined,
    }),
  };
}

/** The values of a schema that has only a few: of choices, of yes and no, of none. */
export function optionsOf(shape: Schema, root: Schema, steps = mostSteps): readonly unknown[] | undefined {
  if ('const' in shape) return [shape.const];
  if (Array.isArray(shape.enum)) return shape.enum;
  const types = Array.isArray(shape.type) ? shape.type : [shape.type];
  if (types.every((type) => type === 'boolean' || type === 'null')) {
    return types.flatMap((type) => (type === 'boolean' ? [true, false] : [null]));
  }
  const branches = branchesOf(shape, root);
  if (branches.length === 0 || steps <= 0) return undefined;
  const all = branches.map((branch) => optionsOf(branch, root, steps - branches.length));
  return all.every((options) => options !== undefined)
    ? all.flat().filter((option, at, options) => options.findIndex((each) => isSame(each, option)) === at)
    : undefined;
}

/** The alternatives of a schema, of which a person chooses one; none if it is but one thing. */
export function branchesOf(shape: Schema, root: Schema, steps = 4): Schema[] {
  const { anyOf, oneOf, type, title, description, default: _default, ...others } = shape;
  if (Array.isArray(type) && !('enum' in shape)) return type.map((each) => ({ ...others, type: each }));
  const listed = anyOf ?? oneOf;
  if (!Array.isArray(listed)) return [];
  const all = listed.filter(isObject).flatMap((each) => {
    const branch = shapeOf(each, root);
    const own = 'properties' in others ? both(others, branch) : branch;
    const inner = steps > 0 && own.title === undefined ? branchesOf(own, root, steps - 1) : [];
    return inner.length > 0 ? inner : [own];
  });
  return all.filter((branch, at) => all.findIndex((each) => isSame(each, branch)) === at);
}

export function propertiesOf(shape: Schema): Readonly<Record<string, Schema>> {
  const found = isObject(shape.properties) ? shape.properties : {};
  return Object.fromEntries(
    Object.entries(found).filter((entry): entry is [string, Schema] => isObject(entry[1])),
  );
}

export function namesIn(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
