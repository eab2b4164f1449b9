/** Standing approvals as the app's own code sees them: lists them, says what each approved, and takes them back; `hub.grants` is this. */
import { HubError } from '../../errors';
import type { User } from '../../protocol/records';
import type { Page } from '../../store/store';
import type { HitlRequest, HitlTypes, NoTypes } from '../kinds/app-types';
import { type Grant, toGrant } from '../kinds/grant';
import { assertOptions } from '../options/options';
import { grantListFields, grantUseFields, revokeFields } from '../options/request-options';
import type { Grants } from './grants';
import { toRequest } from './outcome';
import type { AppOccasion } from './request-input';

export class AppGrants<App extends HitlTypes = NoTypes> {
  /** @internal */
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
   * Revokes it: from now on it covers nothing, and a call that it has approved and that was not started is not run. A grant that
   * has ended stays as it is.
   * @throws HubError `not_found`, `storage_failed`
   */
  async revoke(revoke: { grantId: string; by: User; occasion?: AppOccasion }): Promise<Grant> {
    assertOptions('The revocation', revoke, revokeFields);
    const { grantId, by, occasion } = revoke;
    if (by === undefined)
      throw new HubError('invalid_request', { message: 'The revocation: by is missing; it is who revokes' });
    return toGrant(await this.grants.revoke(grantId, by, occasion));
  }
}
