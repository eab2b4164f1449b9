/** The queue of a session as an actor alone, without a hub; it can be persisted and restored. */
import type * as SessionMachineModule from '../../lib/actors/session-machine';
import { LiveActor } from '../../lib/hub/commit/live-actor';
import { maxWaiting, type SessionDeed, type SessionSight, type SessionSystem } from './session-model';

/** The machine; the mutation check hands over versions with a bug. */
export type SessionActorCode = Pick<typeof SessionMachineModule, 'sessionMachine'>;

export class SessionAlone implements SessionSystem {
  private readonly calls: number[] = [];
  private live: LiveActor<SessionActorCode['sessionMachine']>;

  constructor(private readonly code: SessionActorCode) {
    [this.live] = LiveActor.begin(code.sessionMachine, { id: 's1', ticketId: 'T-1', maxWaiting });
  }

  async perform(deed: SessionDeed): Promise<string> {
    const turnId =
      deed.type === 'ask' ? String(this.calls.push(0) - 1) : (this.turns[deed.place] ?? 'not in it');
    const emitted = this.live.send({ type: deed.type === 'ask' ? 'turn_asked' : 'turn_over', turnId });
    for (const each of emitted) {
      if (each.type === 'refused') return each.code;
      this.calls[Number(each.turnId)] = (this.calls[Number(each.turnId)] ?? 0) + 1;
    }
    return 'ok';
  }

  async look(): Promise<SessionSight> {
    return { queue: this.turns.map(Number), calls: [...this.calls] };
  }

  /** Persisted as JSON and restored. */
  restart(): void {
    this.live = LiveActor.restore(
      this.code.sessionMachine,
      JSON.parse(JSON.stringify(this.live.persisted())),
    );
  }

  private get turns(): readonly string[] {
    return this.live.snapshot.context.turns;
  }
}
