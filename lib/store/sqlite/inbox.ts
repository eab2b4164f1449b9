/** The inboxes of the SQLite store: who is named is listed in rows, and what is open to whoever has the ticket is found by the indexes of requests; commits list, reads look up. */
import type { Answerers, Millis, RequestRecord } from '../../protocol/records';
import { decodeInboxCursor, encodeInboxCursor, type InboxPlace, never } from '../shared/cursor';
import { type Counted, countsOf, firstOf } from '../shared/inbox';
import { toolNameOf } from '../shared/inbox-lists';
import { bounded, maxCounted, maxPageSize } from '../shared/limits';
import { firstPage } from '../shared/page';
import type { InboxCounts, InboxFilter, InboxOrder, InboxOwner, Page, RequestWrite, Store } from '../store';
import { bytesOf, parseObject } from './rows';
import type { ListStatements, RequestRow, Statements, Wanted } from './statements';
import type { Tables } from './tables';

/** Under which names a request is listed and for whom it is not, as it is stored with it, so that it is removed from exactly these. */
interface Listing {
  lists: readonly string[];
  except: readonly string[];
}

const nowhere: Listing = { lists: [], except: [] };

/** The text of the rows that a request has in inboxes; null for none. */
export function listsText({ record, answerers }: RequestWrite): string | null {
  if (!answerers || record.status !== 'pending') return null;
  const lists = namesOf(answerers);
  const except = [...new Set(answerers.except)];
  return lists.length + except.length === 0 ? null : JSON.stringify({ lists, except } satisfies Listing);
}

function namesOf({ users = [], groups = [] }: Pick<Answerers, 'users' | 'groups'>): string[] {
  return [...new Set(users)].map(userList).concat([...new Set(groups)].map(groupList));
}

const userList = (userId: string) => `user:${userId}`;
const groupList = (group: string) => `group:${group}`;

/** Moves the request of row `n` from where it was listed to where it belongs now. */
export function relist(
  s: Statements,
  { record }: RequestWrite,
  n: number,
  ticket: number,
  before: string | null,
  now: string | null,
): void {
  const { id, type, expiresAt = null } = record;
  const old = parse(id, before);
  for (const list of old.lists) s.dropInbox.run(list, n);
  for (const userId of old.except) s.dropInboxExcept.run(userId, n);
  const next = parse(id, now);
  for (const list of next.lists) s.addInbox.run(list, n, type, toolNameOf(record) ?? null, ticket, expiresAt);
  for (const userId of next.except) s.addInboxExcept.run(userId, n);
}

function parse(id: string, text: string | null): Listing {
  return text === null ? nowhere : parseObject('requests', id, text);
}

/**
 * As `Store.inbox`.
 * @param recordOf reads the request of a row
 */
export function inboxPage(
  tables: Tables,
  recordOf: (row: RequestRow) => RequestRecord,
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
      if (row) yield { place, record: recordOf(row) };
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
  { statements, of, wanted }: InboxList,
  userId: string,
  order: InboxOrder,
  place: InboxPlace,
  limit: number,
): Iterable<InboxPlace> {
  const rest = [...wanted, userId, limit] as const;
  if (order === 'newest') return statements.newest.iterate(...of, place.n, ...rest);
  if (order === 'oldest') return statements.oldest.iterate(...of, place.n, ...rest);
  return readUrgent({ statements, of, wanted }, userId, place, limit);
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
