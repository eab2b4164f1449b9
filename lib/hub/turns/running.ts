/** A turn that runs, or waits for its turn, on this node: its actor, how its agent is called, and what stops it; ongoing turns hold one each. */
import type { TurnEmitted, turnMachine } from '../../actors/turn-machine';
import { turnRecord } from '../../actors/turn-machine';
import { type LoggableEnvelope, turnEnded, turnStarted, turnUpdated } from '../../protocol/envelopes';
import type { Millis, TurnRecord } from '../../protocol/records';
import type { JournalEntry } from '../../store/store';
import type { LiveActor } from '../commit/live-actor';
import type { Occasion } from '../commit/occasion';
import { maxIntentLength } from './outputs';

/** What has to be over before a turn is, and what ends with it. */
export interface TurnLine {
  /** Resolves when what the agent began to say and ask is committed or refused. */
  settled(): Promise<void>;
  /** Withdraws the pending requests that end with the turn. @throws HubError `storage_failed` */
  withdraw(): Promise<void>;
  /** The end of the turn is committed: nothing is waited for any more. */
  end(): void;
  /** Why a line of the agent was refused first, where it could not have been said at all. */
  readonly refusedLine: unknown;
}

/** A durable turn for as long as this process has it. */
export interface Holding {
  /** Whether it only waits, and no process need have it. */
  readonly rests: boolean;
  /** It was stored as begun: its journal is empty. */
  begin(): void;
  /** The turn is this process's from now on. Resolves with whether its code is to be called. Never rejects. */
  take(): Promise<boolean>;
  /** Takes nothing more from the journal; resolves when what is under way is done. */
  pause(): Promise<void>;
  /** Gives the turn to whoever takes it next, in good order. Never rejects. */
  release(): Promise<void>;
  /** An entry of its journal was committed. */
  note(entry: JournalEntry): void;
  /** Reads what others have added to its journal. */
  catchUp(): Promise<void>;
  /** Its end has been decided: open calls of the code reject. */
  end(): void;
}

export interface Running {
  actor: LiveActor<typeof turnMachine>;
  /** Calls the agent; resolves with whether the turn is over by that. @throws what the agent throws */
  call(): Promise<boolean>;
  line: TurnLine;
  abort: AbortController;
  /** Of a durable turn. */
  tenure?: Holding;
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

/** What the turn is about, as its agent says; what is longer than it may be is cut. */
export function nameIntent({ actor }: Pick<Running, 'actor'>, intent: string, at: Millis): void {
  actor.send({ type: 'name_intent', at, intent: intent.slice(0, maxIntentLength) });
}

/** Only the process that has a durable turn may write it. */
export function fenceOf({ id, run }: TurnRecord): { fence?: { turnId: string; generation: number } } {
  return run ? { fence: { turnId: id, generation: run.generation } } : {};
}

const envelopeMakers: Readonly<
  Record<TurnEmitted['type'], (turn: TurnRecord, at: Millis) => LoggableEnvelope>
> = {
  turn_started: turnStarted,
  turn_updated: turnUpdated,
  turn_ended: turnEnded,
};
