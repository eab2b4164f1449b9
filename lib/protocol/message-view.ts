/** The shapes in which a message travels, and what of a stored one a reader is shown; envelopes and REST use them. */
import { z } from 'zod';
import { authorSchema, authorView } from './author-view';
import type { MessageRecord, Millis } from './records';
import { toWireTime, wireTimeSchema } from './wire-time';

export const messageViewSchema = z.object({
  id: z.string(),
  session_id: z.string(),
  turn_id: z.string().optional(),
  type: z.enum(['user', 'trace', 'plan', 'response', 'warning']),
  author: authorSchema.optional(),
  content: z.string(),
  created_at: wireTimeSchema,
  /** Only once it was updated. */
  updated_at: wireTimeSchema.optional(),
  /** It grows: `content` is its beginning. */
  is_streaming: z.literal(true).optional(),
});

/** A message with its earlier texts; only where its history is read. */
export const storedMessageSchema = messageViewSchema.extend({
  /** Oldest first. */
  revisions: z.array(z.object({ content: z.string(), updated_at: wireTimeSchema })),
});

export type MessageView = z.infer<typeof messageViewSchema>;
export type StoredMessageView = z.infer<typeof storedMessageSchema>;

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
