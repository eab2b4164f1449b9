/** What people say to a request: answers, claims and withdrawals, and the cancellation by the app; `Hitl` calls it. */
import { type RequestEvent, toAnswerer } from '../../actors/hitl-request';
import type { RequestRecord, RequestResponse, User } from '../../protocol/records';
import type { Clock } from '../commit/clock';
import { newId } from '../commit/new-id';
import type { Occasion } from '../commit/occasion';
import { grantChosen } from '../kinds/built-in-kinds';
import { grantSubject } from '../kinds/grant-terms';
import { digestOf, type Kinds } from '../kinds/kinds';
import type { Logger } from '../options/logger';
import { assertFitsBeside } from './answer-size';
import { askRule, type RuleOptions } from './app-rules';
import type { Grants } from './grants';
import type { RequestActors } from './request-actors';
import { type Ruling, Rulings } from './rulings';

/** An answer. */
export interface HitlAnswer {
  by: User;
  status: 'approved' | 'denied';
  response?: RequestResponse;
  /**
   * The revision that was seen. Without it: the one that was last sent to a classic client of this person in the ticket, else the
   * first, so that an amended request is refused.
   */
  revision?: number;
}

/** How long a claim lasts without being renewed. */
export const leaseMs = 120_000;

export interface AnsweringParts {
  actors: RequestActors;
  grants: Grants;
  clock: Clock;
  kinds: Kinds;
  logger: Logger;
  rules: RuleOptions;
  /** The revision shown to this person in a dialect without revisions; `undefined` if the person is not connected. */
  revisionShown(ticketId: string, userId: string, requestId: string): number | undefined;
}

export class Answering {
  private readonly rulings: Rulings;

  constructor(private readonly parts: AnsweringParts) {
    this.rulings = new Rulings(parts.actors, parts.clock);
  }

  /**
   * Answers. The first answer that settles the request wins, and later ones are refused with the settled request. Until then
   * another answer of the same person, in the same stage, replaces their earlier one.
   * @throws HubError `not_found`, `already_resolved` (details.hitl is the settled view), `already_answered` (this very answer
   *   is counted, or this person was counted in an earlier stage), `stale_revision`, `not_allowed` (details.rule says which
   *   rule), `claimed_by_other`, `invalid_response`, `too_large`, `storage_failed`
   */
  async respond(id: string, answer: HitlAnswer, occasion: Occasion = {}): Promise<RequestRecord> {
    const { by } = answer;
    const { clock, rules, grants, revisionShown } = this.parts;
    return this.rulings.change(
      id,
      by.id,
      {
        hasRules: rules.mayAnswer !== undefined || grants.hasRule,
        toEvent: (record, { permitted = true, mayGrant = true }) => {
          const response =
            record.status === 'pending'
              ? this.parts.kinds.response(record, answer.status, answer.response)
              : undefined;
          this.parts.kinds.assertAsSent(record, answer.response, response);
          assertFitsBeside(record, by.id, response);
          const at = clock.now();
          const grant = grantChosen(record, response);
          const revision = answer.revision ?? revisionShown(record.ticketId, by.id, id);
          return {
            type: 'respond',
            at,
            by: toAnswerer(by),
            permitted,
            status: answer.status,
            ...(response && { response }),
            ...(response?.tool_args && {
              digest: digestOf(record.type, { ...record.payload, tool_args: response.tool_args }),
            }),
            ...(revision !== undefined && { revision }),
            ...(grant && { grant: { ...grant, id: newId(at), permitted: mayGrant } }),
          };
        },
        rules: (record, event) => {
          const subject = this.grantSubject(record, event);
          if (!rules.mayAnswer && !subject) return undefined;
          return async () => {
            const permitted = (await askRule(this.parts, 'mayAnswer', by, record)) ?? true;
            return { permitted, mayGrant: !permitted || !subject || (await grants.mayGive(by, subject)) };
          };
        },
      },
      occasion,
    );
  }

  /** Says "I am on it" for two minutes; again renews. Same errors as `respond`. */
  async claim(id: string, by: User, occasion: Occasion = {}): Promise<RequestRecord> {
    return this.rulings.change(
      id,
      by.id,
      {
        hasRules: this.parts.rules.mayAnswer !== undefined,
        toEvent: (_record, { permitted = true }) => {
          const at = this.parts.clock.now();
          return { type: 'claim', at, by: toAnswerer(by), permitted, until: at + leaseMs };
        },
        rules: (record) => this.askingOne('mayAnswer', by, record),
      },
      occasion,
    );
  }

  /** Lets a claim go. @throws HubError `not_claimed`, `already_resolved`, `not_found` */
  async release(id: string, by: User, occasion: Occasion = {}): Promise<RequestRecord> {
    return this.parts.actors.change(
      id,
      async () => ({ type: 'release', at: this.parts.clock.now(), by: toAnswerer(by) }),
      occasion,
    );
  }

  /**
   * A person takes a pending request back: the requester, or one whom `mayCancel` allows.
   * @throws HubError `not_allowed` (details.rule is `requester` or `app`), `already_resolved`, `not_found`
   */
  async withdraw(
    id: string,
    withdrawal: { by: User; reason: string },
    occasion: Occasion = {},
  ): Promise<RequestRecord> {
    const { by, reason } = withdrawal;
    const hasRules = this.parts.rules.mayCancel !== undefined;
    return this.rulings.change(
      id,
      by.id,
      {
        hasRules,
        toEvent: (_record, { permitted = true }) => {
          const said = hasRules && { permitted };
          return { type: 'withdraw', at: this.parts.clock.now(), by: toAnswerer(by), reason, ...said };
        },
        rules: (record) => this.askingOne('mayCancel', by, record),
      },
      occasion,
    );
  }

  /** Takes a pending request back, on the app's own word. @throws HubError `already_resolved`, `not_found` */
  async cancel(id: string, reason: string, occasion: Occasion = {}): Promise<RequestRecord> {
    const toEvent = async () => ({ type: 'cancel' as const, at: this.parts.clock.now(), reason });
    return this.parts.actors.change(id, toEvent, occasion);
  }

  /** What asks one rule of the app, if there is that rule. */
  private askingOne(name: 'mayAnswer' | 'mayCancel', by: User, record: RequestRecord) {
    if (!this.parts.rules[name]) return undefined;
    return async (): Promise<Ruling> => ({
      permitted: (await askRule(this.parts, name, by, record)) ?? true,
    });
  }

  /** The grant that an answer would give, where the app's rule is asked about it. */
  private grantSubject(record: RequestRecord, event: RequestEvent) {
    if (event.type !== 'respond' || !event.grant || !event.response) return undefined;
    const { at, grant, response } = event;
    if (!this.parts.grants.asksAbout(grant)) return undefined;
    return grantSubject({ ...record, response }, { ...grant, expiresAt: at + grant.expires_in_ms });
  }
}
