/** The life of one turn (one answer of the agent to one message), as a state machine; the hub's turns run one actor each. */
import { and, assertEvent, assign, emit, type Snapshot, setup } from 'xstate';
import type { AbortReason, TurnRecord, TurnRun } from '../protocol/records';
import {
  type TurnContext,
  type TurnEmitted,
  type TurnEvent,
  type TurnInput,
  turnEventMeanings,
} from './turn';
import { beginLeg, dueBy, leaveRun, pass, releaseRun, restRun, takeRun, takeRunOver } from './turn-run';

export { type TurnContext, type TurnEmitted, type TurnEvent, type TurnInput, turnRecord } from './turn';

/** A durable turn's run, changed; nothing of a plain turn. */
function withRun({ run }: TurnContext, change: (run: TurnRun) => TurnRun): { run?: TurnRun } {
  return run ? { run: change(run) } : {};
}

export const turnMachine = setup({
  types: {
    context: {} as TurnContext,
    events: {} as TurnEvent,
    emitted: {} as TurnEmitted,
    input: {} as TurnInput,
  },
  guards: {
    isPlain: ({ context }) => context.run === undefined,
    isDurable: ({ context }) => context.run !== undefined,
    hasBegun: ({ context }) => context.startedAt !== undefined,
    hasToWait: ({ event }) => event.type === 'again' && event.waitsFor !== undefined,
    isOutOfTries: ({ context: { run }, event }) =>
      event.type === 'take' &&
      run !== undefined &&
      event.entries === run.triedAt &&
      run.tries >= event.maxTries,
  },
  actions: {
    begin: assign({ startedAt: ({ event }) => event.at }),
    nameIntent: assign(({ event }) => {
      assertEvent(event, 'name_intent');
      return { intent: event.intent };
    }),
    takeUp: assign(({ context, event }) => {
      assertEvent(event, ['start', 'wake', 'retry']);
      const take = event.type === 'start' ? event.take : event;
      return take ? withRun(context, (run) => takeRun(run, take)) : {};
    }),
    takeOver: assign(({ context, event }) => {
      assertEvent(event, 'take');
      return { ...withRun(context, (run) => takeRunOver(run, event)), continuedAt: event.at };
    }),
    takeFromTop: assign(({ context, event }) => {
      assertEvent(event, 'start_over');
      const { owner, at } = event;
      return withRun(context, (run) => takeRun(beginLeg(run, at), { owner, entries: 0 }));
    }),
    rest: assign(({ context, event }) => {
      assertEvent(event, ['rest', 'again']);
      const { waitsFor, dueAt } = event;
      return { waitsFor, ...withRun(context, (run) => restRun(run, dueAt)) };
    }),
    beginLeg: assign(({ context, event }) => {
      assertEvent(event, 'again');
      const { owner, when, dueAt, at } = event;
      return withRun(context, (run) => ({
        ...dueBy(pass(beginLeg(run, at, when, dueAt)), dueAt),
        ...(owner && { owner }),
      }));
    }),
    release: assign(({ context }) => withRun(context, releaseRun)),
    leave: assign(({ context }) => withRun(context, leaveRun)),
    getStuck: assign(({ context, event }) => {
      assertEvent(event, 'get_stuck');
      return { problem: event.problem, ...withRun(context, (run) => dueBy(pass(run))) };
    }),
    giveUp: assign(({ context, event }) => {
      const tries = context.run?.tries ?? 0;
      const message = `${tries} processes ended under it, one after another, without it getting any further`;
      return { problem: { reason: 'crashing' as const, at: event.at, message } };
    }),
    forgetWait: assign({ waitsFor: undefined }),
    forgetProblem: assign({ problem: undefined }),
    end: assign({ endedAt: ({ event }) => event.at }),
    abort: assign(({ event }, params: { reason: AbortReason }) => ({
      endedAt: event.at,
      reason: params.reason,
    })),
    emitStarted: emit({ type: 'turn_started' }),
    emitUpdated: emit({ type: 'turn_updated' }),
    emitEnded: emit({ type: 'turn_ended' }),
  },
}).createMachine({
  id: 'turn',
  description:
    'One answer of the agent to one chat message. It always ends, exactly once. A durable turn outlives the processes that run it.',
  meta: {
    guards: {
      isPlain: 'it is of a plain agent, so it ends with its process',
      isDurable: 'it is of a durable agent, so it outlives its process',
      hasBegun: 'its agent code was called before',
      hasToWait: 'what the next leg begins with is not there yet',
      isOutOfTries: 'it got no further since it was taken, by as many processes as may try',
    },
    events: turnEventMeanings,
  },
  context: ({ input }) => ({ ...input }),
  initial: 'queued',
  states: {
    queued: {
      description: 'Another turn of the session is still running.',
      on: {
        start: {
          target: 'running',
          actions: ['begin', 'takeUp', 'emitStarted'],
          description: 'It is its turn: the agent code is called.',
        },
        get_stuck: {
          guard: 'isDurable',
          target: 'stuck',
          actions: 'getStuck',
          description: 'There is no code that it could begin with.',
        },
      },
    },
    running: {
      description: 'The agent code is at work, or waits for a human.',
      exit: 'leave',
      on: {
        name_intent: { actions: 'nameIntent', description: 'The agent says what the turn is about.' },
        rest: {
          guard: 'isDurable',
          target: 'waiting',
          actions: 'rest',
          description: 'The agent code waits for people or a time, so it needs no process.',
        },
        take: [
          {
            guard: 'isOutOfTries',
            target: 'stuck',
            actions: 'giveUp',
            description: 'One process after another has ended under it: it is not tried again by itself.',
          },
          {
            guard: 'isDurable',
            actions: ['takeOver', 'emitUpdated'],
            description: 'Its process is gone or has let go of it: another one goes on with it.',
          },
        ],
        release: {
          guard: 'isDurable',
          actions: 'release',
          description: 'Its process closes: another one takes it at once.',
        },
        again: [
          {
            guard: and(['isDurable', 'hasToWait']),
            target: 'waiting',
            actions: ['beginLeg', 'rest'],
            description: 'The next leg begins when what it waits for is there.',
          },
          {
            guard: 'isDurable',
            actions: 'beginLeg',
            description: 'The next leg begins at once.',
          },
        ],
        get_stuck: {
          guard: 'isDurable',
          target: 'stuck',
          actions: 'getStuck',
          description:
            'Its code does not fit what is recorded, or its journal is full; nothing new was done.',
        },
        complete: { target: 'completed', actions: 'end', description: 'The agent code returned.' },
        fail: {
          target: 'aborted',
          actions: { type: 'abort', params: { reason: 'error' } },
          description: 'The agent code threw or rejected.',
        },
      },
    },
    waiting: {
      description: 'It waits for people or a time, across restarts, and needs neither a process nor memory.',
      entry: 'emitUpdated',
      exit: 'forgetWait',
      on: {
        wake: {
          target: 'running',
          actions: ['takeUp', 'emitUpdated'],
          description: 'An answer or its time has come: a process goes on with it.',
        },
        get_stuck: {
          target: 'stuck',
          actions: 'getStuck',
          description: 'There is no code that it could go on with.',
        },
      },
    },
    stuck: {
      description: 'It cannot go on by itself: somebody tries again, starts it over or cancels it.',
      entry: 'emitUpdated',
      exit: 'forgetProblem',
      on: {
        retry: [
          {
            guard: 'hasBegun',
            target: 'running',
            actions: ['takeUp', 'emitUpdated'],
            description: 'It goes on where it was, with the present code.',
          },
          {
            target: 'running',
            actions: ['begin', 'takeUp', 'emitStarted'],
            description: 'It got stuck before it began: it begins now.',
          },
        ],
        start_over: [
          {
            guard: 'hasBegun',
            target: 'running',
            actions: ['takeFromTop', 'emitUpdated'],
            description: 'It begins at the top, with an empty journal.',
          },
          {
            target: 'running',
            actions: ['begin', 'takeFromTop', 'emitStarted'],
            description: 'It got stuck before it began: it begins now.',
          },
        ],
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
    expire: {
      target: '.aborted',
      actions: { type: 'abort', params: { reason: 'expired' } },
      description: 'It has reached its greatest age.',
    },
    shutdown: {
      guard: 'isPlain',
      target: '.aborted',
      actions: { type: 'abort', params: { reason: 'shutdown' } },
      description: 'The hub closes before the agent was done.',
    },
    crash: {
      guard: 'isPlain',
      target: '.aborted',
      actions: { type: 'abort', params: { reason: 'crash' } },
      description: 'The process ended during the turn; noticed when the hub starts again.',
    },
  },
});

/** The snapshot of the actor of a stored turn, as JSON: `LiveActor.restore(turnMachine, restoreTurn(record))` is that actor. */
export function restoreTurn({ status, ...context }: TurnRecord): Snapshot<unknown> {
  return turnMachine.getPersistedSnapshot(turnMachine.resolveState({ value: status, context }));
}
