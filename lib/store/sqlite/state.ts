/** What a page of a ticket is drawn from, read from SQLite; the store calls it inside a transaction. */
import type { MessageRecord, RequestRecord, SessionRecord, TurnRecord } from '../../protocol/records';
import { start } from '../shared/cursor';
import { bounded, maxLogBytes, maxSessionsInState, maxStateBytes } from '../shared/limits';
import { bytesOfText, firstPage } from '../shared/page';
import type { LogPosition, TicketState } from '../store';
import { pageOf, parseAll } from './lists';
import type { Statements } from './statements';

/** As `Store.state`, without where the log stands. */
export function ticketState(
  s: Statements,
  ticketId: string,
  limit: number,
): Omit<TicketState, keyof LogPosition> {
  const newest = firstPage(
    s.messagesOfTicket.iterate(ticketId, bounded(limit)),
    Infinity,
    bytesOfText,
    maxLogBytes,
  );
  const pending = [ticketId, 'pending', start.createdAt, start.id, bounded(Infinity)] as const;
  const { items: requests, ...more } = pageOf<RequestRecord>(
    'requests',
    s.requestsOfTicketByStatus.iterate(...pending),
    Infinity,
    maxStateBytes,
  );
  return {
    sessions: parseAll<SessionRecord>('sessions', s.sessions.all(ticketId, maxSessionsInState)),
    messages: parseAll<MessageRecord>('messages', newest.shown.reverse()),
    turns: parseAll<TurnRecord>('turns', s.openTurnsOfTicket.all(ticketId)),
    requests,
    ...more,
  };
}
