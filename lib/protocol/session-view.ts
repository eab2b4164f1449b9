/** The shape in which a session travels; envelopes and REST use it. */
import { z } from 'zod';
import type { Millis, SessionRecord } from './records';
import { toWireTime, wireTimeSchema } from './wire-time';

export const sessionViewSchema = z.object({
  id: z.string(),
  ticket_id: z.string().optional(),
  source: z.string(),
  user_id: z.string(),
  created_at: wireTimeSchema,
  last_active_at: wireTimeSchema,
});

export type SessionView = z.infer<typeof sessionViewSchema>;

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
