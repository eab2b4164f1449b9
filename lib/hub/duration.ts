/** The durations people write (`'15m'`), as milliseconds; used by every option that takes one. */
import { HubError } from '../errors';

/** Milliseconds, or a number with a unit: `'250ms'`, `'30s'`, `'15m'`, `'24h'`, `'60d'`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** @throws HubError `invalid_request` for anything that is not a positive duration */
export function toMillis(duration: Duration): number {
  const ms = typeof duration === 'number' ? duration : parse(duration);
  if (!Number.isFinite(ms) || ms <= 0) {
    throw new HubError('invalid_request', `Not a duration: ${String(duration)}; write for example 15m`);
  }
  return ms;
}

function parse(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text) ?? [];
  return Number(amount) * units[unit as keyof typeof units];
}
