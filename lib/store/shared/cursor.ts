/** Where a page begins, as an opaque text for the client; the same for every store. */
import { HubError } from '../../errors';
import type { Millis } from '../../protocol/records';
import type { InboxOrder } from '../store';

/** Where a grant stands: lists go by age, and by id within one millisecond. */
export interface Place {
  createdAt: Millis;
  id: string;
}

/** Where a request stands in an inbox, whatever its order. */
export interface InboxPlace {
  /** Requests are numbered in the order in which they were first committed. */
  n: number;
  /** When it expires; `never` for one that does not. */
  urgency: Millis;
}

export const never: Millis = Number.MAX_SAFE_INTEGER;

/** Before everything. */
export const start: Place = { createdAt: Number.MIN_SAFE_INTEGER, id: '' };

/** A cursor to what comes after this place. */
export function encodeCursor({ createdAt, id }: Place): string {
  return encode([createdAt, id]);
}

/**
 * The place a cursor names; without one, the place before everything.
 * @throws HubError `invalid_frame` for anything but a text that `encodeCursor` gives
 */
export function decodeCursor(cursor: string | undefined): Place {
  if (cursor === undefined) return start;
  const [createdAt, id, ...more] = decode(cursor);
  if (typeof createdAt !== 'number' || typeof id !== 'string' || more.length > 0) throw strange();
  return { createdAt, id };
}

/** A cursor to what comes after the record of this number. */
export function encodeNumber(n: number): string {
  return encodeCursor({ createdAt: n, id: '' });
}

/** The number a cursor names; without one, 0. @throws HubError as `decodeCursor` */
export function decodeNumber(cursor: string | undefined): number {
  return cursor === undefined ? 0 : decodeCursor(cursor).createdAt;
}

/** A cursor to what comes after this place in an inbox of this order. */
export function encodeInboxCursor(order: InboxOrder, { urgency, n }: InboxPlace): string {
  return encode([order, urgency, n]);
}

/**
 * The place a cursor names; without one, the place before every request.
 * @throws HubError `invalid_frame` for anything but a text that `encodeInboxCursor` gives for this order
 */
export function decodeInboxCursor(order: InboxOrder, cursor: string | undefined): InboxPlace {
  if (cursor === undefined) return { urgency: start.createdAt, n: order === 'newest' ? never : 0 };
  const [from, urgency, n, ...more] = decode(cursor);
  if (from !== order || typeof urgency !== 'number' || typeof n !== 'number' || more.length > 0)
    throw strange();
  return { urgency, n };
}

function encode(parts: readonly unknown[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** @throws HubError `invalid_frame` for anything but a text that `encode` gives */
function decode(cursor: string): unknown[] {
  const parts = parse(Buffer.from(cursor, 'base64url').toString());
  // Buffer skips what is not base64url; only the exact text is the same when encoded again.
  if (!Array.isArray(parts) || encode(parts) !== cursor) throw strange();
  return parts;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Of a message that is to name a place among those of a session. */
export function noSuchPlace(): HubError {
  return new HubError('invalid_frame', { message: 'before is the id of a message of this session' });
}

function strange(): HubError {
  return new HubError('invalid_frame', { message: 'The cursor was not given by this list' });
}
