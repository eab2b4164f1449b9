/** Turns that are stored and that no process runs: ends them, each in one commit; turns and the recovery of orphans do it here. */
import { restoreTurn, turnMachine, turnRecord } from '../../actors/turn-machine';
import { HubError } from '../../errors';
import type { TurnRecord } from '../../protocol/records';
import { isOpen } from '../../store/shared/turns';
import type { Store } from '../../store/store';
import type { Clock } from '../commit/clock';
import type { Funnel } from '../commit/funnel';
import { LiveActor } from '../commit/live-actor';
import type { Occasion } from '../commit/occasion';
import type { Steps } from '../commit/steps';
import type { Hitl } from '../requests/hitl';
import { cancelAck } from './accepted';
import { envelopesOf, fenceOf } from './running';

/** How often the end of a turn is tried where another process is at it at the same time. */
const maxAttempts = 5;

export interface StoredTurnsParts {
  store: Pick<Store, 'turn'>;
  funnel: Funnel;
  clock: Clock;
  steps: Steps;
  hitl: Hitl;
}

export class StoredTurns {
  constructor(private readonly parts: StoredTurnsParts) {}

  /** Ends a turn as it is known. @throws HubError `turn_lost` where a durable one is not as it is known any more, `storage_failed` */
  async end(
    known: TurnRecord,
    type: 'cancel' | 'expire' | 'crash',
    frame?: Occasion['frame'],
  ): Promise<TurnRecord> {
    const { funnel, clock, steps } = this.parts;
    const actor = LiveActor.restore(turnMachine, restoreTurn(known), steps);
    const at = clock.now();
    const envelopes = envelopesOf({ actor }, actor.send({ type, at }), at);
    const turn = turnRecord(actor.snapshot);
    await funnel.commit({
      ...{ ticketId: turn.ticketId, at, turns: [turn], envelopes },
      ...fenceOf(known),
      ...(frame && { frame: { ...frame, ack: cancelAck(turn.id) } }),
    });
    actor.publishSteps();
    return turn;
  }

  /**
   * Ends a durable turn with its requests, however it stands by then; nothing where `isHere` says that this process has it.
   * @throws HubError `turn_ended`, `storage_failed`, what else the funnel throws
   */
  async endWithRequests(
    id: string,
    type: 'cancel' | 'expire',
    isHere: () => boolean,
    frame?: Occasion['frame'],
  ): Promise<TurnRecord | undefined> {
    const { store, hitl } = this.parts;
    for (let attempt = 1; ; attempt += 1) {
      if (isHere()) return undefined;
      const known = await store.turn(id);
      if (!known || !isOpen(known.status)) throw new HubError('turn_ended');
      try {
        await hitl.endWithTurn(id, fenceOf(known));
        return await this.end(known, type, frame);
      } catch (error) {
        if (!HubError.is(error, 'turn_lost') || attempt >= maxAttempts) throw error;
      }
    }
  }
}
