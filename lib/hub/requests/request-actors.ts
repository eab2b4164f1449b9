/** The actors of HITL requests: sends them one event at a time, each in its request's lane, and again where another node's commit came first; asking, askers, answering, runs, rulings, claims and grants call it. */
import {
  type RequestContext,
  type RequestEvent,
  type RequestInput,
  requestRecord,
  stateName,
} from '../../actors/hitl-request';
import { isHubError } from '../../errors';
import { statesOf } from '../../insides/xstate';
import type { RequestRecord, UsedGrant } from '../../protocol/records';
import type { Store } from '../../store/store';
import { Lanes } from '../commit/lanes';
import type { Occasion } from '../commit/occasion';
import type { Steps } from '../commit/steps';
import { assertStillMay } from './app-rules';
import { auditOf, auditOfBirth } from './audit';
import { Decisions, type DecisionsParts, type Standing } from './decisions';
import { LiveRequest } from './live-request';
import { LiveRequests } from './live-requests';
import { type Change, together, writeOf } from './request-changes';

export interface RequestActorsParts extends DecisionsParts {
  store: Store;
  steps: Steps;
}

/** Makes an event from the request as it stands, and what is known of it beside the record. */
export type ToEvent = (record: RequestRecord, context: RequestContext) => Promise<RequestEvent>;

/** How often an event that lost against another node's commit is decided again. */
const maxAttempts = 5;

export class RequestActors {
  private readonly lanes = new Lanes();
  private readonly live: LiveRequests;
  private readonly decisions: Decisions;

  constructor(private readonly parts: RequestActorsParts) {
    this.live = new LiveRequests(parts);
    this.decisions = new Decisions(parts, this.live);
  }

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
    const write = writeOf(live);
    const audit = auditOfBirth(write.record, stateName(actor.snapshot), occasion);
    const birth = {
      ...this.decisions.changeOf({ write, emitted, audit }),
      ...occasion.beside?.(write.record),
    };
    if (olderId === undefined) await this.decisions.commit(birth);
    else await this.lanes.run(olderId, () => retryOnConflict(() => this.makeWay(olderId, birth, occasion)));
    live.version = 1;
    actor.publishSteps();
    if (write.record.status === 'pending') this.live.remember(input.id, live);
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
        const live = await this.live.wake(id);
        await this.decisions.catchUp(live);
        const made = await this.decisions.made(live, make);
        return isEvent(made) ? this.decisions.apply(live, made, occasion) : made;
      }),
    );
  }

  /** As `change`, for an event that decides nothing: a deadline that has passed is not fired before it. */
  note(id: string, toEvent: () => RequestEvent | undefined, occasion: Occasion): Promise<RequestRecord> {
    return this.lanes.run(id, () =>
      retryOnConflict(async () => {
        const live = await this.live.wake(id);
        const event = toEvent();
        return event ? this.decisions.apply(live, event, occasion) : requestRecord(live.actor.snapshot);
      }),
    );
  }

  /** The states of a request, by the ids of the charts, outermost first. @throws HubError `not_found` */
  states(id: string): Promise<string[]> {
    // In the lane, as every use of an actor: two that wake one request at once would have an actor each.
    return this.lanes.run(id, async () => {
      const { question, execution } = (await this.live.wake(id)).actor.snapshot;
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
        const live = await this.live.wake(id);
        const { version } = live;
        await this.decisions.catchUp(live);
        if (live.version === version) await this.live.assertCurrent(id, live);
        return live.version > version;
      }),
    );
  }

  private async makeWay(olderId: string, newer: Change, occasion: Occasion): Promise<void> {
    const older = await this.live.wake(olderId);
    await this.decisions.catchUp(older);
    const reason = `superseded by ${newer.requests[0].record.id}`;
    const before = requestRecord(older.actor.snapshot);
    const fromState = stateName(older.actor.snapshot);
    const event: RequestEvent = { type: 'supersede', at: this.parts.clock.now(), reason };
    const farewell = older.actor.send(event);
    const write = writeOf(older);
    const toState = stateName(older.actor.snapshot);
    const audit = auditOf(write.record, event, { fromState, toState }, occasion);
    const change = this.decisions.changeOf({ write, emitted: farewell, audit, before });
    await this.live.discardOnFailure(olderId, () => this.decisions.commit(together(change, newer)));
    this.live.forget(olderId);
    older.actor.publishSteps();
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
