/** Puts a human between an agent and a tool: decides by rules, asks where they say so, and runs what was approved, once. */
import type { z } from 'zod';
import { HubError, isA } from '../../errors';
import type { RequestRecord } from '../../protocol/records';
import { deepFreeze, isSameJson, jsonCopy } from '../kinds/kinds';
import { callFields, toolFields } from '../options/asked-options';
import { type Duration, toMillis } from '../options/duration';
import { assertOptions, isPlain } from '../options/options';
import { approvedArgs, type Turn } from '../turns/turn';
import { ruleFor, rulesOf, type ToolRule } from './tool-rules';
import { NotBegun, noteNotRun, type RunParts, runApproved, runFreely, wordsOf } from './tool-run';

/** Something an agent can do. */
export interface Tool<Args extends Record<string, unknown>, Result> {
  name: string;
  /**
   * What its arguments must be, also after a human has edited them. It must take what it gives: a person sees, and
   * approves, what it has made of the arguments, and the tool is given just that.
   */
  schema: z.ZodType<Args>;
  run(args: Args, context: { signal: AbortSignal }): Promise<Result> | Result;
  /** How long a run may take; a human's wait does not count. Default: as long as it likes. */
  timeout?: Duration;
}

/** What became of a call. A tool that throws makes the call reject with what it threw. */
export type ToolOutcome<Result> =
  /** `request` if somebody was asked, or a grant was used (`request.usedGrant`). */
  | { status: 'executed'; value: Result; request?: Readonly<RequestRecord> }
  /** Not run; `message` is written for a model to read. */
  | {
      status: 'denied' | 'expired' | 'cancelled' | 'superseded';
      message: string;
      request?: Readonly<RequestRecord>;
    }
  /** Approved, but an earlier run of the same call was begun: `reason` says how far it came. */
  | { status: 'not_run'; reason: string; message: string; request: Readonly<RequestRecord> };

/**
 * A call of a guarded tool.
 * @param callId the same for the same call, also after a restart: it then re-attaches instead of asking or running again
 */
export type GuardedTool<Args, Result> = (
  turn: Turn,
  args: Args,
  call?: { callId?: string },
) => Promise<ToolOutcome<Result>>;

/**
 * Without a rule that fits, a human is asked. Tool and rules are taken as they are now: what becomes of these objects later
 * changes nothing.
 * @throws HubError `invalid_request` for a tool or rule that has an unknown field or cannot be
 */
export function guardTool<Args extends Record<string, unknown>, Result>(
  parts: RunParts,
  given: Tool<Args, Result>,
  givenRules: readonly ToolRule<Args>[] = [],
): GuardedTool<Args, Result> {
  const tool = toolOf(given);
  const rules = rulesOf(givenRules);
  parts.hitl.defineTool(tool.name, tool.schema);
  const { name, timeoutMs } = tool;
  return async (turn, givenArgs, call = {}) => {
    assertOptions(`The call of ${name}`, call, callFields);
    const { callId } = call;
    // Copied before anybody looks at it: a rule takes time, and whoever called still holds what was given.
    const args = deepFreeze(read(tool, jsonCopy(givenArgs)));
    const bounds = { name, signal: turn.signal, timeoutMs };
    const rule = await ruleFor(name, args, turn, rules, parts.logger);
    const key = callId === undefined ? {} : { key: `tool:${name}:${callId}` };
    if (rule.decide === 'deny') {
      const why = rule.because ? `: ${rule.because}` : '';
      if (key.key !== undefined)
        await noteDenied(parts, turn.ticketId, key.key, `a rule denies it now${why}`);
      return { status: 'denied', message: `${name} may not be used like this${why}` };
    }
    if (rule.decide === 'allow') {
      const value = await runFreely(parts.clock, (signal) => tool.run(args, { signal }), bounds);
      return { status: 'executed', value };
    }
    asShown(tool, args);
    const { display, ...ask } = rule.ask ?? {};
    const shown = display && { display: typeof display === 'function' ? display(args) : display };
    const decision = await turn.approve({ ...ask, ...shown, ...key, toolName: name, toolArgs: args });
    const { request } = decision;
    if (decision.status !== 'approved')
      return { status: decision.status, message: refusal(name, request), request };
    const approved = approvedArgs(request);
    const toRun = deepFreeze(await orNoteNotRun(parts, request, () => asShown(tool, approved)));
    const payload = { ...request.payload, tool_args: approved };
    try {
      const value = await runApproved(
        parts,
        request,
        payload,
        (signal) => tool.run(toRun, { signal }),
        bounds,
      );
      return { status: 'executed', value, request };
    } catch (error) {
      if (!isA(error, NotBegun)) throw error;
      const { rule: reason } = error;
      const again = reason === 'grant_revoked' ? '' : ' again';
      const message = `${name} was approved, but it is not run${again}: ${reason}`;
      return { status: 'not_run', reason, message, request };
    }
  };
}

