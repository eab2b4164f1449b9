/** A turn that runs or waits in this process: its actor, what its agent is given, and what stops it; turns hold one each. */
import type { TurnEmitted, turnMachine } from '../../actors/turn-machine';
import { turnRecord } from '../../actors/turn-machine';
import { type LoggableEnvelope, turnEnded, turnStarted, turnUpdated } from '../../protocol/envelopes';
import type { Millis, TurnRecord } from '../../protocol/records';
import type { LiveActor } from '../commit/live-actor';
import type { Occasion } from '../commit/occasion';
import type { Turn } from './turn';
import type { TurnLink } from './turn-link';

export interface Running {
  actor: LiveActor<typeof turnMachine>;
  /** What the agent is given. */
  turn: Turn;
  link: TurnLink;
  abort: AbortController;
  /** What its end made it emit. */
  farewell?: readonly TurnEmitted[];
  /** From the moment it ends; resolves when that is stored. */
  ended?: Promise<void>;
  /** The client frame that cancelled it; stored with its end, so that it is answered the same when it comes again. */
  cancelledBy?: Occasion['frame'];
}

/** What is sent of what a turn emitted, as the turn stands. */
export function envelopesOf(
  { actor }: Pick<Running, 'actor'>,
  emitted: readonly TurnEmitted[],
  at: Millis,
): LoggableEnvelope[] {
  const turn = turnRecord(actor.snapshot);
  return emitted.map(({ type }) => envelopeMakers[type](turn, at));
}

const envelopeMakers: Readonly<
  Record<TurnEmitted['type'], (turn: TurnRecord, at: Millis) => LoggableEnvelope>
> = {
  turn_started: turnStarted,
  turn_updated: turnUpdated,
  turn_ended: turnEnded,
};
