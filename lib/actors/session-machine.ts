/** The queue of one session, as a state machine: one turn at a time, a few that wait in the order in which they were asked; the hub runs one actor for each session in use. */
import { assertEvent, assign, emit, enqueueActions, setup } from 'xstate';

export interface SessionInput {
  /** The session's. */
  id: string;
  ticketId: string;
  /** Turns that may wait; one more is refused. */
  maxWaiting: number;
}

export interface SessionContext extends SessionInput {
  /** Ids of the turns that are not over: the one whose turn it is first, then those that wait. */
  turns: readonly string[];
}

export type SessionEvent =
  /** A message wants to be answered by a turn of this id. */
  | { type: 'turn_asked'; turnId: string }
  /** A turn that had left the queue wants to go on: it waited for people, was stuck, or is of a process that is gone. */
  | { type: 'turn_back'; turnId: string }
  /** A turn has ended, was cancelled while it waited, could not be stored, or leaves the queue without having ended. */
  | { type: 'turn_over'; turnId: string };

export type SessionEmitted =
  /** From now on it is this one's turn. */
  { type: 'turn_due'; turnId: string } | { type: 'refused'; code: 'busy' };

export const sessionMachine = setup({
  types: {
    context: {} as SessionContext,
    events: {} as SessionEvent,
    emitted: {} as SessionEmitted,
    input: {} as SessionInput,
  },
  guards: {
    isInLine: ({ context, event }) => context.turns.includes(event.turnId),
    isFull: ({ context }) => context.turns.length > context.maxWaiting,
    isOnlyTurn: ({ context, event }) => context.turns.length === 1 && context.turns[0] === event.turnId,
    isFirstTurn: ({ context, event }) => context.turns[0] === event.turnId,
  },
  actions: {
    line: assign(({ context, event }) => {
      assertEvent(event, ['turn_asked', 'turn_back']);
      return { turns: [...context.turns, event.turnId] };
    }),
    unline: assign(({ context, event }) => {
      assertEvent(event, 'turn_over');
      return { turns: context.turns.filter((turnId) => turnId !== event.turnId) };
    }),
    emitDue: enqueueActions(({ context, enqueue }) => {
      const [turnId] = context.turns;
      if (turnId !== undefined) enqueue.emit({ type: 'turn_due', turnId });
    }),
    refuseBusy: emit({ type: 'refused', code: 'busy' }),
  },
}).createMachine({
  id: 'session',
  description: 'The turns of one conversation: one at a time, in the order of their messages.',
  meta: {
    guards: {
      isInLine: 'the turn runs or waits in the queue already',
      isFull: 'a turn runs, and as many wait as may',
      isOnlyTurn: 'it is the turn that runs, and none waits',
      isFirstTurn: 'it is the turn that runs',
    },
    events: {
      turn_asked: 'A message wants to be answered.',
      turn_back: 'A turn that had left the queue wants to go on.',
      turn_over:
        'A turn has ended, was cancelled while it waited, could not be stored, or leaves the queue without having ended.',
    },
  },
  context: ({ input }) => ({ ...input, turns: [] }),
  initial: 'idle',
  states: {
    idle: {
      description: 'No turn runs. The hub drops the actor; the next message brings it back.',
      on: {
        turn_asked: {
          target: 'busy',
          actions: ['line', 'emitDue'],
          description: 'Nothing runs: it is its turn at once.',
        },
        turn_back: {
          target: 'busy',
          actions: ['line', 'emitDue'],
          description: 'Nothing runs: it goes on at once.',
        },
      },
    },
    busy: {
      description: 'A turn runs; others may wait.',
      on: {
        turn_asked: [
          { guard: 'isFull', actions: 'refuseBusy', description: 'Refused: enough turns wait.' },
          { actions: 'line', description: 'It waits until those before it are over.' },
        ],
        turn_back: [
          { guard: 'isInLine', description: 'It has its place already: nothing changes.' },
          {
            actions: 'line',
            description: 'It waits behind those that wait; however many, it is not refused.',
          },
        ],
        turn_over: [
          { guard: 'isOnlyTurn', target: 'idle', actions: 'unline', description: 'The last turn is over.' },
          { guard: 'isFirstTurn', actions: ['unline', 'emitDue'], description: 'The next one begins.' },
          { actions: 'unline', description: 'One that waited is over; what runs goes on.' },
        ],
      },
    },
  },
});
