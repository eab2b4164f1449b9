/** REST: reading grants and taking them back. */
import { z } from 'zod';
import { HubError } from '../../errors';
import { assertName } from '../../hub/tickets/client';
import { grantView, grantViewSchema } from '../../protocol/grants';
import type { GrantRecord } from '../../protocol/records';
import { requestView, requestViewSchema } from '../../protocol/request-view';
import type { Known } from '../core/identities';
import { operation } from './operation';
import { cursor, limit, pageOf } from './paging';
import type { Call, Rest } from './rest';

export const listGrants = operation({
  id: 'listGrants',
  method: 'get',
  path: '/hitl/grants',
  isPage: true,
  summary: 'Grants one may see: oldest first, or those that hold, the first to end first.',
  query: z.object({
    ticket_id: z.string().optional(),
    live: z.enum(['true', 'false']).optional(),
    limit: limit(50, 200),
    cursor,
  }),
  answers: { 200: z.object({ items: z.array(grantViewSchema), next_cursor: z.string().optional() }) },
  refusals: ['invalid_id', 'forbidden', 'not_found'],
});

export const getGrant = operation({
  id: 'getGrant',
  method: 'get',
  path: '/hitl/grants/:id',
  summary: 'One grant.',
  answers: { 200: z.object({ grant: grantViewSchema }) },
  refusals: ['not_found'],
});

export const listGrantUses = operation({
  id: 'listGrantUses',
  method: 'get',
  path: '/hitl/grants/:id/uses',
  isPage: true,
  summary: 'The requests that a grant approved, oldest first.',
  query: z.object({ limit: limit(50, 200), cursor }),
  answers: { 200: z.object({ items: z.array(requestViewSchema), next_cursor: z.string().optional() }) },
  refusals: ['not_found'],
});

export const revokeGrant = operation({
  id: 'revokeGrant',
  method: 'post',
  path: '/hitl/grants/:id/revoke',
  summary: 'Takes a grant back; one that has ended stays as it is.',
  body: z.object({}),
  answers: { 200: z.object({ grant: grantViewSchema }) },
  refusals: ['origin_refused', 'too_large', 'not_found', 'storage_failed'],
});

export const grantOperations = [listGrants, getGrant, listGrantUses, revokeGrant];

export function serveGrants(rest: Rest): void {
  const { hub, access, clock } = rest.parts;
  const view = (grant: GrantRecord) => grantView(grant, clock.now());
  /** Of these, what this person may see and take back. */
  const visible = async (grants: readonly GrantRecord[], user: Known) => {
    const known = await access.visible(grants, user);
    const answers = await Promise.all(known.map((grant) => hub.grants.mayManage(user, grant)));
    const manageable = known.filter((_grant, index) => answers[index]);
    // Again, since the rules of the app may have taken long.
    return access.visible(manageable, user);
  };
  const visibleGrant = async ({ req, user }: Pick<Call<unknown, unknown>, 'req' | 'user'>) => {
    const [grant] = await visible([await hub.grants.get(String(req.params.id))], user);
    if (!grant) throw new HubError('not_found', { message: 'There is no such grant' });
    return grant;
  };

  rest.serve(listGrants, async ({ user, query }) => {
    const { ticket_id: ticketId } = query;
    if (ticketId !== undefined) await access.authorize(assertName(ticketId), user);
    const filter = { ...(ticketId !== undefined && { ticketId }), live: query.live === 'true' };
    const { items, ...more } = await pageOf(
      { list: listGrants.id, user, query },
      (...page) => hub.grants.list(filter, ...page),
      (grants) => visible(grants, user),
    );
    return { body: { items: items.map(view), ...more } };
  });

  rest.serve(getGrant, async (call) => ({ body: { grant: view(await visibleGrant(call)) } }));

  rest.serve(listGrantUses, async (call) => {
    const { id } = await visibleGrant(call);
    const { user, query } = call;
    const { items, ...more } = await pageOf(
      { list: listGrantUses.id, user, query },
      (...page) => hub.grants.uses(id, ...page),
      (records) => access.visible(records, user),
    );
    return { body: { items: items.map((record) => requestView(record, clock.now())), ...more } };
  });

  rest.serve(revokeGrant, async (call) => {
    const { id } = await visibleGrant(call);
    const assertAccess = async () => void (await visibleGrant(call));
    const occasion = { ...rest.occasion(call), assertAccess };
    return { body: { grant: view(await hub.grants.revoke(id, call.user, occasion)) } };
  });
}
