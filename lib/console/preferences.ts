/** What the console stores in this browser: the theme, whether keys are on, whether to notify, tickets lately opened. */
import { useSyncExternalStore } from 'react';

interface Preferences {
  theme: 'system' | 'light' | 'dark';
  keys: boolean;
  notify: boolean;
  /** The one opened last is first. */
  tickets: readonly string[];
}

const initial: Preferences = { theme: 'system', keys: true, notify: false, tickets: [] };
/** Of more tickets the one opened first is forgotten. */
const maxTickets = 8;
const name = 'express-hitl-console';
const listeners = new Set<() => void>();
let preferences = read();

export function usePreferences(): Preferences {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => preferences,
  );
}

export function setPreferences(changed: Partial<Preferences>): void {
  preferences = { ...preferences, ...changed };
  try {
    localStorage.setItem(name, JSON.stringify(preferences));
  } catch {
    // A browser that forbids it forgets with the page.
  }
  for (const listener of [...listeners]) listener();
}

export function addRecentTicket(ticketId: string): void {
  if (preferences.tickets.includes(ticketId)) return;
  setPreferences({ tickets: [ticketId, ...preferences.tickets].slice(0, maxTickets) });
}

/** Whatever stands there that is not of the right shape counts as nothing. */
function read(): Preferences {
  try {
    const found: Partial<Preferences> = JSON.parse(localStorage.getItem(name) ?? '{}');
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
