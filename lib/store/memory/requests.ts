/** The requests of the memory store, with the lists they are found by. */
import type { Millis, RequestRecord, RequestStatus } from '../../protocol/records';
import { decodeNumber, encodeNumber } from '../shared/cursor';
import { bounded, maxPageSize, maxStateBytes } from '../shared/limits';
import { byText } from '../shared/order';
import { OrderedList } from '../shared/ordered-list';
import { firstPage } from '../shared/page';
import type { DueRequest, Page, RequestWrite, Store, StoredRequest } from '../store';
import { MemoryInbox } from './inbox';

type Stored = Pick<RequestRecord, 'id' | 'ticketId' | 'status'> & {
  /** From 1, in the order in which they were first committed. */
  n: number;
  turnId: string | undefined;
  key: string | undefined;
  claimedBy: string | undefined;
  version: number;
  dueAt: Millis | undefined;
  record: string;
  snapshot: string;
};

type Numbered = Pick<Stored, 'n'>;

/** Requests of one ticket or turn, or all; each list oldest first. */
class Group {
  readonly all = byNumber();
  readonly pending = byNumber();
}

export class MemoryRequests {
  private readonly byId = new Map<string, Stored>();
  private readonly ofNumber: Stored[] = [];
  private readonly everywhere = new Group();
  private readonly byTicket = new Map<string, Group>();
  private readonly pendingByTurn = new Map<string, OrderedList<Numbered, Stored>>();
  private readonly byGrant = new Map<string, OrderedList<Numbered, Stored>>();
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
    const stored = this.byId.get(id);
    return stored !== undefined && stored.status !== 'pending';
  }

  holder(ticketId: string, key: string): string | undefined {
    return this.holders.get(slot(ticketId, key));
  }

  get(id: string | undefined): StoredRequest | undefined {
    const stored = id === undefined ? undefined : this.byId.get(id);
    return stored && copy(stored);
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
    const after = { n: decodeNumber(cursor) };
    const found = list?.from(after);
    const wanted = status === undefined || status === 'pending' ? found : ofStatus(found, status);
    return pageOf(wanted, bounded(limit, 1, maxPageSize), maxBytes);
  }

  /** As `Store.grantUses`. */
  pageOfGrant(grantId: string, limit: number, cursor?: string): Page<RequestRecord> {
    const after = { n: decodeNumber(cursor) };
    const found = this.byGrant.get(grantId)?.from(after);
    return pageOf(found, bounded(limit, 1, maxPageSize));
  }

  /** As `Store.inbox`. */
  inboxPage(...asked: Parameters<Store['inbox']>): Page<RequestRecord> {
    const bytesOf = (n: number) => bytesOfRecord(this.ofNumber[n - 1]);
    const { numbers, ...more } = this.inbox.page(bytesOf, ...asked);
    return { items: numbers.flatMap((n) => this.ofNumber[n - 1] ?? []).map(copyRecord), ...more };
  }

  /** As `Store.dueRequests`. */
  dueUntil(until: Millis, limit: number): DueRequest[] {
    const found: DueRequest[] = [];
    for (const stored of this.due.from()) {
      if (found.length >= limit || (stored.dueAt ?? 0) > until) break;
      found.push({ id: stored.id, ticketId: stored.ticketId });
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
    const { record, snapshot = null, version, dueAt } = write;
    const { id, ticketId, turnId, key, status, usedGrant } = record;
    const claimedBy = record.claim?.by.userId;
    const texts = { record: JSON.stringify(record), snapshot: JSON.stringify(snapshot) };
    return () => {
      const found = { id, ticketId, turnId, key, claimedBy, status };
      const next = { ...found, version: version + 1, dueAt, ...texts };
      const stored = this.byId.get(id) ?? this.add({ n: this.byId.size + 1, ...next }, usedGrant?.id);
      this.unlist(stored);
      Object.assign(stored, next);
      this.list(stored);
      this.inbox.put(write, stored.n);
    };
  }

  private add(stored: Stored, grantId: string | undefined): Stored {
    this.byId.set(stored.id, stored);
    this.ofNumber.push(stored);
    if (grantId !== undefined) listUnder(this.byGrant, grantId).add(stored);
    this.everywhere.all.add(stored);
    this.ofTicket(stored.ticketId).all.add(stored);
    return stored;
  }

  /** Into the lists that depend on what may change. */
  private list(stored: Stored): void {
    const { id, ticketId, turnId, key, claimedBy, status } = stored;
    if (claimedBy !== undefined) {
      const place = slot(ticketId, claimedBy);
      this.claimed.set(place, (this.claimed.get(place) ?? new Set()).add(id));
    }
    if (key !== undefined && status !== 'superseded') this.holders.set(slot(ticketId, key), id);
    if (stored.dueAt !== undefined) this.due.add(stored);
    if (status !== 'pending') return;
    this.everywhere.pending.add(stored);
    this.ofTicket(ticketId).pending.add(stored);
    if (turnId !== undefined) this.ofTurn(turnId).add(stored);
  }

  private unlist(stored: Stored): void {
    const { id, ticketId, turnId, key, claimedBy } = stored;
    if (claimedBy !== undefined) {
      const place = slot(ticketId, claimedBy);
      const ids = this.claimed.get(place);
      ids?.delete(id);
      if (ids?.size === 0) this.claimed.delete(place);
    }
    if (key !== undefined && this.holder(ticketId, key) === id) this.holders.delete(slot(ticketId, key));
    this.everywhere.pending.remove(stored);
    this.ofTicket(ticketId).pending.remove(stored);
    this.due.remove(stored);
    if (turnId === undefined) return;
    const ofTurn = this.ofTurn(turnId);
    ofTurn.remove(stored);
    // Turns end, and there is no end of turns.
    if (!ofTurn.first()) this.pendingByTurn.delete(turnId);
  }

  private ofTicket(ticketId: string): Group {
    const group = this.byTicket.get(ticketId) ?? new Group();
    this.byTicket.set(ticketId, group);
    return group;
  }

  private ofTurn(turnId: string): OrderedList<Numbered, Stored> {
    return listUnder(this.pendingByTurn, turnId);
  }
}

