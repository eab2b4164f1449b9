/** Carries what waits in the store to one channel: at least once, again after a failure, until it is taken or given up, each failure published; `Channels` has one each. */
import { answerersOf } from '../../actors/answerers';
import { describe, HubError, isA } from '../../errors';
import type { Millis, RequestRecord } from '../../protocol/records';
import type { DeliveryOutcome, Store, WaitingDelivery } from '../../store/store';
import type { Clock } from '../commit/clock';
import type { Logger } from '../options/logger';
import { toRequest } from '../requests/outcome';
import { type Channel, DeliveryRefused, type FailedDelivery } from './channel';
import type { Links } from './links';

/** Deliveries of one channel under way at once. */
export const maxAtOnce = 8;
/** How long a channel may take for one try. */
export const attemptMs = 30_000;
/** The wait after the first failure; it doubles with each, and up to half of it is left to chance. */
export const firstWaitMs = 1_000;
/** The longest wait. */
export const longestWaitMs = 3_600_000;
/** Failed tries after which a delivery is given up: more than a day of them. */
export const maxAttempts = 48;
/** What a try failed with is cut here. */
const maxErrorLength = 500;
/** After the store has failed. */
export const retryMs = 5_000;

export interface CourierParts {
  store: Store;
  clock: Clock;
  logger: Logger;
  links: Links;
  /** From 0 up to, not including, 1. */
  random(): number;
  /** A try has failed, and that is stored. @param willRetry false: the delivery is given up */
  onFailed(ticketId: string, delivery: FailedDelivery, willRetry: boolean): void;
}

/** Why a try failed, and whether there will be another. */
interface Failure extends Pick<FailedDelivery, 'attempts' | 'error' | 'failedAt'> {
  willRetry: boolean;
}

export class Courier {
  /** By request: two deliveries of one are never on their way at once. */
  private readonly underWay = new Map<string, Promise<void>>();
  private readonly ending = new AbortController();
  private cancelTimer = () => {};
  private running: Promise<void> | undefined;
  private isStarted = false;
  /** Something may have come to wait since the store was asked. */
  private isAwake = false;
  /** The channel failed and has taken nothing since; logged once. */
  private isFailing = false;

  constructor(
    private readonly name: string,
    private readonly channel: Channel,
    private readonly parts: CourierParts,
  ) {}

  start(): void {
    this.isStarted = true;
    this.wake();
  }

  /** Something new may wait. */
  wake(): void {
    if (!this.isStarted || this.ending.signal.aborted) return;
    this.isAwake = true;
    this.running ??= this.passes();
  }

  /** What is under way is cut off, and comes again at the next start with all that waits. */
  async stop(): Promise<void> {
    this.ending.abort(new HubError('closing'));
    this.cancelTimer();
    await this.running;
    await Promise.all(this.underWay.values());
  }

  private async passes(): Promise<void> {
    while (this.isAwake && !this.ending.signal.aborted) {
      this.isAwake = false;
      await this.pass();
    }
    this.running = undefined;
  }

  /** Begins what is due, as far as there is room, and arms the timer for what is not. Never rejects. */
  private async pass(): Promise<void> {
    const { store, clock, logger } = this.parts;
    this.cancelTimer();
    try {
      const waiting = await store.deliveries(this.name, maxAtOnce + 1);
      for (const delivery of waiting) {
        if (this.ending.signal.aborted || this.underWay.size >= maxAtOnce) return;
        if (this.underWay.has(delivery.requestId)) continue;
        if (delivery.dueAt > clock.now()) return this.arm(delivery.dueAt);
        this.begin(delivery);
      }
    } catch (error) {
      logger.error('What waits for a channel could not be read; trying again', {
        channel: this.name,
        error: describe(error),
      });
      this.arm(clock.now() + retryMs);
    }
  }

  private arm(at: Millis): void {
    if (this.ending.signal.aborted) return;
    const { clock } = this.parts;
    this.cancelTimer = clock.later(Math.min(at - clock.now(), longestWaitMs), () => this.wake());
  }

  private begin(delivery: WaitingDelivery): void {
    const { requestId } = delivery;
    const carried = this.carry(delivery).finally(() => {
      this.underWay.delete(requestId);
      this.wake();
    });
    this.underWay.set(requestId, carried);
  }

  /** One try, and what became of it noted. Never rejects. */
  private async carry(delivery: WaitingDelivery): Promise<void> {
    const failure = await this.tryDelivery(delivery);
    const outcome = outcomeOf(failure, this.parts.random);
    const { store, logger } = this.parts;
    const { channel, requestId, event } = delivery;
    while (!this.ending.signal.aborted) {
      try {
        const isNoted = await store.noteDelivery(delivery, outcome);
        if (isNoted && failure) {
          if (!failure.willRetry)
            logger.error('A delivery is given up', { channel, requestId, event, ...failure });
          await this.publish(delivery, failure);
        }
        return;
      } catch (error) {
        logger.error('The outcome of a delivery could not be stored; trying again', {
          channel,
          requestId,
          error: describe(error),
        });
        await this.pause();
      }
    }
  }

