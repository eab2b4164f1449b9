/** The kinds of request: what each may ask and which answers fit; requests are validated here before their actor hears of it. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { describe, HubError, isHubError, isPromise } from '../../errors';
import { canonicalJson } from '../../protocol/canonical-json';
import { maxCommentLength } from '../../protocol/client-frames';
import { describeIssue } from '../../protocol/codec';
import { assertPlain } from '../../protocol/exact-json';
import { grantOfferSchema, maxGrantOffers } from '../../protocol/grants';
import { nearestName } from '../../protocol/nearest-name';
import type { GrantTerms, RequestResponse } from '../../protocol/records';
import { misspeltField, namingFields, unknownField } from '../../protocol/unknown-field';
import { assertOptions, callback, elsewhere } from '../options/options';
import { changedIn, unknownIn } from './as-sent';
import { inputSchema } from './input-schema';
import { jsonText } from './json-text';
import { sampleFor, whyNoSchema, whyUnanswerable } from './kind-check';
import { issuesOf } from './response-issues';

/** Bytes of a request's payload as JSON; so that its envelope fits a client's buffers. */
export const maxPayloadBytes = 262_144;

/** A kind of request. What fits as an answer may depend on what was asked. */
export interface Kind {
  payload: z.ZodType<Record<string, unknown>>;
  /** What an approval carries. */
  approval(payload: Record<string, unknown>): z.ZodType<RequestResponse>;
}

const comment = z.string().max(maxCommentLength).optional();
/** A denial says at most why, and so does the approval of a tool. Made once, as all below: to make a schema costs more than to use it. */
const commentOnly = z.strictObject({ comment });

/** Everything in a payload is digested and approved, so it has nothing that no page shows. */
const advice = 'put what is only shown into display';

const toolApprovalFields = {
  tool_name: z.string().min(1).max(256),
  tool_args: z.record(z.string(), z.unknown()),
  /** Whether the arguments may be edited before they are approved. */
  editable: z.boolean().optional(),
  /** What may be given with the approval; at most one of them is. */
  grants: z.array(grantOfferSchema).min(1).max(maxGrantOffers).optional(),
};
const toolApprovalPayload = z.strictObject(toolApprovalFields, {
  error: unknownField(advice),
});
/** As it is read of a request that is there: older ones may have more. */
const storedToolApproval = z.object(toolApprovalFields);

const questionFields = {
  question: z.string().min(1).max(10_000),
  options: z.array(z.string().min(1).max(1_000)).max(100).nullish(),
  /** Whether an answer outside the options is accepted; without options it always is. */
  free_text: z.boolean().optional(),
};
const questionPayload = z.strictObject(questionFields, {
  error: unknownField(advice),
});
const storedQuestion = z.object(questionFields);

const freeAnswer = z.strictObject({
  comment,
  // As it was typed: what is shown is what the agent is given.
  answer: z.string().max(maxCommentLength).regex(/\S/, 'A question needs an answer'),
});

/** The reference's question (A62). */
const question: Kind = {
  payload: questionPayload,
  approval: (payload) => {
    const { options, free_text: freeText } = storedQuestion.parse(payload);
    return options?.length && !freeText ? z.strictObject({ comment, answer: z.enum(options) }) : freeAnswer;
  },
};

/** A tool whose arguments can be edited. */
interface KnownTool {
  args: z.ZodType<Record<string, unknown>>;
  /** What an approval carries; made once. */
  approval: z.ZodType<RequestResponse>;
}

const unoffered = 'That grant is not offered';

/** The reference's tool approval (A62); edited arguments must fit the tool, so only known tools can be edited. */
function toolApproval(tools: ReadonlyMap<string, KnownTool>): Kind {
  return {
    payload: toolApprovalPayload,
    approval: (payload) => {
      // Most say neither, and then nothing in the payload matters.
      if (!payload.editable && !payload.grants) return commentOnly;
      const { editable, tool_name: name, grants } = storedToolApproval.parse(payload);
      const tool = editable ? tools.get(name) : undefined;
      return grants ? grantingApproval(grants, tool?.args) : (tool?.approval ?? commentOnly);
    },
  };
}

/** What an approval carries that may take one of these grants, and edit the arguments where their schema is given. */
function grantingApproval(
  grants: readonly GrantTerms[],
  args: z.ZodType<Record<string, unknown>> | undefined,
): z.ZodType<RequestResponse> {
  const grant = z
    .int()
    .min(0, unoffered)
    .max(grants.length - 1, unoffered)
    .optional();
  if (!args) return z.strictObject({ comment, grant });
  return z
    .strictObject({ comment, grant, tool_args: args.optional() })
    .refine((approval) => !approval.tool_args || chosen(grants, approval)?.args !== 'any', {
      path: ['grant'],
      error: 'What was edited can be granted for exactly these arguments only',
    });
}

/** The grants that a request offers; only tool approvals do. */
export function grantsOffered(request: { type: string; payload: Record<string, unknown> }): GrantTerms[] {
  if (request.type !== 'tool_approval' || !request.payload.grants) return [];
  return storedToolApproval.safeParse(request.payload).data?.grants ?? [];
}

