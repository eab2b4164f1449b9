/** The durations people write (`'15m'`), as milliseconds; used by every option that takes one. */
import { HubError } from '../../errors';

/** Milliseconds, or a number with a unit: `'250ms'`, `'30s'`, `'15m'`, `'24h'`, `'60d'`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** The longest deadline of a request or link: ten years of 365 days. A point in time beyond the calendar cannot be written. */
export const longestDeadlineMs = 3_650 * units.d;

/** @throws HubError `invalid_request` for anything that is not a positive duration */
export function toMillis(duration: Duration): number {
  const wrong = whyNoDuration(duration);
  if (wrong) throw new HubError('invalid_request', { message: wrong });
  return read(duration);
}

/** The time that something waits. @throws HubError `invalid_request`, also for one that is longer than a deadline may be */
export function toDeadlineMillis(duration: Duration): number {
  const wrong = whyNoDeadline(duration);
  if (wrong) throw new HubError('invalid_request', { message: wrong });
  return read(duration);
}

/** Why this is no duration, or nothing if it is one. */
export function whyNoDuration(given: unknown): string | undefined {
  const ms = read(given);
  if (Number.isFinite(ms) && ms > 0) return undefined;
  return `Not a duration: ${shown(given)}; write for example 15m`;
}

/** The same of a deadline, which is bounded. */
export function whyNoDeadline(given: unknown): string | undefined {
  if (read(given) <= longestDeadlineMs || whyNoDuration(given)) return whyNoDuration(given);
  return `A deadline is at most 3650d away, and ${shown(given)} is more`;
}

function read(given: unknown): number {
  if (typeof given === 'number') return given;
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(typeof given === 'string' ? given : '') ?? [];
  return Number(amount) * units[unit as keyof typeof units];
}

function shown(given: unknown): string {
  return typeof given === 'string' || typeof given === 'number' ? String(given).slice(0, 40) : typeof given;
}
