/** Runs the steps of agents: attempts, time limit, the key for services outside; and knows whether code is inside one. Plain and durable turns both run theirs here. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { z } from 'zod';
import { HubError, isA } from '../../errors';
import { CutOff, workWithin } from '../commit/bounded-work';
import type { Clock } from '../commit/clock';
import { type Duration, toMillis } from '../options/duration';
import { assertOptions, duration, elsewhere, type Fields, flag } from '../options/options';

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

/** What JSON makes of a value: what a step gives is this, the first time and after a restart alike. */
export type Jsonify<T> = T extends { toJSON(): infer J }
  ? Jsonify<J>
  : T extends string | number | boolean | null
    ? T
    : T extends undefined | symbol | bigint | ((...args: never[]) => unknown)
      ? never
      : T extends readonly [] | readonly [unknown, ...unknown[]]
        ? { [I in keyof T]: Jsonify<T[I]> }
        : T extends readonly (infer I)[]
          ? Jsonify<I>[]
          : T extends object
            ? { [P in keyof T as [Jsonify<T[P]>] extends [never] ? never : P]: Jsonify<T[P]> }
            : unknown;
/** Of a step that returns `T`; one that returns nothing gives nothing. */
export type StepResult<T> = unknown extends T
  ? unknown
  : // biome-ignore lint/suspicious/noConfusingVoidType: what a function without a result returns
    [T] extends [undefined | void]
    ? undefined
    : Jsonify<T>;

const longestBackoffMs = 60_000;
/** Attempts of one step, beside the first. */
const maxRetries = 1_000;

const stepFields = {
  input: elsewhere,
  retries: z.number().int().min(0).max(maxRetries),
  backoff: duration,
  timeout: duration,
  once: flag,
} satisfies Fields;

/** @throws HubError `invalid_request` */
export function assertStep(given: unknown, run: unknown, options: StepOptions): void {
  if (typeof given !== 'string' || given === '')
    throw new HubError('invalid_request', { message: 'turn.step: a step has a name' });
  if (typeof run !== 'function')
    throw new HubError('invalid_request', {
      message: `turn.step: the step "${given}" needs a function: turn.step(name, () => …)`,
    });
  assertOptions('turn.step', options, stepFields);
}

/** Code that is recorded by what it gives. */
interface Place {
  /** For errors. */
  noun: string;
  turnId: string;
}

const inside = new AsyncLocalStorage<Place>();

/** Calls `work` as code whose result is recorded: it cannot use its turn. */
export function runInside<T>(place: Place, work: () => T): T {
  return inside.run(place, work);
}

/** Whether this code is inside of what its turn records. */
export function isInside(turnId: string): boolean {
  return inside.getStore()?.turnId === turnId;
}

/** @throws HubError `invalid_request` where code inside a step uses its turn */
export function assertOutsideStep(what: string, turnId: string): void {
  const place = inside.getStore();
  if (place?.turnId !== turnId) return;
  throw new HubError('invalid_request', {
    message: `turn.${what} was called inside of ${place.noun}, which only returns: say and ask before or after it`,
  });
}

/** The step, tool or rule that this code is inside of. */
export function currentStep(): string | undefined {
  return inside.getStore()?.noun;
}

export interface StepRun<T> {
  name: string;
  turnId: string;
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

async function runAttempt<T>(
  { name, turnId, key, run, options, signal, clock }: StepRun<T>,
  attempt: number,
): Promise<T> {
  const timeoutMs = options.timeout === undefined ? undefined : toMillis(options.timeout);
  const late = (ms: number) =>
    new HubError('step_timeout', {
      message: `The step "${name}" took longer than ${ms} ms`,
      details: { step: name, timeout_ms: ms },
    });
  const work = (either: AbortSignal) =>
    runInside({ noun: `the step "${name}"`, turnId }, async () => run({ key, attempt, signal: either }));
  try {
    return await workWithin(clock, work, { signal, timeoutMs, late });
  } catch (error) {
    throw isA(error, CutOff) ? error.reason : error;
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
