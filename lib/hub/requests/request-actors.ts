/** The actors of HITL requests: restores them from the store, sends them one event at a time, and commits what they decide; `Hitl`, rulings, claims and grants call it. */
import { answerersOf } from '../../actors/answerers';
import {
  nextDeadline,
  type RequestContext,
  type RequestEmitted,
  type RequestEvent,
  type RequestInput,
  requestRecord,
  stateName,
} from '../../actors/hitl-request';
import { damaged, HubError, isHubError } from '../../errors';
import { statesOf } from '../../insides/xstate';
import type { AuditRecord } from '../../protocol/audit';
import { hitlRequest, type LoggableEnvelope } from '../../protocol/envelopes';
import type { RequestRecord, UsedGrant } from '../../protocol/records';
import { requestView } from '../../protocol/views';
import type { DeliveryWrite, GrantWrite, ProcessedFrame, RequestWrite, Store } from '../../store/store';
import type { RequestChange } from '../commit/after-commit';
import type { Clock } from '../commit/clock';
import type { Funnel } from '../commit/funnel';
import { Lanes } from '../commit/lanes';
import type { Occasion } from '../commit/occasion';
import type { Steps } from '../commit/steps';
import { grantGiven } from '../kinds/grant-terms';
import type { Logger } from '../options/logger';
import { assertStillMay } from './app-rules';
import { auditOf, auditOfBirth, auditOfRefusal, isRenewal } from './audit';
import { deliveriesOf } from './deliveries';
import { isChanged, LiveRequest, type LiveSnapshot } from './live-request';
import { storedAck } from './request-ack';

export interface RequestActorsParts {
  store: Store;
  funnel: Funnel;
  clock: Clock;
  logger: Logger;
  steps: Steps;
  /** By name: the channels that are notified of requests. */
  channels: readonly string[];
}

/** Makes an event from the request as it stands, and what is known of it beside the record. */
export type ToEvent = (record: RequestRecord, context: RequestContext) => Promise<RequestEvent>;

/** A request as it stands when it is an event's turn. */
export interface Standing {
  snapshot: LiveSnapshot;
  /** The stored version. */
  version: number;
}

interface Live {
  actor: LiveRequest;
  /** The stored version the actor stands at. */
  version: number;
  /** Who was refused by which rule, so that trying again and again fills no disk. */
  refusals?: Set<string>;
}

/** What is committed for one event: the request it changed, or that and the one it superseded. */
interface Change {
  requests: readonly [RequestWrite, ...RequestWrite[]];
  /** The same for those who follow the commit, in the order of `requests`. */
  changes: readonly RequestChange[];
  envelopes: readonly LoggableEnvelope[];
  grants: readonly GrantWrite[];
  deliveries: readonly DeliveryWrite[];
  audit: readonly AuditRecord[];
  frame?: ProcessedFrame;
}

/** Actors held in memory between events; the longest unused one is dropped first, and restored from the store when needed. */
export const maxLiveRequests = 1_000;
/** Refused answers of one request that are stored for the audit while its actor is in memory. */
export const maxRefusals = 100;
/** How often an event that lost against another node's commit is decided again. */
const maxAttempts = 5;

export class RequestActors {
  private readonly lanes = new Lanes();
  private readonly live = new Map<string, Live>();

  constructor(private readonly parts: RequestActorsParts) {}

  /** Actors in memory now. */
  get size(): number {
    return this.live.size;
  }

  /**
   * A new request, committed and sent; an older one with the same key is superseded in the same commit. A request that a grant
   * covers is approved by it before a person is asked, also in that commit.
   */
  async begin(
    input: RequestInput,
    occasion: Occasion = {},
    { olderId, grant }: { olderId?: string | undefined; grant?: UsedGrant } = {},
  ): Promise<RequestRecord> {
    const [actor, asked] = LiveRequest.begin(input, this.parts.steps);
    const emitted = grant ? actor.send({ type: 'use_grant', at: input.createdAt, grant }) : asked;
    const live = { actor, version: 0 };
    const write = this.toWrite(live);
    const audit = auditOfBirth(write.record, stateName(actor.snapshot), occasion);
    const birth = this.toChange(write, emitted, audit);
    if (olderId === undefined) await this.commit(birth);
    else await this.lanes.run(olderId, () => retryOnConflict(() => this.makeWay(olderId, birth, occasion)));
    live.version = 1;
    actor.publishSteps();
    if (write.record.status === 'pending') this.remember(input.id, live);
    return write.record;
  }

