/** Grants as they travel: what a request may offer, and the view of one that was given; requests, REST and clients use both. */
import { z } from 'zod';
import { authorSchema, authorView } from './author-view';
import type { GrantRecord, Millis } from './records';
import { toWireTime } from './wire-time';

/** Grants offered by one request. */
export const maxGrantOffers = 10;
/** The longest a grant may hold: 90 days. */
export const maxGrantMs = 7_776_000_000;
/** How long a grant holds whose offer does not say: a day. */
export const defaultGrantMs = 86_400_000;
/** The most uses an offer may name. */
export const maxGrantUses = 10_000;

/** One offer in a payload, with every field filled in that it implies, so that it is shown and digested. */
export const grantOfferSchema = z
  .strictObject({
    scope: z.enum(['ticket', 'everywhere']).default('ticket'),
    args: z.enum(['exact', 'any']).default('exact'),
    expires_in_ms: z.number().int().positive().max(maxGrantMs).default(defaultGrantMs),
    uses: z.number().int().positive().max(maxGrantUses).optional(),
  })
  .refine(({ scope, args }) => scope === 'ticket' || args === 'exact', {
    path: ['scope'],
    error: 'A grant of any arguments holds in one ticket only',
  });

const time = z.iso.datetime({ offset: true });
export const grantStateSchema = z.enum(['live', 'spent', 'expired', 'revoked']);
export type GrantState = z.infer<typeof grantStateSchema>;

export const grantViewSchema = z.object({
  id: z.string(),
  tool_name: z.string(),
  scope: z.enum(['ticket', 'everywhere']),
  ticket_id: z.string(),
  args: z.enum(['exact', 'any']),
  tool_args: z.record(z.string(), z.unknown()).optional(),
  request_id: z.string(),
  given_by: z.array(authorSchema),
  created_at: time,
  expires_at: time,
  uses: z.number().int().positive().optional(),
  used: z.number().int().nonnegative(),
  last_used_at: time.optional(),
  state: grantStateSchema,
  revoked_at: time.optional(),
  revoked_by: authorSchema.optional(),
});
export type GrantView = z.infer<typeof grantViewSchema>;

/** Whether a grant holds at a time, and if not, why. Every store judges a use by this. */
export function grantState(
  { revokedAt, uses, used, expiresAt }: Pick<GrantRecord, 'revokedAt' | 'uses' | 'used' | 'expiresAt'>,
  now: Millis,
): GrantState {
  if (revokedAt !== undefined) return 'revoked';
  if (uses !== undefined && used >= uses) return 'spent';
  return now >= expiresAt ? 'expired' : 'live';
}

export function grantView(grant: GrantRecord, now: Millis): GrantView {
  return {
    id: grant.id,
    tool_name: grant.toolName,
    scope: grant.scope,
    ticket_id: grant.ticketId,
    args: grant.args,
    ...(grant.toolArgs && { tool_args: grant.toolArgs }),
    request_id: grant.requestId,
    given_by: grant.givenBy.map(authorView),
    created_at: toWireTime(grant.createdAt, now),
    expires_at: toWireTime(grant.expiresAt, now),
    ...(grant.uses !== undefined && { uses: grant.uses }),
    used: grant.used,
    ...(grant.lastUsedAt !== undefined && { last_used_at: toWireTime(grant.lastUsedAt, now) }),
    state: grantState(grant, now),
    ...(grant.revokedAt !== undefined && { revoked_at: toWireTime(grant.revokedAt, now) }),
    ...(grant.revokedBy && { revoked_by: authorView(grant.revokedBy) }),
  };
}
