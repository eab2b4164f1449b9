/** Lists of the SQLite store as pages of what the hub reads. */
import type { AuditEntry } from '../../protocol/audit';
import type { GrantRecord, Millis } from '../../protocol/records';
import { decodeCursor, decodeNumber, encodeCursor, encodeNumber } from '../shared/cursor';
import { bounded, maxPageSize } from '../shared/limits';
import { byText } from '../shared/order';
import { bytesOfText, firstPage } from '../shared/page';
import type { AuditFilter, GrantFilter, Page, RequestFilter } from '../store';
import { parseRow } from './rows';
import type { ListedRow, Statements, TextRow } from './statements';

export function listRequests(
  s: Statements,
  filter: RequestFilter,
  limit: number,
  cursor?: string,
): Iterable<ListedRow> {
  const { ticketId, status } = filter;
  const { createdAt, id } = decodeCursor(cursor);
  if (ticketId !== undefined && status !== undefined) {
    return s.requestsOfTicketByStatus.iterate(ticketId, status, createdAt, id, limit);
  }
  if (ticketId !== undefined) return s.requestsOfTicket.iterate(ticketId, createdAt, id, limit);
  if (status !== undefined) return s.requestsByStatus.iterate(status, createdAt, id, limit);
  return s.requests.iterate(createdAt, id, limit);
}

export function listGrants(
  s: Statements,
  filter: GrantFilter,
  limit: number,
  cursor?: string,
): Iterable<ListedRow> {
  const { ticketId, liveAt } = filter;
  const { createdAt, id } = decodeCursor(cursor);
  if (ticketId !== undefined && liveAt !== undefined)
    return s.grantsLiveOfTicket.iterate(ticketId, liveAt, createdAt, id, limit);
  if (ticketId !== undefined) return s.grantsOfTicket.iterate(ticketId, createdAt, id, limit);
  if (liveAt !== undefined) return s.grantsLive.iterate(liveAt, createdAt, id, limit);
  return s.grants.iterate(createdAt, id, limit);
}

/** Of one row more than is shown. */
export function pageOf<T extends object>(
  table: string,
  rows: Iterable<ListedRow>,
  size: number,
  maxBytes?: number,
): Page<T> {
  const { shown, hasMore } = firstPage(rows, size, bytesOfText, maxBytes);
  const last = shown.at(-1);
  const nextCursor = hasMore && last && encodeCursor({ createdAt: last.created_at, id: last.id });
  return { items: parseAll(table, shown), ...(nextCursor && { nextCursor }) };
}

export function parseOne<T extends object>(table: string, row: TextRow | undefined): T | undefined {
  return row && parseRow<T>(table, row);
}

export function parseAll<T extends object>(table: string, rows: readonly TextRow[]): T[] {
  return rows.map((row) => parseRow<T>(table, row));
}

/** As `Store.audit`. */
export function auditPage(
  s: Statements,
  { ticketId, requestId }: AuditFilter,
  limit: number,
  cursor?: string,
): Page<AuditEntry> {
  const size = bounded(limit, 1, maxPageSize);
  const after = decodeNumber(cursor);
  const rows =
    requestId === undefined
      ? s.audit.iterate(ticketId, after, size + 1)
      : s.auditOfRequest.iterate(ticketId, requestId, after, size + 1);
  const { shown, hasMore } = firstPage(rows, size, bytesOfText);
  const items = shown.map(({ n, text }): AuditEntry => {
    return { ...parseRow<AuditEntry>('audit', { id: `${ticketId}:${n}`, text }), n };
  });
  const last = items.at(-1);
  return { items, ...(hasMore && last && { nextCursor: encodeNumber(last.n) }) };
}

/** As `Store.liveGrants`. */
export function liveGrants(
  s: Statements,
  covers: readonly string[],
  now: Millis,
  limit: number,
): GrantRecord[] {
  const rows = [...new Set(covers)].flatMap((each) => s.grantsCovering.all(each, now, bounded(limit)));
  return parseAll<GrantRecord>('grants', rows)
    .sort((a, b) => a.expiresAt - b.expiresAt || byText(a.id, b.id))
    .slice(0, bounded(limit));
}
