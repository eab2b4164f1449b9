/** What was in a ticket before the page came: older messages, settled requests and stopped turns, read from the log page by page, newest first. */
import { useCallback, useEffect, useRef, useState } from 'react';
import type { LoggedEnvelope, MessageView, RequestView, ViewedTurn } from '../client';
import { useRest } from '../react';

/** Envelopes read at once. */
const pageSize = 500;

export interface History {
  /** In the order in which they were said. */
  readonly messages: readonly MessageView[];
  readonly requests: readonly RequestView[];
  readonly turns: readonly ViewedTurn[];
  readonly state: 'loading' | 'more' | 'whole' | 'failed';
  /** Up to where it was read; nothing before the first page. */
  readonly from: { epoch: string; seq: number } | undefined;
}

interface Page {
  items: LoggedEnvelope[];
  epoch: string;
  seq: number;
}

const nothing: History = { messages: [], requests: [], turns: [], state: 'loading', from: undefined };

/**
 * Reads the newest page once the ticket is live, and one more with each `loadMore`.
 * @param begin changes when the ticket has received a new snapshot; then history begins again as well
 */
export function useHistory(ticketId: string, isLive: boolean, begin: string) {
  const rest = useRest();
  const [history, setHistory] = useState(nothing);
  const latest = useRef(history);
  const reading = useRef<AbortController>(undefined);

  const loadMore = useCallback(async () => {
    if (reading.current) return;
    const asking = new AbortController();
    reading.current = asking;
    const become = (next: History) => {
      if (asking.signal.aborted) return;
      latest.current = next;
      setHistory(next);
    };
    const { from } = latest.current;
    become({ ...latest.current, state: 'loading' });
    try {
      const path = `/tickets/${encodeURIComponent(ticketId)}/timeline`;
      const read = (after: number, limit: number) =>
        rest<Page>(`${path}?after=${after}&limit=${limit}`, { signal: asking.signal });
      const top = from ?? afterTop(await read(0, 1));
      const after = Math.max(0, top.seq - 1 - pageSize);
      const items = await readUpTo(read, after, top);
      const oldest = items[0]?.seq ?? 1;
      become({
        ...withPage(latest.current, items),
        state: oldest > after + 1 || after === 0 || items.length === 0 ? 'whole' : 'more',
        from: { epoch: top.epoch, seq: oldest },
      });
    } catch {
      become({ ...latest.current, state: 'failed' });
    } finally {
      if (reading.current === asking) reading.current = undefined;
    }
  }, [rest, ticketId]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `begin` says that it has to be read again
  useEffect(() => {
    if (!isLive) return;
    latest.current = nothing;
    setHistory(nothing);
    void loadMore();
    return () => {
      reading.current?.abort();
      reading.current = undefined;
    };
  }, [isLive, begin, loadMore]);

  return { history, loadMore };
}

/** All that the log has after `after` and before `top`. A page is bounded in bytes too, so it may end before it is full. */
async function readUpTo(
  read: (after: number, limit: number) => Promise<Page>,
  after: number,
  top: { epoch: string; seq: number },
): Promise<LoggedEnvelope[]> {
  const items: LoggedEnvelope[] = [];
  for (let last = after; last < top.seq - 1; ) {
    const page = await read(last, Math.min(pageSize, top.seq - 1 - last));
    // Another epoch is another log: what was read of the old one has nothing before it.
    if (page.epoch !== top.epoch) return [];
    const before = page.items.filter(({ seq }) => seq < top.seq);
    items.push(...before);
    const end = before.at(-1)?.seq;
    if (end === undefined) break;
    last = end;
  }
  return items;
}

function afterTop({ epoch, seq }: Page): { epoch: string; seq: number } {
  return { epoch, seq: seq + 1 };
}

/** The history with an older page before it. What the newer part says of a thing counts, its place is the older one. */
function withPage(history: History, items: readonly LoggedEnvelope[]): History {
  const messages = new Map<string, MessageView>();
  const requests = new Map<string, RequestView>();
  const turns = new Map<string, ViewedTurn>();
  for (const item of items) {
    if ('message' in item) messages.set(item.message.id, asPast(item.message));
    else if ('hitl' in item) requests.set(item.hitl.id, item.hitl);
    else if (item.event === 'turn_ended') {
      const { turn_id: id, session_id, status, reason, timestamp } = item;
      turns.set(id, {
        id,
        session_id,
        status,
        started_at: timestamp,
        ended_at: timestamp,
        ...(reason !== undefined && { reason }),
      });
    }
  }
  return {
    ...history,
    messages: joined(messages, history.messages),
    requests: joined(requests, history.requests),
    turns: joined(turns, history.turns),
  };
}

/** What is in history alone is not followed, and grows no more for the reader. */
function asPast({ is_streaming: _is, ...message }: MessageView): MessageView {
  return message;
}

/** Older ones first; of what both know, the newer. */
export function joined<T extends { id: string }>(older: ReadonlyMap<string, T>, newer: readonly T[]): T[] {
  const all = new Map(older);
  for (const each of newer) all.set(each.id, each);
  return [...all.values()];
}
