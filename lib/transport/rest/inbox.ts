/** REST: what waits for the caller, across tickets. */
import { z } from 'zod';
import { requestView, requestViewSchema } from '../../protocol/request-view';
import type { InboxFilter } from '../../store/store';
import { inboxFilterSchema, inboxOrderSchema, toInboxFilter } from '../core/inbox-query';
import { operation } from './operation';
import { cursor, limit, pageOf } from './paging';
import type { Call, Rest } from './rest';

export const listInbox = operation({
  id: 'listInbox',
  method: 'get',
  path: '/hitl/inbox',
  isPage: true,
  summary: 'The pending requests of all tickets that one may answer now.',
  query: inboxFilterSchema.extend({
    order: inboxOrderSchema.default('oldest'),
    limit: limit(50, 200),
    cursor,
  }),
  answers: { 200: z.object({ items: z.array(requestViewSchema), next_cursor: z.string().optional() }) },
  refusals: ['invalid_id', 'forbidden', 'not_found'],
});

const count = z.number().int().nonnegative();

export const countInbox = operation({
  id: 'countInbox',
  method: 'get',
  path: '/hitl/inbox/counts',
  summary: 'How many requests one may answer now, by type and by tool.',
  query: inboxFilterSchema,
  answers: {
    200: z.object({
      total: count,
      /** True: there are more than were counted. */
      capped: z.boolean(),
      by_type: z.record(z.string(), count),
      by_tool: z.record(z.string(), count),
    }),
  },
  refusals: ['invalid_id', 'forbidden', 'not_found'],
});

export const inboxOperations = [listInbox, countInbox];

export function serveInbox(rest: Rest): void {
  const { hub, access, clock } = rest.parts;

  /** What is looked for; a ticket that is named must be one that the caller may use. */
  const filterOf = async ({
    user,
    query,
  }: Call<z.infer<typeof inboxFilterSchema>, unknown>): Promise<InboxFilter> => {
    const filter = toInboxFilter(query);
    if (filter.ticketId !== undefined) await access.authorize(filter.ticketId, user);
    return filter;
  };

  rest.serve(listInbox, async (call) => {
    const { user, query } = call;
    const filter = await filterOf(call);
    const owner = await access.inboxOf(user);
    const { items, ...more } = await pageOf(
      { list: listInbox.id, user, query },
      (...page) => hub.inbox.list(owner, filter, query.order, ...page),
      (records) => access.visible(records, user),
    );
    return { body: { items: items.map((record) => requestView(record, clock.now())), ...more } };
  });

  rest.serve(countInbox, async (call) => {
    const filter = await filterOf(call);
    const counts = await hub.inbox.counts(await access.inboxOf(call.user), filter);
    const { total, isCapped: capped, byType: by_type, byTool: by_tool } = counts;
    return { body: { total, capped, by_type, by_tool } };
  });
}
