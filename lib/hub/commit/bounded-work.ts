/** Work of the app's that may be stopped: by a signal, or because it takes too long; steps and tools run theirs here. */
import type { Clock } from './clock';

/** What stops work. */
export interface WorkBounds {
  signal: AbortSignal;
  /** None: it may take as long as it likes. */
  timeoutMs: number | undefined;
  /** What it is stopped with when that is over. */
  late(timeoutMs: number): Error;
}

/** Work that was stopped from outside: whether it still runs, and how far it came, is unknown. */
export class CutOff extends Error {
  constructor(readonly reason: unknown) {
    super('cut off');
  }
}

/** Does the work, and waits for it no longer than it may take. @throws CutOff, what the work throws */
export async function workWithin<T>(
  clock: Clock,
  work: (signal: AbortSignal) => T | Promise<T>,
  { signal: given, timeoutMs, late }: WorkBounds,
): Promise<T> {
  const timeout = new AbortController();
  const signal = AbortSignal.any([given, timeout.signal]);
  const cancel =
    timeoutMs === undefined ? () => {} : clock.later(timeoutMs, () => timeout.abort(late(timeoutMs)));
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
