/** The sleeps of one turn in this process; `Run` begins them, and what the turn waits for says when the first one ends. */
import type { Millis } from '../../../protocol/records';
import { type Clock, longestTimerMs } from '../../commit/clock';

export class Sleeps {
  private readonly under = new Map<object, { until: Millis; cancel(): void }>();

  constructor(private readonly clock: Clock) {}

  /** When the first of them ends. */
  get firstEnd(): Millis | undefined {
    const ends = [...this.under.values()].map(({ until }) => until);
    return ends.length > 0 ? Math.min(...ends) : undefined;
  }

  /** Resolves at this time; never, once `end` was called. @param begun called when it has begun */
  begin(until: Millis, begun: () => void): Promise<void> {
    const { clock, under } = this;
    const me = {};
    return new Promise((resolve) => {
      const arm = () => {
        const left = until - clock.now();
        if (left <= 0) {
          under.delete(me);
          resolve();
          return;
        }
        const cancel = clock.later(Math.min(left, longestTimerMs), arm);
        under.set(me, { until, cancel });
      };
      arm();
      begun();
    });
  }

  /** The turn is over, or let go. */
  end(): void {
    for (const { cancel } of this.under.values()) cancel();
    this.under.clear();
  }
}
