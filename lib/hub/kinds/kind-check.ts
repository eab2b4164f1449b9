/** Whether a schema can be answered by people, whose answers come as JSON; kinds and tools are refused by it where they are registered. */
import { z } from 'zod';
import { describe, isA, messageOf } from '../../errors';
import { whyExplosive } from './pattern-check';

/** Schemas in one, all levels together, that are looked at. */
const maxSchemas = 5_000;
/** Levels to which a generated value is filled in. */
const maxSampleDepth = 6;

/** What no JSON carries, by what zod calls it. */
const strange: Readonly<Record<string, string>> = {
  date: 'a Date; take a text (z.iso.datetime()) or z.coerce.date()',
  bigint: 'a bigint; take a text',
  map: 'a Map; take an object or a list',
  set: 'a Set; take a list',
  undefined: 'undefined; make the field optional',
  void: 'undefined; make the field optional',
  symbol: 'a symbol',
  function: 'a function',
  nan: 'NaN',
  promise: 'a promise',
  file: 'a file',
  never: 'a value, since it accepts none',
};

type Definition = z.core.$ZodTypeDef & Record<string, unknown>;
type AnySchema = z.core.$ZodType;
type Check = { _zod: { def: Record<string, unknown>; check: unknown } };

/**
 * Why no client could send what this schema accepts, or `undefined` if one can. The schema is tried with generated values, so
 * the functions it calls must have no side effects.
 */
export function whyUnanswerable(schema: unknown): string | undefined {
  const wrong = whyNoSchema(schema);
  if (wrong) return wrong;
  return new Walk().why(schema as AnySchema, '') ?? whyFailing(schema as AnySchema);
}

/** Why this is no schema of zod 4, or nothing if it is one. */
export function whyNoSchema(schema: unknown): string | undefined {
  const given = (typeof schema === 'object' && schema !== null ? schema : {}) as Record<string, unknown>;
  if ('_zod' in given && typeof given.safeParse === 'function') return undefined;
  return '_def' in given
    ? 'it is a schema of zod 3; make it with zod 4'
    : `it must be a schema, of zod 4 or of a library that follows Standard Schema, and is ${schema === null ? 'null' : typeof schema}`;
}

/** Goes through a schema once; a schema that holds itself is looked at once, too. */
class Walk {
  private readonly seen = new Set<AnySchema>();

  why(schema: AnySchema, at: string): string | undefined {
    if (this.seen.has(schema)) return undefined;
    this.seen.add(schema);
    if (this.seen.size > maxSchemas) return 'it is too large to be checked';
    const definition = definitionOf(schema);
    const wrong = this.whyThis(schema, definition);
    return wrong ? `${at === '' ? '' : `${at}: `}${wrong}` : this.whyBelow(definition, at);
  }

  private whyThis(schema: AnySchema, definition: Definition): string | undefined {
    const { type } = definition;
    if (type === 'catch')
      return 'a value that does not fit would silently be replaced (.catch), and is not reported; leave .catch out';
    const isRead = type === 'date' && definition.coerce === true;
    if (type in strange && !isRead) return `JSON cannot carry ${strange[type]}`;
    if (type === 'literal' && (definition.values as unknown[]).some((value) => !isJson(value)))
      return 'JSON cannot carry every one of its literals';
    const { Class } = (schema._zod.bag ?? {}) as { Class?: { name?: string } };
    if (Class) return `JSON cannot carry an instance of ${Class.name ?? 'a class'}`;
    if (isAsync(definition.transform) || isAsync(definition.fn)) return whyAsync;
    for (const check of checksOf(schema)) {
      const { fn, pattern } = check._zod.def;
      if (isAsync(fn) || isAsync(check._zod.check)) return whyAsync;
      const explosive = pattern instanceof RegExp && whyExplosive(pattern);
      if (explosive) return explosive;
    }
    const own = definition.pattern ?? (type === 'template_literal' ? schema._zod.pattern : undefined);
    return own instanceof RegExp ? whyExplosive(own) : undefined;
  }

  private whyBelow(definition: Definition, at: string): string | undefined {
    const { type } = definition;
    const below = (child: unknown, step: string) =>
      this.why(child as AnySchema, step === '' ? at : at === '' ? step : `${at}.${step}`);
    const first = (...whys: (string | undefined)[]) => whys.find((why) => why !== undefined);
    switch (type) {
      case 'object': {
        const { catchall, shape } = definition as unknown as z.core.$ZodObjectDef;
        const inside = Object.entries(shape).map(([key, child]) => below(child, key));
        return first(...inside, catchall && !isNever(catchall) ? below(catchall, '*') : undefined);
      }
      case 'array':
        return below(definition.element, '*');
      case 'tuple': {
        const { items, rest } = definition as unknown as z.core.$ZodTupleDef;
        return first(
          ...items.map((item, index) => below(item, String(index))),
          rest ? below(rest, '*') : undefined,
        );
      }
      case 'record':
        return first(below(definition.keyType, '*'), below(definition.valueType, '*'));
      case 'union': {
        // One way to answer is enough; that none of them explodes or waits is seen when it is tried.
        const whys = (definition.options as AnySchema[]).map((option) => below(option, ''));
        return whys.every((why) => why !== undefined) ? whys[0] : whys.find((why) => why && !isStrange(why));
      }
      case 'intersection':
        return first(below(definition.left, ''), below(definition.right, ''));
      case 'lazy':
        return below((definition.getter as () => AnySchema)(), '');
      case 'pipe': {
        const { in: before, out: after } = definition as unknown as z.core.$ZodPipeDef;
        // What comes out need not be JSON; how it is read has to end all the same.
        const inputWhy = below(before, '');
        const outputWhy = below(after, '');
        return inputWhy ?? (outputWhy !== undefined && isStrange(outputWhy) ? undefined : outputWhy);
      }
      case 'optional':
        return isNever(definition.innerType as AnySchema) ? undefined : below(definition.innerType, '');
      default:
        return 'innerType' in definition ? below(definition.innerType, '') : undefined;
    }
  }
}

