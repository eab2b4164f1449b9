/** Carries out an approved call of a tool under a lease and records how it went, so that a crash shows as `unknown`; tools run through here. */
import { randomUUID } from 'node:crypto';
import { HubError, isA, messageOf, toHubError } from '../../errors';
import type { Clock } from '../commit/clock';
import type { Occasion } from '../commit/occasion';
import type { Logger } from '../options/logger';
import { type Hitl, runLeaseMs } from '../requests/hitl';

const occasion: Occasion = { via: 'turn' };

export interface RunParts {
  hitl: Hitl;
  clock: Clock;
  logger: Logger;
}

/** What is to be done, once: called with the signal that stops it. */
export type Work<Result> = (signal: AbortSignal) => Promise<Result> | Result;

/** How long work may take, and what stops it beside that. */
export interface Bounds {
  /** Shown in the error. */
  name: string;
  signal: AbortSignal;
  timeoutMs: number | undefined;
}

/**
 * Does the work if the request may be carried out now and no other run is in progress.
 * @param payload what the work is about to do; it must be what was approved
 * @throws NotBegun if it may not be done, or not again; otherwise what the work throws, `tool_timeout`, or the signal's
 *   reason
 */
export async function runApproved<Result>(
  parts: RunParts,
  { id }: { id: string },
  payload: Record<string, unknown>,
  work: Work<Result>,
  bounds: Bounds,
): Promise<Result> {
  const { hitl, clock, logger } = parts;
  const runId = randomUUID();
  try {
    // A turn that is over begins nothing: the same call, made again, may still run it.
    bounds.signal.throwIfAborted();
    await hitl.execute(id, { runId, payload }, occasion).catch((error: unknown) => {
      throw HubError.is(error, 'not_executable') ? new NotBegun(String(error.details.rule)) : error;
    });
    bounds.signal.throwIfAborted();
  } catch (error) {
    await noteNotRun(parts, id, whyNot(error), runId);
    throw error;
  }
  const stopRenewing = keepLease(parts, id, { runId, payload });
  let end: Promise<unknown> = Promise.resolve();
  try {
    const value = await runWithin(clock, work, bounds);
    end = hitl.executed(id, runId, undefined, occasion);
    return value;
  } catch (error) {
    if (isA(error, CutOff)) end = hitl.lost(id, runId, wordsOf(error.reason), occasion);
    else end = hitl.executed(id, runId, wordsOf(error), occasion);
    throw isA(error, CutOff) ? error.reason : error;
  } finally {
    stopRenewing();
    await end.catch((error: unknown) =>
      // What was done is done. The lease ends by itself, and then the record says `unknown`.
      logger.error('The end of a run could not be recorded', {
        requestId: id,
        error: toHubError(error).code,
      }),
    );
  }
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

/** Work that was stopped from outside: whether it still runs, and how far it came, is unknown. */
class CutOff extends Error {
  constructor(readonly reason: unknown) {
    super('cut off');
  }
}

/** Does the work within its bounds. @throws what the work throws, `tool_timeout`, or the signal's reason */
export async function runFreely<Result>(clock: Clock, work: Work<Result>, bounds: Bounds): Promise<Result> {
  bounds.signal.throwIfAborted();
  try {
    return await runWithin(clock, work, bounds);
  } catch (error) {
    throw isA(error, CutOff) ? error.reason : error;
  }
}

async function runWithin<Result>(clock: Clock, work: Work<Result>, bounds: Bounds): Promise<Result> {
  const { name, timeoutMs } = bounds;
  const timeout = new AbortController();
  const signal = AbortSignal.any([bounds.signal, timeout.signal]);
  const cancel =
    timeoutMs === undefined
      ? () => {}
      : clock.later(timeoutMs, () =>
          timeout.abort(
            new HubError('tool_timeout', { message: `${name} took longer than ${timeoutMs} ms` }),
          ),
        );
  let stopListening = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    const onAbort = () => reject(new CutOff(signal.reason));
    signal.addEventListener('abort', onAbort, { once: true });
    stopListening = () => signal.removeEventListener('abort', onAbort);
  });
  const done = async () => work(signal);
  try {
    return await Promise.race([done(), aborted]);
  } finally {
    stopListening();
    cancel();
  }
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
