/** Grants: finds the one that covers a call, lists them and revokes them; requests, REST and the app call it. */
import { couldHaveGiven, mayApprove } from '../../actors/grant-audience';
import { type RequestInput, toAnswerer } from '../../actors/hitl-request';
import { describe, HubError, isHubError } from '../../errors';
import { grantState } from '../../protocol/grants';
import type { GrantRecord, Millis, RequestRecord, User } from '../../protocol/records';
import type { GrantFilter, Page, Store } from '../../store/store';
import type { Clock } from '../commit/clock';
import type { Occasion } from '../commit/occasion';
import { grantsOffered } from '../kinds/built-in-kinds';
import { toGrantSubject } from '../kinds/grant';
import { coverageOf, type GrantSubject } from '../kinds/grant-terms';
import { deepFreeze } from '../kinds/kinds';
import type { Logger } from '../options/logger';
import { assertName } from '../tickets/client';
import { known, type RuleOptions, saysYes } from './app-rules';
import type { RequestActors } from './request-actors';

/** Whether a person may use a ticket now; throwing and rejecting mean no. */
export type MayUseTicket = (ticketId: string, person: User) => boolean | Promise<boolean>;

/** Live grants looked at for one call; if none of these may cover it, a human is asked. */
const maxLookedAt = 20;
/** How long an ended grant is stored to be read. */
export const retentionMs: Millis = 90 * 86_400_000;
/** Grants dropped at once, when another is given. */
const maxDropped = 100;

export interface GrantsParts {
  store: Store;
  actors: RequestActors;
  clock: Clock;
  logger: Logger;
  rules: Pick<RuleOptions, 'mayGrant'>;
  mayUseTicket?: MayUseTicket | undefined;
}

export class Grants {
  constructor(private readonly parts: GrantsParts) {}

  /** Oldest first; `limit` at most 200. @throws HubError `invalid_request`, `invalid_id`, `invalid_frame` for a cursor that was not given out */
  async list(
    filter: { ticketId?: string; live?: boolean } = {},
    limit = 50,
    cursor?: string,
  ): Promise<Page<GrantRecord>> {
    const { ticketId, live } = filter;
    if (ticketId !== undefined) assertName(ticketId);
    const wanted: GrantFilter = {
      ...(ticketId !== undefined && { ticketId }),
      ...(live && { liveAt: this.parts.clock.now() }),
    };
    return this.parts.store.grants(wanted, limit, cursor);
  }

  /** @throws HubError `not_found` */
  async get(id: string): Promise<GrantRecord> {
    const grant = await this.parts.store.grant(id);
    if (!grant) throw new HubError('not_found', { message: 'There is no such grant' });
    return grant;
  }

  /** The requests that the grant approved, oldest first: who asked for what and when, and what became of it. */
  uses(id: string, limit = 50, cursor?: string): Promise<Page<RequestRecord>> {
    return this.parts.store.grantUses(id, limit, cursor);
  }

  /**
   * Revokes a grant: from now on it covers nothing, and a call that it has approved and that was not started is not run.
   * A grant that has ended stays as it is.
   * @throws HubError `not_found`, `storage_failed`
   */
  async revoke(id: string, by: User, occasion: Occasion = {}): Promise<GrantRecord> {
    const { actors, clock } = this.parts;
    const grant = await this.get(id);
    if (['spent', 'expired'].includes(grantState(grant, clock.now()))) return grant;
    await actors.change(
      grant.requestId,
      async () => ({ type: 'revoke_grant', at: clock.now(), by: toAnswerer(by) }),
      occasion,
    );
    return this.get(id);
  }

  /** The grant that covers what is about to be asked, if there is one. The commit that uses it judges it again. */
  async covering(asked: RequestInput): Promise<GrantRecord | undefined> {
    const { store, clock } = this.parts;
    const covers = grantsOffered(asked).map((terms) => coverageOf(asked, terms));
    if (covers.length === 0) return undefined;
    const live = await store.liveGrants(covers, clock.now(), maxLookedAt);
    for (const grant of live) {
      if (!mayApprove(grant, asked)) continue;
      if (await this.reaches(grant, asked.ticketId)) return grant;
    }
    return undefined;
  }

  /** A grant that holds in every ticket does not hold in one to which a person who gave it has no access. */
  private async reaches({ id, scope, givenBy }: GrantRecord, ticketId: string): Promise<boolean> {
    const { mayUseTicket } = this.parts;
    if (scope === 'ticket' || !mayUseTicket) return true;
    for (const { userId, displayName } of givenBy) {
      const ask = () => mayUseTicket(ticketId, { id: userId, name: displayName });
      if (!(await saysYes({ name: 'auth.authorize', ask, about: { grantId: id } }, this.parts))) return false;
    }
    return true;
  }

  /** Whether the app's rule is asked before such a grant is given. */
  asksAbout({ scope }: Pick<GrantSubject, 'scope'>): boolean {
    return scope !== 'ticket' && this.hasRule;
  }

  /** Whether the app has a rule of its own on grants. */
  get hasRule(): boolean {
    return this.parts.rules.mayGrant !== undefined;
  }

  /** Whether the app lets this person give such a grant. */
  async mayGive(user: User, grant: GrantSubject): Promise<boolean> {
    return !this.asksAbout(grant) || this.isAllowed(user, grant);
  }

  /**
   * Whether this person, who may see the ticket where the grant was given, may see and revoke it. All who have
   * access to that ticket may; for a grant that holds in every ticket those whom the app names, else those who could have given it.
   */
  async mayManage(user: User, grant: GrantRecord): Promise<boolean> {
    if (grant.scope === 'ticket') return true;
    if (this.parts.rules.mayGrant) return this.isAllowed(user, grant);
    return couldHaveGiven(grant, toAnswerer(user));
  }

  /** Lets go of those that ended long ago. Never throws: what could not be dropped is next time. */
  tidy(): void {
    const { store, clock, logger } = this.parts;
    store.dropGrants(clock.now() - retentionMs, maxDropped).catch((error: unknown) =>
      logger.warn('Old grants could not be dropped', {
        error: isHubError(error) ? error.code : describe(error),
      }),
    );
  }

  private isAllowed(user: User, grant: GrantSubject): Promise<boolean> {
    const { rules } = this.parts;
    const ask = () =>
      rules.mayGrant?.({ user: known(user), grant: deepFreeze(structuredClone(toGrantSubject(grant))) });
    return saysYes({ name: 'rules.mayGrant', ask, about: { requestId: grant.requestId } }, this.parts);
  }
}
