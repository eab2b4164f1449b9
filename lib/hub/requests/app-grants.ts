/** Standing approvals as the app's own code sees them: lists them, says what each approved, and takes them back; `hub.grants` is this. */
import { HubError } from '../../errors';
import type { AnswerPolicy, Author, GrantRecord, Millis, User } from '../../protocol/records';
import type { Page } from '../../store/store';
import type { HitlRequest, HitlTypes, NoTypes } from '../kinds/app-types';
import type { GrantSubject as StoredSubject } from '../kinds/grant-terms';
import { assertOptions } from '../options/options';
import { grantListFields, grantUseFields, revokeFields } from '../options/request-options';
import type { Grants } from './grants';
import { toRequest } from './outcome';
import type { Place } from './requests';

/** What is allowed beyond one call, as `rules.mayGrant` is asked about it. */
export interface GrantSubject {
  /** The request with whose approval it is given. */
  requestId: string;
  /** Where it is given and, with the scope `ticket`, where it holds. */
  ticketId: string;
  tool: string;
  scope: 'ticket' | 'everywhere';
  /** `exact`: calls with just `args`; `any`: with whatever arguments. */
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
  /** Everybody whose approval it took, in that order. */
  givenBy: readonly Author[];
  createdAt: Millis;
  /** How many calls it has approved. */
  used: number;
  lastUsedAt?: Millis;
  revokedAt?: Millis;
  revokedBy?: Author;
}

export class AppGrants<App extends HitlTypes = NoTypes> {
  constructor(private readonly grants: Grants) {}

  /**
   * Oldest first; `limit` default 50, at most 200.
   * @param query `live`: only those that hold now
   * @throws HubError `invalid_request`, `invalid_id`, `invalid_frame` for a cursor that was not given
   */
  async list(
    query: { ticketId?: string; live?: boolean; limit?: number; cursor?: string } = {},
  ): Promise<Page<Grant>> {
    assertOptions('The query', query, grantListFields);
    const { limit, cursor, ...filter } = query;
    const page = await this.grants.list(filter, limit, cursor);
    return { ...page, items: page.items.map(toGrant) };
  }

  /** @throws HubError `not_found` */
  async get(grantId: string): Promise<Grant> {
    return toGrant(await this.grants.get(grantId));
  }

  /** The requests that it approved, oldest first: who asked for what and when, and what became of it. */
  async uses(query: { grantId: string; limit?: number; cursor?: string }): Promise<Page<HitlRequest<App>>> {
    assertOptions('The query', query, grantUseFields);
    const page = await this.grants.uses(query.grantId, query.limit, query.cursor);
    return { ...page, items: page.items.map((record) => toRequest<App>(record)) };
  }

  /**
   * Takes it back: from now on it covers nothing, and what it has approved but nobody has begun to run is not run. One that has
   * ended stays as it is.
   * @throws HubError `not_found`, `storage_failed`
   */
  async revoke(revoke: { grantId: string; by: User; occasion?: Place }): Promise<Grant> {
    assertOptions('The revocation', revoke, revokeFields);
    const { grantId, by, occasion } = revoke;
    if (by === undefined)
      throw new HubError('invalid_request', { message: 'The revocation: by is missing; it is who revokes' });
    return toGrant(await this.grants.revoke(grantId, by, occasion));
  }
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
