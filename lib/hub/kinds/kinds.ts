/** The kinds of request: what each may ask and which answers fit; requests are validated by it before their actor gets an event. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { describe, HubError, isHubError, isPromise } from '../../errors';
import { canonicalJson } from '../../protocol/canonical-json';
import { describeIssue } from '../../protocol/codec';
import { assertPlain } from '../../protocol/exact-json';
import { nearestName } from '../../protocol/nearest-name';
import type { RequestResponse } from '../../protocol/records';
import { misspeltField, namingFields } from '../../protocol/unknown-field';
import type { Kinds as AppKinds } from './app-types';
import { approvalJsonSchema, comment, insideOf, withComment } from './approvals';
import { changedIn, unknownIn } from './as-sent';
import { commentOnly, type Kind, type KnownTool, question, toolApproval } from './built-in-kinds';
import { type AnyKindOptions, optionsOf } from './define-kind';
import { jsonText } from './json-text';
import { sampleFor, whyNoSchema, whyUnanswerable } from './kind-check';
import { issuesOf } from './response-issues';
import { zodOf } from './schemas';

/** Bytes of a request's payload as JSON; so that its envelope fits a client's buffers. */
export const maxPayloadBytes = 262_144;

/** The kinds of request and the tools an app knows. */
export class Kinds {
  private readonly kinds: Map<string, Kind>;
  /** Those of the app. */
  private readonly own: ReadonlyMap<string, AnyKindOptions>;
  private readonly tools = new Map<string, KnownTool>();
  private readonly jsonSchemas = new WeakMap<z.ZodType, Record<string, unknown>>();

  /** Why the approvals of the app's own kinds cannot be answered; nothing of those that can. */
  private readonly faults = new WeakMap<object, { why: string | undefined }>();

  /**
   * @param registered the app's own kinds, by name
   * @param note is given what pages cannot do, and why
   * @throws HubError `invalid_request` for a kind that no client could answer
   */
  constructor(registered: AppKinds = {}, note: (why: string) => void = () => {}) {
    this.own = new Map(Object.entries(registered).map(([name, kind]) => [name, optionsOf(name, kind)]));
    for (const [name, options] of this.own) this.assertKind(name, options, note);
    const own = [...this.own].map(([name, options]) => [name, kindOf(options)] as const);
    this.kinds = new Map([['tool_approval', toolApproval(this.tools)], ['question', question], ...own]);
  }

  /** What people see above requests of this kind that have no title of their own. */
  title(type: string): string | undefined {
    return this.kinds.get(type)?.title;
  }

  /**
   * From now on edited arguments of this tool are validated by this schema; those of unknown tools are refused.
   * @throws HubError `invalid_request` for a schema that no client could fill in
   */
  defineTool(name: string, args: z.ZodType<Record<string, unknown>>): void {
    if (typeof name !== 'string' || name === '')
      throw new HubError('invalid_request', { message: 'A tool needs a name of at least one character' });
    const why = whyUnanswerable(args);
    if (why) throw new HubError('invalid_request', { message: `The schema of ${name}: ${why}` });
    this.tools.set(name, { args, approval: z.strictObject({ comment, tool_args: args.optional() }) });
  }

  /** Whether the arguments of this tool can be validated when they were edited. */
  knowsTool(name: unknown): boolean {
    return typeof name === 'string' && this.tools.has(name);
  }

  /** A deep-frozen copy of an acceptable payload. @throws HubError `invalid_request` saying what is wrong, `too_large` */
  payload(type: string, payload: unknown): Record<string, unknown> {
    const kind = this.kinds.get(type);
    if (!kind) throw new HubError('invalid_request', { message: this.whyUnknown(type) });
    const copy = jsonCopy(payload);
    const result = kind.payload.safeParse(copy, namingFields);
    const wrong = result.success ? misspeltField(kind.payload, copy) : describeIssue(result.error.issues[0]);
    if (wrong || !result.success) throw new HubError('invalid_request', { message: wrong });
    // Once more: a schema may make something of it that JSON has no words for.
    return deepFreeze(jsonCopy(result.data) as Record<string, unknown>);
  }

