/** The parts of a query that asks for a page. */
import { z } from 'zod';

/** How many items, from 1 to `most`. */
export const limit = (fallback: number, most: number) =>
  z.coerce.number().int().min(1).max(most).default(fallback);

/** What the page before gave as `next_cursor`. */
export const cursor = z.string().max(512).optional();
