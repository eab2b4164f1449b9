/** Requests to humans: asking, answering, claiming, withdrawing, waiting; REST, sockets, turns and the app all come here. */
import type { Logger } from 'winston';
import type { z } from 'zod';
import { type RequestInput, toAnswerer } from '../actors/hitl-request';
import { HubError } from '../errors';
import type { AuditEntry } from '../protocol/audit';
import type { Millis, RequestRecord, RequestResponse, User } from '../protocol/records';
import type { AuditFilter, Page, RequestFilter, Store } from '../store/store';
import { type AppRules, askRule } from './app-rules';
import { type HitlRequestInput, toRequestInput, withEditable } from './ask';
import {
  answerFields,
  auditFields,
  listFields,
  runFields,
  waitFields,
  withdrawFields,
} from './asked-options';
import { auditTrail } from './audit';
import { assertName } from './client';
import type { Clock } from './clock';
import { grantSubject } from './grant-terms';
import type { Grants } from './grants';
import { digestOf, grantChosen, type Kinds } from './kinds';
import { Lanes } from './lanes';
import { newId } from './new-id';
import type { Occasion } from './occasion';
import { assertOptions } from './options';
import type { RequestActors } from './request-actors';
import { hasTerms } from './terms';
import type { Waiters } from './waiters';

/** An answer. */
export interface HitlAnswer {
  by: User;
  status: 'approved' | 'denied';
  response?: RequestResponse;
  /** The revision that was seen. Without it, an amended request cannot be answered. */
  revision?: number;
}

/** How long a claim lasts without being renewed. */
export const leaseMs = 120_000;

/** How long a run may be silent before nobody knows what became of it. */
export const runLeaseMs = 60_000;
/** Characters kept of why a run failed. */
const maxErrorLength = 2_000;
/** How often a grant that was gone when it was to be used is looked for anew. */
const maxAttempts = 3;

export interface HitlParts {
  store: Store;
  actors: RequestActors;
  grants: Grants;
  waiters: Waiters;
  clock: Clock;
  kinds: Kinds;
  logger: Logger;
  rules: AppRules;
}

export class Hitl {
  private readonly keys = new Lanes();

  constructor(private readonly parts: HitlParts) {}

  /**
   * Asks a human. Resolves when the request is kept and shown, with its record; `wait` for the outcome.
   * @param occasion here and below: on whose behalf and which way, for the audit; default: the app's own code
   * @throws HubError `invalid_request`, `too_large`, `key_conflict`, `storage_failed`
   */
  async request(input: HitlRequestInput, occasion: Occasion = {}): Promise<RequestRecord> {
    return (await this.ask(input, occasion)).request;
  }

  /**
   * As `request`, and says whether the question is new.
   * @param onlyOwn a key that somebody else asks with is not this asker's to find or to take: `key_conflict`
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
    return this.keys.run(`${ticketId}\n${key}`, async () => {
      const older = await this.parts.store.requestByKey(ticketId, key);
      if (!older) return begin();
      const { id, digest, userId } = older.record;
      const isOthers = onlyOwn && userId !== input.userId;
      const isSame = digest === born.digest && hasTerms(older.record, input, born.termsDigest ?? '');
      if (isSame && !isOthers) return { request: older.record, isNew: false };
      if (!input.supersede || isOthers) throw new HubError('key_conflict', undefined, { request_id: id });
      return begin(id);
    });
  }

  /**
   * Answers. The first answer wins; everybody later is told who won.
   * @throws HubError `not_found`, `already_resolved` (details.hitl is the settled view), `stale_revision`, `not_allowed`
   *   (details.rule says which rule), `claimed_by_other`, `invalid_response`, `storage_failed`
   */
  async respond(id: string, answer: HitlAnswer, occasion: Occasion = {}): Promise<RequestRecord> {
    assertOptions('The answer', answer, answerFields);
    return this.parts.actors.change(
      id,
      async (record) => {
        const pending = record.status === 'pending';
        const response = pending
          ? this.parts.kinds.response(record, answer.status, answer.response)
          : undefined;
        this.parts.kinds.assertAsSent(record, answer.response, response);
        const at = this.parts.clock.now();
        const grant = await this.grantChosen(answer.by, record, at, response);
        return {
          type: 'respond',
          at,
          by: toAnswerer(answer.by),
          permitted: pending && (await this.isPermitted(answer.by, record)),
          status: answer.status,
          ...(response && { response }),
          ...(response?.tool_args && {
            digest: digestOf(record.type, { ...record.payload, tool_args: response.tool_args }),
          }),
          ...(answer.revision !== undefined && { revision: answer.revision }),
          ...(grant && { grant }),
        };
      },
      occasion,
    );
  }

