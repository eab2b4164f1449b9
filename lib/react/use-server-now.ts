/** `useServerNow`: the time by which deadlines and ages are counted, which is the server's and not the page's. */
import { useCallback } from 'react';
import { useConnections } from './provider';

/**
 * A function that gives the server's time as well as the page knows it: milliseconds since 1970. It stays the same while
 * the address of the provider does, and nothing is rendered again when the time goes on. Until the first envelope or REST
 * answer it gives the page's own time.
 */
export function useServerNow(): () => number {
  const { serverClock } = useConnections();
  return useCallback(() => serverClock.now(), [serverClock]);
}
