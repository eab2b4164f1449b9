/** Runs the steps of agents: attempts, time limit, the key for services outside; and knows whether code is inside one. Plain and durable turns both run theirs here. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { HubError } from '../../errors';
import type { Clock } from '../commit/clock';
import { type Duration, toMillis } from '../options/duration';

/** What a step's function is given. */
export interface StepContext {
  /** The same at every attempt, also in a later process: an idempotency key. */
  key: string;
  /** From 1. */
  attempt: number;
  /** Aborts when the turn ends or the attempt takes too long. */
  signal: AbortSignal;
}

/** How a step is run. */
export interface StepOptions {
  /** What tells it from other steps of this name that are under way at the same time; JSON. Only a digest is stored. */
  input?: unknown;
  /** Attempts after the first that throws. Default 0. */
  retries?: number;
  /** The pause before the second attempt; twice as long before each that follows, at most a minute. Default `'1s'`. */
  backoff?: Duration;
  /** Of one attempt. Default: none. */
  timeout?: Duration;
  /** Not run again if the process died in it: it rejects with `step_unknown`. Default false. */
  once?: boolean;
}

const longestBackoffMs = 60_000;

const inside = new AsyncLocalStorage<string>();

/** @throws HubError `invalid_request` where code inside a step uses its turn */
export function assertOutsideStep(what: string): void {
  const name = inside.getStore();
  if (name === undefined) return;
  throw new HubError('invalid_request', {
    message: `turn.${what} was called inside the step "${name}": a step only returns; say and ask before or after it`,
  });
}

/** The name of the step that this code is inside of. */
export function currentStep(): string | undefined {
  return inside.getStore();
}

export interface StepRun<T> {
  name: string;
  key: string;
  run(context: StepContext): T | Promise<T>;
  options: StepOptions;
  /** The turn's. */
  signal: AbortSignal;
  clock: Clock;
}

/**
 * Runs a step with its attempts.
 * @throws what the last attempt threw, `step_timeout`, or the signal's reason
 */
export async function runStep<T>(step: StepRun<T>): Promise<T> {
  const { retries = 0, backoff = '1s' } = step.options;
  let pauseMs = toMillis(backoff);
  for (let attempt = 1; ; attempt += 1) {
    step.signal.throwIfAborted();
    try {
      return await runAttempt(step, attempt);
    } catch (error) {
      if (attempt > retries || step.signal.aborted) throw error;
    }
    await pause(step, Math.min(pauseMs, longestBackoffMs));
    pauseMs *= 2;
  }
}

async function runAttempt<T>({ name, key, run, options, signal, clock }: StepRun<T>, attempt: number): Promise<T> {
  const timeoutMs = options.timeout === undefined ? undefined : toMillis(options.timeout);
  const ended = new AbortController();
  const either = AbortSignal.any([signal, ended.signal]);
  const cancelTimer =
    timeoutMs === undefined
      ? () => {}
      : clock.later(timeoutMs, () =>
          ended.abort(
            new HubError('step_timeout', {
              message: `The step "${name}" took longer than ${timeoutMs} ms`,
              details: { step: name, timeoutMs },
            }),
          ),
        );
  let stopListening = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    const onAbort = () => reject(either.reason);
    either.addEventListener('abort', onAbort, { once: true });
    stopListening = () => either.removeEventListener('abort', onAbort);
  });
  try {
    const work = inside.run(name, async () => run({ key, attempt, signal: either }));
    return await Promise.race([work, aborted]);
  } finally {
    stopListening();
    cancelTimer();
  }
}

function pause({ clock, signal }: Pick<StepRun<unknown>, 'clock' | 'signal'>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.later(ms, end);
    signal.addEventListener('abort', end, { once: true });
  });
}
