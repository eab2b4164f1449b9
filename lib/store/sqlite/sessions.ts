/** Sessions in SQLite, each without what its row has in columns; commits write them, reads put them together. */
import type { SessionRecord } from '../../protocol/records';
import { parseRow } from './rows';
import type { SessionRow } from './statements';
import type { Tables } from './tables';

type Rest = Omit<SessionRecord, 'id' | 'ticketId' | 'userId' | 'tabId' | 'createdAt' | 'lastActiveAt'>;

export function writeSession(tables: Tables, session: SessionRecord): void {
  const { id, ticketId, userId, tabId, createdAt, lastActiveAt, ...rest } = session;
  const ticket = tables.ticketNumber(ticketId);
  const person = tables.people.numberOfId(userId);
  tables.s.putSession.run(id, ticket, person, tabId, createdAt, lastActiveAt, JSON.stringify(rest));
}

/** @throws HubError `storage_failed` for a row that cannot be read */
export function sessionOf({ people }: Tables, row: SessionRow): SessionRecord {
  const { id, ticketId, person, tabId, createdAt, lastActiveAt } = row;
  const rest = parseRow<Rest>('sessions', row);
  return { id, ticketId, userId: people.id(person), tabId, ...rest, createdAt, lastActiveAt };
}

/** As `Store.sessionByTab`. */
export function sessionByTab(
  tables: Tables,
  ticketId: string,
  userId: string,
  tabId: string,
): SessionRecord | undefined {
  const ticket = tables.foundTicket(ticketId);
  const person = tables.people.found({ userId, displayName: '' });
  if (ticket === undefined || person === undefined) return undefined;
  const row = tables.s.sessionByTab.get(ticket, person, tabId);
  return row && sessionOf(tables, row);
}

/** As `Store.sessions`, of a limit that is bounded. */
export function sessionsOf(tables: Tables, ticketId: string, limit: number): SessionRecord[] {
  const ticket = tables.foundTicket(ticketId);
  return ticket === undefined
    ? []
    : tables.s.sessions.all(ticket, limit).map((row) => sessionOf(tables, row));
}
