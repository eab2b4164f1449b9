/** The one rule of how a grant is given, used and revoked; every store judges and writes by it. */
import { grantState } from '../../protocol/grants';
import type { GrantRecord, Millis } from '../../protocol/records';
import type { GrantWrite } from '../store';

/** The grant's id, whatever is written. */
export function grantIdOf(write: GrantWrite): string {
  return write.type === 'give' ? write.grant.id : write.id;
}

/** What the write makes of the grant that is stored; undefined if it has to be refused. */
export function afterGrantWrite(
  stored: GrantRecord | undefined,
  write: GrantWrite,
  at: Millis,
): GrantRecord | undefined {
  if (write.type === 'give') return stored ? undefined : write.grant;
  if (!stored) return undefined;
  if (write.type === 'revoke')
    return stored.revokedAt === undefined ? { ...stored, revokedAt: at, revokedBy: write.by } : undefined;
  const holds = grantState(stored, at) === 'live';
  return holds ? { ...stored, used: stored.used + 1, lastUsedAt: at } : undefined;
}

/** Until when it holds, for the indexes; nothing once it is spent or revoked. */
export function holdsUntil(grant: GrantRecord): Millis | undefined {
  const state = grantState(grant, grant.createdAt);
  return state === 'spent' || state === 'revoked' ? undefined : grant.expiresAt;
}
