/** Polls the store for changes by other processes, such as a script of the app, to what is waited for on this node; the hub owns one. */
import { describe } from '../../errors';
import type { RequestRecord } from '../../protocol/records';
import type { Logger } from '../options/logger';
import type { Clock } from './clock';

/** How often it is looked, as long as a promise waits for an outcome. */
export const sweepEveryMs = 60_000;
/** Requests read each time; where more are waited for, the others are read the next times. */
export const maxSweptRequests = 1_000;

export interface SweepParts {
  clock: Clock;
  logger: Logger;
  /** The requests that are waited for. */
  awaited(): Iterable<string>;
  read(id: string): Promise<RequestRecord>;
  /** It is settled in the store. */
  settle(record: RequestRecord): void;
  /** Looks for deadlines in the store. */
  lookForDeadlines(): void;
}

export class Sweep {
  private isWaiting = false;
  private cancelTimer = () => {};
  private underWay: Promise<void> | undefined;
  /** How many were read so far. */
  private offset = 0;

  constructor(private readonly parts: SweepParts) {}

  /** Starts or stops the timer: it runs only while there is a waiter. */
  note(isWaiting: boolean): void {
    this.isWaiting = isWaiting;
    this.cancelTimer();
    if (isWaiting && !this.underWay) this.arm();
  }

  /** Resolves when nothing is being read. */
  async settled(): Promise<void> {
    await this.underWay;
  }

  private arm(): void {
    this.cancelTimer = this.parts.clock.later(sweepEveryMs, () => {
      this.underWay = this.sweep().finally(() => {
        this.underWay = undefined;
        if (this.isWaiting) this.arm();
      });
    });
  }

  /** Never rejects. */
  private async sweep(): Promise<void> {
    const { read, settle, lookForDeadlines, logger } = this.parts;
    lookForDeadlines();
    for (const id of this.nextIds()) {
      if (!this.isWaiting) return;
      try {
        const record = await read(id);
        if (record.status !== 'pending') settle(record);
      } catch (error) {
        logger.warn('A request that is waited for could not be read', {
          requestId: id,
          error: describe(error),
        });
      }
      // One after the other, and everything else in between.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  private nextIds(): string[] {
    const ids = [...this.parts.awaited()];
    const from = ids.length > maxSweptRequests ? this.offset % ids.length : 0;
    this.offset = from + maxSweptRequests;
    return [...ids.slice(from), ...ids.slice(0, from)].slice(0, maxSweptRequests);
  }
}
