/** REST: reading and answering requests. */
import { z } from 'zod';
import { assertName } from '../../hub/tickets/client';
import { verdictSchema, withdrawalSchema } from '../../protocol/client-frames';
import type { RequestRecord } from '../../protocol/records';
import { requestStatusSchema, requestView, requestViewSchema } from '../../protocol/request-view';
import { operation } from './operation';
import { cursor, limit, pageOf } from './paging';
import type { Rest } from './rest';

export const listRequests = operation({
  id: 'listRequests',
  method: 'get',
  path: '/hitl/requests',
  isPage: true,
  summary: 'Requests of the tickets one may see, oldest first.',
  query: z.object({
    status: requestStatusSchema.optional(),
    ticket_id: z.string().optional(),
    limit: limit(50, 200),
    cursor,
  }),
  answers: { 200: z.object({ items: z.array(requestViewSchema), next_cursor: z.string().optional() }) },
  refusals: ['invalid_id', 'forbidden', 'not_found'],
});

export const getRequest = operation({
  id: 'getRequest',
  method: 'get',
  path: '/hitl/requests/:id',
  callers: 'all',
  summary: 'One request.',
  answers: { 200: z.object({ hitl: requestViewSchema }) },
  refusals: ['not_found'],
});

export const respondToRequest = operation({
  id: 'respondToRequest',
  method: 'post',
  path: '/hitl/requests/:id/respond',
  summary: 'Answers a request.',
  body: verdictSchema,
  answers: { 200: z.object({ hitl: requestViewSchema }) },
  refusals: [
    'origin_refused',
    'too_large',
    'not_found',
    'already_resolved',
    'already_answered',
    'stale_revision',
    'not_allowed',
    'claimed_by_other',
    'invalid_response',
    'storage_failed',
  ],
});

export const cancelRequest = operation({
  id: 'cancelRequest',
  method: 'post',
  path: '/hitl/requests/:id/cancel',
  callers: 'all',
  summary: 'Takes a pending request back.',
  body: withdrawalSchema,
  answers: { 200: z.object({ hitl: requestViewSchema }) },
  refusals: ['origin_refused', 'too_large', 'not_found', 'already_resolved', 'not_allowed', 'storage_failed'],
});

export const requestOperations = [listRequests, getRequest, respondToRequest, cancelRequest];

export function serveRequests(rest: Rest): void {
  const { hub, access, clock } = rest.parts;
  const view = (record: RequestRecord) => requestView(record, clock.now());

  rest.serve(listRequests, async ({ user, query }) => {
    const { status, ticket_id: ticketId } = query;
    if (ticketId !== undefined) await access.authorize(assertName(ticketId), user);
    const filter = { ...(status && { status }), ...(ticketId && { ticketId }) };
    const { items, ...more } = await pageOf(
      { list: listRequests.id, user, query },
      (...page) => hub.hitl.list(filter, ...page),
      (records) => access.visible(records, user),
    );
    return { body: { items: items.map(view), ...more } };
  });

  rest.serve(getRequest, async (call) => ({ body: { hitl: view(await rest.visibleRequest(call)) } }));

  rest.serve(respondToRequest, async (call) => {
    const { status, response, revision } = call.body;
    const { id } = await rest.visibleRequest(call);
    const answer = {
      by: call.user,
      status,
      ...(response && { response }),
      ...(revision !== undefined && { revision }),
    };
    return { body: { hitl: view(await hub.hitl.respond(id, answer, rest.requestOccasion(call))) } };
  });

  rest.serve(cancelRequest, async (call) => {
    const { id } = await rest.visibleRequest(call);
    const { reason } = call.body;
    const occasion = rest.requestOccasion(call);
    // What a program has asked is its own to take back.
    const cancelled = call.service
      ? hub.hitl.cancel(id, reason, occasion)
      : hub.hitl.withdraw(id, { by: call.user, reason }, occasion);
    return { body: { hitl: view(await cancelled) } };
  });
}
