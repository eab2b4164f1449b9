/** The shape in which a request travels, with its verdicts, its grant and its execution; envelopes, REST and channels use it. */
import { z } from 'zod';
import { authorSchema, authorView } from './author-view';
import { displaySchema, displayView } from './display-view';
import { policySchema, policyView } from './policy-view';
import type { CountedVerdict, Execution, GivenGrant, Millis, RequestRecord } from './records';
import { requestStatuses } from './request-status';
import { toWireTime, wireTimeSchema } from './wire-time';

export const requestStatusSchema = z.enum(requestStatuses);

const verdictViewSchema = z.object({
  by: authorSchema,
  status: z.enum(['approved', 'denied']),
  at: wireTimeSchema,
  stage: z.number().int(),
  comment: z.string().optional(),
  /** All that was sent with the verdict, the comment included. */
  response: z.record(z.string(), z.unknown()).optional(),
  grant: z.number().int().optional(),
});
const givenGrantSchema = z.object({
  id: z.string(),
  scope: z.enum(['ticket', 'everywhere']),
  args: z.enum(['exact', 'any']),
  expires_at: wireTimeSchema,
  uses: z.number().int().optional(),
  revoked_at: wireTimeSchema.optional(),
  revoked_by: authorSchema.optional(),
});
const executionSchema = z.object({
  state: z.enum(['executing', 'executed', 'failed', 'unknown', 'not_run']),
  started_at: wireTimeSchema,
  ended_at: wireTimeSchema.optional(),
  error: z.string().optional(),
});

/** Its fields stand in the order in which `requestView` writes them: what is stored in parts is put together by it. */
export const requestViewSchema = z.object({
  id: z.string(),
  session_id: z.string(),
  ticket_id: z.string(),
  turn_id: z.string().optional(),
  type: z.string(),
  status: requestStatusSchema,
  /** The requester. */
  user_id: z.string().optional(),
  payload: z.record(z.string(), z.unknown()).optional(),
  /** Shown beside the payload; not part of the digest. */
  display: displaySchema.optional(),
  response: z.record(z.string(), z.unknown()).optional(),
  message_id: z.string().optional(),
  revision: z.number().int().positive(),
  digest: z.string(),
  created_at: wireTimeSchema,
  expires_at: wireTimeSchema.optional(),
  claimed_by: authorSchema.extend({ until: wireTimeSchema }).optional(),
  responded_by: authorSchema.optional(),
  responded_at: wireTimeSchema.optional(),
  reason: z.string().optional(),
  /** `gone`: the turn that asked is over, and no turn has taken the request up since. */
  asker: z.literal('gone').optional(),
  /** JSON Schema of the `response` of an approval, so that a page can draw the form. */
  response_schema: z.record(z.string(), z.unknown()).optional(),
  /** Who may answer and what it takes; absent where everyone may and one answer is enough. */
  policy: policySchema.optional(),
  /** The stage being answered, from 0. */
  stage: z.number().int().optional(),
  /** The answers that were counted, oldest first. */
  verdicts: z.array(verdictViewSchema).optional(),
  /** Of what was approved, which may have been edited. */
  approved_digest: z.string().optional(),
  execution: executionSchema.optional(),
  /** The grant that the approval gave beside the one call. */
  grant: givenGrantSchema.optional(),
  /** The grant that approved it, so that no person was asked. */
  used_grant: z.object({ id: z.string(), given_by: z.array(authorSchema) }).optional(),
});

/** Fields of a request that change with an amendment only; an envelope that leaves them out names them. */
export const fixedFields = ['payload', 'display', 'response_schema'] as const;
export const unchangedSchema = z.array(z.enum(fixedFields));

export type RequestView = z.infer<typeof requestViewSchema>;
export type FixedField = (typeof fixedFields)[number];

export function requestView(request: RequestRecord, now: Millis): RequestView {
  const { payload, response, claim } = request;
  return {
    id: request.id,
    session_id: request.sessionId,
    ticket_id: request.ticketId,
    ...(request.turnId && { turn_id: request.turnId }),
    type: request.type,
    status: request.status,
    ...(request.userId && { user_id: request.userId }),
    ...(Object.keys(payload).length > 0 && { payload }),
    ...(request.display && { display: displayView(request.display) }),
    ...(response && Object.keys(response).length > 0 && { response }),
    ...(request.messageId && { message_id: request.messageId }),
    revision: request.revision,
    digest: request.digest,
    created_at: toWireTime(request.createdAt, now),
    ...(request.expiresAt && { expires_at: toWireTime(request.expiresAt, now) }),
    ...(claim && { claimed_by: { ...authorView(claim.by), until: toWireTime(claim.until, now) } }),
    ...(request.respondedBy && { responded_by: authorView(request.respondedBy) }),
    ...(request.respondedAt && { responded_at: toWireTime(request.respondedAt, now) }),
    ...(request.reason && { reason: request.reason }),
    ...(request.asker && { asker: request.asker }),
    ...(request.status === 'pending' &&
      request.responseSchema && { response_schema: request.responseSchema }),
    ...(Object.keys(request.policy).length > 0 && {
      policy: policyView(request.policy),
      stage: request.stage,
    }),
    ...(request.verdicts.length > 0 && {
      verdicts: request.verdicts.map((verdict) => verdictView(verdict, now)),
    }),
    ...(request.approvedDigest && { approved_digest: request.approvedDigest }),
    ...(request.execution && { execution: executionView(request.execution, now) }),
    ...(request.grant && { grant: givenGrantView(request.grant, now) }),
    ...(request.usedGrant && {
      used_grant: { id: request.usedGrant.id, given_by: request.usedGrant.givenBy.map(authorView) },
    }),
  };
}

function verdictView({ by, status, at, stage, comment, response, grant }: CountedVerdict, now: Millis) {
  const said = {
    ...(comment !== undefined && { comment }),
    ...(response && { response }),
    ...(grant !== undefined && { grant }),
  };
  return { by: authorView(by), status, at: toWireTime(at, now), stage, ...said };
}

function givenGrantView(grant: GivenGrant, now: Millis): z.infer<typeof givenGrantSchema> {
  const { id, scope, args, expiresAt, uses, revokedAt, revokedBy } = grant;
  return {
    id,
    scope,
    args,
    expires_at: toWireTime(expiresAt, now),
    ...(uses !== undefined && { uses }),
    ...(revokedAt !== undefined && { revoked_at: toWireTime(revokedAt, now) }),
    ...(revokedBy && { revoked_by: authorView(revokedBy) }),
  };
}

function executionView({ state, startedAt, endedAt, error }: Execution, now: Millis) {
  return {
    state,
    started_at: toWireTime(startedAt, now),
    ...(endedAt && { ended_at: toWireTime(endedAt, now) }),
    ...(error !== undefined && { error }),
  };
}
