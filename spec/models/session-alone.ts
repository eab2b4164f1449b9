/** The queue of a session as an actor alone, without a hub; it can be persisted and restored. */
import type * as SessionMachineModule from '../../lib/actors/session-machine';
import type { SessionEvent } from '../../lib/actors/session-machine';
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
    const emitted = this.live.send(this.eventOf(deed));
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

  private eventOf(deed: SessionDeed): SessionEvent {
    switch (deed.type) {
      case 'ask':
        return { type: 'turn_asked', turnId: String(this.calls.push(0) - 1) };
      case 'over':
        return { type: 'turn_over', turnId: this.turns[deed.place] ?? 'not in it' };
      case 'back':
        return { type: 'turn_back', turnId: String(deed.turn) };
    }
  }

  private get turns(): readonly string[] {
    return this.live.snapshot.context.turns;
  }
}
