/** Puts people between an agent and a tool: decides by rules, asks where they say so, and runs what was approved, once; `hitl.tool` makes tools here. */
import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { HubError, isA } from '../../errors';
import { describeIssue } from '../../protocol/codec';
import type { AnyRequest, Approval, HitlTypes } from '../kinds/app-types';
import { deepFreeze, isSameJson, jsonCopy } from '../kinds/kinds';
import { jsonSchemaOf, zodOf } from '../kinds/schemas';
import type { ObjectSchema, SchemaInput, SchemaOutput } from '../kinds/standard-schema';
import { registerTool, type Tool } from '../kinds/tool';
import { callFields, toolFields } from '../options/asked-options';
import { type Duration, toMillis } from '../options/duration';
import { assertOptions, isPlain } from '../options/options';
import type { ToolCall, Turn } from '../turns/turn';
import { ruleFor, rulesOf, type ToolRule } from './tool-rules';
import { NotBegun, noteNotRun, type RunParts, runApproved, runFreely, wordsOf } from './tool-run';

type Args = Record<string, unknown>;

/** What a run is given beside the arguments. */
export interface RunContext {
  /** Aborted when the turn is over or the time is up. */
  signal: AbortSignal;
  /** The same for every try of the same call, and for no other: an idempotency key. */
  key: string;
}

/** Something an agent can do. */
export interface ToolOptions<S extends ObjectSchema, Result, App extends HitlTypes> {
  name: string;
  /** What it does, for models, and for people beside a request that has no description of its own in `display`. */
  description?: string;
  /**
   * What its arguments must be, also after an edit. It must take what it gives: a person sees, and approves, what it has made
   * of the arguments, and the tool is given just that.
   */
  args: S;
  run(args: SchemaOutput<S>, context: RunContext): Result | Promise<Result>;
  /** How long a run may take; the wait for people does not count. Default: as long as it likes. */
  timeout?: Duration;
  /** The first that fits decides; where none fits, people are asked. */
  rules?: readonly ToolRule<SchemaOutput<S>, App>[];
}

interface KnownTool {
  name: string;
  description: string | undefined;
  schema: z.ZodType<Args>;
  timeoutMs: number | undefined;
  rules: readonly ToolRule<Args>[];
  run(args: Args, context: RunContext): unknown;
}

/**
 * A tool with people in front. Without a rule that fits, people are asked. The options are taken as they are now: what becomes
 * of these objects later changes nothing.
 * @throws HubError `invalid_request` for a tool or rule that has an unknown field or cannot be
 */
export function makeTool<S extends ObjectSchema, Result, App extends HitlTypes>(
  parts: RunParts,
  options: ToolOptions<S, Result, App>,
): Tool<SchemaInput<S> & object, SchemaOutput<S> & object, Awaited<Result>> {
  const known = knownTool(options as unknown as ToolOptions<ObjectSchema, unknown, HitlTypes>);
  parts.hitl.defineTool(known.name, known.schema);
  const { name, description } = known;
  const argsSchema = deepFreeze(structuredClone(schemaFor(known.schema)));
  const tool = { name, ...(description !== undefined && { description }), argsSchema, '~tool': undefined };
  Object.freeze(tool);
  registerTool(tool as unknown as Tool, {
    read: (args) => deepFreeze(read(known, jsonCopy(args))),
    call: (turn, args, call) => callTool(parts, known, turn as Turn, args, call),
  });
  return tool as unknown as Tool<SchemaInput<S> & object, SchemaOutput<S> & object, Awaited<Result>>;
}

