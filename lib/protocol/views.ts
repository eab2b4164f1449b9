/** The shapes in which sessions, turns, messages and requests travel, and how records become them; envelopes and REST use both. */
import { z } from 'zod';
import type {
  AnswerPolicy,
  Author,
  CountedVerdict,
  Display,
  Execution,
  GivenGrant,
  MessageRecord,
  Millis,
  RequestRecord,
  SessionRecord,
  TurnProblem,
  TurnRecord,
  TurnWaitsFor,
} from './records';

/** RFC 3339 in UTC with milliseconds. */
const time = z.iso.datetime({ offset: true });

/** A point in time on the wire. A time that is missing or zero would be sent as a wrong year, so `fallback` takes its place. */
export function toWireTime(at: Millis | undefined, fallback: Millis): string {
  const told = at && at > 0 ? at : fallback;
  if (told !== lastTold.at) lastTold = { at: told, text: new Date(told).toISOString() };
  return lastTold.text;
}

/** What happens in one tick has one time, so its text is cached: building it costs half as much as building all the rest. */
let lastTold = { at: 0, text: new Date(0).toISOString() };

export const authorSchema = z.object({ user_id: z.string(), display_name: z.string() });

export const sessionViewSchema = z.object({
  id: z.string(),
  ticket_id: z.string().optional(),
  source: z.string(),
  user_id: z.string(),
  created_at: time,
  last_active_at: time,
});

export const turnViewSchema = z.object({
  id: z.string(),
  session_id: z.string(),
  status: z.enum(['queued', 'running', 'waiting', 'stuck', 'completed', 'aborted']),
  intent: z.string().optional(),
  started_at: time,
  ended_at: time.optional(),
  /** Of the agent's code that a durable turn began with, where that names one. */
  version: z.string().optional(),
  /** Of a waiting turn: the requests, and the time at which it goes on by itself. */
  waits_for: z.object({ since: time, request_ids: z.array(z.string()), until: time.optional() }).optional(),
  /** Of a stuck turn: why it cannot go on by itself. */
  problem: z
    .object({
      reason: z.enum(['changed', 'crashing', 'too_long']),
      at: time,
      message: z.string(),
      recorded: z.string().optional(),
      instead: z.array(z.string()).optional(),
    })
    .optional(),
  /** When a later process went on with it last. */
  continued_at: time.optional(),
});

export const messageViewSchema = z.object({
  id: z.string(),
  session_id: z.string(),
  turn_id: z.string().optional(),
  type: z.enum(['user', 'trace', 'plan', 'response', 'warning']),
  author: authorSchema.optional(),
  content: z.string(),
  created_at: time,
  /** Only once it was updated. */
  updated_at: time.optional(),
  /** It grows: `content` is its beginning. */
  is_streaming: z.literal(true).optional(),
});

export const requestStatusSchema = z.enum([
  'pending',
  'approved',
  'denied',
  'expired',
  'cancelled',
  'superseded',
]);

const people = { users: z.array(z.string()).optional(), groups: z.array(z.string()).optional() };
const stage = {
  ...people,
  name: z.string().optional(),
  approvals: z.number().int().optional(),
  of: z.number().int().optional(),
};
export const policySchema = z.object({
  ...stage,
  stages: z.array(z.object(stage)).optional(),
  exclude_requester: z.boolean().optional(),
  denial: z.enum(['veto', 'majority']).optional(),
  claim: z.enum(['courtesy', 'exclusive']).optional(),
  agreement: z.enum(['same', 'any']).optional(),
});
/** A policy in a request body: an unknown field is refused, since it may have been meant to exclude a person. */
export const askedPolicySchema = policySchema
  .extend({ stages: z.array(z.strictObject(stage)).optional() })
  .strict();
export const peopleSchema = z.strictObject(people);
const verdictViewSchema = z.object({
  by: authorSchema,
  status: z.enum(['approved', 'denied']),
  at: time,
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
  expires_at: time,
  uses: z.number().int().optional(),
  revoked_at: time.optional(),
  revoked_by: authorSchema.optional(),
});
const executionSchema = z.object({
  state: z.enum(['executing', 'executed', 'failed', 'unknown', 'not_run']),
  started_at: time,
  ended_at: time.optional(),
  error: z.string().optional(),
});

const link = {
  url: z.url({ protocol: /^https?$/, error: 'A link begins with http:// or https://' }).max(2_000),
  label: z.string().min(1).max(200).optional(),
};
const shown = {
  title: z.string().min(1).max(200).optional(),
  description: z.string().min(1).max(10_000).optional(),
  /** Why it is asked. */
  reason: z.string().min(1).max(2_000).optional(),
  risk: z.enum(['low', 'medium', 'high', 'critical']).optional(),
  links: z.array(z.strictObject(link)).max(20).optional(),
};
/** What people are shown beside the payload. */
export const displaySchema = z.strictObject(shown);

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
  created_at: time,
  expires_at: time.optional(),
  claimed_by: authorSchema.extend({ until: time }).optional(),
  responded_by: authorSchema.optional(),
  responded_at: time.optional(),
  reason: z.string().optional(),
  /** `gone`: the turn that asked is over, and no turn has taken the request up since. */
  asker: z.literal('gone').optional(),
  /** JSON Schema of the `response` of an approval, so that a page can draw the form. */
  response_schema: z.record(z.string(), z.unknown()).optional(),
  /** Who may answer and what it takes; absent where everyone may and one answer is enough. */
  policy: policySchema.optional(),
  /** The answers that were counted, oldest first. */
  verdicts: z.array(verdictViewSchema).optional(),
  /** The stage being answered, from 0. */
  stage: z.number().int().optional(),
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

