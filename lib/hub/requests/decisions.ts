/** Decides what an event makes of a request, and commits it: refused, nothing changed, or one commit; `RequestActors` calls it in the request's lane. */
import { nextDeadline, type RequestEvent, requestRecord, stateName } from '../../actors/hitl-request';
import { HubError } from '../../errors';
import type { RequestRecord } from '../../protocol/records';
import { requestView } from '../../protocol/request-view';
import type { Clock } from '../commit/clock';
import type { Funnel } from '../commit/funnel';
import type { Occasion } from '../commit/occasion';
import type { Logger } from '../options/logger';
import { auditOf, isRenewal } from './audit';
import { isChanged, type LiveSnapshot } from './live-request';
import type { Live, LiveRequests } from './live-requests';
import { Refusals } from './refusals';
import { storedAck } from './request-ack';
import { type Change, changeOf, type Deed, writeOf } from './request-changes';

/** A request as it stands when it is an event's turn. */
export interface Standing {
  snapshot: LiveSnapshot;
  /** The stored version. */
  version: number;
}

export interface DecisionsParts {
  funnel: Funnel;
  clock: Clock;
  logger: Logger;
  /** By name: the channels that are notified of requests. */
  channels: readonly string[];
}

export class Decisions {
  private readonly refusals: Refusals;

  constructor(
    private readonly parts: DecisionsParts,
    private readonly live: LiveRequests,
  ) {
    this.refusals = new Refusals(parts);
  }

  /** @throws HubError what the machine refuses with, what the funnel throws, `conflict` where another node's commit came first */
  async apply(live: Live, event: RequestEvent, occasion: Occasion): Promise<RequestRecord> {
    const before = live.actor.snapshot;
    const emitted = live.actor.send(event);
    const { snapshot } = live.actor;
    const record = requestRecord(snapshot);
    const refused = emitted.find((each) => each.type === 'refused');
    if (refused) {
      await this.live.assertCurrent(record.id, live);
      live.actor.publishSteps();
      const refusal = new HubError(refused.code, {
        details: {
          hitl: requestView(record, this.parts.clock.now()),
          ...(refused.rule && { rule: refused.rule }),
        },
      });
      await this.refusals.commitRefusal(live, event, occasion, refusal);
      throw refusal;
    }
    if (!isChanged(before, snapshot)) {
      await this.live.assertCurrent(record.id, live);
      live.actor.publishSteps();
      return record;
    }
    // What is stored is made for what is committed only: whoever is refused again and again costs less.
    const write = writeOf(live, record);
    const known = requestRecord(before);
    const { frame } = occasion;
    const states = { fromState: stateName(before), toState: stateName(snapshot) };
    const audit = auditOf(record, event, states, occasion);
    await this.live.discardOnFailure(record.id, () =>
      this.commit({
        ...this.changeOf({ write, emitted, audit, before: known }),
        audit: isRenewal(audit) ? [] : [audit],
        ...occasion.beside?.(record),
        ...(frame && { frame: { ...frame, ack: storedAck(record) } }),
      }),
    );
    live.version += 1;
    live.actor.publishSteps();
    // Most settled requests are not used again, and what is held in memory for long costs more to free.
    if (record.status !== 'pending' && known.status === 'pending') this.live.forget(record.id);
    return record;
  }

  /** What is made of the request as it stands. @throws what `make` throws, if the request still is as this actor knows it */
  async made<Made>(live: Live, make: (standing: Standing) => Promise<Made>): Promise<Made> {
    const { snapshot } = live.actor;
    try {
      return await make({ snapshot, version: live.version });
    } catch (error) {
      await this.live.assertCurrent(snapshot.question.context.id, live);
      throw error;
    }
  }

  /** Fires what is due, so that nothing is decided against a deadline that has passed. */
  async catchUp(live: Live): Promise<void> {
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

  changeOf(deed: Deed): Change {
    return changeOf(deed, this.parts.channels, this.parts.clock.now());
  }

  async commit({ changes, ...change }: Change): Promise<void> {
    const { funnel, clock } = this.parts;
    const [{ record }] = change.requests;
    await funnel.commit({ ticketId: record.ticketId, at: clock.now(), ...change }, { requests: changes });
  }
}
