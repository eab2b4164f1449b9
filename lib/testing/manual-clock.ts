/** A clock that stands still until a test moves it; handed to a hub in place of the system's. */
import type { Clock } from '../hub/commit/clock';
import type { Millis } from '../protocol/records';

interface Timer {
  at: Millis;
  call(): void;
}

export class ManualClock implements Clock {
  private time: Millis;
  private timers: Timer[] = [];

  /** @param start default 2026-01-01T00:00:00Z */
  constructor(start: Millis = Date.UTC(2026, 0, 1)) {
    this.time = start;
  }

  now(): Millis {
    return this.time;
  }

  later(ms: number, call: () => void): () => void {
    const timer = { at: this.time + ms, call };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((each) => each !== timer);
    };
  }

  /** Timers that have not been called or cancelled. */
  get pending(): number {
    return this.timers.length;
  }

  /** Whether a timer waits whose time has come. */
  hasDue(): boolean {
    return this.timers.some(({ at }) => at <= this.time);
  }

  /** Moves on by `ms` and calls, in the order of their times, the timers on the way; what they set is called too if due. */
  advance(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const next = this.timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.timers = this.timers.filter((each) => each !== next);
      this.time = Math.max(this.time, next.at);
      next.call();
    }
    this.time = end;
  }

  /** Forgets every timer, as when the process that set them is gone. */
  dropTimers(): void {
    this.timers = [];
  }

  /** Sets the time without calling any timer, as when a machine slept or its clock was put right. */
  jumpTo(time: Millis): void {
    this.time = time;
  }
}
