/** What is read page by page ends after so many items or so many bytes, whichever comes first; both stores cut their pages here. */
import { maxPageBytes } from './limits';

/**
 * The first of these that make a page, and whether there are more. Never fewer than one, however large it is.
 * @param bytesOf the item's size as JSON
 */
export function firstPage<T>(
  items: Iterable<T>,
  size: number,
  bytesOf: (item: T) => number,
  maxBytes: number = maxPageBytes,
): { shown: T[]; hasMore: boolean } {
  const shown: T[] = [];
  let bytes = 0;
  for (const item of items) {
    bytes += bytesOf(item);
    if (shown.length >= size || (shown.length > 0 && bytes > maxBytes)) return { shown, hasMore: true };
    shown.push(item);
  }
  return { shown, hasMore: false };
}

/** Bytes of a text in UTF-8. */
export function bytesOfText({ text }: { text: string }): number {
  return Buffer.byteLength(text);
}
