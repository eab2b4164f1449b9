/** One attempt to run what a rule allows or people have approved; where an earlier process has begun it, what has become of it is found out first. Calls of tools make attempts. */
import { HubError, isA } from '../../errors';
import type { User } from '../../protocol/records';
import type { AnyRequest } from '../kinds/app-types';
import { deepFreeze } from '../kinds/kinds';
import type { ApprovalOptions } from '../requests/request-input';
import type { Entry, Kept } from '../turns/entry';
import { type Args, asShown, type KnownTool } from './known-tool';
import { NotBegun, noteNotRun, type RunParts, runAllowed, runApproved, wordsOf } from './tool-run';

/** What is to be run. */
export interface ToRun {
  /** Tells it from what else the turn runs. */
  id: string;
  /** As the call or the approval has them. */
  args: Args;
  /** For services outside. Default: the request's id; without one, the place of the call in its turn. */
  key?: string;
  /** None if a rule allows it. */
  request?: Readonly<AnyRequest>;
  /** What it was asked with. */
  ask?: Pick<ApprovalOptions, 'policy' | 'escalate' | 'remindIn'>;
}

/** What people have said of an attempt that was cut off: once more. */
export interface Again {
  by: User | undefined;
  /** That attempt's. */
  key: string;
}

/** Why an attempt has no result. */
export type NoResult =
  /** It may not be run, or not again. */
  | { why: 'not_begun'; rule: string }
  /** It was done by a process that could not record the result. */
  | { why: 'no_result' }
  /** The process that began it has ended. */
  | { why: 'unknown'; key: string };

/** What is recorded where an attempt begins. */
interface Begun {
  /** None if a rule allows it. */
  runId?: string;
  key: string;
}

export interface OnceParts extends RunParts {
  tool: KnownTool;
  signal: AbortSignal;
}

/** @returns its result, or `instead` a `NoResult` @throws what the tool throws, `tool_timeout`, the signal's reason */
export async function runOnce(
  parts: OnceParts,
  entry: Entry,
  { args, key: given, request }: ToRun,
  again: Again | undefined,
): Promise<Kept> {
  const { tool, signal } = parts;
  const { name, timeoutMs, isIdempotent } = tool;
  const begun = entry.begun as Begun | undefined;
  const key = given ?? request?.id ?? begun?.key ?? again?.key ?? entry.key;
  const bounds = { name, signal, timeoutMs };
  const work = (toRun: Args) => (stop: AbortSignal) => tool.run(toRun, { signal: stop, key });
  if (!request) {
    if (begun && !isIdempotent) return noResult({ why: 'unknown', key });
    return runAllowed(parts, entry, { key } satisfies Begun, work(args), bounds);
  }
  const { id } = request;
  const earlier = begun?.runId === undefined ? 'none' : await standingOf(parts, entry, id, begun.runId);
  if (earlier === 'executed') return noResult({ why: 'no_result' });
  if (earlier === 'unknown' && !isIdempotent) return noResult({ why: 'unknown', key });
  if (earlier === 'unknown' || again) await allowAgain(parts, id, again?.by);
  try {
    const toRun = deepFreeze(await orNoteNotRun(parts, id, () => asShown(tool, args)));
    const payload = { ...request.payload, tool_args: args };
    return await runApproved(parts, entry, { id, payload, key }, work(toRun), bounds);
  } catch (error) {
    if (!isA(error, NotBegun)) throw error;
    return noResult({ why: 'not_begun', rule: error.rule });
  }
}

/**
 * How far a run has come that an earlier process began, once its lease is over.
 * @returns `none` where it counts no more, and another may begin @throws what it failed with
 */
async function standingOf(
  { hitl, clock, tool }: OnceParts,
  entry: Entry,
  id: string,
  runId: string,
): Promise<'none' | 'unknown' | 'executed'> {
  for (;;) {
    const { execution } = await hitl.get(id);
    if (execution?.runId !== runId || execution.state === 'not_run') return 'none';
    const { state, until, error } = execution;
    if (state === 'failed') throw new Error(error);
    if (state !== 'executing') return state;
    // That process may only have been stopped for a while, and still be at it.
    if (clock.now() < until && !tool.isIdempotent) await entry.waitUntil(until);
    else await hitl.lost(id, runId, 'its process has ended', { via: 'turn' }).catch(unlessOver);
  }
}

/** It may be run again, where that is to be said. */
async function allowAgain({ hitl }: RunParts, id: string, by: User | undefined): Promise<void> {
  const { execution } = await hitl.get(id);
  if (execution?.state !== 'unknown' && execution?.state !== 'failed') return;
  await hitl.retry(id, { via: 'turn', ...(by && { by }) }).catch(unlessOver);
}

/** Another has said it first. */
function unlessOver(error: unknown): void {
  if (!HubError.is(error, 'not_executable')) throw error;
}

function noResult(instead: NoResult): Kept {
  return { instead };
}

/** What it makes of an approved request. @throws what it throws, once that is noted as why the request is not run */
async function orNoteNotRun<T>(parts: RunParts, id: string, make: () => T): Promise<T> {
  try {
    return make();
  } catch (error) {
    await noteNotRun(parts, id, wordsOf(error));
    throw error;
  }
}
