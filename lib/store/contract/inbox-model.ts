/** What an inbox has to have, computed from all records: what the contract of inboxes compares a store with. */
import { answerersOf } from '../../actors/answerers';
import type { RequestRecord } from '../../protocol/records';
import type { InboxFilter, InboxOrder, InboxOwner, Store } from '../store';
import { commitTo, requestWrite } from './samples';

export const orders: readonly InboxOrder[] = ['oldest', 'newest', 'urgent'];

/** The request as the hub would write it: for the people its policy names. */
export function asked(record: RequestRecord, version = 0) {
  const answerers = answerersOf(record);
  return commitTo(record.ticketId, {
    requests: [requestWrite(record, { version, ...(answerers && { answerers }) })],
  });
}

export function fits({ type, payload, ticketId }: RequestRecord, filter: InboxFilter): boolean {
  return (
    (filter.type ?? type) === type &&
    (filter.ticketId ?? ticketId) === ticketId &&
    (filter.toolName === undefined || (type === 'tool_approval' && payload.tool_name === filter.toolName))
  );
}

/** @param records in the order in which they were first committed */
export function inOrder(records: readonly RequestRecord[], order: InboxOrder): RequestRecord[] {
  if (order === 'newest') return records.toReversed();
  const end = ({ expiresAt = Number.MAX_VALUE }: RequestRecord) => expiresAt;
  return order === 'urgent' ? records.toSorted((a, b) => end(a) - end(b)) : [...records];
}

export async function allPages(
  store: Store,
  of: InboxOwner,
  filter: InboxFilter,
  order: InboxOrder,
  limit: number,
) {
  const pages: RequestRecord[][] = [];
  let cursor: string | undefined;
  do {
    const page = await store.inbox(of, filter, order, limit, cursor);
    pages.push([...page.items]);
    cursor = page.nextCursor;
  } while (cursor !== undefined && pages.length < 100);
  return pages;
}

export function tally(names: readonly unknown[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[String(name)] = (counts[String(name)] ?? 0) + 1;
  return counts;
}
