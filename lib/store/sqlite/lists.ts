/** Lists of the SQLite store as pages of what the hub reads: the numbers of their rows first, from an index alone, then row by row as many as a page takes. */
import type { RequestRecord } from '../../protocol/records';
import { requestStatuses } from '../../protocol/request-status';
import { decodeNumber, encodeNumber } from '../shared/cursor';
import { bounded, maxPageSize } from '../shared/limits';
import { firstPage } from '../shared/page';
import type { Page, RequestFilter } from '../store';
import { mergeNumbers } from './merged';
import { requestRecordOf } from './requests';
import { bytesOf } from './rows';
import type { Tables } from './tables';

/** As `Store.requests`; a ticket's state has them all. */
export function requestPage(
  tables: Tables,
  filter: RequestFilter,
  limit: number,
  cursor?: string,
  maxBytes?: number,
): Page<RequestRecord> {
  const size = bounded(limit, 1, maxPageSize);
  const after = decodeNumber(cursor);
  return pageOfRequests(tables, numbersOf(tables, filter, after, size + 1), size, maxBytes);
}

/** As `Store.grantUses`. */
export function grantUses(
  tables: Tables,
  grantId: string,
  limit: number,
  cursor?: string,
): Page<RequestRecord> {
  const size = bounded(limit, 1, maxPageSize);
  const rows = tables.s.requestsOfGrant.all(grantId, decodeNumber(cursor), size + 1);
  return pageOfRequests(tables, mergeNumbers([rows], size + 1), size);
}

/** The numbers of the requests that fit, as many as the limit and oldest first. */
export function numbersOf(
  tables: Tables,
  { ticketId, status }: RequestFilter,
  after: number,
  limit: number,
): number[] {
  const { s } = tables;
  if (ticketId === undefined) {
    if (status === undefined) return mergeNumbers([s.requests.all(after, limit)], limit);
    if (status !== 'pending') return mergeNumbers([s.requestsSettled.all(status, after, limit)], limit);
    return mergeNumbers(
      [0, 1].map((isOpen) => s.requestsPending.all(isOpen, after, limit)),
      limit,
    );
  }
  const ticket = tables.foundTicket(ticketId);
  if (ticket === undefined) return [];
  const wanted = status === undefined ? requestStatuses : [status];
  const ranges = wanted.flatMap((each) =>
    [0, 1].map((isOpen) => s.requestsOfTicket.all(ticket, each, isOpen, after, limit)),
  );
  return mergeNumbers(ranges, limit);
}

/** Of one number more than is shown. */
export function pageOfRequests(
  { s, people }: Tables,
  numbers: readonly number[],
  size: number,
  maxBytes?: number,
): Page<RequestRecord> {
  const { shown, hasMore } = firstPage(found(), size, ({ record }) => bytesOf(record), maxBytes);
  const last = hasMore && shown.at(-1);
  return {
    items: shown.map(({ record }) => record),
    ...(last && { nextCursor: encodeNumber(last.n) }),
  };

  function* found(): Iterable<{ n: number; record: RequestRecord }> {
    for (const n of numbers) {
      const row = s.requestOfNumber.get(n);
      if (row) yield { n, record: requestRecordOf(people, row) };
    }
  }
}
