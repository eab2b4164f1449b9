/** Lists of row numbers that are read from several ranges of an index, as one; lists of requests and turns are read so. */
import type { Numbered } from './statements';

/** The first `limit` of all, smallest number first; each range is in that order, and no number is in two. */
export function mergeNumbers(ranges: readonly (readonly Numbered[])[], limit: number): number[] {
  const all = ranges.flat().map(({ n }) => n);
  return all.sort((a, b) => a - b).slice(0, limit);
}
