/** A request of the model in a hub: asked through the hub, acted on over sockets and REST, looked at as its people see it. */
import { isDeepStrictEqual } from 'node:util';
import { portOf } from '../../lib/hub/hub';
import type { TestFrame } from '../../lib/testing';
import { answered, answerOf, type PersonalDeed, RequestHand, refusalOf, withdrawal } from './request-hand';
import { countedLine, type RequestDeed, type RequestSight, type RequestSystem } from './request-model';
import { type Rules, tickOf } from './request-rules';
import type { RequestStage } from './request-stage';

/** They answer over REST, all others over their sockets. */
const overRest: readonly string[] = ['bob', 'leo'];

export class RequestOverSockets implements RequestSystem {
  private constructor(
    private readonly stage: RequestStage,
    private readonly rules: Rules,
    private readonly hand: RequestHand,
  ) {}

  static async ask(stage: RequestStage, rules: Rules): Promise<RequestOverSockets> {
    // The watcher is there before anything happens.
    await stage.listen();
    return new RequestOverSockets(
      stage,
      rules,
      await RequestHand.ask(() => portOf(stage.hub.hub), rules, stage.nextKey()),
    );
  }

  async perform(deed: RequestDeed): Promise<string> {
    const { stage } = this;
    switch (deed.type) {
      case 'respond':
      case 'claim':
      case 'release':
      case 'withdraw':
        return this.byPerson(deed);
      case 'stir':
        (await stage.client(deed.who)).send({ type: 'typing' });
        await stage.listen();
        return 'ok';
      case 'leave':
        await stage.tell(this.id, { type: 'leave', by: stage.answerer(deed.who) });
        return 'ok';
      case 'dismiss':
        stage.dismissed.add(`${this.id} ${deed.who}`);
        return 'ok';
      case 'tell':
        return answered(stage.tell(this.id, { type: deed.deadline }));
      case 'wait':
        await stage.hub.advance(tickOf(this.rules));
        return 'ok';
      default:
        return answered(this.hand.perform(deed));
    }
  }

  async look(): Promise<RequestSight> {
    const { hitl, told } = await this.stage.view(this.id);
    // How long a run is waited for is not shown to people, nor is the key.
    const { execution, key } = await this.stage.hitl.get(this.id);
    const left = (until: number) => (until - this.stage.hub.clock.now()) / tickOf(this.rules);
    return {
      status: hitl.status,
      revision: hitl.revision,
      round: hitl.stage ?? 0,
      claimedBy: hitl.claimed_by?.user_id ?? null,
      claimLeft: hitl.claimed_by ? left(Date.parse(hitl.claimed_by.until)) : null,
      runLeft: execution?.state === 'executing' ? left(execution.until) : null,
      counted: (hitl.verdicts ?? []).map(({ by, status, stage, response }: TestFrame) =>
        countedLine(by.user_id, status, stage, response),
      ),
      answeredBy: hitl.responded_by?.user_id ?? null,
      answer: hitl.response?.answer ?? null,
      reason: hitl.reason?.replace(/^superseded by .+/, 'superseded') ?? null,
      hasKey: key !== undefined && hitl.status !== 'superseded',
      run: hitl.execution?.state ?? null,
      isAskerGone: hitl.asker === 'gone',
      grant: hitl.grant ? `${hitl.verdicts.at(-1).grant} ${hitl.grant.revoked_by?.user_id ?? 'holds'}` : null,
      reminded: this.stage.reminded.get(this.id) ?? 0,
      escalated: this.stage.escalated.get(this.id) ?? 0,
      told: { pending: told.pending, resolved: told.resolved },
    };
  }

  async restart(): Promise<void> {
    const { asker } = await this.stage.hitl.get(this.id);
    await this.stage.restart();
    // As an agent does whose process is back: it asks again. Who had left before stays away.
    if (this.rules.asker && !asker) await this.stage.hitl.takeUp(this.id);
  }

  stop(): Promise<void> {
    return this.stage.tidy(this.id);
  }

  private get id(): string {
    return this.hand.id;
  }

  private async byPerson(deed: PersonalDeed): Promise<string> {
    const body = bodyOf(deed);
    const verb = deed.type === 'withdraw' ? 'cancel' : deed.type;
    if ((verb === 'respond' || verb === 'cancel') && overRest.includes(deed.who)) {
      const { error } = await this.stage.rest(deed.who, `/hitl/requests/${this.id}/${verb}`, body);
      return error ? refusalOf(error) : 'ok';
    }
    const client = await this.stage.client(deed.who);
    const frame = { type: `hitl_${verb}`, id: this.stage.nextKey(), request_id: this.id, ...body };
    const answer = await client.ask(frame);
    if (answer.event === 'error') return refusalOf(answer);
    // A frame whose answer got lost is sent again: it is answered as before, and changes nothing.
    const again = await client.ask(frame);
    if (!isDeepStrictEqual(again, answer))
      throw new Error(`Sent again, it was answered ${JSON.stringify(again)}`);
    return 'ok';
  }
}

function bodyOf(deed: PersonalDeed): object {
  if (deed.type === 'respond') return answerOf(deed);
  return deed.type === 'withdraw' ? withdrawal : {};
}
