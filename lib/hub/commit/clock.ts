/** Where the hub gets the time from; tests hand in one that they move. */
import type { Millis } from '../../protocol/records';

/** Beyond this, Node's timers fire at once. */
export const longestTimerMs = 2 ** 31 - 1;

/** Time and timers. `later` calls once after `ms` (at most 2^31-1) and returns what cancels it. */
export interface Clock {
  now(): Millis;
  later(ms: number, call: () => void): () => void;
}

/** The machine's own time. Its timers do not hold the process open. */
export const systemClock: Clock = {
  now: Date.now,
  later(ms, call) {
    const timer = setTimeout(call, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
