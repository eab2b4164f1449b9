/** One call of a tool by a turn: its rules decide, people are asked where they say so, and it is run at most once; each of these is recorded where the turn is durable. Tools that `makeTool` made call it. */
import { canonicalJson } from '../../protocol/canonical-json';
import type { Approval } from '../kinds/app-types';
import { toDisplay } from '../kinds/display';
import { deepFreeze, jsonCopy } from '../kinds/kinds';
import { callFields } from '../options/asked-options';
import { assertOptions, isPlain } from '../options/options';
import type { ApprovalOptions } from '../requests/request-input';
import { digestOfText } from '../turns/durable/names';
import type { ToolCall, Turn, TurnPort } from '../turns/turn';
import { type Args, asShown, type KnownTool, read } from './known-tool';
import { type Again, type NoResult, runOnce, type ToRun } from './run-once';
import { ruleFor } from './tool-rules';
import { noteNotRun, type RunParts } from './tool-run';
import { askWhetherDone, confirmed } from './was-it-done';

export interface CallParts extends RunParts {
  tool: KnownTool;
  turn: Turn;
  port: TurnPort;
}

/** What the rules have decided about a call. */
type Decision =
  | { decide: 'allow' }
  | { decide: 'deny'; because?: string }
  | { decide: 'ask'; ask: Omit<ApprovalOptions, 'key'> };

/** @throws HubError as `Turn.callTool` says; what the tool throws */
export async function callTool(
  parts: CallParts,
  givenArgs: unknown,
  call: { callId?: string },
): Promise<ToolCall<unknown>> {
  const { tool, turn, port } = parts;
  const { name } = tool;
  assertOptions(`The call of ${name}`, call, callFields);
  const { callId } = call;
  // Copied before it is used: a rule takes time, and the caller could change its object in the meantime.
  const args = deepFreeze(read(tool, jsonCopy(givenArgs)));
  const key = callId === undefined ? {} : { key: `tool:${name}:${callId}` };
  const id = `${name}:${callId === undefined ? digestOfText(canonicalJson(args)) : `key:${callId}`}`;
  const { value } = await port.keep({ name: `rule:${id}`, noun: `a rule of ${name}` }, async () => ({
    value: await decide(parts, args, key.key),
  }));
  const decision = value as Decision;
  if (decision.decide === 'deny')
    return { status: 'denied', message: `${name} may not be used like this${because(decision)}` };
  if (decision.decide === 'allow') return run(parts, { id, args, ...key });
  const { ask } = decision;
  const outcome: Approval = await turn.approve({ ...ask, ...key, tool: name, args });
  const { request } = outcome;
  if (outcome.status !== 'approved')
    return { status: outcome.status, message: refusal(name, outcome), request };
  return run(parts, { id: `${name}:${request.id}`, args: outcome.args, ...key, request, ask });
}

async function decide(parts: CallParts, args: Args, key: string | undefined): Promise<Decision> {
  const { hitl, logger, tool, turn } = parts;
  const { name, description } = tool;
  const rule = await ruleFor(name, args, turn, tool.rules, logger);
  if (rule.decide === 'deny') {
    // Where the same call was asked about before the rules denied it, what was approved is not run.
    const earlier = key === undefined ? undefined : await hitl.find(turn.ticketId, key);
    if (earlier?.status === 'approved')
      await noteNotRun(parts, earlier.id, `a rule denies it now${because(rule)}`);
    return { decide: 'deny', ...(rule.because !== undefined && { because: rule.because }) };
  }
  if (rule.decide === 'allow') return { decide: 'allow' };
  asShown(tool, args);
  const { display: shown, ...ask } = rule.ask ?? {};
  const own = typeof shown === 'function' ? shown(args) : shown;
  const beside = description === undefined ? {} : { description };
  // What is no display, such as a promise, is refused as it is.
  const display = toDisplay(own === undefined || isPlain(own) ? { ...beside, ...own } : own);
  return { decide: 'ask', ask: { ...ask, ...(display && { display }) } };
}

/** Runs it, and once more where people say so. */
async function run(parts: CallParts, toRun: ToRun): Promise<ToolCall<unknown>> {
  const { tool, turn, port } = parts;
  const { name } = tool;
  const { id, request } = toRun;
  const asked = request && { request };
  for (let again: Again | undefined; ; ) {
    const attempt = again;
    const ran = await port.keep({ name: `run:${id}`, noun: `the tool ${name}` }, (entry) =>
      runOnce({ ...parts, signal: turn.signal }, entry, toRun, attempt),
    );
    const failed = ran.instead as NoResult | undefined;
    if (!failed) return { status: 'executed', result: ran.value, ...asked };
    if (failed.why === 'not_begun') return { ...notBegun(name, failed.rule), ...asked };
    if (failed.why === 'no_result') return { ...confirmed(name), ...asked };
    const said = await askWhetherDone(turn, name, toRun);
    if (said.status === 'done') return { ...confirmed(name, said), ...asked };
    if (said.status === 'leave') return { ...left(name), ...asked };
    again = { by: said.by, key: failed.key };
  }
}

function notBegun(tool: string, reason: string) {
  const again = reason === 'grant_revoked' ? '' : ' again';
  const message = `${tool} was approved, but it is not run${again}: ${reason}`;
  return { status: 'not_run' as const, reason, message };
}

function left(tool: string) {
  const message = `Whether ${tool} was done is not known, and people have left it at that`;
  return { status: 'not_run' as const, reason: 'left', message };
}

function because({ because: why }: { because?: string | undefined }): string {
  return why ? `: ${why}` : '';
}

function refusal(tool: string, outcome: Exclude<Approval, { status: 'approved' }>): string {
  const { status } = outcome;
  const by = status === 'denied' ? outcome.by : undefined;
  const why = status === 'denied' ? outcome.comment : outcome.reason;
  return `${tool} was not run: ${status}${by ? ` by ${by.displayName}` : ''}${why ? `: ${why}` : ''}`;
}
