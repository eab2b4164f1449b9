/** What a bench hands over: a table for people and ratios for the check. */

export interface Ratio {
  value: number;
  /** At least this, or at most if less is better. */
  goal?: number;
  /** Default: more is better. */
  less?: boolean;
}

export interface Section {
  title: string;
  /** One line on what was measured. */
  about: string;
  columns: readonly string[];
  rows: readonly (readonly (string | number)[])[];
  /** By a name that says both sides. */
  ratios: Readonly<Record<string, Ratio>>;
}

/** How much is measured: `quick` says whether everything works, and little more. */
export interface Size {
  quick: boolean;
  /** Rounds in which everybody has his turn. */
  rounds: number;
  /** Milliseconds of each turn. */
  ms: number;
  /** How often the processes of fan-out are started anew, the rounds being shared among them: one and the same program is faster in one process than in the next. */
  starts: number;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** One more value in the list of this key. */
export function note<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}

export const perSecond = (count: number, { cpu }: { cpu: number }): number => (count / cpu) * 1e6;

/** With so many digits as the noise leaves. */
export function round(value: number): string {
  if (value >= 10_000)
    return Math.round(value / 100) === 0 ? '0' : (Math.round(value / 100) * 100).toLocaleString('en-US');
  if (value >= 100) return Math.round(value).toLocaleString('en-US');
  return value.toFixed(value >= 10 ? 1 : 2);
}

export const milliseconds = (value: number | undefined): string =>
  value === undefined ? '-' : `${round(value)} ms`;
export const megabytes = (bytes: number): string => `${round(bytes / 1e6)} MB`;
export const kilobytes = (bytes: number): string => `${round(bytes / 1e3)} kB`;

/** Everybody's turn, in an order that moves on with every round, so that nobody is always first. */
export function turnsOf<T>(all: readonly T[], rounds: number): T[] {
  return Array.from({ length: rounds }, (_each, index) => [
    ...all.slice(index % all.length),
    ...all.slice(0, index % all.length),
  ]).flat();
}
