/** A request as an actor alone, without a hub: the machine is sent what the hub would send it; it can be persisted and restored. */
import type * as ExecutionMachineModule from '../../lib/actors/execution-machine';
import type * as RequestModule from '../../lib/actors/hitl-request';
import type { RequestEmitted, RequestEvent, RequestInput } from '../../lib/actors/hitl-request';
import type * as RequestMachineModule from '../../lib/actors/hitl-request-machine';
import { LiveRequest } from '../../lib/hub/requests/live-request';
import { responseOf } from './request-hand';
import { countedLine, type RequestDeed, type RequestSight, type RequestSystem } from './request-model';
import {
  askOf,
  claimLasts,
  editedArgs,
  grantOf,
  groupsOf,
  payloadOf,
  type Rules,
  runLasts,
  stranger,
  tickOf,
} from './request-rules';

/** The machines and what reads them; the mutation check hands over versions with a bug. */
export type RequestActorCode = Pick<typeof RequestMachineModule, 'hitlRequestMachine'> &
  Pick<typeof ExecutionMachineModule, 'executionMachine'> &
  Pick<typeof RequestModule, 'nextDeadline' | 'requestRecord'>;

export class RequestAlone implements RequestSystem {
  private now = 1_000_000;
  private told = { pending: 0, updated: 0, resolved: 0 };
  private reminded = 0;
  private escalated = 0;
  private isUncovered = false;
  private readonly dismissed = new Set([stranger]);
  private live: LiveRequest;
  /** What it was asked with, and every event that it was sent, in their order. */
  readonly input: RequestInput;
  readonly sent: RequestEvent[] = [];

  constructor(
    private readonly code: RequestActorCode,
    private readonly rules: Rules,
  ) {
    this.input = this.born();
    const [live, emitted] = LiveRequest.begin(this.input, undefined, code);
    this.live = live;
    const givenBy = [{ userId: 'ann', displayName: 'ann' }];
    const used = { type: 'use_grant' as const, at: this.now, grant: { id: 'g0', givenBy } };
    this.hear(rules.covered ? this.send(used) : emitted);
  }

  async perform(deed: RequestDeed): Promise<string> {
    if (deed.type === 'wait') {
      this.now += this.tick;
      this.catchUp();
      return 'ok';
    }
    if (deed.type === 'dismiss') {
      this.dismissed.add(deed.who);
      return 'ok';
    }
    const { status } = this.record;
    if (deed.type === 'revoke' && this.rules.covered) {
      this.isUncovered = true;
      return 'ok';
    }
    if (deed.type === 'respond' && this.isMisfit(deed) && status === 'pending') return 'invalid_response';
    const emitted = this.send(this.toEvent(deed));
    this.hear(emitted);
    const refused = emitted.find(({ type }) => type === 'refused');
    if (refused?.type !== 'refused') return 'ok';
    if (refused.code === 'already_resolved') return `already_resolved ${this.record.status}`;
    return refused.rule ? `${refused.code} ${refused.rule}` : refused.code;
  }

  async look(): Promise<RequestSight> {
    const {
      status,
      revision,
      stage,
      claim,
      verdicts,
      respondedBy,
      reason,
      key,
      execution,
      grant,
      response,
      asker,
    } = this.record;
    return {
      status,
      revision,
      round: stage,
      claimedBy: claim?.by.userId ?? null,
      claimLeft: claim ? (claim.until - this.now) / this.tick : null,
      runLeft: execution?.state === 'executing' ? (execution.until - this.now) / this.tick : null,
      counted: verdicts.map((each) => countedLine(each.by.userId, each.status, each.stage, each.response)),
      answeredBy: respondedBy?.userId ?? null,
      answer: response?.answer ?? null,
      reason: reason ?? null,
      hasKey: key !== undefined && status !== 'superseded',
      run: execution?.state ?? null,
      isAskerGone: asker === 'gone',
      grant: grant ? `${verdicts.at(-1)?.grant} ${grant.revokedBy?.userId ?? 'holds'}` : null,
      reminded: this.reminded,
      escalated: this.escalated,
      told: { pending: this.told.pending, resolved: this.told.resolved },
    };
  }

  /** Persisted as JSON and restored. */
  restart(): void {
    const { record } = this;
    const stored = JSON.parse(JSON.stringify({ record, snapshot: this.live.stored(record) }));
    this.live = LiveRequest.restore(stored, undefined, this.code);
  }

  stop(): void {}

  /** Ticks pass, and its deadlines are not sent to it. */
  sleep(ticks: number): void {
    this.now += ticks * this.tick;
  }

  private get tick(): number {
    return tickOf(this.rules);
  }

  private isPermitted(who: string): boolean {
    return !this.dismissed.has(who);
  }

  private isMisfit({ misfit, edits, yes, grant }: Extract<RequestDeed, { type: 'respond' }>): boolean {
    const isUnoffered = grant !== undefined && (!yes || !this.rules.grants || grant > 1);
    return misfit || (edits && !this.rules.editable) || isUnoffered;
  }

  private get record() {
    return this.code.requestRecord(this.live.snapshot);
  }