/** A message with its earlier texts; only where its history is read. */
export const storedMessageSchema = messageViewSchema.extend({
  /** Oldest first. */
  revisions: z.array(z.object({ content: z.string(), updated_at: time })),
});

export type AuthorView = z.infer<typeof authorSchema>;
export type SessionView = z.infer<typeof sessionViewSchema>;
export type TurnView = z.infer<typeof turnViewSchema>;
export type MessageView = z.infer<typeof messageViewSchema>;
export type StoredMessageView = z.infer<typeof storedMessageSchema>;
export type RequestView = z.infer<typeof requestViewSchema>;
export type FixedField = (typeof fixedFields)[number];

export function authorView(author: Author): AuthorView {
  return { user_id: author.userId, display_name: author.displayName };
}

/** `now` stands in for a missing creation time. */
export function sessionView(session: SessionRecord, now: Millis): SessionView {
  return {
    id: session.id,
    ticket_id: session.ticketId,
    source: session.source,
    user_id: session.userId,
    created_at: toWireTime(session.createdAt, now),
    last_active_at: toWireTime(session.lastActiveAt, session.createdAt || now),
  };
}

/** A queued turn has not started; its `started_at` is the time it was queued. */
export function turnView(turn: TurnRecord, now: Millis): TurnView {
  return {
    id: turn.id,
    session_id: turn.sessionId,
    status: turn.status,
    ...(turn.intent && { intent: turn.intent }),
    started_at: toWireTime(turn.startedAt ?? turn.queuedAt, now),
    ...(turn.endedAt && { ended_at: toWireTime(turn.endedAt, now) }),
    // A turn in the queue is known by its message alone, to those who saw it come too.
    ...(turn.status !== 'queued' && turn.run?.version !== undefined && { version: turn.run.version }),
    ...(turn.waitsFor && { waits_for: waitView(turn.waitsFor, now) }),
    ...(turn.problem && { problem: problemView(turn.problem, now) }),
    ...(turn.continuedAt && { continued_at: toWireTime(turn.continuedAt, now) }),
  };
}

function waitView({ since, requestIds, until }: TurnWaitsFor, now: Millis): TurnView['waits_for'] {
  return {
    since: toWireTime(since, now),
    request_ids: [...requestIds],
    ...(until !== undefined && { until: toWireTime(until, now) }),
  };
}

function problemView(problem: TurnProblem, now: Millis): TurnView['problem'] {
  const { reason, at, message, recorded, instead } = problem;
  return {
    reason,
    at: toWireTime(at, now),
    message,
    ...(recorded !== undefined && { recorded }),
    ...(instead && { instead: [...instead] }),
  };
}

export function messageView(message: MessageRecord, now: Millis): MessageView {
  return {
    id: message.id,
    session_id: message.sessionId,
    ...(message.turnId && { turn_id: message.turnId }),
    type: message.type,
    ...(message.author && { author: authorView(message.author) }),
    content: message.content,
    created_at: toWireTime(message.createdAt, now),
    ...(message.updatedAt && { updated_at: toWireTime(message.updatedAt, now) }),
    ...(message.isStreaming && { is_streaming: true as const }),
  };
}

/**
 * The message for a reader of what is stored: one whose turn has ended grows no more, also where its process ended before it
 * could commit that.
 * @param isOpen whether this turn has not ended
 */
export function asRead(message: MessageRecord, isOpen: (turnId: string) => boolean): MessageRecord {
  if (!message.isStreaming || (message.turnId !== undefined && isOpen(message.turnId))) return message;
  const { isStreaming: _isStreaming, ...whole } = message;
  return whole;
}

export function storedMessageView(message: MessageRecord, now: Millis): StoredMessageView {
  const revisions = message.revisions.map(({ content, updatedAt }) => ({
    content,
    updated_at: toWireTime(updatedAt, message.createdAt || now),
  }));
  return { ...messageView(message, now), revisions };
}

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

function policyView({ excludeRequester, ...policy }: AnswerPolicy): z.infer<typeof policySchema> {
  return policySchema.parse({ ...policy, ...(excludeRequester && { exclude_requester: true }) });
}

export function displayView({ links, ...said }: Display): z.infer<typeof displaySchema> {
  return { ...said, ...(links && { links: links.map((link) => ({ ...link })) }) };
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
