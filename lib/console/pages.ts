/** A list that the server gives page by page, such as the audit of a ticket. */
import { useCallback, useEffect, useState } from 'react';
import { TicketError } from '../client';
import { useRest } from '../react';

export interface Pages<T> {
  items: readonly T[];
  state: 'loading' | 'more' | 'whole';
  error: TicketError | undefined;
  loadMore(): void;
  /** Reads from the beginning. */
  reload(): void;
}

/** @param path of the list, with its query but the cursor; another one is another list */
export function usePages<T>(path: string): Pages<T> {
  const rest = useRest();
  const [items, setItems] = useState<readonly T[]>([]);
  const [cursor, setCursor] = useState<string>();
  const [state, setState] = useState<Pages<T>['state']>('loading');
  const [error, setError] = useState<TicketError>();
  const read = useCallback(
    async (after: string | undefined, signal?: AbortSignal) => {
      setState('loading');
      const next =
        after === undefined ? '' : `${path.includes('?') ? '&' : '?'}cursor=${encodeURIComponent(after)}`;
      try {
        const page = await rest<{ items: T[]; next_cursor?: string }>(`${path}${next}`, signal && { signal });
        setItems((before) => (after === undefined ? page.items : [...before, ...page.items]));
        setCursor(page.next_cursor);
        setError(undefined);
        setState(page.next_cursor === undefined ? 'whole' : 'more');
      } catch (cause) {
        if (signal?.aborted) return;
        setError(cause instanceof TicketError ? cause : new TicketError('unavailable', String(cause)));
        setState('more');
      }
    },
    [rest, path],
  );
  useEffect(() => {
    const ended = new AbortController();
    void read(undefined, ended.signal);
    return () => ended.abort();
  }, [read]);
  return { items, state, error, loadMore: () => void read(cursor), reload: () => void read(undefined) };
}
