/** Grants in SQLite, which name people by number; commits write them, reads list them. */
import type { GrantRecord, Millis } from '../../protocol/records';
import { decodeCursor, encodeCursor } from '../shared/cursor';
import { afterGrantWrite, grantIdOf, holdsUntil } from '../shared/grant-writes';
import { bounded, maxPageSize } from '../shared/limits';
import { byText } from '../shared/order';
import { bytesOfText, firstPage } from '../shared/page';
import type { GrantFilter, GrantWrite, Page } from '../store';
import type { People } from './people';
import { parseRow } from './rows';
import type { GrantRow, TextRow } from './statements';
import type { Tables } from './tables';

type NamedGrant = Omit<GrantRecord, 'givenBy' | 'revokedBy'> & { givenBy: number[]; revokedBy?: number };

/** The text of a grant; inside a transaction that writes. */
export function grantText(people: People, grant: GrantRecord): string {
  const { givenBy, revokedBy, ...same } = grant;
  return JSON.stringify({
    ...same,
    givenBy: givenBy.map((author) => people.number(author)),
    ...(revokedBy && { revokedBy: people.number(revokedBy) }),
  } satisfies NamedGrant);
}

function grantOf(people: People, row: TextRow): GrantRecord {
  const { givenBy, revokedBy, ...same } = parseRow<NamedGrant>('grants', row);
  return {
    ...same,
    givenBy: givenBy.map((n) => people.author(n)),
    ...(revokedBy !== undefined && { revokedBy: people.author(revokedBy) }),
  };
}

export function writeGrant(tables: Tables, write: GrantWrite, at: Millis): void {
  const grant = afterGrantWrite(storedGrant(tables, grantIdOf(write)), write, at);
  if (grant) putGrant(tables, grant);
}

export function putGrant(tables: Tables, grant: GrantRecord): void {
  const { id, ticketId, covers, createdAt, expiresAt } = grant;
  const until = holdsUntil(grant) ?? null;
  const ticket = tables.ticketNumber(ticketId);
  tables.s.putGrant.run(id, ticket, covers, createdAt, expiresAt, until, grantText(tables.people, grant));
}

/** As `Store.grant`. */
export function storedGrant({ s, people }: Tables, id: string): GrantRecord | undefined {
  const row = s.grant.get(id);
  return row && grantOf(people, row);
}

/** As `Store.liveGrants`. */
export function liveGrants(
  { s, people }: Tables,
  covers: readonly string[],
  now: Millis,
  limit: number,
): GrantRecord[] {
  const rows = [...new Set(covers)].flatMap((each) => s.grantsCovering.all(each, now, bounded(limit)));
  return rows
    .map((row) => grantOf(people, row))
    .sort((a, b) => a.expiresAt - b.expiresAt || byText(a.id, b.id))
    .slice(0, bounded(limit));
}

/** As `Store.grants`. */
export function grantPage(
  tables: Tables,
  filter: GrantFilter,
  limit: number,
  cursor?: string,
): Page<GrantRecord> {
  const size = bounded(limit, 1, maxPageSize);
  const { shown, hasMore } = firstPage(listGrants(tables, filter, size + 1, cursor), size, bytesOfText);
  const last = hasMore && shown.at(-1);
  return {
    items: shown.map((row) => grantOf(tables.people, row)),
    ...(last && { nextCursor: encodeCursor({ createdAt: last.created_at, id: last.id }) }),
  };
}

function listGrants(
  tables: Tables,
  { ticketId, liveAt }: GrantFilter,
  limit: number,
  cursor?: string,
): Iterable<GrantRow> {
  const { s } = tables;
  const { createdAt, id } = decodeCursor(cursor);
  if (ticketId === undefined)
    return liveAt === undefined
      ? s.grants.iterate(createdAt, id, limit)
      : s.grantsLive.iterate(liveAt, createdAt, id, limit);
  const ticket = tables.foundTicket(ticketId);
  if (ticket === undefined) return [];
  return liveAt === undefined
    ? s.grantsOfTicket.iterate(ticket, createdAt, id, limit)
    : s.grantsLiveOfTicket.iterate(ticket, liveAt, createdAt, id, limit);
}