/** The one that a response chooses. */
export function grantChosen(
  request: { type: string; payload: Record<string, unknown> },
  response: RequestResponse | undefined,
): (GrantTerms & { index: number }) | undefined {
  return response && chosen(grantsOffered(request), response);
}

function chosen(offered: readonly GrantTerms[] | undefined, response: Record<string, unknown>) {
  const { grant: index } = response;
  const terms = typeof index === 'number' ? offered?.[index] : undefined;
  return terms && { ...terms, index: Number(index) };
}

/** The kinds of request and the tools an app knows. */
export class Kinds {
  private readonly kinds: Map<string, Kind>;
  private readonly tools = new Map<string, KnownTool>();
  private readonly jsonSchemas = new WeakMap<z.ZodType, Record<string, unknown>>();

  /** Why the approvals of the app's own kinds cannot be answered; nothing of those that can. */
  private readonly faults = new WeakMap<object, { why: string | undefined }>();

  /**
   * @param registered the app's own kinds, by name
   * @throws HubError `invalid_request` for a kind that nobody could answer
   */
  constructor(private readonly registered: Record<string, Kind> = {}) {
    for (const [name, kind] of Object.entries(registered)) this.assertKind(name, kind);
    this.kinds = new Map(
      Object.entries({ tool_approval: toolApproval(this.tools), question, ...registered }),
    );
  }

  /**
   * From now on edited arguments of this tool are validated by this schema; those of unknown tools are refused.
   * @throws HubError `invalid_request` for a schema that nobody could fill in
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
   * @throws HubError `invalid_request` if, with this payload, nobody could answer
   */
  responseSchema(type: string, payload: Record<string, unknown>): Record<string, unknown> | undefined {
    const schema = this.approval(type, payload);
    if (!schema) return undefined;
    const known = this.jsonSchemas.get(schema);
    if (known) return known;
    const made = deepFreeze(asJsonSchema(type, schema));
    this.jsonSchemas.set(schema, made);
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
      unknownIn(this.kinds.get(type)?.approval(payload), sent) ||
      (type === 'tool_approval' &&
        changedIn((sent as RequestResponse).tool_args, response.tool_args, 'tool_args'));
    if (wrong) throw new HubError('invalid_response', { message: wrong });
  }

  /** What an approval carries. @throws HubError `invalid_request` where the app's own kind gives nothing that can be answered */
  private approval(type: string, payload: Record<string, unknown>): z.ZodType<RequestResponse> | undefined {
    const kind = this.kinds.get(type);
    if (!kind || kind !== this.registered[type]) return kind?.approval(payload);
    const refuse = (why: string) =>
      new HubError('invalid_request', { message: `The kind ${type} cannot be answered: ${why}` });
    let schema: z.ZodType<RequestResponse>;
    try {
      schema = kind.approval(payload);
    } catch (error) {
      throw refuse(`its approval fails: ${describe(error)}`);
    }
    const why = this.whyFaulty(schema);
    if (why) throw refuse(why);
    return schema;
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
  private assertKind(name: string, kind: Kind): void {
    const noun = `kinds.${name}`;
    assertOptions(noun, kind, { payload: elsewhere, approval: callback });
    const refuse = (part: string, why: string) =>
      new HubError('invalid_request', { message: `${noun}.${part}: ${why}` });
    const whyPayload = whyUnanswerable(kind.payload);
    if (whyPayload) throw refuse('payload', whyPayload);
    if (typeof kind.approval !== 'function')
      throw refuse('approval', 'it must be a function that gives a schema');
    // What depends on the payload is tried with a made-up one; where that does not do, it is checked when it is asked.
    const isFixed = kind.approval.length === 0;
    const sample = isFixed ? { value: {} } : sampleFor(kind.payload);
    if (!sample) return;
    let schema: unknown;
    try {
      schema = kind.approval(sample.value as Record<string, unknown>);
    } catch (error) {
      if (isFixed) throw refuse('approval', `it fails: ${describe(error)}`);
      return;
    }
    const why = this.whyFaulty(schema);
    if (why) throw refuse('approval', why);
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
    // As it will be kept: a schema may make something of it that JSON has no words for.
    return jsonCopy(result.data, 'invalid_response') as RequestResponse;
  }
}

/** @throws HubError `invalid_request` */
function asJsonSchema(type: string, schema: z.ZodType): Record<string, unknown> {
  try {
    return inputSchema(schema);
  } catch (error) {
    throw new HubError('invalid_request', {
      message: `The kind ${type} has no JSON Schema: ${describe(error)}`,
    });
  }
}

/** Whether JSON keeps the same of both, in whatever order of keys. */
export function isSameJson(a: unknown, b: unknown): boolean {
  return canonicalJson(jsonCopy(a)) === canonicalJson(jsonCopy(b));
}

/**
 * A value as JSON keeps it, so that what is stored, shown and digested is the same; what JSON would change is refused.
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
