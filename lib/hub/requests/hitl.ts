/** Requests to humans: asking, answering, claiming, withdrawing, waiting; REST, sockets, turns and the app all call it. */

import type { z } from 'zod';
import {
  type ExpiryDefault,
  type RequestEvent,
  type RequestInput,
  toAnswerer,
} from '../../actors/hitl-request';
import { isJoinedByApp, isLeft, keyOutcome } from '../../actors/key-claim';
import { legacyOf } from '../../actors/turn-legacy';
import { HubError, isHubError } from '../../errors';
import type { AuditEntry } from '../../protocol/audit';
import type { Display, RequestRecord, RequestResponse, User } from '../../protocol/records';
import { requestView } from '../../protocol/views';
import type { AuditFilter, Page, RequestFilter, Store } from '../../store/store';
import type { Clock } from '../commit/clock';
import { Lanes } from '../commit/lanes';
import { newId } from '../commit/new-id';
import type { Occasion } from '../commit/occasion';
import { grantChosen } from '../kinds/built-in-kinds';
import { toDisplay } from '../kinds/display';
import { grantSubject } from '../kinds/grant-terms';
import { digestOf, jsonCopy, type Kinds } from '../kinds/kinds';
import { hasTerms } from '../kinds/terms';
import type { Logger } from '../options/logger';
import { assertName } from '../tickets/client';
import { assertFitsBeside } from './answer-size';
import { askRule, type RuleOptions } from './app-rules';
import { type HitlRequestInput, toRequestInput, withEditable } from './ask';
import { auditTrail } from './audit';
import type { Grants } from './grants';
import type { RequestActors } from './request-actors';
import { type Ruling, Rulings } from './rulings';
import type { Waiters } from './waiters';

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

/** On whose behalf something is amended, and what is shown beside the payload from then on. */
export interface Amendment extends Occasion {
  /** Default: it stays as it is. `null`: nothing is shown any more. */
  display?: Display | null;
}

/** How long a claim lasts without being renewed. */
export const leaseMs = 120_000;

/** How long a run may be silent before its outcome counts as unknown. */
export const runLeaseMs = 60_000;
/** Characters stored of why a run failed. */
const maxErrorLength = 2_000;
/** Stands among turns for the app, which asks and waits without one. */
const theApp = '';
/** How often the lookup is repeated when a grant was gone at its use, or a key was taken in the meantime. */
const maxAttempts = 3;

export interface HitlParts {
  store: Store;
  actors: RequestActors;
  grants: Grants;
  waiters: Waiters;
  clock: Clock;
  kinds: Kinds;
  logger: Logger;
  rules: RuleOptions;
  /** The revision shown to this person in a dialect without revisions; `undefined` if the person is not connected. */
  revisionShown(ticketId: string, userId: string, requestId: string): number | undefined;
}

export class Hitl {
  private readonly keys = new Lanes();
  /** By request that is pending: the turns of this process that wait for it, and the app where it has asked again. */
  private readonly attending = new Map<string, Set<string>>();

  private readonly rulings: Rulings;

  constructor(private readonly parts: HitlParts) {
    this.rulings = new Rulings(parts.actors, parts.clock);
  }

  /**
   * Asks a human. Resolves when the request is committed and sent, with its record; `wait` for the outcome.
   * @param occasion here and below: on whose behalf and which way, for the audit; default: the app's own code
   * @throws HubError `invalid_request`, `too_large`, `key_conflict`, `storage_failed`
   */
  async request(input: HitlRequestInput, occasion: Occasion = {}): Promise<RequestRecord> {
    return (await this.ask(input, occasion)).request;
  }

