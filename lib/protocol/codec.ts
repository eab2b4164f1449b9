/** JSON text to client frames and envelopes to JSON text, per dialect; the only place outside the store that knows JSON. */
import type { z } from 'zod';
import { HubError, type WireCode } from '../errors';
import {
  type ChatUser,
  chatFrame,
  ephemeralToClassic,
  foreignToClassic,
  pendingPrompt,
  toClassicInOrder,
} from './chat-frames';
import {
  type ClassicFrame,
  type ClientFrame,
  classicFrameSchema,
  clientFrameSchema,
  type InboxFrame,
  idSchema,
  inboxFrameSchema,
} from './client-frames';
import type { DirectEnvelope, EphemeralEnvelope, LoggedEnvelope } from './envelopes';
import { inexactIn } from './exact-json';
import type { InboxEnvelope } from './inbox-envelopes';
import type { RequestView } from './request-view';
import { misspeltField, namingFields } from './unknown-field';
import { toWireTime } from './wire-time';

/** The subprotocol name of the full dialect; a client that offers no subprotocol speaks `classic`. */
export const subprotocol = 'hitl.v1';
export type Dialect = 'classic' | typeof subprotocol;

/**
 * One `hitl.v1` frame.
 * @throws HubError `invalid_frame` (not JSON, not exact as `parseExact` says, wrong shape), `unknown_type` or
 *   `empty_message`; its details name the frame's `id` as `re` where it has a usable one
 */
export function decodeClientFrame(text: string): ClientFrame {
  return decode(text, clientFrameSchema);
}

/** One frame of an inbox; same errors. */
export function decodeInboxFrame(text: string): InboxFrame {
  return decode(text, inboxFrameSchema);
}

/** One classic frame; same errors. Case of keys matters, as everywhere in JSON. */
export function decodeClassicFrame(text: string): ClassicFrame {
  return decode(text, classicFrameSchema);
}

function decode<T extends ClientFrame | InboxFrame | ClassicFrame>(text: string, schema: z.ZodType<T>): T {
  const value = parse(text);
  const re = replyTo(value);
  const fault = inexactIn(text, value);
  if (fault) throw new HubError('invalid_frame', { message: fault, details: re });
  const result = schema.safeParse(value, namingFields);
  if (!result.success) {
    if (isOfUnknownType(value, result.error)) throw new HubError('unknown_type', { details: re });
    throw new HubError('invalid_frame', { message: describeIssue(result.error.issues[0]), details: re });
  }
  const frame = result.data;
  const misspelt = 'request_id' in frame && misspeltField(optionFor(schema, frame.type), value);
  if (misspelt) throw new HubError('invalid_frame', { message: misspelt, details: re });
  if (frame.type === 'message' && !frame.content?.trim())
    throw new HubError('empty_message', { details: re });
  return frame;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new HubError('invalid_frame', { message: 'The frame is not JSON' });
  }
}

/** The details of a refusal: the id of the refused frame, if it has one that could have been accepted. */
function replyTo(value: unknown): { re: string } | undefined {
  const id = typeof value === 'object' && value !== null && 'id' in value ? value.id : undefined;
  const result = idSchema.safeParse(id);
  return result.success ? { re: result.data } : undefined;
}

/** A type that is missing is as unknown as a wrong one, and so is a bare `null`; one that is no string is malformed. */
function isOfUnknownType(value: unknown, error: z.ZodError): boolean {
  if (value === null) return true;
  if (typeof value !== 'object' || error.issues[0]?.path[0] !== 'type') return false;
  return !('type' in value) || value.type === null || typeof value.type === 'string';
}

/** The schema of frames of this type. */
function optionFor(schema: unknown, type: string): unknown {
  const options = (schema as Partial<typeof clientFrameSchema>).options ?? [];
  return options.find(({ shape }) => shape.type.value === type);
}

/** The first thing a schema found wrong, as one sentence for the sender. */
export function describeIssue(issue: z.core.$ZodIssue | undefined): string {
  return issue
    ? `${issue.path.join('.') || 'The content'}: ${issue.message}`
    : 'The content has the wrong shape';
}

/** The body of an HTTP answer that refuses: `{"error":{code,message,details?}}`. */
export function encodeRefusal(error: HubError): string {
  return JSON.stringify({ error: error.toBody() });
}

/** How many bytes a value takes as JSON; 0 for one that has none. */
export function jsonBytes(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).byteLength;
}

/** A line of JSON Lines. */
export function encodeLine(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

/** The body of a webhook (Standard Webhooks): the event, its time, and the request. */
export function encodeWebhook(
  event: 'present' | 'update' | 'settle',
  now: number,
  hitl: RequestView,
): string {
  return JSON.stringify({ type: `hitl_request.${event}`, timestamp: toWireTime(now, now), data: { hitl } });
}

/** A server-sent event (WHATWG HTML §9.2) whose data is JSON. */
export function encodeEvent(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** A server-sent event without a name whose data is this text, line by line. */
export function encodeData(text: string): string {
  return `data: ${text.replaceAll(/\r\n|\r|\n/g, '\ndata: ')}\n\n`;
}

/** A value as people read it, indented. */
export function readableJson(value: unknown): string {
  return JSON.stringify(value, undefined, 2);
}

/** A `hitl.v1` text frame. */
export function encode(
  envelope: LoggedEnvelope | EphemeralEnvelope | DirectEnvelope | InboxEnvelope,
): string {
  return JSON.stringify(envelope);
}

/**
 * What a classic client is sent for an envelope that goes to the whole ticket: none, one or several text frames.
 * @param beside the logged envelopes that stand directly before and after it
 */
export function encodeClassic(
  envelope: LoggedEnvelope | EphemeralEnvelope,
  agent: ChatUser,
  beside: { before?: LoggedEnvelope | undefined; after?: LoggedEnvelope | undefined } = {},
): string[] {
  const objects =
    'seq' in envelope ? toClassicInOrder(envelope, agent, beside) : ephemeralToClassic(envelope);
  return objects.map((object) => JSON.stringify(object));
}

/** What a classic client that receives only its own session is sent for an envelope of another session. */
export function encodeClassicForeign(envelope: LoggedEnvelope, agent: ChatUser): string[] {
  return foreignToClassic(envelope, agent).map((object) => JSON.stringify(object));
}

/** A prompt that a classic client is shown again. */
export function encodeClassicPrompt(view: RequestView): string {
  return JSON.stringify(pendingPrompt(view));
}

/** What a classic client calls the refusals it knows; others carry their own sentence. */
const classicErrors: Partial<Record<WireCode, string>> = {
  invalid_frame: 'Invalid message format',
  unknown_type: 'Invalid message type',
};

/** What a classic client is sent for an envelope meant for it alone. */
export function encodeClassicDirect(envelope: DirectEnvelope, now: number): string[] {
  switch (envelope.event) {
    case 'welcome':
      return [JSON.stringify(chatFrame('status', 'Connected to chat', now))];
    case 'snapshot':
    case 'snapshot_requests':
      // Prompts that were open before this client joined; the rest it reads over the app's own API.
      return envelope.requests.map(encodeClassicPrompt);
    case 'pong':
      return [JSON.stringify(chatFrame('pong', '', now))];
    case 'error':
      return [JSON.stringify(chatFrame('error', classicErrors[envelope.code] ?? envelope.message, now))];
    default:
      return [];
  }
}
