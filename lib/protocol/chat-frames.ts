/** The classic dialect: the reference's chat frames, and how envelopes are sent to clients that speak only those. */
import { z } from 'zod';
import type { EphemeralEnvelope, Notice } from './ephemeral-envelopes';
import type { LoggedEnvelope } from './logged-envelopes';
import type { MessageView } from './message-view';
import type { Millis } from './records';
import type { RequestView } from './request-view';
import { toWireTime } from './wire-time';

/** One chat frame, with its fields in the reference's order. */
export const chatFrameSchema = z.object({
  type: z.enum(['message', 'trace', 'warning', 'status', 'error', 'pong', 'history']),
  content: z.string(),
  /** Unix seconds. */
  timestamp: z.number().int(),
  user: z.object({ id: z.string(), name: z.string() }).optional(),
  /** The same id as in the envelope about the same thing, so that a client can show it once. */
  message_id: z.string().optional(),
});
export type ChatFrame = z.infer<typeof chatFrameSchema>;
export type ChatUser = NonNullable<ChatFrame['user']>;

/** A chat frame with the time in Unix seconds. */
export function chatFrame(
  type: ChatFrame['type'],
  content: string,
  now: Millis,
  more: { user?: ChatUser | undefined; messageId?: string | undefined } = {},
): ChatFrame {
  return {
    type,
    content,
    timestamp: Math.floor(now / 1000),
    ...(more.user && { user: more.user }),
    ...(more.messageId && { message_id: more.messageId }),
  };
}

/** What a turn that failed is called in the classic dialect. */
const failedToProcess = 'Failed to process message';

/** Which chat frame repeats a message; a plan is sent by its envelope alone. */
const frameTypes = { user: 'message', response: 'message', trace: 'trace', warning: 'warning' } as const;

/**
 * What a classic client receives for one logged envelope, in order: the seven envelopes with exactly the reference's
 * fields, and the chat frames that repeat messages. Kinds the reference does not know yield nothing; an
 * amendment takes the prompt away and shows the amended one.
 * @param agent whom the agent's frames are from
 */
export function toClassic(envelope: LoggedEnvelope, agent: ChatUser): readonly object[] {
  const { ticket_id: _ticket, seq: _seq, epoch: _epoch, ...body } = envelope;
  switch (body.event) {
    case 'hitl_request_updated': {
      if (!isAmended(envelope)) return [];
      const { timestamp, session_id, hitl } = body;
      // What was asked before is not in the envelope, and what is asked now is no longer superseded.
      const { payload: _payload, ...before } = classicRequest(hitl);
      return [
        { event: 'hitl_request_resolved', timestamp, session_id, hitl: { ...before, status: 'superseded' } },
        pendingPrompt(hitl, timestamp),
      ];
    }
    case 'hitl_request_pending':
    case 'hitl_request_resolved': {
      const { cause: _cause, ...classic } = body;
      return [{ ...classic, hitl: classicRequest(body.hitl) }];
    }
    case 'session_message_added': {
      const { updated_at: _updated, is_streaming, ...message } = body.message;
      const classic = { ...body, message };
      // A chat frame cannot be changed, so that of a message that grows comes once it is whole.
      const frame = is_streaming ? undefined : chatFrameOf(body, agent);
      if (!frame) return [classic];
      return message.type === 'user' ? [frame, classic] : [classic, frame];
    }
    case 'session_message_updated': {
      const { streamed, ...classic } = body;
      const { updated_at: _updated, is_streaming: _streaming, ...message } = body.message;
      const frame = streamed && chatFrameOf(body, agent);
      return [{ ...classic, message }, ...(frame ? [frame] : [])];
    }
    case 'turn_started': {
      const { version: _version, ...turn } = body.turn;
      return [{ ...body, turn }];
    }
    case 'turn_updated':
      return [];
    case 'turn_ended': {
      const { reason, ...classic } = body;
      return reason === 'error'
        ? [classic, chatFrame('error', failedToProcess, Date.parse(body.timestamp))]
        : [classic];
    }
    default:
      return [body];
  }
}

