/** Under which names a request is in inboxes, and for whom it is not: rows of SQLite that follow the request; commits and the migration write them. */
import type { Answerers } from '../../protocol/records';
import { toolNameOf } from '../shared/inbox-lists';
import type { RequestWrite } from '../store';
import { parseObject } from './rows';
import type { Statements } from './statements';

/** Stored as JSON with its request, so that it is removed from exactly these rows. */
export interface Listing {
  /** As `namesOf` gives them; none where all who have the ticket may answer. */
  lists: readonly string[];
  /** Ids of users. */
  except: readonly string[];
}

/** What of a request stands in its rows. */
export type Listed = readonly [
  type: string,
  toolName: string | null,
  ticket: number,
  expiresAt: number | null,
];

const nowhere: Listing = { lists: [], except: [] };

/** The names of the lists of these people. */
export function namesOf({ users = [], groups = [] }: Pick<Answerers, 'users' | 'groups'>): string[] {
  const lists = [...users.map((user) => `user:${user}`), ...groups.map((group) => `group:${group}`)];
  return [...new Set(lists)];
}

/** The text of the rows that a request has in inboxes; null for none. */
export function listingText({ record, answerers }: RequestWrite): string | null {
  if (!answerers || record.status !== 'pending') return null;
  return textOf({ lists: namesOf(answerers), except: [...new Set(answerers.except)] });
}

/** The text of a listing; null for none. */
export function textOf(listing: Listing): string | null {
  return listing.lists.length + listing.except.length === 0 ? null : JSON.stringify(listing);
}

/** Puts the request of row `n` where it belongs. */
export function list(s: Statements, n: number, { lists, except }: Listing, listed: Listed): void {
  for (const name of lists) s.addInbox.run(name, n, ...listed);
  for (const userId of except) s.addInboxExcept.run(userId, n);
}

/** Moves the request of row `n` from where it was listed to where it belongs now. */
export function relist(
  s: Statements,
  { record }: RequestWrite,
  n: number,
  ticket: number,
  before: string | null,
  now: string | null,
): void {
  const { id, type, expiresAt = null } = record;
  const { lists, except } = parse(id, before);
  for (const name of lists) s.dropInbox.run(name, n);
  for (const userId of except) s.dropInboxExcept.run(userId, n);
  list(s, n, parse(id, now), [type, toolNameOf(record) ?? null, ticket, expiresAt]);
}

function parse(id: string, text: string | null): Listing {
  return text === null ? nowhere : parseObject('requests', id, text);
}
