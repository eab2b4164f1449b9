/** What a program in another process may ask, and say of what became of it, as it travels; REST reads it. */
import { z } from 'zod';
import { idSchema, maxCommentLength } from './client-frames';
import { displaySchema } from './display-view';
import { askedPolicySchema, peopleSchema } from './policy-view';

/** Milliseconds, or a text such as `15m`. */
const duration = z.union([z.number().positive(), z.string().max(32)], {
  error: 'Must be a number of milliseconds above 0, or a text such as 15m',
});

/** A question to a human. Strict, since a misspelt deadline or rule would be none. */
export const askSchema = z.strictObject({
  ticket_id: idSchema,
  type: z.string().min(1).max(256),
  payload: z.record(z.string(), z.unknown()),
  /** Shown beside the payload. */
  display: displaySchema.optional(),
  /** Asked again with it, the same question re-attaches. */
  key: idSchema.optional(),
  supersede: z.boolean().optional(),
  session_id: idSchema.optional(),
  message_id: idSchema.optional(),
  policy: askedPolicySchema.optional(),
  remind_in: z
    .union([duration, z.array(duration).max(10)], { error: 'Must be one time or a list of at most 10' })
    .optional(),
  escalate_in: duration.optional(),
  escalate_to: peopleSchema.optional(),
  expires_in: duration.optional(),
  on_expiry: z.enum(['expired', 'denied', 'approved']).optional(),
});
export type Ask = z.infer<typeof askSchema>;

/** What of it is there changes, at least one of both; `null` takes what is shown beside the payload away. */
export const amendSchema = z.strictObject({
  payload: z.record(z.string(), z.unknown()).optional(),
  display: displaySchema.nullable().optional(),
});

/** How it stands with doing what was approved; `executing` again renews the lease of that run. */
export const executionReportSchema = z.discriminatedUnion('state', [
  z.strictObject({
    state: z.literal('executing'),
    run_id: idSchema,
    /** What is about to be done; it must be what was approved. */
    payload: z.record(z.string(), z.unknown()),
  }),
  z.strictObject({ state: z.literal('executed'), run_id: idSchema }),
  z.strictObject({ state: z.literal('failed'), run_id: idSchema, error: z.string().max(maxCommentLength) }),
  /** A person has checked a failed or unknown run: it may be done again. */
  z.strictObject({ state: z.literal('retry') }),
]);
