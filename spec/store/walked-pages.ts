/** Lists read page by page with a store's own cursors: all items, and what is wrong with where the pages end. */
import type { Page } from '../../lib/store/store';

/** What is read of a list; the same for every store that is right, wherever its pages end for their bytes. */
export interface Walked {
  items: readonly unknown[];
  faults: readonly string[];
}

/** Where a page has to end. */
export interface Bounds {
  size: number;
  maxBytes: number;
  /** By how much an item's bytes may be miscounted: what is stored of it is not its JSON to the byte. */
  slack: number;
}

/** More than any list of a program has. */
const mostPages = 3_000;

/** @param pageAt a page from this cursor on */
export async function walked<T>(
  pageAt: (cursor: string | undefined) => Promise<Page<T>>,
  bounds: Bounds,
  first?: string,
): Promise<Walked> {
  const pages: (readonly T[])[] = [];
  let cursor = first;
  do {
    const { items, nextCursor } = await pageAt(cursor);
    pages.push(items);
    cursor = nextCursor;
  } while (cursor !== undefined && pages.length < mostPages);
  const endless = cursor === undefined ? [] : ['there is always another page'];
  return { items: pages.flat(), faults: [...endless, ...faultsOfPages(pages, bounds)] };
}

/** What is wrong with the ends of these pages, of which the last is the end of the list. */
export function faultsOfPages(
  pages: readonly (readonly unknown[])[],
  { size, maxBytes, slack }: Bounds,
): string[] {
  return pages.flatMap((page, index) => {
    const next = pages[index + 1];
    if (page.length > size) return [`page ${index} has ${page.length} of ${size} items`];
    if (page.length === 0 && pages.length > 1) return [`page ${index} is empty`];
    const spare = page.length * slack;
    if (maxBytes < Infinity && page.length > 1 && bytesOf(page) > maxBytes + spare)
      return [`page ${index} is too large`];
    if (next === undefined || page.length === size) return [];
    const isFull = bytesOf([...page, next[0]]) > maxBytes - spare - slack;
    return isFull ? [] : [`page ${index} ends after ${page.length} of ${size} items`];
  });
}

/** Together, as JSON. */
export function bytesOf(items: readonly unknown[]): number {
  return items.reduce<number>((sum, item) => sum + Buffer.byteLength(JSON.stringify(item) ?? ''), 0);
}
