/** How a durable turn passes from process to process: what its record says of that after each change; the turn's machine calls these. */
import type { Millis, TurnRun } from '../protocol/records';

/** Who takes a turn, and how long its journal is then. */
export interface TurnTake {
  /** The node. */
  owner: string;
  entries: number;
}

/** A node begins with the turn, or goes on with one that nobody ran. */
export function takeRun(run: TurnRun, { owner, entries }: TurnTake): TurnRun {
  return dueBy({ ...pass(run), owner, tries: 1, triedAt: entries });
}

/** A node goes on where another one ended; a try counts as one more where the turn got no further since the last. */
export function takeRunOver(run: TurnRun, take: TurnTake): TurnRun {
  const tries = take.entries === run.triedAt ? run.tries + 1 : 1;
  return { ...takeRun(run, take), tries };
}

/** Nobody runs it. */
export function leaveRun({ owner: _owner, ...run }: TurnRun): TurnRun {
  return run;
}

/** Nobody runs it, and that in good order: what ended under it before no longer counts. */
export function releaseRun(run: TurnRun): TurnRun {
  return { ...leaveRun(run), tries: 0 };
}

/** It waits, at most until `dueAt`. */
export function restRun(run: TurnRun, dueAt: Millis | undefined): TurnRun {
  return dueBy(releaseRun(run), dueAt);
}

/**
 * The next leg begins, with an empty journal.
 * @param when the requests that it waits for first @param notBefore the time that it waits for first
 */
export function beginLeg(run: TurnRun, at: Millis, when?: readonly string[], notBefore?: Millis): TurnRun {
  const { when: _requests, notBefore: _time, ...rest } = run;
  const waits = { ...(when && { when }), ...(notBefore !== undefined && { notBefore }) };
  return { ...rest, leg: run.leg + 1, legBegunAt: at, triedAt: 0, tries: 1, ...waits };
}

/** Its due time: the given one, or its greatest age, whichever comes first. */
export function dueBy({ dueAt: _earlier, ...run }: TurnRun, dueAt?: Millis): TurnRun {
  const earliest = Math.min(dueAt ?? Number.POSITIVE_INFINITY, run.expiresAt ?? Number.POSITIVE_INFINITY);
  return { ...run, ...(Number.isFinite(earliest) && { dueAt: earliest }) };
}

/** Who knows it as it was before may not write for it: what they know of its journal holds no more. */
export function pass(run: TurnRun): TurnRun {
  return { ...run, generation: run.generation + 1 };
}