  private born(): RequestInput {
    const { policy = {}, remindIn = [], escalate, expiresIn, ...ask } = askOf(this.rules);
    const { after: escalateIn, to: escalateTo = {} } = escalate ?? {};
    const in_ = (after: unknown) => this.now + Number(after);
    return {
      id: 'r1',
      ticketId: 'T-1',
      sessionId: 's1',
      type: ask.type,
      payload: ask.payload,
      digest: digestOf(ask.payload),
      userId: ask.userId,
      ...(ask.turnId !== undefined && { turnId: ask.turnId }),
      key: 'k1',
      createdAt: this.now,
      policy,
      remindAt: [remindIn].flat().map(in_),
      ...(escalateIn !== undefined && { escalateAt: in_(escalateIn) }),
      escalateTo,
      ...(expiresIn !== undefined && { expiresAt: in_(expiresIn) }),
      onExpiry: ask.onExpiry ?? 'expired',
    };
  }

  private toEvent(deed: Exclude<RequestDeed, { type: 'wait' | 'dismiss' }>): RequestEvent {
    const at = this.now;
    const { revision, payload } = this.record;
    const edited = { ...payload, tool_args: editedArgs };
    switch (deed.type) {
      case 'respond': {
        const { who, yes, edits } = deed;
        const response = responseOf(deed);
        const grant = deed.grant === undefined ? undefined : grantOf(deed.grant, who);
        return {
          type: 'respond',
          at,
          by: personOf(who),
          permitted: this.isPermitted(who),
          status: yes ? 'approved' : 'denied',
          ...(deed.revision !== undefined && { revision: deed.revision }),
          ...(response && { response }),
          ...(edits && { digest: digestOf(edited) }),
          ...(grant && { grant }),
        };
      }
      case 'claim': {
        const until = at + claimLasts(this.rules) * this.tick;
        return { type: 'claim', at, by: personOf(deed.who), permitted: this.isPermitted(deed.who), until };
      }
      case 'release':
      case 'leave':
        return { type: deed.type, at, by: personOf(deed.who) };
      case 'stir': {
        const until = at + claimLasts(this.rules) * this.tick;
        return { type: 'renew', at, by: personOf(deed.who), until };
      }
      case 'withdraw': {
        const { mayCancel } = this.rules;
        const said = mayCancel && { permitted: mayCancel.includes(deed.who) };
        return { type: 'withdraw', at, by: personOf(deed.who), reason: 'I was wrong', ...said };
      }
      case 'end_turn':
        return { type: 'turn_end', at, reason: 'its turn has ended' };
      case 'amend': {
        const amended = payloadOf(this.rules, revision + 1);
        return { type: 'amend', at, payload: amended, digest: digestOf(amended) };
      }
      case 'cancel':
        return { type: 'cancel', at, reason: 'no longer needed' };
      case 'supersede':
        return { type: 'supersede', at, reason: 'superseded' };
      case 'execute': {
        const done = { shown: payload, edited, else: { ...payload, tool_name: 'format_disk' } }[deed.what];
        return {
          type: 'execute',
          at,
          runId: deed.run,
          until: at + runLasts(this.rules) * this.tick,
          digest: digestOf(done),
          isRevoked: this.isUncovered,
        };
      }
      case 'executed':
        return { type: 'executed', at, runId: deed.run };
      case 'failed':
        return { type: 'execution_failed', at, runId: deed.run, error: 'no route' };
      case 'lost':
        return { type: 'execution_lost', at, runId: deed.run, error: 'cut off' };
      case 'not_run':
        return { type: 'not_run', at, runId: deed.run, error: 'the turn had ended' };
      case 'asker_leave':
      case 'asker_return':
        return { type: deed.type, at };
      case 'revoke':
        return { type: 'revoke_grant', at, by: personOf(deed.who) };
      case 'retry':
        return { type: 'retry', at };
      case 'tell':
        return { type: deed.deadline, at };
    }
  }

  /** Sends it every deadline that has passed, as the hub does before anything else. */
  private catchUp(): void {
    for (let told = 0; ; told += 1) {
      const due = this.code.nextDeadline(this.live.snapshot);
      if (!due || due.at > this.now) return;
      if (told > 10) throw new Error(`${due.type} is due again and again`);
      this.hear(this.send({ type: due.type, at: this.now }));
    }
  }

  private send(event: RequestEvent): RequestEmitted[] {
    this.sent.push(event);
    return this.live.send(event);
  }

  private hear(emitted: readonly { type: string }[]): void {
    for (const { type } of emitted) {
      if (type === 'hitl_request_pending') this.told.pending += 1;
      if (type === 'hitl_request_resolved') this.told.resolved += 1;
      if (type === 'reminded') this.reminded += 1;
      if (type === 'escalated') this.escalated += 1;
    }
  }
}

function personOf(who: string) {
  return { userId: who, displayName: who, groups: groupsOf[who] ?? [] };
}

/** Equal for equal payloads is all that a digest is for here. */
function digestOf(payload: unknown): string {
  return JSON.stringify(payload);
}
