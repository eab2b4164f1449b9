/** The time as parts show it: the server's, one timer for all of them, and no render before what is shown would change. */
import { useSyncExternalStore } from 'react';
import { useServerNow } from '../react';

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

/**
 * The server's time in milliseconds, in steps; renders again with each step.
 * @param stepOf how long a step is, in milliseconds, given the time
 */
export function useNow(stepOf: (now: number) => number): number {
  const serverNow = useServerNow();
  const now = () => {
    const exact = serverNow();
    const step = stepOf(exact);
    return Math.floor(exact / step) * step;
  };
  return useSyncExternalStore(subscribe, now, now);
}

/** Whether a point in time, as on the wire, has come by the server's clock; renders again only when it does. */
export function useIsOver(at: string | undefined): boolean {
  const serverNow = useServerNow();
  const isOver = () => at !== undefined && serverNow() >= Date.parse(at);
  return useSyncExternalStore(subscribe, isOver, isOver);
}
