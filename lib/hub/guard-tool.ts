/** Puts a human between an agent and a tool: decides by rules, asks where they say so, and runs what was approved, once. */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'winston';
import type { z } from 'zod';
import { HubError } from '../errors';
import type { RequestRecord } from '../protocol/records';
import type { AskOptions } from './ask';
import type { Clock } from './clock';
import { type Duration, toMillis } from './duration';
import { type Hitl, runLeaseMs } from './hitl';
import type { Occasion } from './occasion';
import { approvedArgs, type Turn } from './turn';

/** Something an agent can do. */
export interface Tool<Args extends Record<string, unknown>, Result> {
  name: string;
  /** What its arguments must be, also after a human has edited them. */
  schema: z.ZodType<Args>;
  run(args: Args, context: { signal: AbortSignal }): Promise<Result> | Result;
  /** How long a run may take; a human's wait does not count. Default: as long as it likes. */
  timeout?: Duration;
}

/** What may be done without a human, what needs one, and what may not be done at all. The first rule that fits decides. */
export interface ToolRule<Args> {
  /** A tool's name, in which `*` stands for anything. Default: every tool. */
  tool?: string;
  /** Default: any arguments. A predicate that throws denies. */
  when?(args: Args, turn: Turn): boolean;
  decide: 'allow' | 'ask' | 'deny';
  /** With `ask`: who may answer, how long it waits, whether the arguments may be edited. */
  ask?: Omit<AskOptions, 'key'> & { editable?: boolean };
  /** With `deny`: told to the agent. */
  because?: string;
}

/** What became of a call. A tool that throws makes the call reject with what it threw. */
export type ToolOutcome<Result> =
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

export interface GuardParts {
  hitl: Hitl;
  clock: Clock;
  logger: Logger;
}

/** Without a rule that fits, a human is asked. */
export function guardTool<Args extends Record<string, unknown>, Result>(
  parts: GuardParts,
  tool: Tool<Args, Result>,
  rules: readonly ToolRule<Args>[] = [],
): GuardedTool<Args, Result> {
  parts.hitl.defineTool(tool.name, tool.schema);
  const timeoutMs = tool.timeout === undefined ? undefined : toMillis(tool.timeout);
  return async (turn, given, { callId } = {}) => {
    const parsed = tool.schema.safeParse(given);
    if (!parsed.success) throw new HubError('invalid_request', `The arguments do not fit ${tool.name}`);
    const rule = ruleFor(tool, parsed.data, turn, rules, parts.logger);
    if (rule.decide === 'deny') {
      return {
        status: 'denied',
        message: `${tool.name} may not be used like this${rule.because ? `: ${rule.because}` : ''}`,
      };
    }
    if (rule.decide === 'allow') {
      return {
        status: 'executed',
        value: await runWithin(parts.clock, tool, parsed.data, turn.signal, timeoutMs),
      };
    }
    const key = callId === undefined ? {} : { key: `tool:${tool.name}:${callId}` };
    const decision = await turn.approve({ ...rule.ask, ...key, toolName: tool.name, toolArgs: parsed.data });
    const { request } = decision;
    if (decision.status !== 'approved')
      return { status: decision.status, message: refusal(tool.name, request), request };
    return runApproved(parts, tool, request, turn.signal, timeoutMs);
  };
}

function ruleFor<Args extends Record<string, unknown>>(
  tool: { name: string },
  args: Args,
  turn: Turn,
  rules: readonly ToolRule<Args>[],
  logger: Logger,
): ToolRule<Args> {
  for (const rule of rules) {
    if (!matches(rule.tool ?? '*', tool.name)) continue;
    try {
      if (rule.when?.(args, turn) ?? true) return rule;
    } catch (error) {
      logger.error('A tool rule failed; the call is denied', { tool: tool.name, error: String(error) });
      return { decide: 'deny', because: 'the rule that decides about it failed' };
    }
  }
  return { decide: 'ask' };
}

function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(name);
}

/** Runs exactly what was approved, under a lease, and records how it went; a crash in between shows as `unknown`. */
async function runApproved<Args extends Record<string, unknown>, Result>(
  { hitl, clock, logger }: GuardParts,
  tool: Tool<Args, Result>,
  request: Readonly<RequestRecord>,
  signal: AbortSignal,
  timeoutMs: number | undefined,
): Promise<ToolOutcome<Result>> {
  const runId = randomUUID();
  const occasion: Occasion = { via: 'turn' };
  const args = approvedArgs(request);
  const payload = { ...request.payload, tool_args: args };
  try {
    await hitl.execute(request.id, { runId, payload }, occasion);
  } catch (error) {
    if (!(error instanceof HubError) || error.code !== 'not_executable') throw error;
    const reason = String(error.details?.rule);
    return {
      status: 'not_run',
      reason,
      message: `${tool.name} was approved, but it is not run again: ${reason}`,
      request,
    };
  }
  let cancelRenewal = () => {};
  const renew = () => {
    cancelRenewal = clock.later(runLeaseMs / 3, () => {
      hitl.execute(request.id, { runId, payload }, occasion).then(renew, (error: unknown) =>
        logger.error('The lease of a run could not be renewed', {
          requestId: request.id,
          error: String(error),
        }),
      );
    });
  };
  renew();
  try {
    // What runs is what was approved, as its schema reads it.
    const value = await runWithin(clock, tool, tool.schema.parse(structuredClone(args)), signal, timeoutMs);
    await hitl.executed(request.id, runId, undefined, occasion);
    return { status: 'executed', value, request };
  } catch (error) {
    await hitl
      .executed(request.id, runId, error instanceof Error ? error.message : String(error), occasion)
      .catch((lost: unknown) =>
        logger.error('The end of a run could not be recorded', {
          requestId: request.id,
          error: String(lost),
        }),
      );
    throw error;
  } finally {
    cancelRenewal();
  }
}

async function runWithin<Args extends Record<string, unknown>, Result>(
  clock: Clock,
  tool: Tool<Args, Result>,
  args: Args,
  turnSignal: AbortSignal,
  timeoutMs: number | undefined,
): Promise<Result> {
  turnSignal.throwIfAborted();
  const timeout = new AbortController();
  const signal = AbortSignal.any([turnSignal, timeout.signal]);
  const cancel =
    timeoutMs === undefined
      ? () => {}
      : clock.later(timeoutMs, () =>
          timeout.abort(new HubError('tool_timeout', `${tool.name} took longer than ${timeoutMs} ms`)),
        );
  try {
    const aborted = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    return await Promise.race([Promise.resolve(tool.run(args, { signal })), aborted]);
  } finally {
    cancel();
  }
}

function refusal(tool: string, { status, respondedBy, response, reason }: Readonly<RequestRecord>): string {
  const who = respondedBy ? ` by ${respondedBy.displayName}` : '';
  const why = response?.comment ?? reason;
  return `${tool} was not run: ${status}${who}${why ? `: ${why}` : ''}`;
}
