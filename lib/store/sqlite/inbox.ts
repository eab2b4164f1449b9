/** The inboxes of the SQLite store: rows by which the pending requests of each answerer are found. */
import { decodeInboxCursor, encodeInboxCursor, type InboxPlace, never, start } from '../shared/cursor';
import { type Counted, countsOf, entryOf, firstOf } from '../shared/inbox';
import { listsFor, listsOf } from '../shared/inbox-lists';
import { bounded, maxCounted, maxPageSize } from '../shared/limits';
import { bytesOfText, firstPage } from '../shared/page';
import type { InboxCounts, InboxFilter, InboxOrder, InboxOwner, RequestWrite } from '../store';
import { parseRow } from './rows';
import type { Statements, TextRow } from './statements';

/** Where a request is listed, as the text that is stored with it, so that it is removed from exactly these lists. */
interface Listing {
  lists: readonly string[];
  except: readonly string[];
}

/** The text of where the request belongs now; null for nowhere. */
export function listingOf({ record, answerers }: RequestWrite): string | null {
  if (!answerers) return null;
  const except = [...new Set(answerers.except)];
  return JSON.stringify({ lists: listsOf(record, answerers), except } satisfies Listing);
}

/** Moves a request from where it was listed to where it belongs now. */
export function relist(s: Statements, write: RequestWrite, before: string | null, now: string | null): void {
  if (now === before) return;
  const { id, createdAt, urgency, type, toolName } = entryOf(write);
  const old = parse(id, before);
  for (const list of old.lists) s.dropInbox.run(list, createdAt, id);
  for (const userId of old.except) s.dropInboxExcept.run(userId, id);
  const next = parse(id, now);
  const expiry = urgency === never ? null : urgency;
  for (const list of next.lists) s.addInbox.run(list, createdAt, id, expiry, type, toolName);
  for (const userId of next.except) s.addInboxExcept.run(userId, id);
}

/** As `Store.inbox`, as rows. */
export function inboxPage(
  s: Statements,
  owner: InboxOwner,
  filter: InboxFilter,
  order: InboxOrder,
  limit: number,
  cursor?: string,
): { rows: TextRow[]; nextCursor?: string } {
  const size = bounded(limit, 1, maxPageSize);
  const place = decodeInboxCursor(order, cursor);
  const read = (list: string) => readList(s, list, owner.userId, order, place, size + 1);
  const found = firstOf(listsFor(owner, filter), read, order, size + 1);
  const { shown, hasMore } = firstPage(rowsOf(s, found), size, ({ row }) => bytesOfText(row));
  const last = hasMore && shown.at(-1);
  return {
    rows: shown.map(({ row }) => row),
    ...(last && { nextCursor: encodeInboxCursor(order, last.place) }),
  };
}

/** Each place with its request, read when it is its turn. */
function* rowsOf(
  s: Statements,
  places: readonly InboxPlace[],
): Iterable<{ place: InboxPlace; row: TextRow }> {
  for (const place of places) {
    const row = s.requestRecord.get(place.id);
    if (row) yield { place, row };
  }
}

/** As `Store.inboxCounts`. */
export function inboxCounts(s: Statements, owner: InboxOwner, filter: InboxFilter): InboxCounts {
  const read = (list: string): Iterable<Counted> =>
    s.inboxCounted.iterate(list, owner.userId, maxCounted + 1);
  return countsOf(listsFor(owner, filter), read);
}

function readList(
  s: Statements,
  list: string,
  userId: string,
  order: InboxOrder,
  place: InboxPlace,
  limit: number,
): Iterable<InboxPlace> {
  const { createdAt, id } = place;
  if (order === 'urgent') return readUrgent(s, list, userId, place, limit);
  const statement = order === 'newest' ? s.inboxNewest : s.inboxOldest;
  return statement.iterate(list, createdAt, id, userId, limit);
}

/** First what expires, then the rest, which has no place in the index: most requests wait for ever, and are written once less. */
function* readUrgent(
  s: Statements,
  list: string,
  userId: string,
  { urgency, createdAt, id }: InboxPlace,
  limit: number,
): Iterable<InboxPlace> {
  if (urgency < never) yield* s.inboxUrgent.iterate(list, urgency, createdAt, id, userId, limit);
  const after = urgency < never ? start : { createdAt, id };
  yield* s.inboxPatient.iterate(list, after.createdAt, after.id, userId, limit);
}

function parse(id: string, text: string | null): Listing {
  return text === null ? { lists: [], except: [] } : parseRow('requests', { id, text });
}
