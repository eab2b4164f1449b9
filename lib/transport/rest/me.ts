/** REST: who the caller is taken for, and what this server has; a page asks it first. */
import { z } from 'zod';
import { operation } from './operation';
import type { Rest } from './rest';

export const getMe = operation({
  id: 'getMe',
  method: 'get',
  path: '/hitl/me',
  summary: 'Who the server takes the caller for, what the agent is called, and what the server has.',
  answers: {
    200: z.object({
      user: z.object({ id: z.string(), name: z.string(), groups: z.array(z.string()) }),
      agent: z.object({ id: z.string(), name: z.string() }),
      /** Whether live charts are served at `<mount>/charts/`, and to this caller. */
      charts: z.boolean(),
      /** There if the app does not say which tickets are in an inbox, so that it has only what names the caller or a group. */
      inbox_tickets: z.literal(false).optional(),
    }),
  },
  refusals: [],
});

export const meOperations = [getMe];

export function serveMe(rest: Rest): void {
  const { agent, charts, access } = rest.parts;
  rest.serve(getMe, async ({ req, user: { id, name, groups } }) => ({
    body: {
      user: { id, name, groups },
      agent,
      charts: await charts(req),
      ...(!access.namesInboxTickets && { inbox_tickets: false }),
    },
  }));
}
