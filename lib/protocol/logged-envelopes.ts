/** The envelopes of a ticket's log: their schemas, and a constructor per kind; the hub commits these. */
import { z } from 'zod';
import { type AuditRecord, causeSchema, causeView } from './audit';
import { messageView, messageViewSchema } from './message-view';
import type { MessageRecord, Millis, RequestRecord, SessionRecord, TurnRecord } from './records';
import { requestView, requestViewSchema, unchangedSchema } from './request-view';
import { sessionView, sessionViewSchema } from './session-view';
import { turnView, turnViewSchema } from './turn-view';
import { toWireTime } from './wire-time';

/** RFC 3339 in UTC: when it happened. */
export const timestamp = z.iso.datetime({ offset: true });
const base = { timestamp, session_id: z.string() };
/** Where a logged envelope stands: `seq` is +1 per envelope of the ticket; another `epoch` means another log. */
export const position = { ticket_id: z.string(), epoch: z.string(), seq: z.number().int().nonnegative() };

export const sessionCreatedSchema = z.object({
  event: z.literal('session_created'),
  ...base,
  session: sessionViewSchema,
});
export const turnStartedSchema = z.object({
  event: z.literal('turn_started'),
  ...base,
  turn_id: z.string(),
  turn: turnViewSchema,
});
/** It waits, is stuck, or goes on. */
export const turnUpdatedSchema = z.object({
  event: z.literal('turn_updated'),
  ...base,
  turn_id: z.string(),
  turn: turnViewSchema,
});
export const turnEndedSchema = z.object({
  event: z.literal('turn_ended'),
  ...base,
  turn_id: z.string(),
  status: z.enum(['completed', 'aborted']),
  intent: z.string().optional(),
  /** Why an aborted turn was aborted; not in the classic dialect. */
  reason: z.enum(['error', 'cancelled', 'shutdown', 'crash', 'expired']).optional(),
});
const messageEnvelope = { ...base, turn_id: z.string().optional(), message: messageViewSchema };
export const sessionMessageAddedSchema = z.object({
  event: z.literal('session_message_added'),
  ...messageEnvelope,
});
export const sessionMessageUpdatedSchema = z.object({
  event: z.literal('session_message_updated'),
  ...messageEnvelope,
  /** It grew until now, and this is all of it. */
  streamed: z.literal(true).optional(),
});
const requestEnvelope = {
  ...base,
  hitl: requestViewSchema,
  /** What happened, who did it and by which way; the address it came from is in the audit alone. */
  cause: causeSchema.optional(),
};
export const hitlRequestPendingSchema = z.object({
  event: z.literal('hitl_request_pending'),
  ...requestEnvelope,
});
export const hitlRequestUpdatedSchema = z.object({
  event: z.literal('hitl_request_updated'),
  ...requestEnvelope,
  unchanged: unchangedSchema.optional(),
});
export const hitlRequestResolvedSchema = z.object({
  event: z.literal('hitl_request_resolved'),
  ...requestEnvelope,
  unchanged: unchangedSchema.optional(),
});

/** What is committed to a ticket's log, in the order in which every client receives it. */
export const loggableSchema = z.discriminatedUnion('event', [
  sessionCreatedSchema,
  turnStartedSchema,
  turnUpdatedSchema,
  turnEndedSchema,
  sessionMessageAddedSchema,
  sessionMessageUpdatedSchema,
  hitlRequestPendingSchema,
  hitlRequestUpdatedSchema,
  hitlRequestResolvedSchema,
]);
export type LoggableEnvelope = z.infer<typeof loggableSchema>;

/** A loggable envelope after its commit gave it a place in the log. */
export const loggedSchema = z.discriminatedUnion('event', [
  sessionCreatedSchema.extend(position),
  turnStartedSchema.extend(position),
  turnUpdatedSchema.extend(position),
  turnEndedSchema.extend(position),
  sessionMessageAddedSchema.extend(position),
  sessionMessageUpdatedSchema.extend(position),
  hitlRequestPendingSchema.extend(position),
  hitlRequestUpdatedSchema.extend(position),
  hitlRequestResolvedSchema.extend(position),
]);
export type LoggedEnvelope = LoggableEnvelope & LogPlace;
/** A place in a ticket's log. */
export interface LogPlace {
  ticket_id: string;
  epoch: string;
  seq: number;
}

/** The body of `session_created`. */
export function sessionCreated(session: SessionRecord, now: Millis): LoggableEnvelope {
  return {
    event: 'session_created',
    timestamp: toWireTime(now, now),
    session_id: session.id,
    session: sessionView(session, now),
  };
}

/** The body of `turn_started`; its time is when the turn started. */
export function turnStarted(turn: TurnRecord, now: Millis): LoggableEnvelope {
  return {
    event: 'turn_started',
    timestamp: toWireTime(turn.startedAt, now),
    session_id: turn.sessionId,
    turn_id: turn.id,
    turn: turnView(turn, now),
  };
}

/** The body of `turn_updated`: the turn as it is now; its time is `now`. */
export function turnUpdated(turn: TurnRecord, now: Millis): LoggableEnvelope {
  return {
    event: 'turn_updated',
    timestamp: toWireTime(now, now),
    session_id: turn.sessionId,
    turn_id: turn.id,
    turn: turnView(turn, now),
  };
}

/** The body of `turn_ended`; its time is when the turn ended, else when it started. */
export function turnEnded(turn: TurnRecord, now: Millis): LoggableEnvelope {
  return {
    event: 'turn_ended',
    timestamp: toWireTime(turn.endedAt ?? turn.startedAt, now),
    session_id: turn.sessionId,
    turn_id: turn.id,
    status: turn.status === 'completed' ? 'completed' : 'aborted',
    ...(turn.intent && { intent: turn.intent }),
    ...(turn.reason && { reason: turn.reason }),
  };
}

/** The body of `session_message_added`. */
export function sessionMessageAdded(message: MessageRecord, now: Millis): LoggableEnvelope {
  return messageBody('session_message_added', message, message.createdAt, now);
}

/** The body of `session_message_updated`: the newest content, `created_at` unchanged. */
export function sessionMessageUpdated(message: MessageRecord, now: Millis): LoggableEnvelope {
  return messageBody('session_message_updated', message, message.updatedAt, now);
}

/** The same with which a message that grew is whole. */
export function messageStreamed(message: MessageRecord, now: Millis): LoggableEnvelope {
  return { ...messageBody('session_message_updated', message, message.updatedAt, now), streamed: true };
}

function messageBody<Event extends 'session_message_added' | 'session_message_updated'>(
  event: Event,
  message: MessageRecord,
  at: Millis | undefined,
  now: Millis,
) {
  return {
    event,
    timestamp: toWireTime(at, now),
    session_id: message.sessionId,
    ...(message.turnId && { turn_id: message.turnId }),
    message: messageView(message, now),
  };
}

/** The body of `hitl_request_pending`, `_updated` or `_resolved`; its time is `now`. */
export function hitlRequest(
  event: 'hitl_request_pending' | 'hitl_request_updated' | 'hitl_request_resolved',
  request: RequestRecord,
  now: Millis,
  cause?: AuditRecord,
): LoggableEnvelope {
  return {
    event,
    timestamp: toWireTime(now, now),
    session_id: request.sessionId,
    hitl: requestView(request, now),
    ...(cause && { cause: causeView(cause) }),
  };
}
