/** Standing approvals in the words of the API: what the app's rules, listeners and `hub.grants` see of what is stored. */
import type { AnswerPolicy, Author, GrantRecord, Millis } from '../../protocol/records';
import type { GrantSubject as StoredSubject } from './grant-terms';

/** What is allowed beyond one call, as `rules.mayGrant` is asked about it. */
export interface GrantSubject {
  /** The request with whose approval it is given. */
  requestId: string;
  /** Where it is given and, with the scope `ticket`, where it holds. */
  ticketId: string;
  tool: string;
  scope: 'ticket' | 'everywhere';
  /** `exact`: calls with just `args`; `any`: with any arguments. */
  covers: 'exact' | 'any';
  /** With `exact`. */
  args?: Record<string, unknown>;
  /** How many calls; as many as come if it is not there. */
  uses?: number;
  expiresAt: Millis;
  policy: AnswerPolicy;
}

/** A standing approval. */
export interface Grant extends GrantSubject {
  id: string;
  /** The people whose approvals gave it, in that order. */
  givenBy: readonly Author[];
  createdAt: Millis;
  /** How many calls it has approved. */
  used: number;
  lastUsedAt?: Millis;
  revokedAt?: Millis;
  revokedBy?: Author;
}

/** In the words of the API. */
export function toGrantSubject(subject: StoredSubject): GrantSubject {
  const { requestId, ticketId, toolName: tool, scope, args: covers, toolArgs, uses, expiresAt } = subject;
  return {
    ...{ requestId, ticketId, tool, scope, covers, expiresAt, policy: subject.policy },
    ...(toolArgs && { args: toolArgs }),
    ...(uses !== undefined && { uses }),
  };
}

export function toGrant(record: GrantRecord): Grant {
  const { id, givenBy, createdAt, used, lastUsedAt, revokedAt, revokedBy } = record;
  return {
    ...toGrantSubject(record),
    ...{ id, givenBy, createdAt, used },
    ...(lastUsedAt !== undefined && { lastUsedAt }),
    ...(revokedAt !== undefined && { revokedAt }),
    ...(revokedBy && { revokedBy }),
  };
}
