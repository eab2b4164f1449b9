/** The one timer for all deadlines: it asks the store what is due next and tells the requests; the hub starts and stops it. */
import type { Logger } from 'winston';
import { describe, isDamage, toHubError } from '../errors';
import type { Millis } from '../protocol/records';
import type { Store } from '../store/store';
import type { Clock } from './clock';
import { Lanes } from './lanes';

/** However far the next deadline is, the clock is looked at this often: it may have been set, or the machine slept. */
export const maxSleepMs = 60_000;
/** After something failed; other deadlines are then told at most this late. */
export const retryMs = 5_000;
/** Requests told of their deadlines before the loop gets its turn. */
const groupSize = 100;
/** When one of these failed a request, it is not the request's fault: the others would fail too. */
const outages: readonly string[] = ['storage_failed', 'unavailable', 'busy'];

export class Deadlines {
  private cancelTimer = () => {};
  private wakeAt = Number.POSITIVE_INFINITY;
  private running: Promise<void> | undefined;
  /** Something may have become due since the store was asked. */
  private isDue = false;
  private stopped = true;

  constructor(
    private readonly parts: {
      store: Store;
      clock: Clock;
      logger: Logger;
      fire(requestId: string): Promise<void>;
    },
  ) {}

  /** Fires what is overdue, earliest first in each ticket, then waits for the next. Resolves when nothing is overdue. */
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
    this.cancelTimer = this.parts.clock.later(ms, () => {
      this.wakeAt = Number.POSITIVE_INFINITY;
      void this.run();
    });
  }

  private run(): Promise<void> {
    this.isDue = true;
    this.running ??= this.fireAll();
    return this.running;
  }

  private async fireAll(): Promise<void> {
    while (this.isDue && !this.stopped) {
      this.isDue = false;
      await this.pass();
    }
    this.running = undefined;
  }

  /** Once through all that is due. Never rejects. */
  private async pass(): Promise<void> {
    const { store, clock, logger } = this.parts;
    const failed = new Set<string>();
    try {
      for (;;) {
        const due = await store.dueRequests(clock.now(), groupSize + failed.size);
        const fresh = due.filter(({ id }) => !failed.has(id));
        if (fresh.length === 0) break;
        const tickets = new Lanes();
        await Promise.all(
          fresh.map(({ id, ticketId }) => tickets.run(ticketId, () => this.fireOne(id, failed))),
        );
        if (this.stopped) return;
        await new Promise((resolve) => setImmediate(resolve));
      }
      const next = await store.nextDue();
      if (failed.size > 0) this.note(clock.now() + retryMs);
      else if (next !== undefined) this.note(next);
    } catch (error) {
      logger.error('Deadlines could not be told; trying again', { error: describe(error), retryMs });
      this.note(clock.now() + retryMs);
    }
  }

  /** @throws HubError one of the `outages` */
  private async fireOne(id: string, failed: Set<string>): Promise<void> {
    if (this.stopped) return;
    try {
      await this.parts.fire(id);
    } catch (thrown) {
      const error = toHubError(thrown);
      if (outages.includes(error.code) && !isDamage(error)) throw thrown;
      // One that is broken must not hold up all the others.
      failed.add(id);
      this.parts.logger.error('A request could not be told of its deadline', {
        requestId: id,
        error: describe(error),
      });
    }
  }
}