async function callTool(
  parts: RunParts,
  tool: KnownTool,
  turn: Turn,
  givenArgs: unknown,
  call: { callId?: string },
): Promise<ToolCall<unknown>> {
  const { name, timeoutMs } = tool;
  assertOptions(`The call of ${name}`, call, callFields);
  const { callId } = call;
  // Copied before it is used: a rule takes time, and the caller could change its object in the meantime.
  const args = deepFreeze(read(tool, jsonCopy(givenArgs)));
  const bounds = { name, signal: turn.signal, timeoutMs };
  const rule = await ruleFor(name, args, turn, tool.rules, parts.logger);
  const key = callId === undefined ? {} : { key: `tool:${name}:${callId}` };
  if (rule.decide === 'deny') {
    const why = rule.because ? `: ${rule.because}` : '';
    if (key.key !== undefined) await noteDenied(parts, turn.ticketId, key.key, `a rule denies it now${why}`);
    return { status: 'denied', message: `${name} may not be used like this${why}` };
  }
  if (rule.decide === 'allow') {
    const runKey = key.key ?? randomUUID();
    const result = await runFreely(parts.clock, (signal) => tool.run(args, { signal, key: runKey }), bounds);
    return { status: 'executed', result };
  }
  asShown(tool, args);
  const { display: shown, ...ask } = rule.ask ?? {};
  const own = typeof shown === 'function' ? shown(args) : shown;
  const beside = tool.description === undefined ? {} : { description: tool.description };
  // What is no display, such as a promise, is refused as it is.
  const isWhole = own !== undefined && !isPlain(own);
  const merged = isWhole ? own : { ...beside, ...own };
  const display = isWhole || Object.keys(merged).length > 0 || own ? { display: merged } : {};
  const outcome: Approval = await turn.approve({ ...ask, ...display, ...key, tool: name, args });
  const { request } = outcome;
  if (outcome.status !== 'approved')
    return { status: outcome.status, message: refusal(name, outcome), request };
  const toRun = deepFreeze(await orNoteNotRun(parts, request, () => asShown(tool, outcome.args)));
  const payload = { ...request.payload, tool_args: outcome.args };
  try {
    const work = (signal: AbortSignal) => tool.run(toRun, { signal, key: key.key ?? request.id });
    const result = await runApproved(parts, request, payload, work, bounds);
    return { status: 'executed', result, request };
  } catch (error) {
    if (!isA(error, NotBegun)) throw error;
    const { rule: reason } = error;
    const again = reason === 'grant_revoked' ? '' : ' again';
    const message = `${name} was approved, but it is not run${again}: ${reason}`;
    return { status: 'not_run', reason, message, request };
  }
}

/** Where the same call was asked about before the rules denied it, what was approved is not run. */
async function noteDenied(parts: RunParts, ticketId: string, key: string, why: string): Promise<void> {
  const earlier = await parts.hitl.find(ticketId, key);
  if (earlier?.status === 'approved') await noteNotRun(parts, earlier.id, why);
}

/** What it makes of an approved request. @throws what it throws, once that is noted as why the request is not run */
async function orNoteNotRun<T>(parts: RunParts, { id }: Readonly<AnyRequest>, make: () => T): Promise<T> {
  try {
    return make();
  } catch (error) {
    await noteNotRun(parts, id, wordsOf(error));
    throw error;
  }
}

/** @throws HubError `invalid_request` */
function knownTool(given: ToolOptions<ObjectSchema, unknown, HitlTypes>): KnownTool {
  const { name, description, args, run, timeout, rules = [] } = given;
  // An instance of a class has fields of its own.
  const named = isPlain(given) ? given : { name, args, run, ...(timeout !== undefined && { timeout }) };
  assertOptions('The tool', named, toolFields);
  if (typeof run !== 'function')
    throw new HubError('invalid_request', { message: 'The tool: run must be a function' });
  return {
    name,
    description,
    schema: zodOf(args) as z.ZodType<Args>,
    timeoutMs: timeout === undefined ? undefined : toMillis(timeout),
    rules: rulesOf(rules as unknown as readonly ToolRule<Args>[]),
    run: (...call) => run.call(given, ...call),
  };
}

function schemaFor(schema: z.ZodType): Args {
  try {
    return jsonSchemaOf(schema) ?? { type: 'object' };
  } catch {
    return { type: 'object' };
  }
}

/** @throws HubError `invalid_request` */
function read({ name, schema }: KnownTool, given: unknown): Args {
  let parsed: z.ZodSafeParseResult<Args>;
  try {
    parsed = schema.safeParse(given);
  } catch (cause) {
    // A schema that is asynchronous, or whose own code throws.
    throw new HubError('invalid_request', { message: `The schema of ${name} failed`, cause });
  }
  if (!parsed.success)
    throw new HubError('invalid_request', {
      message: `The arguments do not fit ${name}: ${parsed.error.issues.slice(0, 8).map(describeIssue).join('; ')}`,
    });
  return parsed.data;
}

/**
 * The arguments as the tool is given them, once it is sure that these are the ones people see: a schema that makes
 * something else of them each time it reads them would run what was not approved.
 * @throws HubError `invalid_request`
 */
function asShown(tool: KnownTool, shown: unknown): Args {
  const args = read(tool, jsonCopy(shown));
  if (isSameJson(args, shown)) return args;
  throw new HubError('invalid_request', {
    message: `The schema of ${tool.name} does not take what it gives; make it stable`,
  });
}

function refusal(tool: string, outcome: Exclude<Approval, { status: 'approved' }>): string {
  const { status } = outcome;
  const by = status === 'denied' ? outcome.by : undefined;
  const why = status === 'denied' ? outcome.comment : outcome.reason;
  return `${tool} was not run: ${status}${by ? ` by ${by.displayName}` : ''}${why ? `: ${why}` : ''}`;
}
