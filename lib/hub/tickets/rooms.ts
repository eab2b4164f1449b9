/** The tickets in use and their clients: finds a ticket's room, creates it when the first client joins and drops it when the last one leaves; the hub owns one. */
import type { TicketBounds } from '../../actors/ticket-machine';
import { HubError } from '../../errors';
import type { Member } from '../../protocol/envelopes';
import type { Clock } from '../commit/clock';
import type { Steps } from '../commit/steps';
import type { Outbound } from './broadcast';
import type { Client } from './client';
import { CountPerPerson } from './count-per-person';
import { Room } from './room';

export interface RoomsParts {
  clock: Clock;
  steps: Steps;
  bounds: TicketBounds;
}

/** What is called when clients connect and leave. Nothing here may throw. */
export interface RoomWatcher {
  joined(client: Client): void;
  /** It is disconnected: it left, was replaced, or was too slow. */
  left(client: Client): void;
}

export class Rooms {
  private readonly byTicket = new Map<string, Room>();
  private readonly byClient = new Map<string, Client>();
  /** How many clients each person has in. */
  private readonly perUser = new CountPerPerson();

  private readonly watchers: RoomWatcher[] = [];

  constructor(private readonly parts: RoomsParts) {}

  /** Adds one behind the others. */
  watch(watcher: RoomWatcher): void {
    this.watchers.push(watcher);
  }

  /** Repeatable. @throws HubError `ticket_full`, `closing`; then nothing has changed */
  join(client: Client): void {
    const room = this.byTicket.get(client.ticketId) ?? this.open(client.ticketId);
    const { id } = client.user;
    const isNew = !this.has(client);
    try {
      room.join(client, this.perUser.of(id));
      if (isNew) this.perUser.add(id);
      this.byClient.set(client.clientId, client);
    } finally {
      this.tidy(room);
    }
    if (isNew) for (const watcher of this.watchers) watcher.joined(client);
  }

  /** Repeatable. */
  leave({ ticketId, clientId }: Client): void {
    this.byTicket.get(ticketId)?.leave(clientId);
  }

  /** Disconnects a client that is too slow; it may reconnect and resume. */
  evict(client: Client): void {
    this.byTicket.get(client.ticketId)?.evict(client);
  }

  /** Whether the client is connected: not replaced, not evicted, not gone. */
  has(client: Client): boolean {
    return this.byClient.get(client.clientId) === client;
  }

  /** @throws HubError `client_not_found` */
  client(clientId: string): Client {
    const client = this.byClient.get(clientId);
    if (!client) throw new HubError('client_not_found');
    return client;
  }

  /** Every client of every ticket. */
  clients(): IterableIterator<Client> {
    return this.byClient.values();
  }

  /** Tickets with at least one client. */
  tickets(): IterableIterator<string> {
    return this.byTicket.keys();
  }

  /** Clients in every ticket together, or in one. */
  count(ticketId?: string): number {
    return ticketId === undefined ? this.byClient.size : (this.byTicket.get(ticketId)?.size ?? 0);
  }

  /** The states of a ticket, by the ids of the charts; empty for one without connected clients. */
  statesOf(ticketId: string): readonly string[] {
    return this.byTicket.get(ticketId)?.states ?? [];
  }

  presence(ticketId: string): Member[] {
    return this.byTicket.get(ticketId)?.presence() ?? [];
  }

  /** How many changes of `presence` have been sent; what is sent from now on has a higher version. */
  presenceVersion(ticketId: string): number {
    return this.byTicket.get(ticketId)?.presenceVersion ?? 0;
  }

  /** Whether this person is connected to the ticket, with any client. */
  isIn(ticketId: string, userId: string): boolean {
    for (const { user } of this.byTicket.get(ticketId)?.members() ?? []) if (user.id === userId) return true;
    return false;
  }

  /** Whether a client of the ticket shows one prompt at a time. */
  hasPanel(ticketId: string): boolean {
    for (const { sink } of this.byTicket.get(ticketId)?.members() ?? []) if (sink.panel) return true;
    return false;
  }

  /** The oldest revision of a request that a panel of this person in the ticket shows; none without a panel. */
  revisionShown(ticketId: string, userId: string, requestId: string): number | undefined {
    let oldest: number | undefined;
    for (const { user, sink } of this.byTicket.get(ticketId)?.members() ?? []) {
      if (user.id !== userId || !sink.panel) continue;
      oldest = Math.min(sink.panel.revisionOf(requestId), oldest ?? Number.POSITIVE_INFINITY);
    }
    return oldest;
  }

  /** Sends to every client of the ticket at the end of the tick; a ticket without connected clients is no error. */
  deliver(ticketId: string, outbounds: readonly Outbound[]): void {
    this.byTicket.get(ticketId)?.deliver(outbounds);
  }

  /** Hands over now what waits for the end of the tick. */
  flush(): void {
    for (const room of this.byTicket.values()) room.flush();
  }

  /** Refuses new clients from now on. */
  drain(): void {
    for (const room of this.byTicket.values()) room.drain();
  }

  private open(ticketId: string): Room {
    const { clock, steps, bounds } = this.parts;
    const onLeave = (client: Client) => {
      this.byClient.delete(client.clientId);
      this.perUser.remove(client.user.id);
      this.tidy(room);
      for (const watcher of this.watchers) watcher.left(client);
    };
    const room: Room = new Room(ticketId, bounds, clock, onLeave, steps);
    this.byTicket.set(ticketId, room);
    return room;
  }

  /** Drops a room without clients, so that its ticket uses no memory. */
  private tidy(room: Room): void {
    if (room.size === 0 && this.byTicket.get(room.ticketId) === room) this.byTicket.delete(room.ticketId);
  }
}