  /**
   * The JSON Schema of what an approval carries, so that a page can draw the form. Nothing if the schema has none.
   * @throws HubError `invalid_request` if no client could answer a request with this payload
   */
  responseSchema(type: string, payload: Record<string, unknown>): Record<string, unknown> | undefined {
    const schema = this.approval(type, payload);
    if (!schema) return undefined;
    const known = this.jsonSchemas.get(schema);
    if (known) return known;
    const made = asJsonSchema(type, schema);
    if (!made) return undefined;
    this.jsonSchemas.set(schema, deepFreeze(made));
    return made;
  }

  /** Why silence cannot approve this: an approval of it has to carry something. Nothing if it can. */
  whyNotBySilence(type: string, payload: Record<string, unknown>): string | undefined {
    const result = this.approval(type, payload)?.safeParse({});
    if (result?.success && Object.keys(result.data).length === 0) return undefined;
    return "onExpiry must not be 'approved': an approval of this carries an answer, and silence gives none";
  }

  /**
   * Refuses an approval of which not everything would be used as it was sent: a field that the schema drops, and in edited
   * arguments also one that it fills in or changes, since what runs must be what the person saw.
   * @throws HubError `invalid_response` naming the field
   */
  assertAsSent(
    { type, payload }: { type: string; payload: Record<string, unknown> },
    sent: unknown,
    response: RequestResponse | undefined,
  ): void {
    if (sent === undefined || response === undefined) return;
    const wrong =
      this.whyUnknownIn(type, payload, sent) ||
      (type === 'tool_approval' &&
        changedIn((sent as RequestResponse).tool_args, response.tool_args, 'tool_args'));
    if (wrong) throw new HubError('invalid_response', { message: wrong });
  }

  private whyUnknownIn(type: string, payload: Record<string, unknown>, sent: unknown): string | undefined {
    const approval = this.kinds.get(type)?.approval(payload);
    if (!approval || insideOf(approval) === approval) return unknownIn(approval, sent);
    const { comment: _beside, ...own } = sent as RequestResponse;
    return unknownIn(insideOf(approval), own);
  }

  /** What an approval carries. @throws HubError `invalid_request` where the app's own kind gives nothing that can be answered */
  private approval(type: string, payload: Record<string, unknown>): z.ZodType<RequestResponse> | undefined {
    const kind = this.kinds.get(type);
    const options = this.own.get(type);
    if (!options) return kind?.approval(payload);
    const refuse = (why: string) =>
      new HubError('invalid_request', { message: `The kind ${type} cannot be answered: ${why}` });
    let schema: z.ZodType;
    try {
      schema = responseOf(options, payload);
    } catch (error) {
      throw refuse(`its response fails: ${describe(error)}`);
    }
    const why = this.whyFaulty(schema);
    if (why) throw refuse(why);
    return withComment(schema);
  }

  private whyUnknown(type: unknown): string {
    if (typeof type !== 'string') return 'The type of a request is the name of its kind';
    const nearest = nearestName(type, this.kinds.keys());
    const meant = nearest === undefined ? '' : `; did you mean ${nearest}?`;
    return `Unknown kind of request: ${type.slice(0, 256)}${meant}`;
  }

  private whyFaulty(schema: unknown): string | undefined {
    if (isPromise(schema)) return 'it is a promise, and must be a schema';
    const noSchema = whyNoSchema(schema);
    if (noSchema) return noSchema;
    const known = this.faults.get(schema as object);
    if (known) return known.why;
    const why = whyUnanswerable(schema);
    this.faults.set(schema as object, { why });
    return why;
  }

  /** @throws HubError `invalid_request` */
  private assertKind(name: string, options: AnyKindOptions, note: (why: string) => void): void {
    const { response } = options;
    const refuse = (part: string, why: string) =>
      new HubError('invalid_request', { message: `kinds.${name}.${part}: ${why}` });
    const payload = zodOf(options.payload);
    const whyPayload = whyUnanswerable(payload);
    if (whyPayload) throw refuse('payload', whyPayload);
    if (response === undefined) return;
    // What depends on the payload is tried with a generated one; where that does not work, it is checked when the request is asked.
    const isFixed = typeof response !== 'function' || '~standard' in response || response.length === 0;
    const sample = isFixed ? { value: {} } : sampleFor(payload);
    if (!sample) return;
    let schema: z.ZodType;
    try {
      schema = responseOf(options, sample.value as object);
    } catch (error) {
      if (isFixed) throw refuse('response', `it fails: ${describe(error)}`);
      return;
    }
    const why = this.whyFaulty(schema);
    if (why) throw refuse('response', why);
    if (isFixed && !hasForm(schema))
      note(
        `kinds.${name}.response has no JSON Schema, so pages show no form for it: use jsonSchema, zod, ArkType, or for Valibot toStandardJsonSchema of @valibot/to-json-schema`,
      );
  }

