/** The pauses between attempts of what the store refuses; the ends of turns and their journals wait here. */
import type { Clock } from './clock';

/** Before the second attempt; twice as long before each that follows, up to the larger. */
const pauseMs = { first: 250, longest: 30_000 };

export class Retries {
  private isEnded = false;
  /** What ends the pauses early. */
  private readonly pauses = new Set<() => void>();

  constructor(private readonly clock: Clock) {}

  /** Nothing is attempted again. */
  get isOver(): boolean {
    return this.isEnded;
  }

  /** Ends every pause, now and later. */
  end(): void {
    this.isEnded = true;
    for (const endEarly of [...this.pauses]) endEarly();
  }

  /** Resolves after the pause that follows this attempt, or as soon as it is over. @param attempt from 1 */
  after(attempt: number): Promise<void> {
    const ms = Math.min(pauseMs.first * 2 ** (attempt - 1), pauseMs.longest);
    return new Promise((resolve) => {
      if (this.isEnded) {
        resolve();
        return;
      }
      const end = () => {
        cancelTimer();
        this.pauses.delete(end);
        resolve();
      };
      const cancelTimer = this.clock.later(ms, end);
      this.pauses.add(end);
    });
  }
}
