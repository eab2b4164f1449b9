/** Counts time down for all components of a provider that show a deadline: one timer, once a second, while there are any. */
import type { Clock } from '../client';

const second = 1_000;
const minute = 60_000;
const hour = 3_600_000;

export class Ticker {
  private readonly listeners = new Set<() => void>();
  private cancel: (() => void) | undefined;

  constructor(private readonly clock: Clock) {}

  /** Calls with every full second of the clock. */
  on(listener: () => void): () => void {
    this.listeners.add(listener);
    if (!this.cancel) this.arm();
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size > 0) return;
      this.cancel?.();
      this.cancel = undefined;
    };
  }

  /**
   * How long it is until then, in milliseconds, never below 0: rounded up to full seconds, above an hour to full
   * minutes, so that it is the same number as long as nothing else would be shown.
   * @param until RFC 3339; what is none has no rest
   */
  remainingMs(until: string | undefined): number | undefined {
    const rest = Date.parse(until ?? '') - this.clock.now();
    if (Number.isNaN(rest)) return undefined;
    const step = rest > hour ? minute : second;
    return Math.max(0, Math.ceil(rest / step) * step);
  }

  private arm(): void {
    this.cancel = this.clock.later(second - (this.clock.now() % second), () => {
      this.arm();
      for (const listener of [...this.listeners]) listener();
    });
  }
}
