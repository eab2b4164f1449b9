/** What the console keeps in this browser: the theme, whether keys are on, whether to notify, tickets lately opened. */
import { useSyncExternalStore } from 'react';

interface Kept {
  theme: 'system' | 'light' | 'dark';
  keys: boolean;
  notify: boolean;
  /** The one opened last is first. */
  tickets: readonly string[];
}

const initial: Kept = { theme: 'system', keys: true, notify: false, tickets: [] };
/** Of more tickets the one opened first is forgotten. */
const maxTickets = 8;
const name = 'express-hitl-console';
const listeners = new Set<() => void>();
let kept = read();

export function useKept(): Kept {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => kept,
  );
}

export function keep(changed: Partial<Kept>): void {
  kept = { ...kept, ...changed };
  try {
    localStorage.setItem(name, JSON.stringify(kept));
  } catch {
    // A browser that forbids it forgets with the page.
  }
  for (const listener of [...listeners]) listener();
}

export function keepTicket(ticketId: string): void {
  if (kept.tickets.includes(ticketId)) return;
  keep({ tickets: [ticketId, ...kept.tickets].slice(0, maxTickets) });
}

/** Whatever stands there that is not of the right shape counts as nothing. */
function read(): Kept {
  try {
    const found: Partial<Kept> = JSON.parse(localStorage.getItem(name) ?? '{}');
    const { theme, keys, notify, tickets } = found;
    return {
      theme: theme === 'light' || theme === 'dark' ? theme : 'system',
      keys: keys !== false,
      notify: notify === true,
      tickets: Array.isArray(tickets)
        ? tickets.filter((each) => typeof each === 'string').slice(0, maxTickets)
        : [],
    };
  } catch {
    return initial;
  }
}
