/** What a page of a ticket is drawn from, read from SQLite; the store calls it inside a transaction. */
import { bounded, maxLogBytes, maxSessionsInState, maxStateBytes } from '../shared/limits';
import { bytesOfText, firstPage } from '../shared/page';
import type { LogPosition, TicketState } from '../store';
import { numbersOf, pageOfRequests } from './lists';
import { messageRecordOf } from './messages';
import { sessionsOf } from './sessions';
import type { Tables } from './tables';
import { openTurnsOfTicket } from './turns';

/** As `Store.state`, without where the log stands. */
export function ticketState(
  tables: Tables,
  ticketId: string,
  limit: number,
): Omit<TicketState, keyof LogPosition> {
  const { s, people } = tables;
  const ticket = tables.foundTicket(ticketId);
  const rows = ticket === undefined ? [] : s.messagesOfTicket.iterate(ticket, bounded(limit));
  const newest = firstPage(rows, Infinity, bytesOfText, maxLogBytes);
  const pending = numbersOf(tables, { ticketId, status: 'pending' }, 0, bounded(Infinity));
  const { items: requests, ...more } = pageOfRequests(tables, pending, Infinity, maxStateBytes);
  return {
    sessions: sessionsOf(tables, ticketId, maxSessionsInState),
    messages: newest.shown.reverse().map((row) => messageRecordOf(people, row)),
    turns: openTurnsOfTicket(tables, ticketId),
    requests,
    ...more,
  };
}
