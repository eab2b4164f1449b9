/** One ticket in use: its actor and its connected clients; the hub holds one room per ticket with clients and drops it when empty. */
import {
  type FullBound,
  presenceOf,
  type TicketBounds,
  type TicketEmitted,
  type TicketEvent,
  ticketMachine,
} from '../../actors/ticket-machine';
import { HubError } from '../../errors';
import { statesOf } from '../../insides/xstate';
import type { Member } from '../../protocol/envelopes';
import { toWireTime } from '../../protocol/wire-time';
import type { Clock } from '../commit/clock';
import { LiveActor } from '../commit/live-actor';
import type { Steps } from '../commit/steps';
import { Broadcast, type Outbound } from './broadcast';
import type { Client } from './client';

/** Up to this many people in a ticket, clients are sent the whole list with every change. */
export const maxListedAtOnce = 50;
/** Milliseconds from one whole list to the next where more people are in. */
export const listEveryMs = 1_000;

export class Room {
  private readonly actor: LiveActor<typeof ticketMachine>;
  private readonly clients = new Map<string, Client>();
  private pending: Outbound[] = [];
  private presenceHasChanged = false;
  /** Counts the changes that were sent. */
  presenceVersion = 0;
  /** Who joined or left since the last change that was sent. */
  private readonly touched = new Set<string>();
  /** Clients that are sent whole lists have not been sent the last change. */
  private listIsDue = false;
  private listedAt = Number.NEGATIVE_INFINITY;
  private cancelList: (() => void) | undefined;

  /** @param onLeave called with each client that is disconnected: it left, was replaced, or was too slow */
  constructor(
    readonly ticketId: string,
    private readonly bounds: TicketBounds,
    private readonly clock: Clock,
    private readonly onLeave: (client: Client) => void,
    watchers?: Steps,
  ) {
    [this.actor] = LiveActor.begin(ticketMachine, { ticketId, ...bounds }, watchers);
  }

  get size(): number {
    return this.clients.size;
  }

  /** Ids as in the charts. */
  get states(): string[] {
    return statesOf(this.actor.snapshot);
  }

  has(clientId: string): boolean {
    return this.clients.has(clientId);
  }

  members(): IterableIterator<Client> {
    return this.clients.values();
  }

  presence(): Member[] {
    return presenceOf(this.actor.snapshot.context);
  }

  /**
   * @param inAll connected clients of the same person, in any ticket
   * @throws HubError `ticket_full` (its details name the bound), `closing`; then nothing has changed
   */
  join(client: Client, inAll: number): void {
    const { clientId, user, tabId } = client;
    const emitted = this.actor.send({
      type: 'join',
      clientId,
      userId: user.id,
      name: user.name,
      tabId,
      inAll,
    });
    const refused = emitted.find((event) => event.type === 'refused');
    if (refused) {
      this.actor.publishSteps();
      if (refused.code === 'closing') throw new HubError('closing');
      throw ticketFull(refused.bound, this.bounds);
    }
    this.clients.set(clientId, client);
    this.touched.add(user.id);
    this.carryOut(emitted);
  }

  /** Repeatable. */
  leave(clientId: string): void {
    this.send({ type: 'leave', clientId });
  }

  drain(): void {
    this.send({ type: 'drain' });
  }

  /** Hands the envelopes of a tick to every client at the end of the tick, in one piece. */
  deliver(outbounds: readonly Outbound[]): void {
    this.flushLater();
    this.pending.push(...outbounds);
  }

  /** Hands over now what waits for the end of the tick. */
  flush(): void {
    const { pending } = this;
    this.pending = [];
    // Sent once per tick, however many joined and left in it.
    const change = this.presenceHasChanged ? [this.presenceChange()] : [];
    this.listIsDue ||= this.presenceHasChanged;
    this.presenceHasChanged = false;
    const list = this.listIsDue && this.wantsLists() && this.mayList() ? [this.presenceList()] : [];
    const all = new Broadcast(pending);
    const broadcasts = {
      list: list.length > 0 ? new Broadcast([...pending, ...list]) : all,
      changes: change.length > 0 ? new Broadcast([...pending, ...change]) : all,
    };
    for (const client of this.clients.values()) {
      const broadcast = broadcasts[client.presence];
      if (broadcast.outbounds.length > 0 && !client.sink.deliver(broadcast)) this.evict(client);
    }
  }

