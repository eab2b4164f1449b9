/** What only one at a time may have, among all pages of this browser: the names of tabs, and the few connections for streams. */
import { pageLocks } from './page';

/** Held by this page, where the browser has no locks. */
const held = new Set<string>();

/**
 * Takes it if it is free.
 * @param patience for how long to wait for one that is about to be given back; default: not at all
 * @returns what gives it back, or nothing if another page has it; in a browser without locks only this page counts
 */
export function takeLock(name: string, patience?: AbortSignal): Promise<(() => void) | undefined> {
  const locks = pageLocks();
  if (!locks) return Promise.resolve(takeHere(name));
  return new Promise((resolve) => {
    const options = patience ? { signal: patience } : ({ ifAvailable: true } as const);
    const hold = (lock: object | null) => {
      if (lock) return new Promise<void>((end) => resolve(end));
      resolve(undefined);
      return undefined;
    };
    // Over the time, or where pages may have no locks at all.
    locks.request(name, options, hold).catch(() => resolve(patience?.aborted ? undefined : takeHere(name)));
  });
}

function takeHere(name: string): (() => void) | undefined {
  if (held.has(name)) return undefined;
  held.add(name);
  return () => void held.delete(name);
}
