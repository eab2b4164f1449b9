/** The audit of tickets in SQLite: commits append to it, reads list it. */
import type { AuditEntry, AuditRecord } from '../../protocol/audit';
import { type ChainedRecord, divide, headAfter } from '../shared/audit-chain';
import { decodeNumber, encodeNumber } from '../shared/cursor';
import { bounded, maxPageSize } from '../shared/limits';
import { firstPage } from '../shared/page';
import type { AuditFilter, Page } from '../store';
import type { AuditSpan } from './requests';
import { parseObject } from './rows';
import { type AuditRow, maxWithin } from './statements';
import type { Tables } from './tables';
import type { Ticket } from './tickets';

/**
 * Appends a record to the audit of its ticket.
 * @param spans gets the numbers of the first and the last record of each request
 */
export function appendToAudit(
  tables: Tables,
  ticket: Ticket,
  record: AuditRecord,
  spans: Map<string, AuditSpan>,
): void {
  const { at, requestId } = record;
  const n = linkRecord(tables, ticket, { at, requestId, ...divide(record) });
  spans.set(requestId, [spans.get(requestId)?.[0] ?? n, n]);
}

/** Makes a divided record the end of its ticket's chain; returns its number. */
export function linkRecord(
  { s }: Tables,
  ticket: Ticket,
  { at, requestId, fixed, personal, salt, commitment }: ChainedRecord & Pick<AuditRecord, 'at' | 'requestId'>,
): number {
  const n = (ticket.audit?.n ?? 0) + 1;
  const head = headAfter(ticket.audit?.head ?? null, { n, at, requestId, fixed, commitment });
  s.addAudit.run(ticket.n, n, at, requestId, fixed, commitment, head, salt, personal);
  ticket.audit = { n, head };
  return n;
}

/** As `Store.audit`. */
export function auditPage(
  tables: Tables,
  { ticketId, requestId }: AuditFilter,
  limit: number,
  cursor?: string,
): Page<AuditEntry> {
  const size = bounded(limit, 1, maxPageSize);
  const after = decodeNumber(cursor);
  const ticket = tables.foundTicket(ticketId);
  if (ticket === undefined) return { items: [] };
  const rows =
    requestId === undefined
      ? tables.s.audit.iterate(ticket, placeWithin(after), ticket, size + 1)
      : ofRequest(tables, ticket, requestId, after, size + 1);
  const { shown, hasMore } = firstPage(rows, size, bytesOf);
  const items = shown.map((row) => entryOf(ticketId, row));
  const last = items.at(-1);
  return { items, ...(hasMore && last && { nextCursor: encodeNumber(last.n) }) };
}

/** Of a request only the part of its ticket's audit is looked through in which it can be. */
function ofRequest(
  { s }: Tables,
  ticket: number,
  requestId: string,
  after: number,
  limit: number,
): Iterable<AuditRow> {
  const { first, last } = s.auditSpan.get(requestId) ?? { first: null, last: null };
  const from = Math.max(after, (first ?? 1) - 1);
  return s.auditOfRequest.iterate(ticket, placeWithin(from), ticket, last ?? maxWithin, requestId, limit);
}

function placeWithin(n: number): number {
  return Math.min(Math.max(0, n), maxWithin);
}

function bytesOf({ fixed, personal }: AuditRow): number {
  return Buffer.byteLength(fixed) + Buffer.byteLength(personal ?? '');
}

function entryOf(ticketId: string, { n, at, requestId, fixed, personal }: AuditRow): AuditEntry {
  const id = `${ticketId}:${n}`;
  return {
    ticketId,
    requestId,
    at,
    ...parseObject<Omit<AuditEntry, 'ticketId' | 'requestId' | 'at'>>('audit', id, fixed),
    ...(personal !== null && parseObject<Partial<AuditEntry>>('audit', id, personal)),
    n,
  };
}
