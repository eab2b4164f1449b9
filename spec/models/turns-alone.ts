/** The plain turns of a session as actors alone, in a row without a hub; they can be persisted and restored. */
import type * as TurnMachineModule from '../../lib/actors/turn-machine';
import type { TurnEvent } from '../../lib/actors/turn-machine';
import { LiveActor } from '../../lib/hub/commit/live-actor';
import type { TurnDeed, TurnSight, TurnSystem } from './turn-model';

/** The machine and what reads it; the mutation check hands over versions with a bug. */
export type TurnActorCode = Pick<typeof TurnMachineModule, 'turnMachine' | 'turnRecord' | 'restoreTurn'>;

interface Live {
  actor: LiveActor<TurnActorCode['turnMachine']>;
  starts: number;
  ends: number;
}

export class TurnsAlone implements TurnSystem {
  private now = 0;
  private turns: Live[] = [];
  /** What the machine knows nothing of: who asked, and what became of it. */
  private asked: { turn: number; status: string }[] = [];

  constructor(private readonly code: TurnActorCode) {}

  async perform(deed: TurnDeed): Promise<string> {
    this.now += 1;
    const running = this.turns.findIndex((each) => this.statusOf(each) === 'running');
    switch (deed.type) {
      case 'say':
        this.turns.push(this.born());
        break;
      case 'name':
        this.send(running, { type: 'name_intent', at: this.now, intent: deed.intent });
        break;
      case 'ask':
        this.asked.push({ turn: running, status: 'pending' });
        break;
      case 'return':
        this.end(running, 'complete');
        break;
      case 'throw':
        this.end(running, 'fail');
        break;
      case 'cancel': {
        const turn = this.turns[deed.turn];
        if (!turn) return 'not_found';
        if (this.isOver(turn)) return 'turn_ended';
        this.end(deed.turn, 'cancel');
        break;
      }
      case 'close':
        for (const index of this.turns.keys()) this.send(index, { type: 'shutdown', at: this.now });
        break;
      case 'crash':
        for (const turn of this.turns) this.endByCrash(turn);
        break;
    }
    const isFree = this.turns.every((each) => this.statusOf(each) !== 'running');
    const next = this.turns.findIndex((each) => this.statusOf(each) === 'queued');
    if (isFree && next >= 0) this.send(next, { type: 'start', at: this.now });
    return 'ok';
  }

  async look(): Promise<TurnSight> {
    return {
      turns: this.turns.map(({ actor, starts }) => {
        const { status, reason, intent, startedAt, endedAt } = this.code.turnRecord(actor.snapshot);
        const isOver = status === 'completed' || status === 'aborted';
        if ((startedAt !== undefined) !== starts > 0)
          throw new Error('It has a start that was not told, or none');
        if ((endedAt !== undefined) !== isOver) throw new Error('It has an end and goes on, or has none');
        return { status, started: starts === 1, reason: reason ?? null, intent: (isOver && intent) || null };
      }),
      asked: this.asked,
      ends: this.turns.map(({ ends }) => ends),
    };
  }

  /** Persisted as JSON and restored. */
  restart(): void {
    for (const turn of this.turns) {
      const kept = JSON.parse(JSON.stringify(turn.actor.persisted()));
      turn.actor = LiveActor.restore(this.code.turnMachine, kept);
    }
  }

  stop(): void {}

  private born(): Live {
    const id = String(this.turns.length);
    const input = { id, ticketId: 'T-1', sessionId: 's1', userId: 'ann', queuedAt: this.now };
    const [actor, emitted] = LiveActor.begin(this.code.turnMachine, input);
    if (emitted.length > 0) throw new Error('It told something before it began');
    return { actor, starts: 0, ends: 0 };
  }

  private end(turn: number, type: 'complete' | 'fail' | 'cancel'): void {
    this.send(turn, { type, at: this.now });
    this.asked = this.asked.map((each) => (each.turn === turn ? { ...each, status: 'cancelled' } : each));
  }

  /** As the next process does it: what was only in the actor is gone, what is stored becomes an actor again. */
  private endByCrash(turn: Live): void {
    if (this.isOver(turn)) return;
    const { intent: _intent, ...kept } = this.code.turnRecord(turn.actor.snapshot);
    turn.actor = LiveActor.restore(this.code.turnMachine, this.code.restoreTurn(kept));
    turn.ends += turn.actor.send({ type: 'crash', at: this.now }).length;
  }

  private send(index: number, event: TurnEvent): void {
    const turn = this.turns[index];
    if (!turn) return;
    for (const { type } of turn.actor.send(event)) {
      if (type === 'turn_started') turn.starts += 1;
      else turn.ends += 1;
    }
  }

  private statusOf({ actor }: Live): string {
    return this.code.turnRecord(actor.snapshot).status;
  }

  private isOver(turn: Live): boolean {
    return ['completed', 'aborted'].includes(this.statusOf(turn));
  }
}
