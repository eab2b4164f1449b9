/** Renews claims by what their holders do in a ticket and releases them when the holders have left it; it follows the rooms, and the hub calls it with each activity. */
import type { RequestEvent } from '../../actors/hitl-request';
import { toHubError } from '../../errors';
import type { Millis, User } from '../../protocol/records';
import type { Store } from '../../store/store';
import type { Clock } from '../commit/clock';
import type { Logger } from '../options/logger';
import type { Client } from '../tickets/client';
import { leaseMs } from './hitl';
import type { RequestActors } from './request-actors';

/** A person's claims in a ticket are renewed by the first thing done after so long, and by nothing before. */
export const renewEveryMs = 30_000;
/** A person who reconnects to a ticket within this time, as when a page is reloaded, has not left it. */
export const leaveGraceMs = 10_000;

type Place = Pick<Client, 'ticketId' | 'user'>;

export class Claims {
  /** When the claims of a person in a ticket were last looked at. */
  private readonly renewedAt = new Map<string, Millis>();
  /** Cancels the timer of a person who may be about to have left. */
  private readonly leaving = new Map<string, () => void>();
  private readonly underWay = new Set<Promise<void>>();
  private stopped = false;

  constructor(
    private readonly parts: {
      store: Store;
      actors: RequestActors;
      clock: Clock;
      logger: Logger;
      isIn(ticketId: string, userId: string): boolean;
    },
  ) {}

  /** A client is connected. */
  joined(client: Place): void {
    const person = nameOf(client);
    this.leaving.get(person)?.();
    this.leaving.delete(person);
  }

  /** The person behind a client did something in the ticket. Returns at once. */
  heard(client: Place): void {
    const person = nameOf(client);
    const now = this.parts.clock.now();
    if (now < (this.renewedAt.get(person) ?? Number.NEGATIVE_INFINITY) + renewEveryMs) return;
    this.renewedAt.set(person, now);
    this.send(client, (by, at) => ({ type: 'renew', at, by, until: at + leaseMs }));
  }

  /** A client has left, perhaps not the person's last, and perhaps not for long. */
  left({ ticketId, user }: Place): void {
    if (this.stopped) return;
    // Not the client itself: it would hold its connection for as long.
    const place = { ticketId, user };
    const person = nameOf(place);
    this.leaving.get(person)?.();
    const cancel = this.parts.clock.later(leaveGraceMs, () => {
      this.leaving.delete(person);
      if (this.parts.isIn(ticketId, user.id)) return;
      this.renewedAt.delete(person);
      this.send(place, (by, at) => ({ type: 'leave', at, by }));
    });
    this.leaving.set(person, cancel);
  }

  /** The hub closes: clients that leave now were disconnected by it, and reconnect to the next one. */
  stop(): void {
    this.stopped = true;
    for (const cancel of this.leaving.values()) cancel();
    this.leaving.clear();
  }

  /** Resolves when what was begun is committed. */
  async settled(): Promise<void> {
    while (this.underWay.size > 0) await Promise.all(this.underWay);
  }

  private send(
    { ticketId, user }: Place,
    toEvent: (by: ReturnType<typeof answererOf>, at: Millis) => RequestEvent,
  ): void {
    const { store, actors, clock, logger } = this.parts;
    const work = (async () => {
      try {
        const by = answererOf(user);
        const ids = await store.claims(ticketId, user.id);
        await Promise.all(
          ids.map((id) => actors.change(id, async () => toEvent(by, clock.now()), { via: 'socket' })),
        );
      } catch (error) {
        // Their leases end them, a little later than they should or earlier.
        logger.warn('Claims could not be renewed or released', { ticketId, error: toHubError(error).code });
      }
    })();
    this.underWay.add(work);
    void work.then(() => this.underWay.delete(work));
  }
}

function answererOf({ id, name, groups }: User) {
  return { userId: id, displayName: name ?? id, groups: groups ?? [] };
}

function nameOf({ ticketId, user }: Place): string {
  return `${ticketId}\n${user.id}`;
}
