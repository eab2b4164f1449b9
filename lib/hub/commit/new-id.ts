/** The ids that the hub gives to sessions, turns, messages, requests and grants. */
import { randomUUID } from 'node:crypto';
import type { Millis } from '../../protocol/records';

/**
 * A UUID of version 7 (RFC 9562 §5.7): the time, then 74 random bits. Ids made close in time sort close together, so that a
 * store's index over ids grows at its end; an index over random ids is written all over, and a commit costs what it writes.
 */
export function newId(now: Millis): string {
  const time = Math.trunc(now).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}
