/** A request of the model in a store that two hubs share, without sockets, so that nothing but the order of the store is left to chance. */
import { createLogger } from 'winston';
import { z } from 'zod';
import { memoryStore, type Store } from '../../lib';
import { HubPort } from '../../lib/hub/port';
import { ManualClock, type Schedule, scheduledStore } from '../../lib/testing';
import { answered, answerOf, type PersonalDeed, RequestHand, withdrawal } from './request-hand';
import { countedLine, type RequestDeed, type RequestSight, type RequestSystem } from './request-model';
import { groupsOf, mayGive, type Rules, stranger, tickOf } from './request-rules';

/** They act through the second hub, all others and the app through the first. */
const elsewhere: readonly string[] = ['bob', 'lea'];

export class RequestInHubs implements RequestSystem {
  private readonly clock = new ManualClock();
  private readonly kept = memoryStore();
  private readonly hubs: readonly [HubPort, HubPort];
  private readonly dismissed = new Set([stranger]);
  private told = { reminded: 0, escalated: 0 };
  private hand: RequestHand | undefined;

  private constructor(
    schedule: Schedule,
    private readonly rules: Rules,
  ) {
    this.hubs = [this.makeHub(schedule), this.makeHub(schedule)];
  }

  static async ask(schedule: Schedule, rules: Rules): Promise<RequestInHubs> {
    const system = new RequestInHubs(schedule, rules);
    const { hubs } = system;
    for (const hub of hubs) await hub.start();
    system.hand = await RequestHand.ask(() => hubs[0], rules, 'key');
    return system;
  }

  async perform(deed: RequestDeed): Promise<string> {
    switch (deed.type) {
      case 'respond':
      case 'claim':
      case 'release':
      case 'withdraw':
        return answered(this.byPerson(deed));
      case 'dismiss':
        this.dismissed.add(deed.who);
        return 'ok';
      case 'wait':
        this.clock.advance(tickOf(this.rules));
        for (const hub of this.hubs) await hub.settled();
        return 'ok';
      // A deadline sent too early has no effect; what the machine makes of it is tested elsewhere, and so is who joins and leaves.
      case 'tell':
      case 'stir':
      case 'leave':
        return 'ok';
      default:
        return answered(this.asked.perform(deed));
    }
  }

  async look(): Promise<RequestSight> {
    const { id } = this.asked;
    const stored = await this.kept.request(id);
    const { items } = await this.kept.log('T-1', 0, 1_000);
    const times = (event: string) =>
      items.filter((each) => 'hitl' in each && each.event === event && each.hitl.id === id).length;
    if (!stored) throw new Error('It is not kept');
    const { record } = stored;
    const { claim, execution, grant, asker } = record;
    const left = (until: number) => (until - this.clock.now()) / tickOf(this.rules);
    return {
      status: record.status,
      revision: record.revision,
      round: record.stage,
      claimedBy: claim?.by.userId ?? null,
      claimLeft: claim ? left(claim.until) : null,
      runLeft: execution?.state === 'executing' ? left(execution.until) : null,
      counted: record.verdicts.map(({ by, status, stage, response }) =>
        countedLine(by.userId, status, stage, response),
      ),
      answeredBy: record.respondedBy?.userId ?? null,
      answer: record.response?.answer ?? null,
      reason: record.reason?.replace(/^superseded by .+/, 'superseded') ?? null,
      hasKey: record.key !== undefined && record.status !== 'superseded',
      run: execution?.state ?? null,
      isAskerGone: asker === 'gone',
      grant: grant ? `${record.verdicts.at(-1)?.grant} ${grant.revokedBy?.userId ?? 'holds'}` : null,
      ...this.told,
      told: { pending: times('hitl_request_pending'), resolved: times('hitl_request_resolved') },
    };
  }

  async stop(): Promise<void> {
    for (const hub of this.hubs) await hub.close();
    await this.kept.close();
  }

  private makeHub(schedule: Schedule): HubPort {
    // A hub that closes closes its store, which the other may still need.
    const store: Store = Object.assign(Object.create(scheduledStore(this.kept, schedule)), {
      close: async () => {},
    });
    const hub = new HubPort({
      store,
      clock: this.clock,
      logger: createLogger({ silent: true }),
      rules: {
        mayAnswer: ({ user: { id } }) => !this.dismissed.has(id),
        mayGrant: ({ user: { id }, grant }) => mayGive(id, grant),
      },
    });
    hub.events.on('request.reminded', () => {
      this.told.reminded += 1;
    });
    hub.events.on('request.escalated', () => {
      this.told.escalated += 1;
    });
    hub.hitl.defineTool('block_ip', z.strictObject({ ip: z.string() }));
    return hub;
  }

  private get asked(): RequestHand {
    if (!this.hand) throw new Error('It was not asked yet');
    return this.hand;
  }

  private byPerson(deed: PersonalDeed): Promise<unknown> {
    const { hitl } = this.hubs[elsewhere.includes(deed.who) ? 1 : 0];
    const by = { id: deed.who, name: deed.who, groups: groupsOf[deed.who] ?? [] };
    const { id } = this.asked;
    if (deed.type === 'respond') return hitl.respond(id, { by, ...answerOf(deed) });
    if (deed.type === 'withdraw') return hitl.withdraw(id, { by, ...withdrawal });
    return deed.type === 'claim' ? hitl.claim(id, by) : hitl.release(id, by);
  }
}
