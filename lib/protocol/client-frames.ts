/** The frames clients send, in both dialects, and the bounds on what they may contain. */
import { z } from 'zod';

/** Bytes of one frame; one more closes the socket with 1009. */
export const maxFrameBytes = 65_536;
/** Characters of a frame id, request id or turn id. */
export const maxIdLength = 128;
/** Characters of an answer's comment and answer. */
export const maxCommentLength = 4_000;

/** An id that a client chooses or names in a frame. */
export const idSchema = z.string().min(1).max(maxIdLength);
const id = idSchema;

/** What an answer may carry; which of it fits is decided by the kind of request. */
export const responseSchema = z.looseObject({
  comment: z.string().max(maxCommentLength).optional(),
  answer: z.string().max(maxCommentLength).optional(),
  tool_args: z.record(z.string(), z.unknown()).optional(),
});

/** The body of an answer, the same on the socket and on REST. */
export const verdictSchema = z.object({
  /** The revision that was seen; may be left out by a client that cannot know it. */
  revision: z.number().int().positive().optional(),
  status: z.enum(['approved', 'denied']),
  response: responseSchema.optional(),
});
export type Verdict = z.infer<typeof verdictSchema>;

/** The body of a withdrawal, the same on the socket and on REST. */
export const withdrawalSchema = z.object({ reason: z.string().trim().min(1).max(maxCommentLength) });

const respondFrame = z.object({
  type: z.literal('hitl_respond'),
  id,
  request_id: id,
  ...verdictSchema.shape,
});
const claimFrame = z.object({ type: z.literal('hitl_claim'), id, request_id: id });
const releaseFrame = z.object({ type: z.literal('hitl_release'), id, request_id: id });
const cancelFrame = z.object({
  type: z.literal('hitl_cancel'),
  id,
  request_id: id,
  ...withdrawalSchema.shape,
});
const pingFrame = z.object({ type: z.literal('ping') });

/** `hitl.v1`: what a client may send; all but `ping`, `typing` and `presence` are answered by `ack` or `error` with `re` = `id`. */
export const clientFrameSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('message'), id, content: z.string() }),
  pingFrame,
  z.object({ type: z.literal('typing') }),
  /** Asks for the list of who is connected. */
  z.object({ type: z.literal('presence') }),
  respondFrame,
  claimFrame,
  releaseFrame,
  cancelFrame,
  z.object({ type: z.literal('turn_cancel'), id, turn_id: id }),
]);
export type ClientFrame = z.infer<typeof clientFrameSchema>;

/** What the client of an inbox may send. */
export const inboxFrameSchema = z.discriminatedUnion('type', [
  pingFrame,
  respondFrame,
  claimFrame,
  releaseFrame,
  /** Asks for the requests behind those that are known; `cursor` is the last `next_cursor`. */
  z.object({ type: z.literal('inbox_more'), id, cursor: z.string().max(512) }),
]);
export type InboxFrame = z.infer<typeof inboxFrameSchema>;
/** What is done to a request, in a ticket as in an inbox. */
export type RequestFrame = Extract<ClientFrame, { request_id: string }>;

/** Classic: what the reference accepts; unknown fields are ignored, `content` and `timestamp` may be null or missing. */
export const classicFrameSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('message'),
    content: z.string().nullish(),
    timestamp: z.number().int().nullish(),
  }),
  z.object({ type: z.literal('ping'), content: z.string().nullish(), timestamp: z.number().int().nullish() }),
]);
export type ClassicFrame = z.infer<typeof classicFrameSchema>;
