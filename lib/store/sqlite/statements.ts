/** Every SQL statement of the SQLite store, prepared once when it opens; each is driven by an index, which a test holds. */
import type { Database } from 'better-sqlite3';
import { deliveryStatements } from './statements/delivery';
import { grantStatements } from './statements/grant';
import { inboxLists, inboxStatements } from './statements/inbox';
import { logStatements } from './statements/log';
import type { Prepare, Prepared } from './statements/prepared';
import { recordStatements } from './statements/record';
import { requestStatements } from './statements/request';
import { ticketStatements } from './statements/ticket';
import { turnStatements } from './statements/turn';

export type { GrantRow } from './statements/grant';
export type { ListStatements, Wanted } from './statements/inbox';
export type { LogRow } from './statements/log';
export type { AuditRow, Numbered, TextRow, TicketRow } from './statements/prepared';
export { maxWithin } from './statements/prepared';
export type { KnownMessage, MessageRow, SessionRow } from './statements/record';
export type { KnownRequest, RequestRow } from './statements/request';
export type { TurnRow } from './statements/turn';

export type Statements = ReturnType<typeof prepareStatements>;

export function prepareStatements(db: Database) {
  const prepare: Prepare = <Parameters extends unknown[], Row>(sql: string) =>
    db.prepare(sql) as Prepared<Parameters, Row>;
  return {
    begin: prepare<[]>('BEGIN'),
    // Writers take the lock at once: a transaction that began as a reader could not become one if another process wrote.
    beginWrite: prepare<[]>('BEGIN IMMEDIATE'),
    commit: prepare<[]>('COMMIT'),
    rollback: prepare<[]>('ROLLBACK'),

    ...ticketStatements(prepare),
    ...logStatements(prepare),
    ...recordStatements(prepare),
    ...turnStatements(prepare),
    ...requestStatements(prepare),
    ...inboxStatements(prepare),
    ...grantStatements(prepare),
    ...deliveryStatements(prepare),
    inboxLists: inboxLists(prepare),
  };
}
