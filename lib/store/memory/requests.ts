/** The requests of the memory store, with the lists they are found by. */
import type { Millis, RequestRecord, RequestStatus } from '../../protocol/records';
import { decodeCursor, encodeCursor, type Place } from '../shared/cursor';
import { bounded, maxPageSize, maxStateBytes } from '../shared/limits';
import { byPlace, byText } from '../shared/order';
import { OrderedList } from '../shared/ordered-list';
import { firstPage } from '../shared/page';
import type { DueRequest, Page, RequestWrite, Store, StoredRequest } from '../store';
import { MemoryInbox } from './inbox';

type Kept = Pick<RequestRecord, 'id' | 'ticketId' | 'status' | 'createdAt'> & {
  turnId: string | undefined;
  key: string | undefined;
  claimedBy: string | undefined;
  version: number;
  dueAt: Millis | undefined;
  record: string;
  snapshot: string;
};

/** Requests of one ticket or turn, or all; each list oldest first. */
class Group {
  readonly all = byAge();
  readonly pending = byAge();
}

export class MemoryRequests {
  private readonly byId = new Map<string, Kept>();
  private readonly everywhere = new Group();
  private readonly byTicket = new Map<string, Group>();
  private readonly pendingByTurn = new Map<string, OrderedList<Place, Kept>>();
  private readonly byGrant = new Map<string, OrderedList<Place, Kept>>();
  private readonly due = byDeadline();
  /** The id of the live request, by ticket and key. */
  private readonly holders = new Map<string, string>();
  readonly inbox = new MemoryInbox();
  /** Ids by ticket and person. */
  private readonly claimed = new Map<string, Set<string>>();

  version(id: string): number {
    return this.byId.get(id)?.version ?? 0;
  }

  /** Whether it is there and not pending. */
  isSettled(id: string): boolean {
    const kept = this.byId.get(id);
    return kept !== undefined && kept.status !== 'pending';
  }

  holder(ticketId: string, key: string): string | undefined {
    return this.holders.get(slot(ticketId, key));
  }

  get(id: string | undefined): StoredRequest | undefined {
    const kept = id === undefined ? undefined : this.byId.get(id);
    return kept && copy(kept);
  }

  pendingOfTurn(turnId: string): StoredRequest[] {
    return [...(this.pendingByTurn.get(turnId)?.from() ?? [])].map(copy);
  }

  /** As in `TicketState`. */
  pendingOfTicket(ticketId: string): Page<RequestRecord> {
    return pageOf(this.byTicket.get(ticketId)?.pending.from(), Infinity, maxStateBytes);
  }

  claims(ticketId: string, userId: string): string[] {
    return [...(this.claimed.get(slot(ticketId, userId)) ?? [])];
  }

  /** As `Store.requests`. */
  page(...[filter, limit, cursor, maxBytes]: Parameters<Store['requests']>): Page<RequestRecord> {
    const { ticketId, status } = filter;
    const group = ticketId === undefined ? this.everywhere : this.byTicket.get(ticketId);
    const list = status === 'pending' ? group?.pending : group?.all;
    const found = list?.from(decodeCursor(cursor));
    const wanted = status === undefined || status === 'pending' ? found : ofStatus(found, status);
    return pageOf(wanted, bounded(limit, 1, maxPageSize), maxBytes);
  }

  /** As `Store.grantUses`. */
  pageOfGrant(grantId: string, limit: number, cursor?: string): Page<RequestRecord> {
    const found = this.byGrant.get(grantId)?.from(decodeCursor(cursor));
    return pageOf(found, bounded(limit, 1, maxPageSize));
  }

  /** As `Store.inbox`. */
  inboxPage(...asked: Parameters<Store['inbox']>): Page<RequestRecord> {
    const bytesOf = (id: string) => bytesOfRecord(this.byId.get(id));
    const { ids, ...more } = this.inbox.page(bytesOf, ...asked);
    return { items: ids.flatMap((id) => this.byId.get(id) ?? []).map(copyRecord), ...more };
  }

  /** As `Store.dueRequests`. */
  dueUntil(until: Millis, limit: number): DueRequest[] {
    const found: DueRequest[] = [];
    for (const kept of this.due.from()) {
      if (found.length >= limit || (kept.dueAt ?? 0) > until) break;
      found.push({ id: kept.id, ticketId: kept.ticketId });
    }
    return found;
  }

  /** As `Store.nextDue`. */
  nextDue(after: Millis): Millis | undefined {
    const [next] = this.due.from({ dueAt: after, id: lastId });
    return next?.dueAt;
  }

