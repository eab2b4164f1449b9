/** How the lists of an inbox become its page and its counts; every store reads its lists through here. */
import type { InboxCounts, InboxOrder, RequestWrite } from '../store';
import { type InboxPlace, never } from './cursor';
import { toolNameOf } from './inbox-lists';
import { maxCounted } from './limits';

/** What is counted of a request in a list. */
export interface Counted {
  n: number;
  type: string;
  toolName: string | null;
}

/** A request in a list. */
export type InboxEntry = InboxPlace & Counted;

/** As which entry the request of this number stands in all of its lists. */
export function entryOf({ record }: RequestWrite, n: number): InboxEntry {
  const { expiresAt, type } = record;
  return { n, urgency: expiresAt ?? never, type, toolName: toolNameOf(record) ?? null };
}

/** Below 0 if the first comes before the second. */
export const comparisons: Record<InboxOrder, (a: InboxPlace, b: InboxPlace) => number> = {
  oldest: (a, b) => a.n - b.n,
  newest: (a, b) => b.n - a.n,
  urgent: (a, b) => a.urgency - b.urgency || a.n - b.n,
};

/**
 * The first `size` places of several lists together, each once. Of a list no more is read than could be among them.
 * @param read the places of a list in this order
 */
export function firstOf<List>(
  lists: readonly List[],
  read: (list: List) => Iterable<InboxPlace>,
  order: InboxOrder,
  size: number,
): InboxPlace[] {
  const compare = comparisons[order];
  const seen = new Set<number>();
  let first: InboxPlace[] = [];
  for (const list of lists) {
    const last = first[size - 1];
    const fresh: InboxPlace[] = [];
    for (const place of read(list)) {
      if (last && compare(place, last) > 0) break;
      if (!seen.has(place.n)) fresh.push(place);
      seen.add(place.n);
      if (fresh.length === size) break;
    }
    if (fresh.length > 0) first = [...first, ...fresh].sort(compare).slice(0, size);
  }
  return first;
}

/** @param read a list, from any end */
export function countsOf<List>(lists: readonly List[], read: (list: List) => Iterable<Counted>): InboxCounts {
  const seen = new Set<number>();
  const byType = new Map<string, number>();
  const byTool = new Map<string, number>();
  const counts = (isCapped: boolean): InboxCounts => ({
    total: seen.size,
    isCapped,
    byType: Object.fromEntries(byType),
    byTool: Object.fromEntries(byTool),
  });
  for (const list of lists) {
    for (const { n, type, toolName } of read(list)) {
      if (seen.has(n)) continue;
      if (seen.size === maxCounted) return counts(true);
      seen.add(n);
      byType.set(type, (byType.get(type) ?? 0) + 1);
      if (toolName !== null) byTool.set(toolName, (byTool.get(toolName) ?? 0) + 1);
    }
  }
  return counts(false);
}
