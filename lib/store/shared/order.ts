/** In which order records stand, the same for every store: by time, and by id where the times are equal. */
import type { Place } from './cursor';

/** As a comparison for `sort`, by the codes of the characters. */
export function byText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** Below 0 if `a` comes before `b`. */
export function byPlace(a: Place, b: Place): number {
  return a.createdAt - b.createdAt || byText(a.id, b.id);
}