function listUnder(
  lists: Map<string, OrderedList<Numbered, Stored>>,
  name: string,
): OrderedList<Numbered, Stored> {
  const list = lists.get(name) ?? byNumber();
  lists.set(name, list);
  return list;
}

function pageOf(found: Iterable<Stored> = [], size: number, maxBytes?: number): Page<RequestRecord> {
  const { shown, hasMore } = firstPage(found, size, bytesOfRecord, maxBytes);
  const last = hasMore && shown.at(-1);
  return { items: shown.map(copyRecord), ...(last && { nextCursor: encodeNumber(last.n) }) };
}

function* ofStatus(found: Iterable<Stored> = [], status: RequestStatus): Iterable<Stored> {
  for (const stored of found) if (stored.status === status) yield stored;
}

function bytesOfRecord(stored: Stored | undefined): number {
  return Buffer.byteLength(stored?.record ?? '');
}

function byNumber(): OrderedList<Numbered, Stored> {
  return new OrderedList((a, b) => a.n - b.n);
}

function byDeadline(): OrderedList<Pick<Stored, 'dueAt' | 'id'>, Stored> {
  return new OrderedList((a, b) => (a.dueAt ?? 0) - (b.dueAt ?? 0) || byText(a.id, b.id));
}

/** After every id, which none begins with. */
const lastId = '\uffff';

/** One text of two, which no other two give. */
function slot(ticketId: string, key: string): string {
  return JSON.stringify([ticketId, key]);
}

function copyRecord({ record }: Stored): RequestRecord {
  return JSON.parse(record);
}

function copy(stored: Stored): StoredRequest {
  const { version, dueAt } = stored;
  const snapshot: unknown = JSON.parse(stored.snapshot);
  return {
    record: copyRecord(stored),
    ...(snapshot !== null && { snapshot }),
    version,
    ...(dueAt !== undefined && { dueAt }),
  };
}
