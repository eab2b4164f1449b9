/** Kinds of request as an app declares them: what is asked and what an approval carries, by schemas of any library; `Kinds` reads them at the start. */
import { HubError } from '../../errors';
import { assertOptions, elsewhere, text } from '../options/options';
import type { AnyKind, Kind } from './app-types';
import type { ObjectSchema, SchemaInput, SchemaOutput } from './standard-schema';

/** What a kind asks and what an answer to it carries: `R` is a schema, or a function of the payload that gives one. */
export interface KindOptions<P extends ObjectSchema, R> {
  /** Shown to people above a request that has no title of its own in `display`. Default: the kind's name. */
  title?: string;
  /** What is asked. */
  payload: P;
  /**
   * What an approval carries beside a comment; as a function it may depend on what was asked. Default: an approval carries
   * nothing else.
   */
  response?: R;
}

/** The same without its types. */
export interface AnyKindOptions {
  title?: string;
  payload: ObjectSchema;
  response?: ObjectSchema | ((payload: object) => ObjectSchema) | undefined;
}

/** What each kind was made of. */
const made = new WeakMap<object, AnyKindOptions>();

/**
 * A kind of request for the option `kinds`. The schemas are of zod 4, of any other library that follows Standard Schema
 * (Valibot, ArkType), or of `jsonSchema`; they must validate synchronously. What cannot be answered over JSON is refused when
 * the hub is made, by its name there.
 * @throws HubError `invalid_request` for an option that is not known
 */
export function defineKind<P extends ObjectSchema, R extends ObjectSchema>(
  // First, and only for what gives a schema: one of ArkType can be called too, and gives none.
  options: KindOptions<P, (payload: SchemaOutput<P>) => R> & { response: unknown },
): Kind<SchemaInput<P>, SchemaOutput<P>, SchemaInput<R>, SchemaOutput<R>>;
/** The same of a response that is one schema, or of none. */
export function defineKind<P extends ObjectSchema, R extends ObjectSchema | undefined = undefined>(
  options: KindOptions<P, R>,
): Kind<
  SchemaInput<P>,
  SchemaOutput<P>,
  R extends ObjectSchema ? SchemaInput<R> : undefined,
  R extends ObjectSchema ? SchemaOutput<R> : undefined
>;
export function defineKind(options: KindOptions<ObjectSchema, unknown>): AnyKind {
  assertOptions('defineKind', options, { title: text.min(1), payload: elsewhere, response: elsewhere });
  const kind = Object.freeze({ '~kind': undefined }) as unknown as Kind<never, never, never, never>;
  made.set(kind, { ...options } as AnyKindOptions);
  return kind;
}

/** What a kind was made of. @throws HubError `invalid_request` for what `defineKind` did not make */
export function optionsOf(name: string, kind: AnyKind): AnyKindOptions {
  const options = typeof kind === 'object' && kind !== null ? made.get(kind) : undefined;
  if (options) return options;
  throw new HubError('invalid_request', {
    message: `kinds.${name} is not a kind: write ${name}: defineKind({ payload, response })`,
  });
}