  /**
   * One event to one request: decide, commit, send. Events of one request wait for each other.
   * @param toEvent makes the event from the request as it stands when it is the event's turn
   * @throws HubError `not_found`, what the machine refuses with (details.hitl is the present view), what the funnel throws
   */
  async change(id: string, toEvent: ToEvent, occasion: Occasion = {}): Promise<RequestRecord> {
    const make = ({ snapshot }: Standing) => toEvent(requestRecord(snapshot), snapshot.question.context);
    // Not in the lane, where others would wait for the app's answer.
    if (occasion.assertAccess) await assertStillMay(occasion, this.parts.clock);
    return this.tryChange<never>(id, make, occasion);
  }

  /**
   * As `change`, where the caller has asked whether the person still may. Where `make` gives something else than an event,
   * nothing is changed, and that is returned.
   */
  tryChange<Else extends object>(
    id: string,
    make: (standing: Standing) => Promise<RequestEvent | Else>,
    occasion: Occasion,
  ): Promise<RequestRecord | Else> {
    return this.lanes.run(id, () =>
      retryOnConflict(async () => {
        const live = await this.wake(id);
        await this.catchUp(live);
        const made = await this.made(live, make);
        return isEvent(made) ? this.apply(live, made, occasion) : made;
      }),
    );
  }

  /** As `change`, for an event that decides nothing: a deadline that has passed is not fired before it. */
  note(id: string, toEvent: () => RequestEvent | undefined, occasion: Occasion): Promise<RequestRecord> {
    return this.lanes.run(id, () =>
      retryOnConflict(async () => {
        const live = await this.wake(id);
        const event = toEvent();
        return event ? this.apply(live, event, occasion) : requestRecord(live.actor.snapshot);
      }),
    );
  }

  /** The states of a request, by the ids of the charts, outermost first. @throws HubError `not_found` */
  states(id: string): Promise<string[]> {
    // In the lane, as every use of an actor: two that wake one request at once would have an actor each.
    return this.lanes.run(id, async () => {
      const { question, execution } = (await this.wake(id)).actor.snapshot;
      return [...statesOf(question), ...(execution ? statesOf(execution) : [])];
    });
  }

  /**
   * Sends a request every deadline that has passed; resolves with whether that changed it. An actor in memory for which
   * nothing is due may be older than what is stored, and then that decides.
   */
  fireDue(id: string): Promise<boolean> {
    return this.lanes.run(id, () =>
      retryOnConflict(async () => {
        const live = await this.wake(id);
        const { version } = live;
        await this.catchUp(live);
        if (live.version === version) await this.assertCurrent(id, live);
        return live.version > version;
      }),
    );
  }

  private async makeWay(olderId: string, newer: Change, occasion: Occasion): Promise<void> {
    const older = await this.wake(olderId);
    await this.catchUp(older);
    const reason = `superseded by ${newer.requests[0].record.id}`;
    const before = requestRecord(older.actor.snapshot);
    const fromState = stateName(older.actor.snapshot);
    const event: RequestEvent = { type: 'supersede', at: this.parts.clock.now(), reason };
    const farewell = older.actor.send(event);
    const write = this.toWrite(older);
    const toState = stateName(older.actor.snapshot);
    const audit = auditOf(write.record, event, { fromState, toState }, occasion);
    const change = this.toChange(write, farewell, audit, before);
    await this.discardOnFailure(olderId, () =>
      this.commit({
        requests: [write, ...newer.requests],
        changes: [...change.changes, ...newer.changes],
        envelopes: [...change.envelopes, ...newer.envelopes],
        grants: [...change.grants, ...newer.grants],
        deliveries: [...change.deliveries, ...newer.deliveries],
        audit: [audit, ...newer.audit],
      }),
    );
    this.forget(olderId);
    older.actor.publishSteps();
  }