/**
 * As `toClassic` for envelopes that follow each other: where a turn starts with the message that it answers, the author's
 * chat frame comes first.
 */
export function toClassicInOrder(
  envelope: LoggedEnvelope,
  agent: ChatUser,
  { before, after }: { before?: LoggedEnvelope | undefined; after?: LoggedEnvelope | undefined },
): readonly object[] {
  if (before && startsWith(before, envelope)) return toClassic(envelope, agent).slice(1);
  const [frame] = after && startsWith(envelope, after) ? toClassic(after, agent) : [];
  return [...(frame ? [frame] : []), ...toClassic(envelope, agent)];
}

/**
 * What a classic client that receives only its own session gets of another session: messages of anyone but that session's
 * agent, as the chat frame alone.
 */
export function foreignToClassic(envelope: LoggedEnvelope, agent: ChatUser): readonly object[] {
  if (envelope.event !== 'session_message_added') return [];
  const { type, turn_id } = envelope.message;
  const frame = type === 'user' || turn_id === undefined ? chatFrameOf(envelope, agent) : undefined;
  return frame ? [frame] : [];
}

/** Whether this envelope says that what is asked, or shown beside it, was replaced. */
export function isAmended(envelope: { event: string; cause?: { event: string } | undefined }): boolean {
  return envelope.event === 'hitl_request_updated' && envelope.cause?.event === 'amended';
}

/** A prompt sent by itself: when a classic client joins, and when it may have lost it from its panel. */
export function pendingPrompt(view: RequestView, timestamp = view.created_at): object {
  return {
    event: 'hitl_request_pending',
    timestamp,
    session_id: view.session_id,
    hitl: classicRequest(view),
  };
}

/** Whether `turn` is the start of the turn that answers `message`. */
function startsWith(turn: LoggedEnvelope, message: LoggedEnvelope): boolean {
  return (
    turn.event === 'turn_started' &&
    message.event === 'session_message_added' &&
    message.message.type === 'user' &&
    message.turn_id === turn.turn_id
  );
}

/** The chat frame that repeats a message; none for a plan. */
function chatFrameOf(
  { timestamp, message }: { timestamp: string; message: MessageView },
  agent: ChatUser,
): ChatFrame | undefined {
  if (message.type === 'plan') return undefined;
  const user = message.author ? { id: message.author.user_id, name: message.author.display_name } : agent;
  const more = { user, messageId: message.id };
  return chatFrame(frameTypes[message.type], message.content, Date.parse(timestamp), more);
}

/** The fields of a request that the reference has. */
export function classicRequest(view: Record<string, unknown>): Record<string, unknown> {
  const fields = ['id', 'session_id', 'type', 'status', 'user_id', 'payload', 'response', 'message_id'];
  return Object.fromEntries(
    fields.filter((field) => view[field] !== undefined).map((field) => [field, view[field]]),
  );
}

/** What a classic client receives for an ephemeral envelope: notices are chat frames, the rest it does not know. */
export function ephemeralToClassic(envelope: EphemeralEnvelope): readonly object[] {
  if (envelope.event !== 'notice') return [];
  const { kind, content, timestamp, user, message_id } = envelope;
  return [chatFrame(kind, content, Date.parse(timestamp), { user, messageId: message_id })];
}

/** A chat frame as the envelope with the same content; its time is the frame's. */
export function noticeOf(
  ticketId: string,
  { type, content, timestamp: seconds, user, message_id }: ChatFrame,
  now: Millis,
): Notice {
  return {
    event: 'notice',
    timestamp: toWireTime(seconds * 1000, now),
    ticket_id: ticketId,
    kind: type,
    content,
    ...(user && { user }),
    ...(message_id && { message_id }),
  };
}
