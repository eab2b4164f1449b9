/** One timer for all that is due at a time: it asks the store what is due, and fires that; the hub has one for requests, and durable turns have one. */
import { describe, isDamage, toHubError } from '../../errors';
import type { Millis } from '../../protocol/records';
import type { Clock } from '../commit/clock';
import type { Logger } from '../options/logger';

/** However far the next deadline is, the clock is looked at this often: it may have been set, or the machine slept. */
export const maxSleepMs = 60_000;
/** How long a request whose deadline could not be fired is not retried; all of them while the store fails. */
export const retryMs = 5_000;
/** Requests whose deadlines are being fired at the same time, at most. */
export const maxUnderWay = 100;
/** When one of these failed a request, it is not the request's fault: the others would fail too. */
const outages: readonly string[] = ['storage_failed', 'unavailable', 'busy'];

export interface DeadlinesParts {
  clock: Clock;
  logger: Logger;
  /** What is due at or before `until`, earliest first, at most `limit`. */
  due(until: Millis, limit: number): Promise<readonly { id: string }[]>;
  /** The earliest time later than `after` at which something is due. */
  next(after: Millis): Promise<Millis | undefined>;
  /** Fires what is due of this; resolves with whether that changed it, or `later` if that has to wait for something else. */
  fire(id: string): Promise<boolean | 'later'>;
  /** What is due, for the log. Default: a request. */
  what?: 'request' | 'turn';
  /** The store is asked this often although nothing is known to be due. Default: it is not. */
  lookEveryMs?: number;
}

export class Deadlines {
  private cancelTimer = () => {};
  private wakeAt = Number.POSITIVE_INFINITY;
  private running: Promise<void> | undefined;
  /** Something may have become due since the store was asked. */
  private isDue = false;
  private stopped = true;
  /** Requests that are at their deadlines now; none waits for another. */
  private readonly underWay = new Map<string, Promise<void>>();
  /** Requests that are due and did not change, and until when they are left alone. */
  private readonly heldBack = new Map<string, Millis>();
  /** Until when nothing is tried, since the store fails. */
  private pausedUntil = 0;

  constructor(private readonly parts: DeadlinesParts) {}

  /**
   * Fires what is overdue, earliest first, then waits for the next. Resolves when the first `maxUnderWay` are through; the
   * rest follows while clients connect, since no request decides anything against a deadline that has passed.
   */
  async start(): Promise<void> {
    this.stopped = false;
    await this.run();
    await Promise.all(this.underWay.values());
  }

  /** A request has a deadline at this time. */
  note(at: Millis): void {
    if (!this.stopped && at < this.wakeAt) this.arm(at);
  }

  /** Asks the store now: another hand may have set a deadline there. */
  look(): void {
    if (!this.stopped) void this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.cancelTimer();
    await this.settled();
  }

  /** Resolves when nothing that is due is being fired. */
  async settled(): Promise<void> {
    while (this.running || this.underWay.size > 0)
      await Promise.all([this.running, ...this.underWay.values()]);
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

  /** Begins with all that is due and has room, and sets the timer for the next. Never rejects. */
  private async pass(): Promise<void> {
    const { clock, lookEveryMs = Number.POSITIVE_INFINITY } = this.parts;
    const now = clock.now();
    if (now < this.pausedUntil) return this.note(this.pausedUntil);
    // One that is due no more would be waited for without end.
    for (const [id, until] of this.heldBack) if (until <= now) this.heldBack.delete(id);
    try {
      const due = await this.parts.due(now, maxUnderWay + this.heldBack.size + this.underWay.size);
      for (const { id } of due) {
        const isFree = !this.underWay.has(id) && !this.heldBack.has(id);
        if (isFree && this.underWay.size < maxUnderWay && !this.stopped) this.begin(id);
      }
      const next = await this.parts.next(now);
      const wakeAt = Math.min(next ?? Number.POSITIVE_INFINITY, now + lookEveryMs, ...this.heldBack.values());
      // The time went on while the store was asked.
      if (wakeAt <= clock.now()) this.isDue = true;
      else if (wakeAt < Number.POSITIVE_INFINITY) this.note(wakeAt);
    } catch (error) {
      this.pause(error);
    }
  }

  private begin(id: string): void {
    const work = this.fire(id).finally(() => {
      this.underWay.delete(id);
      // There is room now, and what was fired may have left the request with another deadline that is due.
      if (!this.stopped) void this.run();
    });
    this.underWay.set(id, work);
  }

  /** Never rejects. */
  private async fire(id: string): Promise<void> {
    try {
      const isFired = await this.parts.fire(id);
      if (isFired === 'later') this.heldBack.set(id, this.parts.clock.now() + retryMs);
      else if (!isFired) this.holdBack(id, 'it is due and did not change');
    } catch (thrown) {
      const error = toHubError(thrown);
      if (outages.includes(error.code) && !isDamage(error)) this.pause(error);
      else this.holdBack(id, describe(error));
    }
  }

  /** One that is broken must neither hold up the others nor be tried without a pause. */
  private holdBack(id: string, error: string): void {
    this.heldBack.set(id, this.parts.clock.now() + retryMs);
    const { what = 'request', logger } = this.parts;
    logger.error('A deadline could not be fired', { [`${what}Id`]: id, error, retryMs });
  }

  private pause(error: unknown): void {
    const { clock, logger } = this.parts;
    const now = clock.now();
    if (now < this.pausedUntil) return;
    this.pausedUntil = now + retryMs;
    logger.error('Deadlines could not be fired; trying again', { error: describe(error), retryMs });
    this.note(this.pausedUntil);
  }
}
