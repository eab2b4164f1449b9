/** Turns that a process which is gone has left behind; they are ended when the hub starts. */
import type { Logger } from 'winston';
import { turnMachine, turnRecord } from '../actors/turn-machine';
import { describe, isDamage, toHubError } from '../errors';
import { turnEnded } from '../protocol/envelopes';
import type { TurnRecord } from '../protocol/records';
import type { Store, UnfinishedTurn } from '../store/store';
import type { Clock } from './clock';
import type { Funnel } from './funnel';
import { LiveActor } from './live-actor';

/** Turns ended at once, so that any number of them gets through the funnel. */
const groupSize = 1_000;

interface Parts {
  store: Store;
  funnel: Funnel;
  clock: Clock;
  logger: Logger;
}

/**
 * Ends every turn that is queued or running in the store and not here; one that cannot be read is left, and said so.
 * @throws HubError `storage_failed`
 */
export async function endOrphans(parts: Parts, isHere: (turnId: string) => boolean): Promise<void> {
  const { store, funnel, clock } = parts;
  const left = (await store.unfinishedTurns()).filter(({ id }) => !isHere(id));
  const end = async ({ id }: UnfinishedTurn) => {
    const record = await readable(parts, id);
    if (!record) return;
    const { status, ...input } = record;
    const [actor] = LiveActor.begin(turnMachine, input);
    const at = clock.now();
    if (status === 'running') actor.send({ type: 'start', at: input.startedAt ?? input.queuedAt });
    actor.send({ type: 'crash', at });
    const turn = turnRecord(actor.snapshot);
    await funnel.commit({ ticketId: turn.ticketId, at, turns: [turn], envelopes: [turnEnded(turn, at)] });
  };
  while (left.length > 0) await Promise.all(left.splice(0, groupSize).map(end));
}

async function readable({ store, logger }: Parts, id: string): Promise<TurnRecord | undefined> {
  try {
    return await store.turn(id);
  } catch (thrown) {
    if (!isDamage(toHubError(thrown))) throw thrown;
    logger.error('A turn that was left behind could not be ended', { turnId: id, error: describe(thrown) });
    return undefined;
  }
}
