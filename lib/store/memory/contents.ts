/** Everything that the memory store has, with the indexes that records are found by; commits write it, the store reads it. */
import { epochOf, newSeed } from '../shared/epoch';
import type { Lookup } from '../shared/preconditions';
import { MemoryDeliveries } from './deliveries';
import { MemoryGrants } from './grants';
import { MemoryRequests } from './requests';
import { MemoryTicket, type Stored, type StoredMessage, type StoredSession } from './ticket';
import { MemoryTurns } from './turns';

export class MemoryContents {
  private readonly seed = newSeed();
  private readonly tickets = new Map<string, MemoryTicket>();
  /** By id, as the next. */
  readonly sessions = new Map<string, StoredSession>();
  readonly messages = new Map<string, StoredMessage>();
  readonly messagesBySession = new Map<string, StoredMessage[]>();
  readonly turns = new MemoryTurns();
  readonly requests = new MemoryRequests();
  readonly grants = new MemoryGrants();
  readonly deliveries = new MemoryDeliveries();
  /** Acks by user and frame id, oldest first. */
  readonly frames = new Map<string, Map<string, string>>();

  readonly stored: Lookup = {
    ack: (userId, frameId) => this.ack(userId, frameId),
    version: (id) => this.requests.version(id),
    holder: (ticketId, key) => this.requests.holder(ticketId, key),
    grant: (id) => this.grants.get(id),
    turn: (id) => this.turns.fenced(id),
  };

  /** To be written to. */
  ticket(id: string): MemoryTicket {
    return getOrAdd(this.tickets, id, () => this.ticketAsIs(id));
  }

  /** To be read; of one that nothing was written to, nothing is stored by it. */
  ticketAsIs(id: string): MemoryTicket {
    return this.tickets.get(id) ?? new MemoryTicket(epochOf(this.seed, id));
  }

  /** As `Store.processedFrame`. */
  ack(userId: string, frameId: string): Record<string, unknown> | undefined {
    return read(this.frames.get(userId)?.get(frameId));
  }
}

export function getOrAdd<T>(map: Map<string, T>, key: string, make: () => T): T {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}

/** What a text was made of; another object each time. */
export function read<T>(text: string | undefined): T | undefined {
  return text === undefined ? undefined : JSON.parse(text);
}

export function readAll<T>(list: Iterable<Stored>): T[] {
  return Array.from(list, ({ text }) => JSON.parse(text));
}
