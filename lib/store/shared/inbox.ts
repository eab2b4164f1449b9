/** How the lists of an inbox become its page and its counts; every store reads its lists through here. */
import type { InboxCounts, InboxOrder, RequestWrite } from '../store';
import { type InboxPlace, never } from './cursor';
import { toolNameOf } from './inbox-lists';
import { maxCounted } from './limits';
import { byPlace } from './order';

/** What is counted of a request in a list. */
export interface Counted {
  id: string;
  type: string;
  toolName: string | null;
}

/** A request in a list. */
export type InboxEntry = InboxPlace & Counted;

/** As which entry a request stands in all of its lists. */
export function entryOf({ record }: RequestWrite): InboxEntry {
  const { id, createdAt, expiresAt, type } = record;
  return { id, createdAt, urgency: expiresAt ?? never, type, toolName: toolNameOf(record) ?? null };
}

/** Below 0 if the first comes before the second. */
export const comparisons: Record<InboxOrder, (a: InboxPlace, b: InboxPlace) => number> = {
  oldest: byPlace,
  newest: (a, b) => byPlace(b, a),
  urgent: (a, b) => a.urgency - b.urgency || byPlace(a, b),
};

/**
 * The first `size` places of several lists together, each once. Of a list no more is read than could be among them.
 * @param read the places of a list in this order
 */
export function firstOf(
  lists: readonly string[],
  read: (list: string) => Iterable<InboxPlace>,
  order: InboxOrder,
  size: number,
): InboxPlace[] {
  const compare = comparisons[order];
  const seen = new Set<string>();
  let first: InboxPlace[] = [];
  for (const list of lists) {
    const last = first[size - 1];
    const fresh: InboxPlace[] = [];
    for (const place of read(list)) {
      if (last && compare(place, last) > 0) break;
      if (!seen.has(place.id)) fresh.push(place);
      seen.add(place.id);
      if (fresh.length === size) break;
    }
    if (fresh.length > 0) first = [...first, ...fresh].sort(compare).slice(0, size);
  }
  return first;
}

/** @param read a list, from any end */
export function countsOf(lists: readonly string[], read: (list: string) => Iterable<Counted>): InboxCounts {
  const seen = new Set<string>();
  const byType = new Map<string, number>();
  const byTool = new Map<string, number>();
  const counts = (isCapped: boolean): InboxCounts => ({
    total: seen.size,
    isCapped,
    byType: Object.fromEntries(byType),
    byTool: Object.fromEntries(byTool),
  });
  for (const list of lists) {
    for (const { id, type, toolName } of read(list)) {
      if (seen.has(id)) continue;
      if (seen.size === maxCounted) return counts(true);
      seen.add(id);
      byType.set(type, (byType.get(type) ?? 0) + 1);
      if (toolName !== null) byTool.set(toolName, (byTool.get(toolName) ?? 0) + 1);
    }
  }
  return counts(false);
}