  /**
   * The response, if it fits the request's kind and payload.
   * @throws HubError `invalid_response` saying what is wrong; `details.issues` has all of it with its place
   */
  response(
    request: { type: string; payload: Record<string, unknown> },
    status: 'approved' | 'denied',
    response: unknown = {},
  ): RequestResponse | undefined {
    const kind = this.kinds.get(request.type);
    if (!kind)
      throw new HubError('invalid_response', {
        message: `Requests of kind ${request.type} cannot be answered here`,
      });
    const given = jsonCopy(response, 'invalid_response');
    const result = (status === 'denied' ? commentOnly : kind.approval(request.payload)).safeParse(given);
    if (!result.success) {
      const issues = issuesOf(result.error);
      throw new HubError('invalid_response', {
        message: describeIssue(result.error.issues[0]),
        details: { issues },
      });
    }
    if (Object.keys(result.data).length === 0) return undefined;
    // As it will be stored: a schema may turn it into a value that JSON cannot represent.
    return jsonCopy(result.data, 'invalid_response') as RequestResponse;
  }
}

/** The schema of what an approval of the app's own kind carries, as the app gives it. @throws what the app's code throws */
function responseOf({ response }: AnyKindOptions, payload: object): z.ZodType {
  if (response === undefined) return commentOnly;
  return zodOf(typeof response === 'function' && !('~standard' in response) ? response(payload) : response);
}

function kindOf(options: AnyKindOptions): Kind {
  return {
    title: options.title,
    payload: zodOf(options.payload) as Kind['payload'],
    approval: (payload) => withComment(responseOf(options, payload)),
  };
}

/** @throws HubError `invalid_request` */
function hasForm(schema: z.ZodType): boolean {
  try {
    return approvalJsonSchema(withComment(schema)) !== undefined;
  } catch {
    return false;
  }
}

/** @throws HubError `invalid_request` */
function asJsonSchema(type: string, schema: z.ZodType): Record<string, unknown> | undefined {
  try {
    return approvalJsonSchema(schema);
  } catch (error) {
    throw new HubError('invalid_request', {
      message: `The kind ${type} has no JSON Schema: ${describe(error)}`,
    });
  }
}

/** Whether both are the same as JSON, in any order of keys. */
export function isSameJson(a: unknown, b: unknown): boolean {
  return canonicalJson(jsonCopy(a)) === canonicalJson(jsonCopy(b));
}

/**
 * A value as JSON represents it, so that what is stored, shown and digested is the same; what JSON would change is refused.
 * @param code of the refusal
 * @throws HubError `code`, `too_large`, and `invalid_frame` as `assertPlain`
 */
export function jsonCopy(
  value: unknown,
  code: 'invalid_request' | 'invalid_response' = 'invalid_request',
): unknown {
  let text: string | undefined;
  try {
    text = jsonText(value, code);
  } catch (cause) {
    if (isHubError(cause)) throw cause;
    throw new HubError(code, { message: 'The payload cannot be written as JSON', cause });
  }
  if (text === undefined) throw new HubError(code, { message: 'The payload cannot be written as JSON' });
  if (Buffer.byteLength(text) > maxPayloadBytes) {
    throw new HubError('too_large', { message: `The payload is larger than ${maxPayloadBytes} bytes` });
  }
  const copy: unknown = JSON.parse(text);
  assertPlain(copy);
  return copy;
}

/** Freezes a JSON value all the way down and gives it back; bytes, which cannot be frozen, stay as they are. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) {
    for (const child of Object.values(value)) deepFreeze(child);
    Object.freeze(value);
  }
  return value;
}

/** `sha256:` and hex over kind and payload with sorted keys: the same for the same content in any order. */
export function digestOf(type: string, payload: Record<string, unknown>): string {
  return `sha256:${createHash('sha256')
    .update(canonicalJson([type, payload]))
    .digest('hex')}`;
}
