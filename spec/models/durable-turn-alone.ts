/** A durable turn as an actor alone, with the processes that run it only named; it can be persisted and restored, also from its record. */
import { LiveActor } from '../../lib/hub/commit/live-actor';
import { type DurableDeed, type DurableFacts, type DurableSystem, maxTries } from './durable-turn-model';
import type { TurnActorCode } from './turns-alone';

export class DurableTurnAlone implements DurableSystem {
  private now = 0;
  /** Of its journal. */
  private entries = 0;
  private processes = 0;
  private readonly sent = { turn_started: 0, turn_updated: 0, turn_ended: 0 };
  private live: LiveActor<TurnActorCode['turnMachine']>;

  /** @param code the machine; the mutation check hands over versions with a bug. @param greatest its greatest age, if it has one */
  constructor(
    private readonly code: TurnActorCode,
    greatest: number | null,
  ) {
    const age = greatest !== null && { dueAt: greatest, expiresAt: greatest };
    const run = { generation: 0, leg: 0, tries: 0, triedAt: 0, ...age };
    const input = { id: 't1', ticketId: 'T-1', sessionId: 's1', userId: 'ann', queuedAt: 0, run };
    [this.live] = LiveActor.begin(code.turnMachine, input);
  }

  async perform(deed: DurableDeed): Promise<string> {
    this.now += 1;
    if (deed.type === 'work') this.entries += 1;
    else for (const { type } of this.send(deed)) this.sent[type] += 1;
    return 'ok';
  }

  async look(): Promise<DurableFacts> {
    const record = this.code.turnRecord(this.live.snapshot);
    const { status, intent = null, reason = null, startedAt, endedAt, waitsFor, problem, run } = record;
    const isOver = status === 'completed' || status === 'aborted';
    if ((endedAt !== undefined) !== isOver) throw new Error('It has an end and goes on, or has none');
    if ((startedAt !== undefined) !== this.sent.turn_started > 0)
      throw new Error('It has a start that was not sent, or none');
    return {
      status,
      started: this.sent.turn_started === 1,
      updates: this.sent.turn_updated,
      ends: this.sent.turn_ended,
      intent,
      reason,
      owned: run?.owner === `process ${this.processes}`,
      generation: run?.generation ?? -1,
      leg: run?.leg ?? -1,
      legBegan: run?.legBegunAt !== undefined,
      tries: run?.tries ?? -1,
      continued: record.continuedAt !== undefined,
      waits: waitsFor !== undefined,
      when: run?.when !== undefined,
      due: run?.dueAt ?? null,
      problem: problem?.reason ?? null,
    };
  }

  /** As the next process meets it: in turn from its persisted snapshot and from its record, as JSON. */
  restart(): void {
    const { turnMachine, turnRecord, restoreTurn } = this.code;
    const stored =
      this.now % 2 === 0 ? this.live.persisted() : restoreTurn(asJson(turnRecord(this.live.snapshot)));
    this.live = LiveActor.restore(turnMachine, asJson(stored));
  }

  private send(deed: Exclude<DurableDeed, { type: 'work' }>) {
    const at = this.now;
    const waitsFor = { since: at, requestIds: ['r1'] };
    switch (deed.type) {
      case 'begin':
        return this.live.send({ type: 'start', at, take: this.take() });
      case 'name':
        return this.live.send({ type: 'name_intent', at, intent: deed.intent });
      case 'rest': {
        const { until } = deed;
        const due = until !== undefined && { dueAt: until };
        return this.live.send({ type: 'rest', at, waitsFor, ...due });
      }
      case 'again':
        this.entries = 0;
        return this.live.send({ type: 'again', at, ...(deed.when && { when: ['r1'], waitsFor }) });
      case 'take':
        return this.live.send({ type: 'take', at, maxTries, ...this.take() });
      case 'wake':
      case 'retry':
        return this.live.send({ type: deed.type, at, ...this.take() });
      case 'start_over':
        this.entries = 0;
        return this.live.send({ type: 'start_over', at, owner: this.take().owner });
      case 'get_stuck':
        return this.live.send({
          type: 'get_stuck',
          at,
          problem: { reason: 'changed', at, message: 'it has' },
        });
      case 'return':
        return this.live.send({ type: 'complete', at });
      case 'throw':
        return this.live.send({ type: 'fail', at });
      case 'close':
        return this.live.send({ type: 'shutdown', at });
      default:
        return this.live.send({ type: deed.type, at });
    }
  }

  /** The next process takes it. */
  private take() {
    this.processes += 1;
    return { owner: `process ${this.processes}`, entries: this.entries };
  }
}

function asJson<T>(value: T): T {
  return JSON.parse(JSON.stringify(value));
}
