/** The envelopes that go to every client of a ticket without a place in its log; the hub sends them as they happen. */
import { z } from 'zod';
import { timestamp } from './logged-envelopes';

const personSchema = z.object({ id: z.string(), name: z.string() });
const base = { timestamp, ticket_id: z.string() };

/** One person in a ticket and with how many tabs. */
export const memberSchema = z.object({ user: personSchema, clients: z.number().int() });
export type Member = z.infer<typeof memberSchema>;

/** Counts the changes of who is connected to a ticket, for clients that asked for changes. */
export const presenceVersion = z.number().int().nonnegative();
/** A person joined or left; always the whole list. */
export const presenceChangedSchema = z.object({
  event: z.literal('presence_changed'),
  ...base,
  presence: z.array(memberSchema),
  /** Only to clients that asked for changes. */
  presence_version: presenceVersion.optional(),
});
/** What of the list is different, to clients that asked for changes; the next one has a version one higher. */
export const presenceUpdatedSchema = z.object({
  event: z.literal('presence_updated'),
  ...base,
  /** With 0 clients: who has left. */
  presence: z.array(memberSchema),
  presence_version: presenceVersion,
});
/** A person is writing; over after a few seconds without another one. */
export const typingSchema = z.object({ event: z.literal('typing'), ...base, user: personSchema });
/** What the app says through the hub's own sending functions. */
export const noticeSchema = z.object({
  event: z.literal('notice'),
  ...base,
  /** The type of the chat frame that a classic client receives instead. */
  kind: z.enum(['message', 'trace', 'warning', 'status', 'error', 'pong', 'history']),
  content: z.string(),
  user: personSchema.optional(),
  /** The line that it repeats, if it repeats one. */
  message_id: z.string().optional(),
});
/** More of a message that grows. */
export const messageDeltaSchema = z.object({
  event: z.literal('message_delta'),
  session_id: z.string(),
  turn_id: z.string(),
  message_id: z.string(),
  /** Where `text` begins in the message, in UTF-16 code units. */
  offset: z.number().int().nonnegative(),
  text: z.string(),
});

export const ephemeralSchema = z.discriminatedUnion('event', [
  presenceChangedSchema,
  presenceUpdatedSchema,
  typingSchema,
  noticeSchema,
  messageDeltaSchema,
]);

export type PresenceChanged = z.infer<typeof presenceChangedSchema>;
export type PresenceUpdated = z.infer<typeof presenceUpdatedSchema>;
export type Typing = z.infer<typeof typingSchema>;
export type Notice = z.infer<typeof noticeSchema>;
export type MessageDelta = z.infer<typeof messageDeltaSchema>;
/** What goes to every client of a ticket without a place in the log; may be dropped for a client that falls behind. */
export type EphemeralEnvelope = z.infer<typeof ephemeralSchema>;
