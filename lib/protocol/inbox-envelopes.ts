/** The envelopes of an open inbox, each for one client alone; the transport sends them. */
import { z } from 'zod';
import type { Ack, ErrorEnvelope, GoingAway, Pong } from './direct-envelopes';
import { timestamp } from './logged-envelopes';
import { requestViewSchema, unchangedSchema } from './request-view';

/** `seq` counts the envelopes of this kind within one connection, which `epoch` names. */
const base = { epoch: z.string(), seq: z.number().int().nonnegative(), timestamp };
/** How many requests the whole inbox has; `capped`: or more. */
const totals = { total: z.number().int().nonnegative(), capped: z.boolean() };

/** The first envelope of every connection: the beginning of the inbox. */
export const inboxSnapshotSchema = z.object({
  event: z.literal('inbox_snapshot'),
  ...base,
  client_id: z.string(),
  user: z.object({ id: z.string(), name: z.string() }),
  heartbeat_ms: z.number().int().positive(),
  items: z.array(requestViewSchema),
  /** Where `items` ends, if there are more. */
  next_cursor: z.string().optional(),
  ...totals,
});
/** The person may answer this request from now on. */
export const inboxAddedSchema = z.object({
  event: z.literal('inbox_added'),
  ...base,
  hitl: requestViewSchema,
  ...totals,
});
/** A request that is in the inbox, and stays there, has changed. */
export const inboxUpdatedSchema = z.object({
  event: z.literal('inbox_updated'),
  ...base,
  hitl: requestViewSchema,
  unchanged: unchangedSchema.optional(),
});
/** A request is not in the inbox any more. */
export const inboxRemovedSchema = z.object({
  event: z.literal('inbox_removed'),
  ...base,
  request_id: z.string(),
  /** As it stands now: settled by whom, or for whom it is now. Absent where the person has lost access to its ticket. */
  hitl: requestViewSchema.optional(),
  unchanged: unchangedSchema.optional(),
  ...totals,
});

/** What only an inbox receives. */
export const inboxSchema = z.discriminatedUnion('event', [
  inboxSnapshotSchema,
  inboxAddedSchema,
  inboxUpdatedSchema,
  inboxRemovedSchema,
]);

export type InboxSnapshot = z.infer<typeof inboxSnapshotSchema>;
export type InboxAdded = z.infer<typeof inboxAddedSchema>;
export type InboxUpdated = z.infer<typeof inboxUpdatedSchema>;
export type InboxRemoved = z.infer<typeof inboxRemovedSchema>;
/** Any envelope that an inbox's client may receive. */
export type InboxEnvelope =
  | InboxSnapshot
  | InboxAdded
  | InboxUpdated
  | InboxRemoved
  | Ack
  | ErrorEnvelope
  | Pong
  | GoingAway;