  private async apply(live: Live, event: RequestEvent, occasion: Occasion): Promise<RequestRecord> {
    const before = live.actor.snapshot;
    const emitted = live.actor.send(event);
    const { snapshot } = live.actor;
    const write = this.toWrite(live);
    const { record } = write;
    const refused = emitted.find((each) => each.type === 'refused');
    if (refused) {
      await this.assertCurrent(record.id, live);
      live.actor.publishSteps();
      const refusal = new HubError(refused.code, {
        details: {
          hitl: requestView(record, this.parts.clock.now()),
          ...(refused.rule && { rule: refused.rule }),
        },
      });
      await this.commitRefusal(live, event, occasion, refusal);
      throw refusal;
    }
    if (!isChanged(before, snapshot)) {
      await this.assertCurrent(record.id, live);
      live.actor.publishSteps();
      return record;
    }
    const known = requestRecord(before);
    const { frame } = occasion;
    const states = { fromState: stateName(before), toState: stateName(snapshot) };
    const audit = auditOf(record, event, states, occasion);
    await this.discardOnFailure(record.id, () =>
      this.commit({
        ...this.toChange(write, emitted, audit, known),
        audit: isRenewal(audit) ? [] : [audit],
        ...(frame && { frame: { ...frame, ack: storedAck(record, this.parts.clock.now()) } }),
      }),
    );
    live.version += 1;
    live.actor.publishSteps();
    // Most settled requests are not used again, and what is held in memory for long costs more to free.
    if (record.status !== 'pending' && known.status === 'pending') this.forget(record.id);
    return record;
  }

  /** A refused answer is stored too, once per person and rule; a failure to store it changes nothing. */
  private async commitRefusal(
    live: Live,
    event: RequestEvent,
    occasion: Occasion,
    refusal: HubError,
  ): Promise<void> {
    if (event.type !== 'respond' || !HubError.is(refusal, 'not_allowed')) return;
    live.refusals ??= new Set();
    const tried = `${event.by.userId}\n${refusal.details.rule}`;
    if (live.refusals.has(tried) || live.refusals.size >= maxRefusals) return;
    live.refusals.add(tried);
    const record = requestRecord(live.actor.snapshot);
    const audit = auditOfRefusal(record, event, stateName(live.actor.snapshot), occasion, refusal);
    const { funnel, logger } = this.parts;
    await funnel
      .commit({ ticketId: record.ticketId, at: event.at, envelopes: [], audit: [audit] })
      .catch((error: HubError) =>
        logger.error('A refused answer could not be stored for the audit', {
          requestId: record.id,
          error: error.code,
        }),
      );
  }

  /** What is made of the request as it stands. @throws what `make` throws, if the request still is as this actor knows it */
  private async made<Made>(live: Live, make: (standing: Standing) => Promise<Made>): Promise<Made> {
    const { snapshot } = live.actor;
    try {
      return await make({ snapshot, version: live.version });
    } catch (error) {
      await this.assertCurrent(snapshot.question.context.id, live);
      throw error;
    }
  }

  /**
   * A refusal, and that nothing changes, is only right if the request still is as this actor knows it: another node may have
   * been at it.
   * @throws HubError `conflict` if it is not; then the event is decided again
   */
  private async assertCurrent(id: string, live: Live): Promise<void> {
    const stored = await this.parts.store.request(id);
    if (stored?.version === live.version) return;
    this.forget(id);
    throw new HubError('conflict');
  }

  /** An actor whose decision was not committed is ahead of the store: it is dropped, and the next event restores it. */
  private async discardOnFailure(id: string, commit: () => Promise<void>): Promise<void> {
    try {
      await commit();
    } catch (error) {
      this.forget(id);
      throw error;
    }
  }

