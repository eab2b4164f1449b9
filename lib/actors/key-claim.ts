/** What it means that a question comes with a key that was asked with before: it is found again, makes way, or is in conflict. */
import type { RequestRecord } from '../protocol/records';

/** Who asks with the key, and how. */
export interface KeyClaim {
  /** The requester. */
  userId: string;
  digest: string;
  /** Whether it is asked under the terms of the older one. */
  hasSameTerms: boolean;
  /** A newer question may take the key. */
  supersede: boolean;
  /** A key that somebody else asks with is not theirs to find or to take. */
  onlyOwn: boolean;
}

/** `found`: it is the same question; `supersede`: the older one makes way; `conflict`: the key is taken. */
export type KeyOutcome = 'found' | 'supersede' | 'conflict';

export function keyOutcome(older: Pick<RequestRecord, 'userId' | 'digest'>, claim: KeyClaim): KeyOutcome {
  if (claim.onlyOwn && older.userId !== claim.userId) return 'conflict';
  if (older.digest === claim.digest && claim.hasSameTerms) return 'found';
  return claim.supersede ? 'supersede' : 'conflict';
}

/** Whether a question that was found has been left by its asker, so that it is told that somebody waits again. */
export function isLeft({ asker }: Pick<RequestRecord, 'asker'>): boolean {
  return asker === 'gone';
}

/** Whether the app, which asks without a turn, waits from now on for a question that a turn asked. */
export function isJoinedByApp(
  { turnId, status }: Pick<RequestRecord, 'turnId' | 'status'>,
  askingTurnId: string | undefined,
): boolean {
  return Boolean(turnId) && status === 'pending' && !askingTurnId;
}
