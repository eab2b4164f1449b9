/** The one timer for all deadlines: it asks the store what is due next and tells the requests; the hub starts and stops it. */
import type { Logger } from 'winston';
import { HubError } from '../errors';
import type { Millis } from '../protocol/records';
import type { Store } from '../store/store';
import type { Clock } from './clock';

/** However far the next deadline is, the clock is looked at this often: it may have been set, or the machine slept. */
export const maxSleepMs = 60_000;
/** After the store failed. */
const retryMs = 5_000;
/** Requests told of their deadlines before the loop gets its turn. */
const groupSize = 100;

export class Deadlines {
  private cancelTimer = () => {};
  private wakeAt = Number.POSITIVE_INFINITY;
  private running: Promise<void> | undefined;
  private stopped = true;

  constructor(
    private readonly parts: {
      store: Store;
      clock: Clock;
      logger: Logger;
      fire(requestId: string): Promise<void>;
    },
  ) {}

  /** Fires what is overdue, earliest first, then waits for the next. Resolves when nothing is overdue. */
  async start(): Promise<void> {
    this.stopped = false;
    await this.run();
  }

  /** A request has a deadline at this time. */
  note(at: Millis): void {
    if (!this.stopped && at < this.wakeAt) this.arm(at);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.cancelTimer();
    await this.running;
  }

  /** Resolves when what is being told now has been told. */
  async settled(): Promise<void> {
    await this.running;
  }

  private arm(at: Millis): void {
    this.cancelTimer();
    this.wakeAt = at;
    const ms = Math.min(Math.max(at - this.parts.clock.now(), 0), maxSleepMs);
    this.cancelTimer = this.parts.clock.later(ms, () => void this.run());
  }

  private run(): Promise<void> {
    this.running ??= this.fireAll().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  private async fireAll(): Promise<void> {
    const { store, clock, logger } = this.parts;
    try {
      this.wakeAt = Number.POSITIVE_INFINITY;
      while (!this.stopped) {
        const due = await store.dueRequests(clock.now(), groupSize);
        for (const { record } of due) {
          if (this.stopped) return;
          await this.parts.fire(record.id);
        }
        if (due.length === 0) break;
        await new Promise((resolve) => setImmediate(resolve));
      }
      const next = await store.nextDue();
      if (!this.stopped && next !== undefined) this.note(next);
    } catch (error) {
      const code = error instanceof HubError ? error.code : String(error);
      logger.error('Deadlines could not be told; trying again', { error: code, retryMs });
      if (!this.stopped) this.arm(clock.now() + retryMs);
    }
  }
}
