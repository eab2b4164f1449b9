/** Turns that a process which is gone has left behind; they are ended when the hub starts. */
import { turnMachine, turnRecord } from '../actors/turn-machine';
import { turnEnded } from '../protocol/envelopes';
import type { TurnRecord } from '../protocol/records';
import type { Store } from '../store/store';
import type { Clock } from './clock';
import type { Funnel } from './funnel';
import { LiveActor } from './live-actor';

/** Turns ended at once, so that any number of them gets through the funnel. */
const groupSize = 1_000;

/**
 * Ends every turn that is queued or running in the store and not here.
 * @throws HubError `storage_failed`
 */
export async function endOrphans(
  { store, funnel, clock }: { store: Store; funnel: Funnel; clock: Clock },
  isHere: (turnId: string) => boolean,
): Promise<void> {
  const left = (await store.unfinishedTurns()).filter(({ id }) => !isHere(id));
  const end = ({ status, ...input }: TurnRecord) => {
    const [actor] = LiveActor.begin(turnMachine, input);
    const at = clock.now();
    if (status === 'running') actor.send({ type: 'start', at: input.startedAt ?? input.queuedAt });
    actor.send({ type: 'crash', at });
    const turn = turnRecord(actor.snapshot);
    return funnel.commit({ ticketId: turn.ticketId, at, turns: [turn], envelopes: [turnEnded(turn, at)] });
  };
  while (left.length > 0) await Promise.all(left.splice(0, groupSize).map(end));
}