  /** Makes the texts, which may fail; what it returns puts the request in its place, which may not. */
  prepare(write: RequestWrite): () => void {
    const { record, snapshot, version, dueAt } = write;
    const { id, ticketId, turnId, key, status, createdAt, usedGrant } = record;
    const claimedBy = record.claim?.by.userId;
    const texts = { record: JSON.stringify(record), snapshot: JSON.stringify(snapshot) };
    return () => {
      const found = { id, ticketId, turnId, key, claimedBy, status, createdAt };
      const next = { ...found, version: version + 1, dueAt, ...texts };
      const kept = this.byId.get(id) ?? this.add(next, usedGrant?.id);
      this.unlist(kept);
      Object.assign(kept, next);
      this.list(kept);
      this.inbox.put(write);
    };
  }

  private add(kept: Kept, grantId: string | undefined): Kept {
    this.byId.set(kept.id, kept);
    if (grantId !== undefined) listUnder(this.byGrant, grantId).add(kept);
    this.everywhere.all.add(kept);
    this.ofTicket(kept.ticketId).all.add(kept);
    return kept;
  }

  /** Into the lists that depend on what may change. */
  private list(kept: Kept): void {
    const { id, ticketId, turnId, key, claimedBy, status } = kept;
    if (claimedBy !== undefined) {
      const place = slot(ticketId, claimedBy);
      this.claimed.set(place, (this.claimed.get(place) ?? new Set()).add(id));
    }
    if (key !== undefined && status !== 'superseded') this.holders.set(slot(ticketId, key), id);
    if (kept.dueAt !== undefined) this.due.add(kept);
    if (status !== 'pending') return;
    this.everywhere.pending.add(kept);
    this.ofTicket(ticketId).pending.add(kept);
    if (turnId !== undefined) this.ofTurn(turnId).add(kept);
  }

  private unlist(kept: Kept): void {
    const { id, ticketId, turnId, key, claimedBy } = kept;
    if (claimedBy !== undefined) {
      const place = slot(ticketId, claimedBy);
      const ids = this.claimed.get(place);
      ids?.delete(id);
      if (ids?.size === 0) this.claimed.delete(place);
    }
    if (key !== undefined && this.holder(ticketId, key) === id) this.holders.delete(slot(ticketId, key));
    this.everywhere.pending.remove(kept);
    this.ofTicket(ticketId).pending.remove(kept);
    this.due.remove(kept);
    if (turnId === undefined) return;
    const ofTurn = this.ofTurn(turnId);
    ofTurn.remove(kept);
    // Turns end, and there is no end of turns.
    if (!ofTurn.first()) this.pendingByTurn.delete(turnId);
  }

  private ofTicket(ticketId: string): Group {
    const group = this.byTicket.get(ticketId) ?? new Group();
    this.byTicket.set(ticketId, group);
    return group;
  }

  private ofTurn(turnId: string): OrderedList<Place, Kept> {
    return listUnder(this.pendingByTurn, turnId);
  }
}

function listUnder(lists: Map<string, OrderedList<Place, Kept>>, name: string): OrderedList<Place, Kept> {
  const list = lists.get(name) ?? byAge();
  lists.set(name, list);
  return list;
}

function pageOf(found: Iterable<Kept> = [], size: number, maxBytes?: number): Page<RequestRecord> {
  const { shown, hasMore } = firstPage(found, size, bytesOfRecord, maxBytes);
  const last = hasMore && shown.at(-1);
  return { items: shown.map(copyRecord), ...(last && { nextCursor: encodeCursor(last) }) };
}

function* ofStatus(found: Iterable<Kept> = [], status: RequestStatus): Iterable<Kept> {
  for (const kept of found) if (kept.status === status) yield kept;
}

function bytesOfRecord(kept: Kept | undefined): number {
  return Buffer.byteLength(kept?.record ?? '');
}

function byAge(): OrderedList<Place, Kept> {
  return new OrderedList(byPlace);
}

function byDeadline(): OrderedList<Pick<Kept, 'dueAt' | 'id'>, Kept> {
  return new OrderedList((a, b) => (a.dueAt ?? 0) - (b.dueAt ?? 0) || byText(a.id, b.id));
}

/** After every id, which none begins with. */
const lastId = '\uffff';

/** One text of two, which no other two give. */
function slot(ticketId: string, key: string): string {
  return JSON.stringify([ticketId, key]);
}

function copyRecord({ record }: Kept): RequestRecord {
  return JSON.parse(record);
}

function copy(kept: Kept): StoredRequest {
  const { version, dueAt } = kept;
  const snapshot: unknown = JSON.parse(kept.snapshot);
  return { record: copyRecord(kept), snapshot, version, ...(dueAt !== undefined && { dueAt }) };
}
