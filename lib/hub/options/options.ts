/** How options in JavaScript are read: an unknown name or a wrong value is refused, never ignored; every file that takes options declares them with this. */
import { z } from 'zod';
import { HubError } from '../../errors';
import { describeIssue } from '../../protocol/codec';
import { namingFields, unknownFields } from '../../protocol/unknown-field';
import { type Duration, whyNoDeadline, whyNoDuration } from './duration';

/** The fields that some options have, each with what it must be. `undefined` is as good as absent. */
export type Fields = Readonly<Record<string, z.ZodType | null>>;

/** A field whose value is looked at where it is used. */
export const elsewhere = null;

/**
 * Refuses options that hold what is not among `fields`, or a wrong value. Only what is there is looked at, so that asking
 * without options costs next to nothing.
 * @param noun what they are called in the refusal
 * @throws HubError `invalid_request` naming the field, what was probably meant, and what is known
 */
export function assertOptions(noun: string, given: unknown, fields: Fields): void {
  let wrong: string | undefined;
  try {
    wrong = whyNotOptions(given, fields);
  } catch (cause) {
    // An object whose own code throws when it is read.
    throw new HubError('invalid_request', { message: `${noun} cannot be read`, cause });
  }
  if (wrong) throw new HubError('invalid_request', { message: `${noun}: ${wrong}` });
}

function whyNotOptions(given: unknown, fields: Fields): string | undefined {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    return `options are an object, not ${nameOf(given)}`;
  const names = Object.keys(given);
  const unknown = names.filter((name) => !Object.hasOwn(fields, name));
  if (unknown.length > 0) return unknownFields(unknown, Object.keys(fields));
  for (const name of names) {
    const value = (given as Record<string, unknown>)[name];
    const result = value === undefined ? undefined : fields[name]?.safeParse(value, namingFields);
    const [issue] = result?.error?.issues ?? [];
    if (issue) return describeIssue({ ...issue, path: [name, ...issue.path] });
  }
  return undefined;
}

function nameOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

/** A plain object with these fields and no others. What a class or a `Map` holds would be lost when it is copied. */
export function plain<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.custom<object>(isPlain, 'Must be a plain object').pipe(z.strictObject(shape));
}

/** Whether this is an object as one writes it, and no instance of a class. */
export function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

export const flag = z.boolean();
/** A name or id: at least one character. */
export const name = z.string().min(1);
export const text = z.string();
// biome-ignore lint/complexity/noBannedTypes: any function will do
export const callback = z.custom<Function>((value) => typeof value === 'function', 'Must be a function');

/** Anything that `toMillis` takes. */
export const duration = z.custom<Duration>((value) => whyNoDuration(value) === undefined, {
  error: ({ input }) => whyNoDuration(input) ?? 'Not a duration',
});

/** Anything that `toDeadlineMillis` takes. */
export const deadline = z.custom<Duration>((value) => whyNoDeadline(value) === undefined, {
  error: ({ input }) => whyNoDeadline(input) ?? 'Not a duration',
});
