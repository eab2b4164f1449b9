/** When the last activity of a session counts as another one; the hub and its clients ask here, so that what a client makes of messages is what is stored. */
import type { Millis } from './records';

/**
 * How far the time of a session's last activity moves at the least. It is what lists of sessions are ordered by, for people, who
 * see no difference; and every message would cost a write of the session and of its place in that order.
 */
export const activityStep: Millis = 5_000;

/** Whether a message that came at `now` moves it; a clock that was set back is believed. */
export function isMoved(lastActiveAt: Millis, now: Millis): boolean {
  return Math.abs(now - lastActiveAt) >= activityStep;
}
