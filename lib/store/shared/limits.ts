/** The bounds that every store enforces, as `Store` states them. */

/** Requests on one page of a list at most. */
export const maxPageSize = 200;
/** Entries of a journal read at once. */
export const maxJournalPage = 1_000;
/** Bytes of JSON on one page of a list: of turns, requests, an inbox, an audit, a journal; a page has one item at least, however large. */
export const maxPageBytes = 4_194_304;
/** Bytes of JSON of the messages in a ticket's state; one at least, as above. */
export const maxLogBytes = 1_048_576;
/** Bytes of JSON of the envelopes on a page of a timeline: as many as are read and written in a millisecond or two, since all others wait for that. */
export const maxTimelineBytes = 262_144;
/** Bytes of JSON of the requests in a ticket's state, of which there is one at least if one is pending. */
export const maxStateBytes = 1_048_576;
/** Requests of an inbox counted at most. */
export const maxCounted = 1_000;
/** Sessions in a ticket's state at most. */
export const maxSessionsInState = 50;
/** Earlier contents stored of a message; of one that is updated more often, the oldest are dropped. */
export const maxRevisions = 100;
/** Deliveries that were given up and stay stored. */
export const maxDeadDeliveries = 1_000;
/** Frames of each user whose `ack` is stored, the latest ones; and how many more a store may hold before it drops the older ones. */
export const maxFramesPerUser = 10_000;
export const frameSlack = 1_000;

/** A `limit` as asked for, made a whole number from `least` to `most`; what is not a number becomes `least`. */
export function bounded(limit: number, least = 0, most = 2 ** 31 - 1): number {
  return Math.max(least, Math.min(most, Math.trunc(limit) || 0));
}