  private wantsLists(): boolean {
    for (const { presence } of this.clients.values()) if (presence === 'list') return true;
    return false;
  }

  /** Whether whole lists may be sent now; if not, they are sent as soon as they may. */
  private mayList(): boolean {
    const now = this.clock.now();
    const wait = this.listedAt + listEveryMs - now;
    const isCrowd = this.size > maxListedAtOnce && this.presence().length > maxListedAtOnce;
    if (isCrowd && wait > 0) {
      this.cancelList ??= this.clock.later(wait, () => {
        this.cancelList = undefined;
        this.flush();
      });
      return false;
    }
    this.stopList();
    this.listIsDue = false;
    this.listedAt = now;
    return true;
  }

  private stopList(): void {
    this.cancelList?.();
    this.cancelList = undefined;
  }

  /** Disconnects a client that is too slow; it may reconnect and resume. */
  evict(client: Client): void {
    client.sink.close('resync');
    this.leave(client.clientId);
  }

  private send(event: TicketEvent): void {
    this.carryOut(this.actor.send(event));
  }

  private carryOut(emitted: readonly TicketEmitted[]): void {
    this.actor.publishSteps();
    for (const event of emitted) {
      if (event.type === 'client_left') this.touched.add(event.userId);
      if (event.type === 'client_left') this.remove(event.clientId);
      else if (event.type === 'client_replaced') this.remove(event.clientId)?.sink.close('replaced');
      else if (event.type === 'presence_changed') this.publishPresence();
    }
  }

  private remove(clientId: string): Client | undefined {
    const client = this.clients.get(clientId);
    this.clients.delete(clientId);
    if (this.size === 0) this.stopList();
    if (client) this.onLeave(client);
    return client;
  }

  private publishPresence(): void {
    this.flushLater();
    this.presenceHasChanged = true;
  }

  private flushLater(): void {
    if (this.pending.length === 0 && !this.presenceHasChanged) setImmediate(() => this.flush());
  }

  private presenceList(): Outbound {
    return { event: 'presence_changed', ...this.now(), presence: this.presence() };
  }

  /** The people who joined or left, with the number of their connected clients. */
  private presenceChange(): Outbound {
    const clients = new Map<string, Member>();
    for (const id of this.touched) clients.set(id, { user: { id, name: id }, clients: 0 });
    for (const { userId, name } of this.actor.snapshot.context.members.values()) {
      const member = clients.get(userId);
      if (!member) continue;
      if (member.clients === 0) member.user.name = name;
      member.clients += 1;
    }
    this.touched.clear();
    this.presenceVersion += 1;
    const presence = [...clients.values()];
    return { event: 'presence_updated', ...this.now(), presence, presence_version: this.presenceVersion };
  }

  private now() {
    const now = this.clock.now();
    return { timestamp: toWireTime(now, now), ticket_id: this.ticketId };
  }
}

/** What stands in the details of `ticket_full`, and what it says. */
function ticketFull(bound: FullBound, bounds: TicketBounds): HubError {
  const { maxClients, maxClientsOfUser, maxClientsOfUserInAll } = bounds;
  switch (bound) {
    case 'ticket':
      return new HubError('ticket_full', { details: { bound, most: maxClients } });
    case 'user_in_ticket': {
      const message = `You have ${maxClientsOfUser} connections to this ticket, as many as one person may; close one`;
      return new HubError('ticket_full', { message, details: { bound, most: maxClientsOfUser } });
    }
    case 'user': {
      const message = `You have ${maxClientsOfUserInAll} connections to tickets, as many as one person may; close one`;
      return new HubError('ticket_full', { message, details: { bound, most: maxClientsOfUserInAll } });
    }
  }
}
