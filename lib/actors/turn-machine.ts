/** The life of one turn (one answer of the agent to one message), as a state machine; the hub's turns run one actor each. */
import { assertEvent, assign, emit, setup } from 'xstate';
import type { AbortReason, Millis, TurnRecord, TurnStatus } from '../protocol/records';

/** What a turn starts with. */
export type TurnInput = Pick<TurnRecord, 'id' | 'ticketId' | 'sessionId' | 'userId' | 'queuedAt'>;

/** What a turn remembers. */
export interface TurnContext extends TurnInput {
  intent?: string;
  startedAt?: Millis;
  endedAt?: Millis;
  reason?: AbortReason;
}

export type TurnEvent =
  | { type: 'start'; at: Millis }
  /** The agent says what the turn is about. */
  | { type: 'name_intent'; at: Millis; intent: string }
  | { type: 'complete'; at: Millis }
  /** The agent's code threw or rejected. */
  | { type: 'fail'; at: Millis }
  | { type: 'cancel'; at: Millis }
  /** The hub closes in good order. */
  | { type: 'shutdown'; at: Millis }
  /** The process that ran it is gone. */
  | { type: 'crash'; at: Millis };

export type TurnEmitted = { type: 'turn_started' } | { type: 'turn_ended' };

export const turnMachine = setup({
  types: {
    context: {} as TurnContext,
    events: {} as TurnEvent,
    emitted: {} as TurnEmitted,
    input: {} as TurnInput,
  },
  actions: {
    begin: assign({ startedAt: ({ event }) => event.at }),
    nameIntent: assign(({ event }) => {
      assertEvent(event, 'name_intent');
      return { intent: event.intent };
    }),
    end: assign({ endedAt: ({ event }) => event.at }),
    abort: assign(({ event }, params: { reason: AbortReason }) => ({
      endedAt: event.at,
      reason: params.reason,
    })),
    emitStarted: emit({ type: 'turn_started' }),
    emitEnded: emit({ type: 'turn_ended' }),
  },
}).createMachine({
  id: 'turn',
  description: 'One answer of the agent to one chat message. It always ends, exactly once.',
  context: ({ input }) => ({ ...input }),
  initial: 'queued',
  states: {
    queued: {
      description: 'Another turn of the session is still running.',
      on: {
        start: {
          target: 'running',
          actions: ['begin', 'emitStarted'],
          description: 'It is its turn: the agent code is called.',
        },
      },
    },
    running: {
      description: 'The agent code is at work, or waits for a human.',
      on: {
        name_intent: { actions: 'nameIntent', description: 'The agent says what the turn is about.' },
        complete: { target: 'completed', actions: 'end', description: 'The agent code returned.' },
        fail: {
          target: 'aborted',
          actions: { type: 'abort', params: { reason: 'error' } },
          description: 'The agent code threw or rejected.',
        },
      },
    },
    completed: { description: 'The agent has answered.', type: 'final', entry: 'emitEnded' },
    aborted: {
      description: 'The agent was stopped or failed; the reason says which.',
      type: 'final',
      entry: 'emitEnded',
    },
  },
  on: {
    cancel: {
      target: '.aborted',
      actions: { type: 'abort', params: { reason: 'cancelled' } },
      description: 'A person or the app cancels the turn.',
    },
    shutdown: {
      target: '.aborted',
      actions: { type: 'abort', params: { reason: 'shutdown' } },
      description: 'The hub closes before the agent was done.',
    },
    crash: {
      target: '.aborted',
      actions: { type: 'abort', params: { reason: 'crash' } },
      description: 'The process ended during the turn; noticed when the hub starts again.',
    },
  },
});

/** The record of a turn whose actor is in `status` with `context`. */
export function turnRecord({ value, context }: { value: TurnStatus; context: TurnContext }): TurnRecord {
  return { ...context, status: value };
}
