/** REST: what happened in a ticket, and its sessions. */
import { z } from 'zod';
import { loggedSchema } from '../../protocol/envelopes';
import { sessionView, sessionViewSchema } from '../../protocol/views';
import { maxLogBytes } from '../../store/limits';
import { operation } from './operation';
import { limit } from './paging';
import type { Rest } from './rest';

export const getTimeline = operation({
  id: 'getTimeline',
  method: 'get',
  path: '/tickets/:ticketId/timeline',
  summary: 'The logged envelopes of a ticket with a seq above `after`, oldest first.',
  query: z.object({ after: z.coerce.number().int().min(0).default(0), limit: limit(100, 500) }),
  answers: {
    200: z.object({ items: z.array(loggedSchema), epoch: z.string(), seq: z.number().int().nonnegative() }),
  },
  refusals: ['invalid_id', 'forbidden', 'not_found'],
});

export const listSessions = operation({
  id: 'listSessions',
  method: 'get',
  path: '/tickets/:ticketId/sessions',
  summary: 'The sessions of a ticket, newest activity first.',
  query: z.object({ limit: limit(50, 200) }),
  answers: { 200: z.object({ items: z.array(sessionViewSchema) }) },
  refusals: ['invalid_id', 'forbidden', 'not_found'],
});

export const ticketOperations = [getTimeline, listSessions];

export function serveTickets(rest: Rest): void {
  const { store, clock } = rest.parts;

  rest.serve(getTimeline, async (call) => {
    const { after, limit: most } = call.query;
    const { items, epoch, seq } = await store.log(await rest.visibleTicket(call), after, most, maxLogBytes);
    return { body: { items, epoch, seq } };
  });

  rest.serve(listSessions, async (call) => {
    const sessions = await store.sessions(await rest.visibleTicket(call), call.query.limit);
    return { body: { items: sessions.map((session) => sessionView(session, clock.now())) } };
  });
}
