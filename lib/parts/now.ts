/** The time as parts show it: one timer for all of them, and no render before what is shown would change. */
import { useSyncExternalStore } from 'react';

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    for (const each of [...listeners]) each();
  }, 1_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The present time in milliseconds, in steps of `stepMs`; renders again with each step. */
export function useNow(stepMs: number): number {
  const now = () => Math.floor(Date.now() / stepMs) * stepMs;
  return useSyncExternalStore(subscribe, now, now);
}
