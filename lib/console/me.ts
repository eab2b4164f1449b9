/** Who the server takes this page for, asked once and again until there is an answer. */
import { useEffect, useState } from 'react';
import { TicketError } from '../client';
import { useRest } from '../react';

export interface Answer {
  user: { id: string; name: string; groups: readonly string[] };
  agent: { id: string; name: string };
  charts: boolean;
  inbox_tickets?: false;
}

const againMs = 3_000;

/** `signed out` where the server does not know the user. */
export function useMe(): Answer | 'signed out' | undefined {
  const rest = useRest();
  const [me, setMe] = useState<Answer | 'signed out'>();
  useEffect(() => {
    const ended = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = () =>
      rest<Answer>('/hitl/me', { signal: ended.signal }).then(setMe, (error: unknown) => {
        if (ended.signal.aborted) return;
        if (error instanceof TicketError && error.code === 'authentication_required') setMe('signed out');
        else timer = setTimeout(ask, againMs);
      });
    void ask();
    return () => {
      ended.abort();
      clearTimeout(timer);
    };
  }, [rest]);
  return me;
}
