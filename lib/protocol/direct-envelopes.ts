/** The envelopes meant for one client alone: what it joined, answers to its frames, and farewell; the transport sends them. */
import { z } from 'zod';
import { errorCodes, type WireCode } from '../errors';
import { memberSchema, presenceVersion } from './ephemeral-envelopes';
import { position, timestamp } from './logged-envelopes';
import { messageViewSchema } from './message-view';
import { requestViewSchema } from './request-view';
import { sessionViewSchema } from './session-view';
import { turnViewSchema } from './turn-view';

/** The first frame of every connection. */
export const welcomeSchema = z.object({
  event: z.literal('welcome'),
  ...position,
  client_id: z.string(),
  user: z.object({ id: z.string(), name: z.string() }),
  /** True if what was missed follows envelope by envelope, false if a `snapshot` follows. */
  resumed: z.boolean(),
  heartbeat_ms: z.number().int().positive(),
  /** The server's time as this was sent, by which a page counts down; absent from servers before this field. */
  timestamp: timestamp.optional(),
});
/** The state of the ticket at `seq`; sent when what was missed cannot be replayed envelope by envelope. */
export const snapshotSchema = z.object({
  event: z.literal('snapshot'),
  ...position,
  sessions: z.array(sessionViewSchema),
  messages: z.array(messageViewSchema),
  /** Those that have not ended. */
  turns: z.array(turnViewSchema),
  /** Those that are pending, oldest first, as far as they fit. */
  requests: z.array(requestViewSchema),
  /** More are pending: they follow in `snapshot_requests`. */
  more_requests: z.literal(true).optional(),
  presence: z.array(memberSchema),
  /** Of `presence`; only to clients that asked for changes. */
  presence_version: presenceVersion.optional(),
});
/** The pending requests that did not fit into the snapshot before, page by page, each once the page before has gone. */
export const snapshotRequestsSchema = z.object({
  event: z.literal('snapshot_requests'),
  ticket_id: z.string(),
  requests: z.array(requestViewSchema),
  /** False on the last page. */
  more_requests: z.boolean(),
});
/** The session named in the address continues in this connection. */
export const sessionResumedSchema = z.object({
  event: z.literal('session_resumed'),
  timestamp,
  ticket_id: z.string(),
  session_id: z.string(),
});
/** A client frame was carried out; what else it holds depends on the frame. */
export const ackSchema = z.looseObject({ event: z.literal('ack'), re: z.string() });
/** Something was refused; the connection stays. */
export const errorSchema = z.object({
  event: z.literal('error'),
  /** The `id` of the refused frame; absent if it had none, or if the error answers no frame. */
  re: z.string().optional(),
  // Object.keys() widens to string; the keys are exactly the codes.
  code: z.enum(Object.keys(errorCodes) as WireCode[]),
  message: z.string(),
  details: z.record(z.string(), z.unknown()).optional(),
});
/** Carries the top of the log, so that a lost last envelope is noticed. */
export const pongSchema = z.object({ event: z.literal('pong'), seq: z.number().int().nonnegative() });
/** The server is about to close this connection. */
export const goingAwaySchema = z.object({
  event: z.literal('going_away'),
  reason: z.string(),
  /** When to reconnect; chosen per client so that not all reconnect at once. */
  retry_after_ms: z.number().int().nonnegative(),
});

export const directSchema = z.discriminatedUnion('event', [
  welcomeSchema,
  snapshotSchema,
  snapshotRequestsSchema,
  sessionResumedSchema,
  ackSchema,
  errorSchema,
  pongSchema,
  goingAwaySchema,
]);

export type Welcome = z.infer<typeof welcomeSchema>;
export type Snapshot = z.infer<typeof snapshotSchema>;
export type SnapshotRequests = z.infer<typeof snapshotRequestsSchema>;
export type SessionResumed = z.infer<typeof sessionResumedSchema>;
export type Ack = z.infer<typeof ackSchema>;
export type ErrorEnvelope = z.infer<typeof errorSchema>;
export type Pong = z.infer<typeof pongSchema>;
export type GoingAway = z.infer<typeof goingAwaySchema>;
/** What goes to one client only. */
export type DirectEnvelope = z.infer<typeof directSchema>;
