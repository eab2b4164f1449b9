/** How a hub ends: in which order its parts stop, and what everybody who is in is told; the hub begins it. */
import { HubError } from '../errors';
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

export interface EndingParts {
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
  channels: Channels | undefined;
  steps: Steps;
  /** The start, if it has begun. */
  started(): Promise<void> | undefined;
  /** Everybody who is in a ticket or has an inbox open. */
  everybody(): readonly { sink: Pick<Sink, 'send' | 'close'> }[];
}

export class Ending {
  private sentAway = false;
  private ended: Promise<void> | undefined;
  private readonly abort = new AbortController();
  private endGrace = () => {};

  constructor(private readonly parts: EndingParts) {}

  /** Aborts when it begins, with `closing` as its reason. */
  get signal(): AbortSignal {
    return this.abort.signal;
  }

  get hasBegun(): boolean {
    return this.ended !== undefined;
  }

  /** Everybody was sent away; who leaves now is not counted any more. */
  get isOver(): boolean {
    return this.sentAway;
  }

  /** At once; cuts a grace short that others were given. Repeatable. */
  now(): Promise<void> {
    this.endGrace();
    return this.end('going_away', 0);
  }

  /** After so many milliseconds, or as soon as no turn runs; everybody is told before. Repeatable. */
  gently(graceMs: number): Promise<void> {
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
      await this.parts.started()?.catch(() => {});
      await deadlines.stop();
      await claims.settled();
      waiters.close();
      await sweep.settled();
      await funnel.settled();
      await this.parts.prompts.settled();
      await channels?.stop();
      rooms.flush();
      this.sentAway = true;
      // For many the time they were told has passed meanwhile, and they would all come at once.
      if (graceMs > 0 && clock.now() > begun) this.sayWhenToComeBack(graceMs);
      for (const { sink } of this.parts.everybody()) sink.close(name);
      steps.close();
      await store.close();
    })();
    return this.ended;
  }

  /** Tells everybody another time within so many milliseconds. */
  private sayWhenToComeBack(overMs: number): void {
    const all = this.parts.everybody();
    for (const [index, { sink }] of all.entries()) {
      const share = (index + Math.random()) / all.length;
      sink.send({ event: 'going_away', reason: 'restart', retry_after_ms: Math.round(share * overMs) });
    }
  }

  /** Tells everybody when to come back, and waits until the turns are done or the time is over. */
  private async grace(graceMs: number): Promise<void> {
    this.sayWhenToComeBack(graceMs);
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
