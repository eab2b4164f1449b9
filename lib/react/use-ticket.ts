/** `useTicket` and its relatives: what happens in a ticket, and what one may do there. */
import { useMemo } from 'react';
import type { MessageAck, RequestAnswer, RequestView } from '../client';
import type { Connections } from './connections';
import { notShown, type Outcome, type RequestOutcome } from './outcome';
import { useConnections } from './provider';
import { type TicketRoom, type TicketState, unjoined } from './ticket-room';
import { type Source, useSelected, useTracked } from './use-tracked';

/** What one may do in a ticket. The functions stay the same; their promises never reject. */
export interface TicketActions {
  /** A line of chat; waits while the connection is away, and is said once. */
  send(content: string): Promise<Outcome<{ ack: MessageAck }>>;
  /** To be called with every key: notifies the others every few seconds that this user is writing. */
  sendTyping(): void;
  cancelTurn(turnId: string): Promise<Outcome<{ turnId: string }>>;
  /** Answers a request, naming the revision that was shown. A form has it easier with `useRequest`. */
  respond(requestId: string, answer: RequestAnswer): Promise<RequestOutcome>;
  /** "I am on it", for two minutes; again renews. */
  claim(requestId: string): Promise<RequestOutcome>;
  release(requestId: string): Promise<RequestOutcome>;
  /** After the state `closed`: connects again, for a user who has logged in again. */
  reconnect(): void;
}

export type Ticket = TicketState & TicketActions;

/**
 * Joins a ticket while the component is mounted. The component renders again for what it reads of the result, and for
 * nothing else: `const { pending } = useTicket(id)` does not care for the timeline.
 */
export function useTicket(ticketId: string): Ticket {
  const connections = useConnections();
  const actions = useMemo(() => actionsOf(connections, ticketId), [connections, ticketId]);
  return Object.assign(useTracked(useSource(ticketId)), actions);
}

/**
 * Something made of a ticket: `useTicketValue(id, ({ pending }) => pending.length)`. Renders again when it is another.
 * @param isSame default `Object.is`; for a function that makes a new object each time, one that looks into it
 */
export function useTicketValue<T>(
  ticketId: string,
  select: (ticket: TicketState) => T,
  isSame: (a: T, b: T) => boolean = Object.is,
): T {
  return useSelected(useSource(ticketId), select, isSame);
}

/** The requests of a ticket that wait for an answer, oldest first. Renders again when one comes, changes or goes. */
export function usePending(ticketId: string): readonly RequestView[] {
  return useTicketValue(ticketId, ({ pending }) => pending);
}

function useSource(ticketId: string): Source<TicketState> {
  const connections = useConnections();
  return useMemo(
    () => ({
      subscribe(listener) {
        const { value: room, release } = connections.holdTicket(ticketId);
        const end = room.changes.on(listener);
        return () => {
          end();
          release();
        };
      },
      get: () => connections.tickets.get(ticketId)?.state ?? unjoined,
      initial: unjoined,
    }),
    [connections, ticketId],
  );
}

function actionsOf(connections: Connections, ticketId: string): TicketActions {
  const room = () => connections.tickets.get(ticketId);
  const act = async <T>(does: (room: TicketRoom) => Promise<Outcome<T>>): Promise<Outcome<T>> => {
    const joined = room();
    return joined ? does(joined) : notShown();
  };
  return {
    send: (content) => act((joined) => joined.send(content)),
    sendTyping: () => room()?.sendTyping(),
    cancelTurn: (turnId) => act((joined) => joined.cancelTurn(turnId)),
    respond: (requestId, answer) => act((joined) => joined.respond(requestId, answer)),
    claim: (requestId) => act((joined) => joined.claim(requestId)),
    release: (requestId) => act((joined) => joined.release(requestId)),
    reconnect: () => room()?.reconnect(),
  };
}
