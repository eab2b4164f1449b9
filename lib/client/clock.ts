/** Where the client gets the time from; tests hand in one that they move. */

/** Time and timers. `later` calls once after `ms` and returns what cancels it. */
export interface Clock {
  /** Monotonic milliseconds, whatever happens to the time of day; only differences count. */
  now(): number;
  later(ms: number, call: () => void): () => void;
}

/** The longest time a timer of JavaScript can wait; a longer one would be over at once. */
const longestMs = 2 ** 31 - 1;

/** The machine's own. A client that waits to reconnect holds a Node process alive, as an open socket does. */
export const systemClock: Clock = {
  now: () => performance.now(),
  later(ms, call) {
    const timer = setTimeout(call, Math.min(ms, longestMs));
    return () => clearTimeout(timer);
  },
};
