/** How a hub starts and ends: in which order its parts start and stop, and what connected clients are sent; the plugin calls it. */
import { HubError, isHubError } from '../errors';
import type { CloseName } from '../protocol/close-codes';
import type { Store } from '../store/store';
import type { Clock } from './commit/clock';
import type { Funnel } from './commit/funnel';
import type { Steps } from './commit/steps';
import type { Sweep } from './commit/sweep';
import type { Channels } from './outbox/channels';
import type { Claims } from './requests/claims';
import type { Deadlines } from './requests/deadlines';
import type { Waiters } from './requests/waiters';
import type { Sink } from './tickets/client';
import type { Prompts } from './tickets/prompts';
import type { Rooms } from './tickets/rooms';
import type { Turns } from './turns/turns';

export interface LifecycleParts {
  store: Store;
  clock: Clock;
  rooms: Rooms;
  claims: Claims;
  prompts: Prompts;
  turns: Turns;
  deadlines: Deadlines;
  waiters: Waiters;
  sweep: Sweep;
  funnel: Funnel;
  channels: Channels;
  steps: Steps;
  /** Every client of a ticket and every open inbox. */
  everybody(): readonly { sink: Pick<Sink, 'send' | 'close'> }[];
}

export class Lifecycle {
  private started: Promise<void> | undefined;
  private sentAway = false;
  private ended: Promise<void> | undefined;
  private readonly abort = new AbortController();
  private endGrace = () => {};

  constructor(private readonly parts: LifecycleParts) {}

  /**
   * Opens the store, ends the unfinished turns of a process that has ended, and fires deadlines that have passed. Repeatable.
   * @throws HubError `storage_failed`, `unavailable`, `closing`
   */
  start(): Promise<void> {
    if (this.hasBegunToEnd && !this.started) return Promise.reject(new HubError('closing'));
    const { store, turns, deadlines, channels } = this.parts;
    this.started ??= (async () => {
      await store.open();
      await turns.recover();
      await deadlines.start();
      channels.start();
    })().catch((cause: unknown) => {
      // What failed now may work later: the next call tries again.
      this.started = undefined;
      throw isHubError(cause) ? cause : new HubError('storage_failed', { cause });
    });
    return this.started;
  }

  /** Whether a start has begun and not failed. */
  get isStarted(): boolean {
    return this.started !== undefined;
  }

  /** Aborts when the end begins, with `closing` as its reason. */
  get signal(): AbortSignal {
    return this.abort.signal;
  }

  get hasBegunToEnd(): boolean {
    return this.ended !== undefined;
  }

  /** Every client was disconnected; one that leaves now is not counted any more. */
  get isOver(): boolean {
    return this.sentAway;
  }

  /** Resolves when every deadline that is due has been fired and everything decided so far is stored and delivered. */
  async settled(): Promise<void> {
    const { deadlines, sweep, claims, funnel, prompts, rooms } = this.parts;
    await deadlines.settled();
    await sweep.settled();
    await claims.settled();
    await funnel.settled();
    await prompts.settled();
    rooms.flush();
  }

  /** At once; cuts a grace short that others were given. Repeatable. */
  close(): Promise<void> {
    this.endGrace();
    return this.end('going_away', 0);
  }

  /** Closes after so many milliseconds, or as soon as no turn runs; clients are sent `going_away` before. Repeatable. */
  drain(graceMs: number): Promise<void> {
    return this.end('restart', graceMs);
  }

  private end(name: CloseName, graceMs: number): Promise<void> {
    this.ended ??= (async () => {
      const { clock, store, rooms, claims, turns, deadlines, waiters, sweep, funnel, channels, steps } =
        this.parts;
      const begun = clock.now();
      this.abort.abort(new HubError('closing'));
      rooms.drain();
      claims.stop();
      turns.refuse();
      if (graceMs > 0) await this.grace(graceMs);
      await turns.close();
      await this.started?.catch(() => {});
      await deadlines.stop();
      await claims.settled();
      waiters.close();
      await sweep.settled();
      await funnel.settled();
      await this.parts.prompts.settled();
      await channels.stop();
      rooms.flush();
      this.sentAway = true;
      // For many clients the announced time has passed in the meantime, and they would all reconnect at once.
      if (graceMs > 0 && clock.now() > begun) this.sendGoingAway(graceMs);
      for (const { sink } of this.parts.everybody()) sink.close(name);
      steps.close();
      await store.close();
    })();
    return this.ended;
  }

  /** Sends `going_away` to every client, each with its own time to reconnect within so many milliseconds. */
  private sendGoingAway(overMs: number): void {
    const all = this.parts.everybody();
    for (const [index, { sink }] of all.entries()) {
      const share = (index + Math.random()) / all.length;
      sink.send({ event: 'going_away', reason: 'restart', retry_after_ms: Math.round(share * overMs) });
    }
  }

  /** Sends `going_away` to every client, and waits until the turns are done or the time is over. */
  private async grace(graceMs: number): Promise<void> {
    this.sendGoingAway(graceMs);
    await new Promise<void>((resolve) => {
      const cancel = this.parts.clock.later(graceMs, resolve);
      this.endGrace = () => {
        cancel();
        resolve();
      };
      void this.parts.turns.idle().then(this.endGrace);
    });
  }
}