  /** Says "I am on it" for two minutes; again renews. Same errors as `respond`. */
  async claim(id: string, by: User, occasion: Occasion = {}): Promise<RequestRecord> {
    return this.parts.actors.change(
      id,
      async (record) => {
        const at = this.parts.clock.now();
        return {
          type: 'claim',
          at,
          by: toAnswerer(by),
          permitted: await this.isPermitted(by, record),
          until: at + leaseMs,
        };
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

  /** Replaces what is asked while nobody has answered: `revision` grows, answers to the older one are refused. */
  async amend(id: string, payload: Record<string, unknown>, occasion: Occasion = {}): Promise<RequestRecord> {
    return this.parts.actors.change(
      id,
      async (record, { onExpiry }) => {
        const { kinds } = this.parts;
        const given = kinds.payload(record.type, payload);
        const copy = withEditable(record.type, given, record.policy, kinds, this.notEditable(record.type));
        kinds.responseSchema(record.type, copy);
        const bySilence = onExpiry === 'approved' && kinds.whyNotBySilence(record.type, copy);
        if (bySilence) throw new HubError('invalid_request', `It cannot be amended like this: ${bySilence}`);
        const digest = digestOf(record.type, copy);
        return { type: 'amend', at: this.parts.clock.now(), payload: copy, digest };
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
   * A person takes a pending request back: the requester, or whoever `mayCancel` lets.
   * @throws HubError `not_allowed` (details.rule is `requester` or `app`), `already_resolved`, `not_found`
   */
  async withdraw(
    id: string,
    withdrawal: { by: User; reason: string },
    occasion: Occasion = {},
  ): Promise<RequestRecord> {
    assertOptions('The withdrawal', withdrawal, withdrawFields);
    const { by, reason } = withdrawal;
    return this.parts.actors.change(
      id,
      async (record) => {
        const permitted = await askRule(this.parts, 'mayCancel', by, record);
        const said = permitted !== undefined && { permitted };
        return { type: 'withdraw', at: this.parts.clock.now(), by: toAnswerer(by), reason, ...said };
      },
      occasion,
    );
  }

  /**
   * Says that what was approved is about to be done, or still is (same `runId`: the lease is renewed). Only one run at a
   * time, only what was approved, and after a failure or an unknown end only when `retry` was said.
   * @param run `payload` is what is about to be done
   * @throws HubError `not_executable` (details.rule says why), `not_found`
   */
  async execute(
    id: string,
    run: { runId: string; payload: Record<string, unknown> },
    occasion: Occasion = {},
  ): Promise<RequestRecord> {
    assertOptions('The run', run, runFields);
    const { runId, payload } = run;
    return this.parts.actors.change(
      id,
      async (record) => {
        const { type, usedGrant } = record;
        const at = this.parts.clock.now();
        const grant = usedGrant && (await this.parts.store.grant(usedGrant.id));
        // One that is so old that it was dropped holds no more either.
        const isRevoked = usedGrant !== undefined && (!grant || grant.revokedAt !== undefined);
        // Whoever asked for arguments that may be edited, where none could be, has what was asked all the same.
        const isDowngraded = record.payload.editable === false && payload.editable === true;
        const digest = digestOf(type, isDowngraded ? { ...payload, editable: false } : payload);
        return { type: 'execute', at, runId, until: at + runLeaseMs, digest, isRevoked };
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

  /** Says that the run was cut off, so that nobody knows whether it was done: it is `unknown` at once. @throws HubError `not_executable` */
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

  /** From now on edited arguments of this tool are validated by this schema. */
  defineTool(name: string, args: z.ZodType<Record<string, unknown>>): void {
    this.parts.kinds.defineTool(name, args);
  }

  /**
   * The turn that asked is over: what it asked is withdrawn, unless it is detached, and gives its key up.
   * @param adopted requests of other turns that end with this one
   * @throws HubError `storage_failed`, after the others, if one could not be withdrawn
   */
  async endWithTurn(turnId: string, adopted: Iterable<string> = []): Promise<void> {
    const pending = await this.parts.store.requestsOfTurn(turnId);
    const own = pending.filter(({ record }) => !record.detached).map(({ record }) => record.id);
    const toEvent = async () =>
      ({ type: 'turn_end', at: this.parts.clock.now(), reason: 'its turn has ended' }) as const;
    const ends = await Promise.allSettled(
      [...own, ...adopted].map((id) => this.parts.actors.change(id, toEvent, { via: 'turn' })),
    );
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }

  /** @throws HubError `not_found` */
  async get(id: string): Promise<RequestRecord> {
    const stored = await this.parts.store.request(id);
    if (!stored) throw new HubError('not_found', 'There is no such request');
    return stored.record;
  }

  /** The states a request is in, by the ids of the charts, outermost first. @throws HubError `not_found`, `storage_failed` */
  statesOf(id: string): Promise<string[]> {
    return this.parts.actors.states(id);
  }

  /**
   * Oldest first.
   * @throws HubError `invalid_request` for a filter that is not known, `invalid_id`, `invalid_frame` for a cursor that was
   *   not given out
   */
  async list(filter: RequestFilter = {}, limit = 50, cursor?: string): Promise<Page<RequestRecord>> {
    assertOptions('The filter', filter, listFields);
    if (filter.ticketId !== undefined) assertName(filter.ticketId);
    return this.parts.store.requests(filter, limit, cursor);
  }

  /**
   * The audit of a ticket, or of one of its requests: every change, oldest first, read page by page as it is taken.
   * @throws HubError `invalid_request`, `invalid_id`, `unavailable`, `storage_failed`
   */
  audit(filter: AuditFilter): AsyncIterable<AuditEntry> {
    assertOptions('The filter', filter, auditFields);
    assertName(filter.ticketId);
    return auditTrail(this.parts.store, filter);
  }

  /**
   * The outcome of a request, as soon as there is one; at once if there is. Costs nothing while it waits but memory.
   * @throws HubError `not_found`, `closing` when the hub closes first; `signal`'s reason if it aborts first
   */
  async wait(id: string, options: { signal?: AbortSignal } = {}): Promise<RequestRecord> {
    assertOptions('The wait', options, waitFields);
    return this.parts.waiters.wait(id, () => this.get(id), options.signal);
  }

  /** How many promises wait for an outcome in this process. */
  get waiting(): number {
    return this.parts.waiters.size;
  }

  /** Says in the log why arguments that were to be editable are not. */
  private notEditable(type: string | undefined): (why: string) => void {
    return (why) => this.parts.logger.warn('Arguments are shown as not editable', { type, why });
  }

  private async isPermitted(user: User, record: RequestRecord): Promise<boolean> {
    return (await askRule(this.parts, 'mayRespond', user, record)) ?? true;
  }

  /** The grant that an answer would give, and whether the app lets this person give it. */
  private async grantChosen(by: User, record: RequestRecord, at: Millis, response?: RequestResponse) {
    const chosen = grantChosen(record, response);
    if (!chosen || !response) return undefined;
    const subject = grantSubject(
      { ...record, response },
      { ...chosen, expiresAt: at + chosen.expires_in_ms },
    );
    return { ...chosen, id: newId(at), permitted: await this.parts.grants.mayGive(by, subject) };
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
        if (!(error instanceof HubError && error.code === 'conflict')) throw error;
      }
    }
    return actors.begin(born, occasion, { olderId });
  }
}
