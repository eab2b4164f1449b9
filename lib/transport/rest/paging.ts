/** Lists over REST, a page at a time: the query that asks for a page, and the page of what its reader may see. */
import { z } from 'zod';
import type { Page } from '../../store/store';
import { maxCursorLength, openCursor, sealCursor } from '../core/sealed-cursor';

/** Pages read for one that is shown; where nearly all is hidden, the page is shorter and the next one continues. */
const maxReads = 10;

/** How many items, from 1 to `most`. */
export const limit = (fallback: number, most: number) =>
  z.coerce.number().int().min(1).max(most).default(fallback);

/** What the page before gave as `next_cursor`. */
export const cursor = z.string().max(maxCursorLength).optional();

/** Which page of which list, and for whom. */
interface Asked {
  list: string;
  user: { id: string };
  query: { limit: number; cursor?: string | undefined };
}

/** What is answered. */
interface Listed<T> {
  items: T[];
  next_cursor?: string;
}

/**
 * The next `limit` items that the reader may see; the hidden ones between them are passed over.
 * @param read the items behind a cursor, visible to the reader or not
 * @param visible those of the items that the reader may see; default: all
 * @throws HubError `invalid_frame` for a cursor of another list, and what the two throw
 */
export async function pageOf<T>(
  { list, user, query }: Asked,
  read: (limit: number, cursor?: string) => Promise<Page<T>>,
  visible: (items: readonly T[]) => Promise<readonly T[]> = async (items) => items,
): Promise<Listed<T>> {
  const of = { list, userId: user.id };
  const items: T[] = [];
  let next = openCursor(of, query.cursor);
  for (let reads = 0; reads < maxReads && items.length < query.limit; reads += 1) {
    // No more than has room, since a cursor names the end of what was read.
    const room = query.limit - items.length;
    const page = await read(room, next);
    items.push(...(await visible(page.items)));
    next = page.nextCursor;
    if (next === undefined) return { items };
    // A page that ended early has as many bytes as one may have.
    if (page.items.length < room && items.length > 0) break;
  }
  return { items, ...(next !== undefined && { next_cursor: sealCursor(of, next) }) };
}