const whyAsync = 'it has an asynchronous refinement or transform, and an answer is checked at once';

function isStrange(why: string): boolean {
  return why.includes('JSON cannot carry');
}

function definitionOf(schema: AnySchema): Definition {
  return schema._zod.def as unknown as Definition;
}

function checksOf(schema: AnySchema): Check[] {
  return (definitionOf(schema).checks ?? []) as unknown as Check[];
}

function isNever(schema: AnySchema): boolean {
  return definitionOf(schema).type === 'never';
}

function isJson(value: unknown): boolean {
  return value === null || ['string', 'boolean'].includes(typeof value) || Number.isFinite(value);
}

function isAsync(value: unknown): boolean {
  return typeof value === 'function' && value.constructor.name === 'AsyncFunction';
}

/** Tries a schema with generated values: one that throws in place of refusing would do so for what a person sends. */
function whyFailing(schema: AnySchema): string | undefined {
  try {
    for (const value of candidates) tryOut(schema, value);
    tryOut(schema, sampleOf(schema, 0));
    return undefined;
  } catch (error) {
    return isA(error, z.core.$ZodAsyncError) || describe(error).startsWith('$ZodAsyncError:')
      ? whyAsync
      : `it throws where it should refuse: ${messageOf(error)}`;
  }
}

function tryOut(schema: AnySchema, value: unknown): boolean {
  return z.safeParse(schema, value).success;
}

const candidates: readonly unknown[] = [
  'text',
  '',
  '1',
  0,
  1,
  true,
  false,
  null,
  [],
  {},
  'user@example.com',
  'https://example.com/',
  '2026-01-31',
  '2026-01-31T12:00:00Z',
  '3b241101-e2bb-4255-8caf-4136c566a962',
  '192.0.2.1',
  'a-longer-text-of-forty-characters-in-all.',
  10,
  100,
  -1,
  0.5,
  1_000_000,
];

/** A generated value that fits the schema, or nothing if none was found. Never throws. */
export function sampleFor(schema: z.ZodType): { value: unknown } | undefined {
  try {
    const result = schema.safeParse(sampleOf(schema, 0));
    return result.success ? { value: result.data } : undefined;
  } catch {
    return undefined;
  }
}

/** A value that fits, as far as can be guessed; the app's own code meets it on the way. */
function sampleOf(schema: AnySchema, depth: number): unknown {
  if (depth > maxSampleDepth) return null;
  const definition = definitionOf(schema);
  const inner = (child: unknown) => sampleOf(child as AnySchema, depth + 1);
  switch (definition.type) {
    case 'object': {
      const { shape } = definition as unknown as z.core.$ZodObjectDef;
      return Object.fromEntries(Object.entries(shape).map(([key, child]) => [key, inner(child)]));
    }
    case 'array': {
      const least = checksOf(schema).map(({ _zod: { def } }) => Number(def.minimum ?? def.length ?? 1));
      return Array.from({ length: Math.min(Math.max(1, ...least), 20) }, () => inner(definition.element));
    }
    case 'tuple':
      return (definition.items as AnySchema[]).map(inner);
    case 'record':
      return { [String(inner(definition.keyType))]: inner(definition.valueType) };
    case 'union':
      return inner((definition.options as AnySchema[])[0]);
    case 'intersection': {
      const [left, right] = [inner(definition.left), inner(definition.right)];
      return typeof left === 'object' && typeof right === 'object' ? { ...left, ...right } : left;
    }
    case 'literal':
      return (definition.values as unknown[])[0];
    case 'enum':
      return Object.values(definition.entries as Record<string, unknown>)[0];
    case 'lazy':
      return inner((definition.getter as () => AnySchema)());
    case 'pipe':
      return inner(isTransform(definition.in as AnySchema) ? definition.out : definition.in);
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'nonoptional':
    case 'readonly':
    case 'catch':
      return inner(definition.innerType);
    default:
      return [...candidates, ...within(schema)].find((value) => tryOut(schema, value)) ?? 'text';
  }
}

/** Numbers and texts at the bounds that a schema states. */
function within(schema: AnySchema): unknown[] {
  const bounds = checksOf(schema)
    .flatMap(({ _zod: { def } }) => [def.value, def.minimum, def.maximum, def.length])
    .flatMap((bound) => (typeof bound === 'number' && Number.isFinite(bound) ? [bound] : []));
  const lengths = bounds.filter((bound) => bound >= 0 && bound <= 10_000);
  const numbers = bounds.flatMap((bound) => [
    bound,
    bound + 1,
    bound - 1,
    Math.ceil(bound),
    Math.floor(bound),
  ]);
  return [...numbers, ...lengths.map((length) => 'a'.repeat(length))];
}

function isTransform(schema: AnySchema): boolean {
  return definitionOf(schema).type === 'transform';
}
