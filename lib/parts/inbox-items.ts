/** What waits for the reader, of all tickets, as `Inbox` shows it: the list, its size, and how many there are of each kind and tool. */
import { useCallback, useEffect, useRef, useState } from 'react';
import { type RequestAnswer, type RequestView, TicketError } from '../client';
import { useRest } from '../react';

export type InboxOrder = 'oldest' | 'newest' | 'urgent';

export interface InboxChoice {
  type?: string | undefined;
  toolName?: string | undefined;
  ticketId?: string | undefined;
  order: InboxOrder;
}

export interface InboxCounts {
  readonly total: number;
  /** True: there are more than were counted. */
  readonly capped: boolean;
  readonly by_type: Readonly<Record<string, number>>;
  readonly by_tool: Readonly<Record<string, number>>;
}

export interface InboxItems {
  readonly items: readonly RequestView[];
  /** Of everything, whatever the filter. */
  readonly counts: InboxCounts | undefined;
  readonly state: 'connecting' | 'live' | 'resuming';
  readonly error: TicketError | undefined;
  readonly hasMore: boolean;
  loadMore(): void;
  /** Asks again now. */
  refresh(): void;
  /** Answers one as it was shown; rejects with a `TicketError`. */
  respond(request: RequestView, answer: Omit<RequestAnswer, 'revision'>): Promise<RequestView>;
}

/** How often the server is asked what waits. */
export const pollMs = 2_000;
const pageSize = 100;

interface Loaded {
  key: string;
  items: readonly RequestView[];
  hasMore: boolean;
}

export function useInboxItems({ type, toolName, ticketId, order }: InboxChoice): InboxItems {
  const rest = useRest();
  const [pages, setPages] = useState(1);
  const [loaded, setLoaded] = useState<Loaded>({ key: '', items: [], hasMore: false });
  const [counts, setCounts] = useState<InboxCounts>();
  const [error, setError] = useState<TicketError>();
  const [hasBeenLive, setBeenLive] = useState(false);
  const query = new URLSearchParams({
    order,
    ...(type !== undefined && { type }),
    ...(toolName !== undefined && { tool_name: toolName }),
    ...(ticketId !== undefined && { ticket_id: ticketId }),
  });
  const key = query.toString();
  const asking = useRef<() => void>(() => {});

  useEffect(() => {
    const ended = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    async function ask() {
      clearTimeout(timer);
      try {
        const [list, sizes] = await Promise.all([
          readPages(key, pages),
          rest<InboxCounts>('/hitl/inbox/counts', { signal: ended.signal }),
        ]);
        if (ended.signal.aborted) return;
        setLoaded((before) => ({ key, ...list, items: kept(before.items, list.items) }));
        setCounts(sizes);
        setError(undefined);
        setBeenLive(true);
      } catch (cause) {
        if (ended.signal.aborted) return;
        setError(cause instanceof TicketError ? cause : new TicketError('unavailable', String(cause)));
      }
      clearTimeout(timer);
      timer = setTimeout(ask, pollMs);
    }
    async function readPages(filter: string, count: number) {
      const items: RequestView[] = [];
      let cursor: string | undefined;
      for (let page = 0; page < count; page += 1) {
        const next = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`;
        const read = await rest<{ items: RequestView[]; next_cursor?: string }>(
          `/hitl/inbox?${filter}&limit=${pageSize}${next}`,
          { signal: ended.signal },
        );
        items.push(...read.items);
        cursor = read.next_cursor;
        if (cursor === undefined) break;
      }
      return { items, hasMore: cursor !== undefined };
    }
    asking.current = () => void ask();
    void ask();
    return () => {
      ended.abort();
      clearTimeout(timer);
    };
  }, [rest, key, pages]);

  const refresh = useCallback(() => asking.current(), []);
  const respond = useCallback(
    async ({ id, revision }: RequestView, answer: Omit<RequestAnswer, 'revision'>) => {
      const path = `/hitl/requests/${encodeURIComponent(id)}/respond`;
      const { hitl } = await rest<{ hitl: RequestView }>(path, { body: { ...answer, revision } });
      return hitl;
    },
    [rest],
  );
  return {
    items: loaded.key === key ? loaded.items : [],
    counts,
    state: error ? (hasBeenLive ? 'resuming' : 'connecting') : loaded.key === key ? 'live' : 'connecting',
    error,
    hasMore: loaded.hasMore,
    loadMore: () => setPages(pages + 1),
    refresh,
    respond,
  };
}

/** What has not changed stays the same object, so that its row is not drawn again. */
function kept(before: readonly RequestView[], now: readonly RequestView[]): readonly RequestView[] {
  const known = new Map(before.map((each) => [each.id, each]));
  return now.map((each) => {
    const old = known.get(each.id);
    return old && JSON.stringify(old) === JSON.stringify(each) ? old : each;
  });
}
