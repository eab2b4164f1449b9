/** What holds for everything a person reads at length: pages over REST, what joining clients are sent first, exports and streams; those who serve them ask here. */
import type { Clock } from '../../hub/commit/clock';
import { Turnstile } from '../../hub/commit/turnstile';

/** How often it is asked whether the reader of something that lasts still may. */
export const accessEveryMs = 10_000;

/**
 * Two readings of a person at a time, with a rest after each of four times what it took: reading all day takes two fifths of
 * the process at most.
 * @param maxWaiting readings of one person that wait; one more is `busy`
 * @param refusal what that says
 */
export function readingTurnstile(clock: Clock, maxWaiting: number, refusal: string): Turnstile {
  return new Turnstile({ maxRunning: 2, maxWaiting, refusal, rest: { times: 4, clock } });
}
