/** The inboxes of the memory store: the lists in which the pending requests of each answerer are found. */
import { decodeInboxCursor, encodeInboxCursor, type InboxPlace } from '../shared/cursor';
import { comparisons, countsOf, entryOf, firstOf, type InboxEntry } from '../shared/inbox';
import { listsFor, listsOf } from '../shared/inbox-lists';
import { bounded, maxPageSize } from '../shared/limits';
import { OrderedList } from '../shared/ordered-list';
import { firstPage } from '../shared/page';
import type { InboxCounts, InboxFilter, InboxOrder, InboxOwner, RequestWrite } from '../store';

/** One list in both of its orders. */
class InboxList {
  readonly byAge = new OrderedList<InboxPlace, InboxEntry>(comparisons.oldest);
  readonly byUrgency = new OrderedList<InboxPlace, InboxEntry>(comparisons.urgent);

  from(place: InboxPlace, order: InboxOrder): Generator<InboxEntry> {
    if (order === 'newest') return this.byAge.backFrom(place);
    return (order === 'urgent' ? this.byUrgency : this.byAge).from(place);
  }
}

/** Where a request stands, to be taken out again. */
interface Listing {
  entry: InboxEntry;
  lists: readonly string[];
  except: ReadonlySet<string>;
}

export class MemoryInbox {
  private readonly lists = new Map<string, InboxList>();
  private readonly listings = new Map<number, Listing>();

  /** The request of this number is in the inboxes of these answerers now, and in no other. */
  put(write: RequestWrite, n: number): void {
    const { record, answerers } = write;
    this.remove(n);
    if (!answerers || record.status !== 'pending') return;
    const entry = entryOf(write, n);
    const lists = listsOf(record, answerers);
    this.listings.set(n, { entry, lists, except: new Set(answerers.except) });
    for (const name of lists) {
      const list = this.lists.get(name) ?? new InboxList();
      this.lists.set(name, list);
      list.byAge.add(entry);
      list.byUrgency.add(entry);
    }
  }

  /** As `Store.inbox`, the numbers only. @param bytesOf of the request of this number, as JSON */
  page(
    bytesOf: (n: number) => number,
    owner: InboxOwner,
    filter: InboxFilter,
    order: InboxOrder,
    limit: number,
    cursor?: string,
  ) {
    const size = bounded(limit, 1, maxPageSize);
    const place = decodeInboxCursor(order, cursor);
    const read = (list: string) => this.read(list, owner.userId, order, place);
    const found = firstOf(listsFor(owner, filter), read, order, size + 1);
    const { shown, hasMore } = firstPage(found, size, ({ n }) => bytesOf(n));
    const last = hasMore && shown.at(-1);
    return { numbers: shown.map(({ n }) => n), ...(last && { nextCursor: encodeInboxCursor(order, last) }) };
  }

  /** As `Store.inboxCounts`. */
  counts(owner: InboxOwner, filter: InboxFilter): InboxCounts {
    const place = decodeInboxCursor('oldest', undefined);
    return countsOf(listsFor(owner, filter), (list) => this.read(list, owner.userId, 'oldest', place));
  }

  private *read(name: string, userId: string, order: InboxOrder, place: InboxPlace): Generator<InboxEntry> {
    for (const entry of this.lists.get(name)?.from(place, order) ?? []) {
      if (!this.listings.get(entry.n)?.except.has(userId)) yield entry;
    }
  }

  private remove(n: number): void {
    const listing = this.listings.get(n);
    if (!listing) return;
    this.listings.delete(n);
    for (const name of listing.lists) {
      const list = this.lists.get(name);
      list?.byAge.remove(listing.entry);
      list?.byUrgency.remove(listing.entry);
      if (!list?.byAge.first()) this.lists.delete(name);
    }
  }
}
