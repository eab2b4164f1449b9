/** What only one at a time may have, among all pages of this browser: the names of tabs, and the few connections for streams. */
import { pageLocks } from './page';

/** Held by this page, also where the browser has no locks. */
const held = new Set<string>();

/**
 * Takes it if it is free.
 * @param patience for how long to wait for one that is about to be given back; default: not at all
 * @returns what gives it back, or nothing if somebody else has it; in a browser without locks only this page counts
 */
export function takeLock(name: string, patience?: AbortSignal): Promise<(() => void) | undefined> {
  if (held.has(name)) return Promise.resolve(undefined);
  held.add(name);
  const free = () => void held.delete(name);
  const locks = pageLocks();
  if (!locks) return Promise.resolve(free);
  return new Promise((resolve) => {
    const options = patience ? { signal: patience } : ({ ifAvailable: true } as const);
    const hold = (lock: object | null) => {
      if (lock) return new Promise<void>((end) => resolve(() => [free(), end()]));
      free();
      resolve(undefined);
      return undefined;
    };
    locks.request(name, options, hold).catch(() => {
      free();
      // Over the time, or where pages may have no locks at all.
      resolve(patience?.aborted ? undefined : free);
    });
  });
}
