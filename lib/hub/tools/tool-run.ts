/** Carries out an approved call of a tool under a lease and records how it went, so that a crash shows as `unknown`; tools run through here. */
import { randomUUID } from 'node:crypto';
import { HubError, isA, messageOf, toHubError } from '../../errors';
import { CutOff, workWithin } from '../commit/bounded-work';
import type { Clock } from '../commit/clock';
import type { Occasion } from '../commit/occasion';
import type { Logger } from '../options/logger';
import { type Hitl, runLeaseMs } from '../requests/hitl';
import type { Entry, Kept } from '../turns/entry';

const occasion: Occasion = { via: 'turn' };

export interface RunParts {
  hitl: Hitl;
  clock: Clock;
  logger: Logger;
}

/** What is to be done, once: called with the signal that stops it. */
export type Work = (signal: AbortSignal) => unknown;

/** How long work may take, and what stops it beside that. */
export interface Bounds {
  /** Shown in the error. */
  name: string;
  signal: AbortSignal;
  timeoutMs: number | undefined;
}

/** A request that was approved, and what of it is run. */
export interface ApprovedRun {
  id: string;
  /** What the work is about to do; it must be what was approved. */
  payload: Record<string, unknown>;
  /** For services outside. */
  key: string;
}

/**
 * Does the work if the request may be carried out now and no other run is in progress; beginning and end are recorded with the
 * request and by the entry.
 * @throws NotBegun if it may not be done, or not again; otherwise what the work throws, `tool_timeout`, or the signal's
 *   reason
 */
export async function runApproved(
  parts: RunParts,
  entry: Entry,
  { id, payload, key }: ApprovedRun,
  work: Work,
  bounds: Bounds,
): Promise<Kept> {
  const { hitl, clock } = parts;
  const runId = randomUUID();
  try {
    // A turn that is over begins nothing: the same call, made again, may still run it.
    bounds.signal.throwIfAborted();
    const begin = (beside: Occasion['beside']) =>
      hitl.execute(id, { runId, payload }, { ...occasion, beside });
    await entry.begin({ runId, key }, begin).catch((error: unknown) => {
      throw HubError.is(error, 'not_executable') ? new NotBegun(String(error.details.rule)) : error;
    });
    bounds.signal.throwIfAborted();
  } catch (error) {
    await noteNotRun(parts, id, whyNot(error), runId);
    throw error;
  }
  const stopRenewing = keepLease(parts, id, { runId, payload });
  const ran = await endOf(workWithin(clock, work, { ...bounds, late: lateFor(bounds) }));
  stopRenewing();
  if (!('error' in ran)) {
    const end = entry.end(ran, (beside) => hitl.executed(id, runId, undefined, { ...occasion, beside }));
    await recordEnd(parts, id, end, () => entry.end(ran));
    return ran;
  }
  const { error, isCutOff } = ran;
  const commit = (beside: Occasion['beside']) =>
    hitl[isCutOff ? 'lost' : 'executed'](id, runId, wordsOf(error), { ...occasion, beside });
  // The end of the turn, or its process, ends the journal too.
  if (isCutOff && bounds.signal.aborted) await recordEnd(parts, id, commit(undefined));
  else await recordEnd(parts, id, entry.end({ error }, commit), () => entry.end({ error }));
  throw error;
}

/** Nothing was begun, and why. */
export class NotBegun extends Error {
  constructor(readonly rule: string) {
    super(rule);
  }
}

/**
 * Records with an approved request that it is not run, and why, so that it does not look as if it was. If a run has begun,
 * nothing is recorded. Never rejects.
 */
export async function noteNotRun(
  { hitl, logger }: RunParts,
  id: string,
  why: string | undefined,
  runId: string = randomUUID(),
): Promise<void> {
  if (why === undefined) return;
  await hitl.notRun(id, runId, why, occasion).catch((error: unknown) => {
    // An earlier run has gone on in the meantime, and records itself how it ended.
    if (toHubError(error).code === 'not_executable') return;
    logger.error('That a call was not run could not be recorded', {
      requestId: id,
      error: toHubError(error).code,
    });
  });
}

/** In words; nothing where an earlier run of the same call says how it went. */
function whyNot(error: unknown): string | undefined {
  if (!isA(error, NotBegun)) return wordsOf(error);
  return notBegunWords[error.rule];
}

const notBegunWords: Record<string, string> = {
  digest: 'it is not what was approved',
  grant_revoked: 'the grant that approved it has been revoked',
};

/** In words, for the record of a run; a thrown text is its own. */
export function wordsOf(error: unknown): string {
  return typeof error === 'string' ? error : messageOf(error);
}

/**
 * Does what a rule allows; beginning and end are recorded by the entry.
 * @throws what the work throws, `tool_timeout`, or the signal's reason
 */
export async function runAllowed(
  { clock }: Pick<RunParts, 'clock'>,
  entry: Entry,
  note: unknown,
  work: Work,
  bounds: Bounds,
): Promise<Kept> {
  bounds.signal.throwIfAborted();
  await entry.begin(note);
  bounds.signal.throwIfAborted();
  const ran = await endOf(workWithin(clock, work, { ...bounds, late: lateFor(bounds) }));
  if (!('error' in ran)) return ran;
  if (!ran.isCutOff || !bounds.signal.aborted) await entry.end(ran);
  throw ran.error;
}

/** How work ended. */
type End = { value: unknown } | { error: unknown; isCutOff: boolean };

async function endOf(work: Promise<unknown>): Promise<End> {
  try {
    return { value: await work };
  } catch (error) {
    return isA(error, CutOff) ? { error: error.reason, isCutOff: true } : { error, isCutOff: false };
  }
}

/** Never rejects. @param otherwise where that is not recorded */
async function recordEnd(
  { logger }: RunParts,
  id: string,
  end: Promise<unknown>,
  otherwise: () => Promise<unknown> = async () => {},
): Promise<void> {
  await end.catch(async (error: unknown) => {
    // What was done is done. The lease ends by itself, and then the record says `unknown`.
    logger.error('The end of a run could not be recorded', {
      requestId: id,
      error: toHubError(error).code,
    });
    await otherwise().catch(() => {});
  });
}

function lateFor({ name }: Bounds) {
  return (ms: number) => new HubError('tool_timeout', { message: `${name} took longer than ${ms} ms` });
}

/** Says again and again that the run is still going; what it returns ends that. */
function keepLease(
  { hitl, clock, logger }: RunParts,
  id: string,
  run: { runId: string; payload: Record<string, unknown> },
): () => void {
  let isOver = false;
  let cancel = () => {};
  const renewLater = () => {
    if (isOver) return;
    cancel = clock.later(runLeaseMs / 3, () => {
      hitl.execute(id, run, occasion).then(renewLater, (error: unknown) => {
        if (isOver) return;
        logger.error('The lease of a run could not be renewed', {
          requestId: id,
          error: toHubError(error).code,
        });
        // A store that failed may work again before the lease ends.
        if (toHubError(error).status >= 500) renewLater();
      });
    });
  };
  renewLater();
  return () => {
    isOver = true;
    cancel();
  };
}