  /** What it failed with, or nothing if it was taken. Never rejects. */
  private async tryDelivery(delivery: WaitingDelivery): Promise<Failure | undefined> {
    const attempts = delivery.attempts + 1;
    try {
      await this.inTime((signal) => this.notify(delivery, attempts, signal));
      this.noteTrouble(undefined);
      return undefined;
    } catch (thrown) {
      const error = describe(thrown).slice(0, maxErrorLength);
      const willRetry = !isA(thrown, DeliveryRefused) && attempts < maxAttempts;
      if (willRetry) this.noteTrouble(error);
      return { attempts, error, failedAt: this.parts.clock.now(), willRetry };
    }
  }

  /** Never rejects: where the request cannot be read, the failure is logged in place of being published. */
  private async publish(delivery: WaitingDelivery, { willRetry, ...failure }: Failure): Promise<void> {
    const { store, logger, onFailed } = this.parts;
    const { channel, requestId, event } = delivery;
    try {
      const stored = await store.request(requestId);
      if (stored) onFailed(stored.record.ticketId, { channel, requestId, event, ...failure }, willRetry);
    } catch (error) {
      const of = { channel, requestId, event, failure: failure.error };
      logger.error('A failed delivery could not be published', { ...of, error: describe(error) });
    }
  }

  private async notify(delivery: WaitingDelivery, attempt: number, signal: AbortSignal): Promise<void> {
    const { store, links } = this.parts;
    const { channel, requestId, event, version } = delivery;
    const stored = await store.request(requestId);
    // One that ended while this was on its way has its `settle` waiting already.
    if (!stored || signal.aborted || (event !== 'settle' && stored.record.status !== 'pending')) return;
    const { record } = stored;
    const given = {
      id: `${requestId}_${version}_${channel}`,
      channel,
      attempt,
      request: toRequest(record),
      signal,
    };
    if (event === 'settle') return this.channel.settle(given);
    await this.channel[event]?.({
      ...given,
      recipients: recipientsOf(record),
      link: ({ userId, expiresIn = '24h' }) => links.create({ requestId, userId, expiresIn }),
    });
  }

  /** @throws what `work` throws, or HubError `unavailable` when its time is over, `closing` when the hub closes */
  private inTime(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const attempt = new AbortController();
    const { signal } = this.ending;
    const isOver = new Promise<never>((_resolve, reject) =>
      attempt.signal.addEventListener('abort', () => reject(attempt.signal.reason)),
    );
    const close = () => attempt.abort(signal.reason);
    const cancel = this.parts.clock.later(attemptMs, () =>
      attempt.abort(new HubError('unavailable', { message: `The channel took longer than ${attemptMs} ms` })),
    );
    signal.addEventListener('abort', close);
    return Promise.race([work(attempt.signal), isOver]).finally(() => {
      cancel();
      signal.removeEventListener('abort', close);
    });
  }

  private pause(): Promise<void> {
    return new Promise((resolve) => {
      const { signal } = this.ending;
      const end = () => {
        cancel();
        signal.removeEventListener('abort', end);
        resolve();
      };
      const cancel = this.parts.clock.later(retryMs, end);
      signal.addEventListener('abort', end);
    });
  }

  private noteTrouble(error: string | undefined): void {
    if (this.isFailing === (error !== undefined) || this.ending.signal.aborted) return;
    this.isFailing = error !== undefined;
    const { logger } = this.parts;
    if (error === undefined) logger.info('A channel takes deliveries again', { channel: this.name });
    else logger.warn('A channel fails; its deliveries are tried again', { channel: this.name, error });
  }
}

function outcomeOf(failure: Failure | undefined, random: () => number): DeliveryOutcome {
  if (!failure) return 'delivered';
  const { attempts, error, failedAt, willRetry } = failure;
  return willRetry
    ? { attempts, dueAt: failedAt + waitMs(attempts, random()) }
    : { attempts, deadAt: failedAt, error };
}

/** Whom the policy names by id, of those who may answer now. */
function recipientsOf(record: RequestRecord): readonly string[] {
  const { users = [], except = [] } = answerersOf(record) ?? {};
  return users.filter((id) => !except.includes(id));
}

/** How long to wait after so many failures. @param random from 0 up to, not including, 1 */
export function waitMs(attempts: number, random: number): number {
  const limit = Math.min(longestWaitMs, firstWaitMs * 2 ** (attempts - 1));
  return Math.ceil(limit * (1 - random / 2));
}