  /** Fires what is due, so that nothing is decided against a deadline that has passed. */
  private async catchUp(live: Live): Promise<void> {
    const now = this.parts.clock.now();
    let due = nextDeadline(live.actor.snapshot);
    while (due && due.at <= now) {
      await this.apply(live, { type: due.type, at: now }, { via: 'deadline' });
      const next = nextDeadline(live.actor.snapshot);
      if (next?.type === due.type && next.at === due.at)
        throw new HubError('internal', { message: 'A deadline changed nothing' });
      due = next;
    }
  }

  private async wake(id: string): Promise<Live> {
    const known = this.live.get(id);
    if (known) {
      this.remember(id, known);
      return known;
    }
    const stored = await this.parts.store.request(id);
    if (!stored) throw new HubError('not_found', { message: 'There is no such request' });
    const live = {
      actor: restored(id, stored.snapshot, this.parts.steps),
      version: stored.version,
    };
    this.remember(id, live);
    return live;
  }

  private remember(id: string, live: Live): void {
    this.live.delete(id);
    this.live.set(id, live);
    const [oldest] = this.live.keys();
    if (this.live.size > maxLiveRequests && oldest !== undefined) this.forget(oldest);
  }

  /** Not stopped, only let go: it holds no timer or child, and may be in the middle of its last event. */
  private forget(id: string): void {
    this.live.delete(id);
  }

  private toWrite({ actor, version }: Live): RequestWrite {
    const dueAt = nextDeadline(actor.snapshot)?.at;
    const record = requestRecord(actor.snapshot);
    const answerers = answerersOf(record);
    return {
      record,
      ...(answerers && { answerers }),
      snapshot: actor.stored(),
      version,
      ...(dueAt !== undefined && { dueAt }),
    };
  }

  private toChange(
    write: RequestWrite,
    emitted: readonly RequestEmitted[],
    audit: AuditRecord,
    before?: RequestRecord,
  ): Change {
    const now = this.parts.clock.now();
    const { record } = write;
    const envelopes = emitted.flatMap(({ type }) =>
      type === 'hitl_request_pending' || type === 'hitl_request_updated' || type === 'hitl_request_resolved'
        ? [hitlRequest(type, record, now, audit)]
        : [],
    );
    const grants = emitted.flatMap(({ type }) => grantWrites(type, record));
    const deliveries = deliveriesOf(this.parts.channels, emitted, write);
    const types = emitted.map(({ type }) => type);
    const changes = [{ before, record, emitted: types, event: audit.event, dueAt: write.dueAt }];
    return { requests: [write], changes, envelopes, grants, deliveries, audit: [audit] };
  }

  private async commit({ changes, ...change }: Change): Promise<void> {
    const { funnel, clock } = this.parts;
    const [{ record }] = change.requests;
    await funnel.commit({ ticketId: record.ticketId, at: clock.now(), ...change }, { requests: changes });
  }
}

function isEvent(made: RequestEvent | object): made is RequestEvent {
  return 'type' in made;
}

/** Decides, and decides again a few times when another node's commit came first. @throws what `decide` throws */
async function retryOnConflict<T>(decide: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await decide();
    } catch (error) {
      const lostRace = isHubError(error) && error.code === 'conflict';
      if (!lostRace || attempt >= maxAttempts) throw error;
    }
  }
}

/** The grants of a request, as they are stored with it. */
function grantWrites(type: RequestEmitted['type'], record: RequestRecord): GrantWrite[] {
  const { grant, usedGrant } = record;
  if (type === 'grant_given') return [{ type: 'give', grant: grantGiven(record) }];
  if (type === 'grant_used' && usedGrant) return [{ type: 'use', id: usedGrant.id }];
  if (type === 'grant_revoked' && grant?.revokedBy)
    return [{ type: 'revoke', id: grant.id, by: grant.revokedBy }];
  return [];
}

/** @throws HubError `storage_failed` for a snapshot this version cannot read */
function restored(id: string, stored: unknown, steps: Steps): LiveRequest {
  try {
    return LiveRequest.restore(stored, steps);
  } catch (cause) {
    throw damaged('requests', id, cause);
  }
}
