/** The inboxes of the SQLite store: who is named is listed in rows, and what is open to all who have the ticket is found by the indexes of requests; the store reads them here. */
import type { Millis, RequestRecord } from '../../protocol/records';
import { decodeInboxCursor, encodeInboxCursor, type InboxPlace, never } from '../shared/cursor';
import { type Counted, countsOf, firstOf } from '../shared/inbox';
import { bounded, maxCounted, maxPageSize } from '../shared/limits';
import { firstPage } from '../shared/page';
import type { InboxCounts, InboxFilter, InboxOrder, InboxOwner, Page, Store } from '../store';
import { namesOf } from './listing';
import { requestRecordOf } from './requests';
import { bytesOf } from './rows';
import type { ListStatements, Wanted } from './statements';
import type { Tables } from './tables';

/** As `Store.inbox`. */
export function inboxPage(
  tables: Tables,
  ...[owner, filter, order, limit, cursor]: Parameters<Store['inbox']>
): Page<RequestRecord> {
  const size = bounded(limit, 1, maxPageSize);
  const from = decodeInboxCursor(order, cursor);
  const read = (list: InboxList) => readList(list, owner.userId, order, from, size + 1);
  const places = firstOf(listsOf(tables, owner, filter), read, order, size + 1);
  const { shown, hasMore } = firstPage(found(), size, ({ record }) => bytesOf(record));
  const last = hasMore && shown.at(-1);
  return {
    items: shown.map(({ record }) => record),
    ...(last && { nextCursor: encodeInboxCursor(order, last.place) }),
  };

  /** Each place with its request, read when it is its turn. */
  function* found(): Iterable<{ place: InboxPlace; record: RequestRecord }> {
    for (const place of places) {
      const row = tables.s.requestOfNumber.get(place.n);
      if (row) yield { place, record: requestRecordOf(tables.people, row) };
    }
  }
}

/** As `Store.inboxCounts`. */
export function inboxCounts(tables: Tables, owner: InboxOwner, filter: InboxFilter): InboxCounts {
  const read = ({ statements, of, wanted }: InboxList): Iterable<Counted> =>
    statements.counted.iterate(...of, ...wanted, owner.userId, maxCounted + 1);
  return countsOf(listsOf(tables, owner, filter), read);
}

/** A list with how it is read. */
interface InboxList {
  statements: ListStatements;
  of: [of: string | number] | [];
  wanted: Wanted;
}

/** The lists that the inbox of this person is made of. */
function listsOf(tables: Tables, owner: InboxOwner, filter: InboxFilter): InboxList[] {
  const { named, ofTicket, everywhere } = tables.s.inboxLists;
  const { type = null, toolName = null, ticketId } = filter;
  const { tickets } = owner;
  const within = ticketId === undefined ? null : tables.foundTicket(ticketId);
  if (within === undefined) return [];
  const wanted: Wanted = [type, type, toolName, toolName, within, within];
  const names = namesOf({ users: [owner.userId], groups: owner.groups });
  const lists: InboxList[] = names.map((name) => ({ statements: named, of: [name], wanted }));
  return lists.concat(openLists());

  function openLists(): InboxList[] {
    if (tickets === 'all' && within === null) return [{ statements: everywhere, of: [], wanted }];
    const open = tickets === 'all' ? [ticketId] : new Set(tickets);
    return [...open].flatMap((each) => {
      if (each === undefined || (ticketId !== undefined && each !== ticketId)) return [];
      const ticket = within ?? tables.foundTicket(each);
      return ticket === undefined ? [] : [{ statements: ofTicket, of: [ticket], wanted }];
    });
  }
}

function readList(
  list: InboxList,
  userId: string,
  order: InboxOrder,
  place: InboxPlace,
  limit: number,
): Iterable<InboxPlace> {
  const { statements, of, wanted } = list;
  const rest = [...wanted, userId, limit] as const;
  if (order === 'newest') return statements.newest.iterate(...of, place.n, ...rest);
  if (order === 'oldest') return statements.oldest.iterate(...of, place.n, ...rest);
  return readUrgent(list, userId, place, limit);
}

/** First what expires, then the rest, which has no place in the index of ends: most requests wait for ever, and are written once less. */
function* readUrgent(
  { statements, of, wanted }: InboxList,
  userId: string,
  { urgency, n }: { urgency: Millis; n: number },
  limit: number,
): Iterable<InboxPlace> {
  const rest = [...wanted, userId, limit] as const;
  if (urgency < never) yield* statements.urgent.iterate(...of, urgency, n, ...rest);
  yield* statements.patient.iterate(...of, urgency < never ? 0 : n, ...rest);
}