  /**
   * As `request`, and says whether the question is new.
   * @param onlyOwn a key that is used by another requester is not found or taken over: `key_conflict`
   */
  async ask(
    input: HitlRequestInput,
    occasion: Occasion = {},
    onlyOwn = false,
  ): Promise<{ request: RequestRecord; isNew: boolean }> {
    const { kinds, clock } = this.parts;
    const born = toRequestInput(input, kinds, clock.now(), this.notEditable(input?.type));
    const { key, ticketId } = input;
    const begin = async (olderId?: string) => ({
      request: await this.begin(born, occasion, olderId),
      isNew: true,
    });
    if (!key) return begin();
    const find = async () => {
      const older = await this.parts.store.requestByKey(ticketId, key);
      if (!older) return begin();
      const { id } = older.record;
      const outcome = keyOutcome(older.record, {
        userId: input.userId,
        digest: born.digest,
        hasSameTerms: hasTerms(older.record, input, born.termsDigest ?? ''),
        supersede: input.supersede ?? false,
        onlyOwn,
      });
      if (outcome === 'conflict') throw new HubError('key_conflict', { details: { request_id: id } });
      if (outcome === 'supersede') return begin(id);
      if (isJoinedByApp(older.record, input.turnId)) this.attend(id, theApp);
      return {
        request: isLeft(older.record) ? await this.takeUp(id, occasion) : older.record,
        isNew: false,
      };
    };
    return this.keys.run(`${ticketId}\n${key}`, async () => {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await find();
        } catch (error) {
          // Another node has asked with the key since the lookup on this node: then that request is found.
          const isTaken = HubError.is(error, 'key_conflict') && !error.details?.request_id;
          if (!isTaken || attempt >= maxAttempts) throw error;
        }
      }
    });
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
   * Replaces what is asked, or what is shown beside it, while there is no answer: `revision` grows, answers to the older one
   * are refused.
   * @param payload default: it stays as it is; then `display` is given
   * @throws HubError `invalid_request`, `too_large`, `already_resolved`, `not_found`
   */
  async amend(
    id: string,
    payload: Record<string, unknown> | undefined,
    { display, ...occasion }: Amendment = {},
  ): Promise<RequestRecord> {
    if (payload === undefined && display === undefined)
      throw new HubError('invalid_request', { message: 'An amendment has a payload, a display, or both' });
    const shown = display !== undefined && {
      display: display === null ? null : (toDisplay(display) ?? null),
    };
    return this.parts.actors.change(
      id,
      async (record, { onExpiry }) => {
        const asked = payload !== undefined && this.asked(record, payload, onExpiry);
        return { type: 'amend', at: this.parts.clock.now(), ...asked, ...shown };
      },
      occasion,
    );
  }

  /** Takes a pending request back, on the app's own word. @throws HubError `already_resolved`, `not_found` */
  async cancel(id: string, reason: string, occasion: Occasion = {}): Promise<RequestRecord> {
    const toEvent = async () => ({ type: 'cancel' as const, at: this.parts.clock.now(), reason });
    return this.parts.actors.change(id, toEvent, occasion);
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

  /**
   * Says that what was approved is about to be done, or still is (same `runId`: the lease is renewed). Only one run at a
   * time, only what was approved, and after a failure or an unknown end only when `retry` was given.
   * @param run `payload` is what is about to be done
   * @throws HubError `not_executable` (details.rule says why), `invalid_request` for a payload that is not JSON, `not_found`
   */
  async execute(
    id: string,
    run: { runId: string; payload: Record<string, unknown> },
    occasion: Occasion = {},
  ): Promise<RequestRecord> {
    const { runId, payload } = run;
    return this.parts.actors.change(
      id,
      async (record) => {
        const { type, usedGrant } = record;
        const at = this.parts.clock.now();
        const grant = usedGrant && (await this.parts.store.grant(usedGrant.id));
        // One that is so old that it was dropped holds no more either.
        const isRevoked = usedGrant !== undefined && (!grant || grant.revokedAt !== undefined);
        // What is about to be done, as JSON; otherwise a value that JSON cannot represent might pass for null.
        const about = jsonCopy(payload) as Record<string, unknown>;
        // A request for editable arguments, where none can be edited, is the same request all the same.
        const isDowngraded = record.payload.editable === false && about.editable === true;
        const digest = digestOf(type, isDowngraded ? { ...about, editable: false } : about);
        return { type: 'execute', at, runId, until: at + runLeaseMs, digest, isRevoked };
      },
      occasion,
    );
  }

  /** Says that the run is still going. @throws HubError `not_executable` */
  async renew(id: string, runId: string, occasion: Occasion = {}): Promise<RequestRecord> {
    return this.parts.actors.change(
      id,
      async (record) => {
        const at = this.parts.clock.now();
        const { execution, approvedDigest: digest = record.digest } = record;
        if (execution?.state !== 'executing' || execution.runId !== runId)
          throw new HubError('not_executable', {
            message: 'This run is not going',
            details: { hitl: requestView(record, at), rule: 'other_run' },
          });
        return { type: 'execute', at, runId, until: at + runLeaseMs, digest, isRevoked: false };
      },
      occasion,
    );
  }

  /** Says that the run is over and what was approved is done, or that it failed with `error`. @throws HubError `not_executable` */
  executed(id: string, runId: string, error?: string, occasion: Occasion = {}): Promise<RequestRecord> {
    return this.parts.actors.change(
      id,
      async () => {
        const at = this.parts.clock.now();
        return error === undefined
          ? { type: 'executed', at, runId }
          : { type: 'execution_failed', at, runId, error: error.slice(0, maxErrorLength) };
      },
      occasion,
    );
  }

  /** Says that the run was interrupted, so that it is unknown whether it was done: it is `unknown` at once. @throws HubError `not_executable` */
  lost(id: string, runId: string, error: string, occasion: Occasion = {}): Promise<RequestRecord> {
    const toEvent = async () => ({
      type: 'execution_lost' as const,
      at: this.parts.clock.now(),
      runId,
      error: error.slice(0, maxErrorLength),
    });
    return this.parts.actors.change(id, toEvent, occasion);
  }

  /** Someone has looked at a failed or unknown run and says: do it again. @throws HubError `not_executable` */
  retry(id: string, occasion: Occasion = {}): Promise<RequestRecord> {
    const toEvent = async () => ({ type: 'retry' as const, at: this.parts.clock.now() });
    return this.parts.actors.change(id, toEvent, occasion);
  }

  /** Says that the call which was approved is over without having begun it, and why; does nothing once a run has begun. */
  notRun(id: string, runId: string, error: string, occasion: Occasion = {}): Promise<RequestRecord> {
    const toEvent = async () => ({
      type: 'not_run' as const,
      at: this.parts.clock.now(),
      runId,
      error: error.slice(0, maxErrorLength),
    });
    return this.parts.actors.change(id, toEvent, occasion);
  }

  /** From now on edited arguments of this tool are validated by this schema. */
  defineTool(name: string, args: z.ZodType<Record<string, unknown>>): void {
    this.parts.kinds.defineTool(name, args);
  }

  /** A turn of this process asked this, or asked it again, and waits. @param turnId of that turn */
  attend(id: string, turnId: string): void {
    const turns = this.attending.get(id) ?? new Set();
    this.attending.set(id, turns.add(turnId));
  }

  /** It waits no more. */
  turnAway(id: string, turnId: string): void {
    const turns = this.attending.get(id);
    turns?.delete(turnId);
    if (turns?.size === 0) this.attending.delete(id);
  }

  /** It is settled: its waiters are done. */
  forget(id: string): void {
    this.attending.delete(id);
  }

  /** The request was asked again: an asker that had left is recorded as back. */
  takeUp(id: string, occasion: Occasion = { via: 'turn' }): Promise<RequestRecord> {
    const toEvent = () => ({ type: 'asker_return' as const, at: this.parts.clock.now() });
    return this.parts.actors.note(id, toEvent, occasion);
  }

  /** The turn that asked is over, and the request stays pending: records that its asker has left, unless another turn waits for it. */
  leave(id: string): Promise<RequestRecord> {
    const toEvent = () =>
      this.attending.has(id) ? undefined : { type: 'asker_leave' as const, at: this.parts.clock.now() };
    return this.parts.actors.note(id, toEvent, { via: 'turn' });
  }

  /**
   * The turn that asked is over: what it asked is withdrawn and gives its key up, or stays without an asker if it is detached.
   * @param adopted requests of other turns that end with this one
   * @param attended requests that stay, for which this turn has waited
   * @throws HubError `storage_failed`, after the others, if one could not be withdrawn
   */
  async endWithTurn(
    turnId: string,
    adopted: Iterable<string> = [],
    attended: Iterable<string> = [],
  ): Promise<void> {
    const pending = await this.parts.store.requestsOfTurn(turnId);
    const asked = pending.map(({ record }) => record);
    const { ending, staying } = legacyOf(asked, adopted, attended);
    const toEvent = async () =>
      ({ type: 'turn_end', at: this.parts.clock.now(), reason: 'its turn has ended' }) as const;
    for (const id of staying) this.turnAway(id, turnId);
    const ends = await Promise.allSettled([
      ...ending.map((id) => this.parts.actors.change(id, toEvent, { via: 'turn' })),
      ...staying.map((id) => this.leave(id)),
    ]);
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  /** @throws HubError `not_found` */
  async get(id: string): Promise<RequestRecord> {
    const stored = await this.parts.store.request(id);
    if (!stored) throw new HubError('not_found', { message: 'There is no such request' });
    return stored.record;
  }

  /** The request that was asked last with this key in this ticket, if there is one. */
  async find(ticketId: string, key: string): Promise<RequestRecord | undefined> {
    return (await this.parts.store.requestByKey(ticketId, key))?.record;
  }

  /** The states of a request, by the ids of the charts, outermost first. @throws HubError `not_found`, `storage_failed` */
  statesOf(id: string): Promise<string[]> {
    return this.parts.actors.states(id);
  }

  /**
   * Oldest first.
   * @throws HubError `invalid_request` for a filter that is not known, `invalid_id`, `invalid_frame` for a cursor that was
   *   not given out
   */
  async list(filter: RequestFilter = {}, limit = 50, cursor?: string): Promise<Page<RequestRecord>> {
    if (filter.ticketId !== undefined) assertName(filter.ticketId);
    return this.parts.store.requests(filter, limit, cursor);
  }

  /**
   * The audit of a ticket, or of one of its requests: every change, oldest first, read page by page as it is taken.
   * @throws HubError `invalid_request`, `invalid_id`, `unavailable`, `storage_failed`
   */
  audit(filter: AuditFilter): AsyncIterable<AuditEntry> {
    assertName(filter.ticketId);
    return auditTrail(this.parts.store, filter);
  }

  /**
   * The outcome of a request, as soon as there is one; at once if there is. Costs nothing while it waits but memory.
   * @throws HubError `not_found`, `closing` when the hub closes first; `signal`'s reason if it aborts first
   */
  async wait(id: string, options: { signal?: AbortSignal } = {}): Promise<RequestRecord> {
    return this.parts.waiters.wait(id, () => this.get(id), options.signal);
  }

  /** How many promises wait for an outcome in this process. */
  get waiting(): number {
    return this.parts.waiters.size;
  }

  /** Another payload for a request. @throws HubError `invalid_request`, `too_large` */
  private asked({ type, policy }: RequestRecord, payload: Record<string, unknown>, onExpiry: ExpiryDefault) {
    const { kinds } = this.parts;
    const copy = withEditable(type, kinds.payload(type, payload), policy, kinds, this.notEditable(type));
    const responseSchema = kinds.responseSchema(type, copy);
    const bySilence = onExpiry === 'approved' && kinds.whyNotBySilence(type, copy);
    if (bySilence)
      throw new HubError('invalid_request', { message: `It cannot be amended like this: ${bySilence}` });
    return { payload: copy, digest: digestOf(type, copy), ...(responseSchema && { responseSchema }) };
  }

  /** Says in the log why arguments that were to be editable are not. */
  private notEditable(type: string | undefined): (why: string) => void {
    return (why) => this.parts.logger.warn('Arguments are shown as not editable', { type, why });
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

  /** A request that a live grant covers is approved by it; every other waits for people. */
  private async begin(born: RequestInput, occasion: Occasion, olderId?: string): Promise<RequestRecord> {
    const { grants, actors } = this.parts;
    for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
      const grant = await grants.covering(born);
      if (!grant) break;
      try {
        const used = { id: grant.id, givenBy: grant.givenBy };
        return await actors.begin(born, occasion, { olderId, grant: used });
      } catch (error) {
        // Its last use was taken, or it was revoked, in this very moment.
        if (!(isHubError(error) && error.code === 'conflict')) throw error;
      }
    }
    return actors.begin(born, occasion, { olderId });
  }
}
