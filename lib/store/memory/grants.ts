/** The grants of the memory store, and which requests each approved. */
import type { GrantRecord, Millis } from '../../protocol/records';
import { decodeCursor, encodeCursor, type Place } from '../shared/cursor';
import { afterGrantWrite, grantIdOf, holdsUntil } from '../shared/grant-writes';
import { bounded, maxPageSize } from '../shared/limits';
import { byPlace } from '../shared/order';
import type { GrantFilter, GrantWrite, Page } from '../store';

export class MemoryGrants {
  /** As JSON, so that changing what was read changes nothing in the store. */
  private readonly byId = new Map<string, string>();

  get(id: string): GrantRecord | undefined {
    const text = this.byId.get(id);
    return text === undefined ? undefined : JSON.parse(text);
  }

  /** As `Store.liveGrants`. */
  live(covers: readonly string[], now: Millis, limit: number): GrantRecord[] {
    const found = this.all().filter((grant) => covers.includes(grant.covers) && holds(grant, now));
    return inOrder(found, byEnd).slice(0, bounded(limit));
  }

  /** As `Store.grants`. */
  page({ ticketId, liveAt }: GrantFilter, limit: number, cursor?: string): Page<GrantRecord> {
    const size = bounded(limit, 1, maxPageSize);
    const after = decodeCursor(cursor);
    const placeOf = liveAt === undefined ? byAge : byEnd;
    const wanted = this.all().filter(
      (grant) =>
        (ticketId === undefined || grant.ticketId === ticketId) &&
        (liveAt === undefined || holds(grant, liveAt)) &&
        byPlace(placeOf(grant), after) > 0,
    );
    const items = inOrder(wanted, placeOf).slice(0, size);
    const last = items.at(-1);
    return { items, ...(wanted.length > size && last && { nextCursor: encodeCursor(placeOf(last)) }) };
  }

  /** As `Store.dropGrants`. */
  drop(endedBefore: Millis, limit: number): void {
    const ended = this.all().filter(({ expiresAt }) => expiresAt < endedBefore);
    for (const { id } of inOrder(ended, byEnd).slice(0, bounded(limit))) this.byId.delete(id);
  }

  /** Makes the texts, which may fail; what it returns writes them, once the commit was judged. */
  prepare(write: GrantWrite, at: Millis): () => void {
    const id = grantIdOf(write);
    const given = write.type === 'give' ? JSON.stringify(write.grant) : undefined;
    return () => this.byId.set(id, given ?? JSON.stringify(afterGrantWrite(this.get(id), write, at)));
  }

  private all(): GrantRecord[] {
    return Array.from(this.byId.values(), (text) => JSON.parse(text));
  }
}

function holds(grant: GrantRecord, at: Millis): boolean {
  return (holdsUntil(grant) ?? 0) > at;
}

function byAge({ createdAt, id }: GrantRecord): Place {
  return { createdAt, id };
}

function byEnd({ expiresAt, id }: GrantRecord): Place {
  return { createdAt: expiresAt, id };
}

function inOrder(grants: GrantRecord[], placeOf: (grant: GrantRecord) => Place): GrantRecord[] {
  return grants.sort((a, b) => byPlace(placeOf(a), placeOf(b)));
}
