/** What becomes of requests when the turn that waited for them is over; the hub asks when a turn ends. */
import type { RequestRecord } from '../protocol/records';

/** Ids by what becomes of them; each is in one of the two. */
export interface Legacy {
  /** These end with the turn. */
  ending: readonly string[];
  /** These stay, without this turn. */
  staying: readonly string[];
}

/**
 * A detached request stays; every other ends with the turn that asked it.
 * @param asked by this turn, and pending
 * @param adopted requests of other turns that end with this one
 * @param attended requests that stay, for which this turn has waited
 */
export function legacyOf(
  asked: readonly Pick<RequestRecord, 'id' | 'detached'>[],
  adopted: Iterable<string>,
  attended: Iterable<string>,
): Legacy {
  const idsOf = (detached: boolean) =>
    asked.filter((each) => (each.detached ?? false) === detached).map(({ id }) => id);
  const ending = new Set([...idsOf(false), ...adopted]);
  const staying = new Set([...idsOf(true), ...attended]);
  return { ending: [...ending], staying: [...staying].filter((id) => !ending.has(id)) };
}