/** Where the same call was asked about before the rules denied it, what was approved is not run. */
async function noteDenied(parts: RunParts, ticketId: string, key: string, why: string): Promise<void> {
  const earlier = await parts.hitl.find(ticketId, key);
  if (earlier?.status === 'approved') await noteNotRun(parts, earlier.id, why);
}

/** What it makes of an approved request. @throws what it throws, once that is noted as why the request is not run */
async function orNoteNotRun<T>(parts: RunParts, { id }: Readonly<RequestRecord>, make: () => T): Promise<T> {
  try {
    return make();
  } catch (error) {
    await noteNotRun(parts, id, wordsOf(error));
    throw error;
  }
}

/** @throws HubError `invalid_request` */
function toolOf<Args extends Record<string, unknown>, Result>(given: Tool<Args, Result>) {
  const { name, schema, run, timeout } = given;
  // An instance of a class has fields of its own.
  const named = isPlain(given) ? given : { name, schema, run, ...(timeout !== undefined && { timeout }) };
  assertOptions('The tool', named, toolFields);
  if (typeof run !== 'function')
    throw new HubError('invalid_request', { message: 'The tool: run must be a function' });
  const timeoutMs = timeout === undefined ? undefined : toMillis(timeout);
  const runIt: typeof run = (args, context) => run.call(given, args, context);
  return { name, schema, run: runIt, timeoutMs };
}

type Readable<Args extends Record<string, unknown>> = Pick<Tool<Args, unknown>, 'name' | 'schema'>;

/** @throws HubError `invalid_request` */
function read<Args extends Record<string, unknown>>(tool: Readable<Args>, given: unknown): Args {
  let parsed: z.ZodSafeParseResult<Args>;
  try {
    parsed = tool.schema.safeParse(given);
  } catch (cause) {
    // A schema that is asynchronous, or whose own code throws.
    throw new HubError('invalid_request', { message: `The schema of ${tool.name} failed`, cause });
  }
  if (!parsed.success)
    throw new HubError('invalid_request', { message: `The arguments do not fit ${tool.name}` });
  return parsed.data;
}

/**
 * The arguments as the tool is given them, once it is sure that these are the ones people see: a schema that makes
 * something else of them each time it reads them would run what nobody has approved.
 * @throws HubError `invalid_request`
 */
function asShown<Args extends Record<string, unknown>>(tool: Readable<Args>, shown: unknown): Args {
  const args = read(tool, jsonCopy(shown));
  if (isSameJson(args, shown)) return args;
  throw new HubError('invalid_request', {
    message: `The schema of ${tool.name} does not take what it gives; make it stable`,
  });
}

function refusal(tool: string, { status, respondedBy, response, reason }: Readonly<RequestRecord>): string {
  const who = respondedBy ? ` by ${respondedBy.displayName}` : '';
  const why = response?.comment ?? reason;
  return `${tool} was not run: ${status}${who}${why ? `: ${why}` : ''}`;
}
