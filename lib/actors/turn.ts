/** What a turn (one answer of the agent to one message) is made of: its context, its events in words, what it emits, and its record; its machine and the hub share it. */
import type { Millis, TurnProblem, TurnRecord, TurnStatus, TurnWaitsFor } from '../protocol/records';
import type { TurnTake } from './turn-run';

/** What a turn starts with; `run` for a durable one only. */
export type TurnInput = Pick<
  TurnRecord,
  'id' | 'ticketId' | 'sessionId' | 'userId' | 'queuedAt' | 'messageId' | 'user' | 'run'
>;

/** What a turn remembers. */
export interface TurnContext extends Omit<TurnRecord, 'status' | 'waitsFor' | 'problem'> {
  waitsFor?: TurnWaitsFor | undefined;
  problem?: TurnProblem | undefined;
}

export type TurnEvent =
  /** `take`: of a durable turn, which node begins with it. */
  | { type: 'start'; at: Millis; take?: TurnTake }
  | { type: 'name_intent'; at: Millis; intent: string }
  | { type: 'rest'; at: Millis; waitsFor: TurnWaitsFor; dueAt?: Millis }
  | ({ type: 'wake'; at: Millis } & TurnTake)
  /** `maxTries`: processes that may end under it without it getting any further. */
  | ({ type: 'take'; at: Millis; maxTries: number } & TurnTake)
  | { type: 'release'; at: Millis }
  | {
      type: 'again';
      at: Millis;
      /** Default: who runs it. */
      owner?: string;
      /** The requests that the next leg waits for before its code is called. */
      when?: readonly string[];
      /** The next leg has to wait; default: it begins at once. */
      waitsFor?: TurnWaitsFor;
      dueAt?: Millis;
    }
  | { type: 'get_stuck'; at: Millis; problem: TurnProblem }
  | ({ type: 'retry'; at: Millis } & TurnTake)
  | { type: 'start_over'; at: Millis; owner: string }
  | { type: 'complete' | 'fail' | 'cancel' | 'expire' | 'shutdown' | 'crash'; at: Millis };

export type TurnEmitted = { type: 'turn_started' | 'turn_updated' | 'turn_ended' };

/** What each event of the machine says, for its charts. */
export const turnEventMeanings: Readonly<Record<TurnEvent['type'], string>> = {
  start: 'It is its turn in the session.',
  name_intent: 'The agent says what the turn is about.',
  rest: 'All that the agent code waits for is people or a time.',
  wake: 'What it waited for is there.',
  take: 'Another process goes on with it.',
  release: 'Its process lets go of it in good order.',
  again: 'The agent code ends this leg and begins the next with an empty journal.',
  get_stuck: 'It cannot go on by itself.',
  retry: 'A person or the app tries again with the present code.',
  start_over: 'A person or the app lets it begin at the top, with an empty journal.',
  complete: 'The agent code returned.',
  fail: 'The agent code threw or rejected.',
  cancel: 'A person or the app cancels it.',
  expire: 'It has reached its greatest age.',
  shutdown: 'The hub closes in good order.',
  crash: 'The process that ran it is gone.',
};

/** The record of a turn whose actor is in `value` with `context`. */
export function turnRecord({ value, context }: { value: TurnStatus; context: TurnContext }): TurnRecord {
  const { waitsFor, problem, ...facts } = context;
  return { ...facts, status: value, ...(waitsFor && { waitsFor }), ...(problem && { problem }) };
}
