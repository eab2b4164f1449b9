/** The rules by which a commit is refused, in one place; every store checks them before it writes anything. */
import type { GrantRecord, Millis, TurnStatus } from '../../protocol/records';
import type { Commit, CommitResult, GrantWrite, TurnFence } from '../store';
import { afterGrantWrite, grantIdOf } from './grant-writes';
import { isOpen } from './turns';

/** What a fence is compared with. */
export interface FencedTurn {
  status: TurnStatus;
  /** None of a turn that is not durable. */
  generation?: number | undefined;
  /** How many its journal has. */
  entries: number;
}

/** What the rules must know of what is stored, read inside the store's transaction. */
export interface Lookup {
  /** The `ack` given to this frame, if it was carried out before. */
  ack(userId: string, frameId: string): Record<string, unknown> | undefined;
  /** The stored version of a request; 0 if there is none. */
  version(requestId: string): number;
  /** The id of the live request of this key. */
  holder(ticketId: string, key: string): string | undefined;
  grant(id: string): GrantRecord | undefined;
  turn(id: string): FencedTurn | undefined;
}

/**
 * Why this commit is refused; undefined if it is not. A repeated frame is reported before anything else, since what it asked
 * for was done the first time; then what its fence says. Request writes are checked in their order, each as if those before it were committed.
 */
export function refusal(commit: Commit, stored: Lookup): Exclude<CommitResult, { ok: true }> | undefined {
  const { frame, fence, requests = [], grants = [] } = commit;
  const ack = frame && stored.ack(frame.userId, frame.frameId);
  if (ack) return { ok: false, code: 'duplicate_id', ack };
  const fenced = fence && refusalByFence(fence, stored.turn(fence.turnId));
  if (fenced) return { ok: false, code: fenced };
  if (!canWriteGrants(grants, commit.at, stored)) return { ok: false, code: 'conflict' };
  if (requests.length === 0) return undefined;

  const versions = new Map<string, number>();
  const holders = new Map<string, string | undefined>();
  /** Those that have no key in this commit, whatever they had before. */
  const released = new Set<string>();
  for (const { record, version } of requests) {
    if ((versions.get(record.id) ?? stored.version(record.id)) !== version)
      return { ok: false, code: 'conflict' };
    versions.set(record.id, version + 1);
    if (record.key === undefined) {
      released.add(record.id);
      continue;
    }
    const holder = holders.has(record.key)
      ? holders.get(record.key)
      : stored.holder(record.ticketId, record.key);
    if (record.status !== 'superseded') {
      if (holder !== undefined && holder !== record.id && !released.has(holder))
        return { ok: false, code: 'key_conflict' };
      holders.set(record.key, record.id);
    } else if (holder === record.id) {
      holders.set(record.key, undefined);
    }
  }
  return undefined;
}

function refusalByFence(
  { generation, entries }: TurnFence,
  turn: FencedTurn | undefined,
): 'turn_lost' | 'conflict' | undefined {
  if (!turn || !isOpen(turn.status) || turn.generation !== generation) return 'turn_lost';
  return entries === undefined || entries === turn.entries ? undefined : 'conflict';
}

/** In their order, each as if those before it were committed. */
function canWriteGrants(writes: readonly GrantWrite[], at: Millis, stored: Lookup): boolean {
  const known = new Map<string, GrantRecord>();
  return writes.every((write) => {
    const id = grantIdOf(write);
    const after = afterGrantWrite(known.get(id) ?? stored.grant(id), write, at);
    if (after) known.set(id, after);
    return after !== undefined;
  });
}
