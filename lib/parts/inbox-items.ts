/** What waits for the reader, of all tickets, as `Inbox` shows it: the list, live, and how many there are of each kind and tool. */
import { useCallback, useEffect, useRef, useState } from 'react';
import { type InboxOrder, type RequestAnswer, type RequestView, TicketError } from '../client';
import { type Inbox, useInbox, useRest } from '../react';

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

export interface InboxItems
  extends Pick<
    Inbox,
    'items' | 'state' | 'ending' | 'refusal' | 'transport' | 'hasMore' | 'loadMore' | 'reconnect'
  > {
  /** Of everything, whatever the choice. */
  readonly counts: InboxCounts | undefined;
  /** Answers one as it was shown; rejects with a `TicketError`. */
  respond(request: RequestView, answer: Omit<RequestAnswer, 'revision'>): Promise<RequestView>;
}

/** Counts are requested again at most this often, however much comes and goes. */
const countMs = 500;

export function useInboxItems({ type, toolName, ticketId, order }: InboxChoice): InboxItems {
  const inbox = useInbox({
    order,
    ...(type !== undefined && { type }),
    ...(toolName !== undefined && { toolName }),
    ...(ticketId !== undefined && { ticketId }),
  });
  const { items, total, state, ending, refusal, transport, hasMore, loadMore, reconnect } = inbox;
  const { respond: send } = inbox;
  const counts = useCounts(items, total, state === 'live');
  const respond = useCallback(
    async ({ id, revision }: RequestView, answer: Omit<RequestAnswer, 'revision'>) => {
      const outcome = await send(id, { ...answer, revision });
      if (!outcome.ok) throw outcome.error;
      return outcome.request;
    },
    [send],
  );
  return { items, state, ending, refusal, transport, hasMore, loadMore, reconnect, counts, respond };
}

/** Asked again when the list has changed; the last known ones stay where they cannot be had. */
function useCounts(items: unknown, total: number, isLive: boolean): InboxCounts | undefined {
  const rest = useRest();
  const [counts, setCounts] = useState<InboxCounts>();
  const askedAt = useRef(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what the list says has changed is what is counted
  useEffect(() => {
    if (!isLive) return;
    const ended = new AbortController();
    const timer = setTimeout(
      () => {
        askedAt.current = Date.now();
        rest<InboxCounts>('/hitl/inbox/counts', { signal: ended.signal }).then(
          setCounts,
          (error: unknown) => {
            if (!(error instanceof TicketError)) throw error;
          },
        );
      },
      Math.max(0, askedAt.current + countMs - Date.now()),
    );
    return () => {
      clearTimeout(timer);
      ended.abort();
    };
  }, [rest, items, total, isLive]);
  return counts;
}
