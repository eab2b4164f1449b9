/** Where a page begins, as an opaque text for the client; the same for every store. */
import { HubError } from '../errors';
import type { Millis } from '../protocol/records';

/** Where a request stands: lists go by age, and by id within one millisecond. */
export interface Place {
  createdAt: Millis;
  id: string;
}

/** Before every request. */
const start: Place = { createdAt: Number.MIN_SAFE_INTEGER, id: '' };

/** A cursor to what comes after this place. */
export function encodeCursor({ createdAt, id }: Place): string {
  return Buffer.from(JSON.stringify([createdAt, id])).toString('base64url');
}

/**
 * The place a cursor names; without one, the place before every request.
 * @throws HubError `invalid_frame` for anything but a text that `encodeCursor` gives
 */
export function decodeCursor(cursor: string | undefined): Place {
  if (cursor === undefined) return start;
  const place = readPlace(Buffer.from(cursor, 'base64url').toString());
  // Buffer skips what is not base64url; only the exact text comes back the same.
  if (!place || encodeCursor(place) !== cursor) {
    throw new HubError('invalid_frame', 'The cursor was not given by this list');
  }
  return place;
}

/** A cursor to what comes after the record of this number. */
export function encodeNumber(n: number): string {
  return encodeCursor({ createdAt: n, id: '' });
}

/** The number a cursor names; without one, 0. @throws HubError as `decodeCursor` */
export function decodeNumber(cursor: string | undefined): number {
  return cursor === undefined ? 0 : decodeCursor(cursor).createdAt;
}

function readPlace(text: string): Place | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!Array.isArray(value)) return undefined;
    const [createdAt, id]: unknown[] = value;
    return typeof createdAt === 'number' && typeof id === 'string' ? { createdAt, id } : undefined;
  } catch {
    return undefined;
  }
}
