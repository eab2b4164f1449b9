/** Carrying out what was approved, once, as a state machine; a request's execution begins with its approval, and the hub runs one actor for it. */
import { assertEvent, assign, emit, setup } from 'xstate';
import {
  type ExecutionContext,
  type ExecutionEmitted,
  type ExecutionEvent,
  type ExecutionInput,
  executionDeadlineMeanings,
  executionEventMeanings,
  leaseEnd,
} from './execution';
import { type Refusal, refuse } from './refused';

const notExecutable = (rule: NonNullable<Refusal['rule']>) => refuse({ code: 'not_executable', rule });

/** The word of a run that is not the present one. */
const fromOtherRun = {
  guard: 'isOtherRun',
  actions: notExecutable('other_run'),
  description: 'Refused: an older run.',
} as const;

/** Refuses events of a run that is not going. */
const noRun = { actions: notExecutable('other_run'), description: 'Refused: no such run is going.' } as const;

const needsRetry = {
  actions: notExecutable('needs_retry'),
  description: 'Refused: no one has asked to retry.',
} as const;

export const executionMachine = setup({
  types: {
    context: {} as ExecutionContext,
    events: {} as ExecutionEvent,
    emitted: {} as ExecutionEmitted,
    input: {} as ExecutionInput,
  },
  guards: {
    isNotWhatWasApproved: ({ context, event }) => event.type === 'execute' && event.digest !== context.digest,
    isGrantGone: ({ event }) => event.type === 'execute' && event.isRevoked === true,
    isOtherRun: ({ context, event }) => 'runId' in event && event.runId !== context.run?.runId,
    isSameRun: ({ context, event }) => 'runId' in event && event.runId === context.run?.runId,
    isLeaseOver: ({ context, event }) => event.at >= (leaseEnd(context) ?? Number.POSITIVE_INFINITY),
  },
  actions: {
    beginRun: assign(({ event }) => {
      assertEvent(event, 'execute');
      const { runId, at, until } = event;
      return { run: { state: 'executing' as const, runId, startedAt: at, until } };
    }),
    renewRun: assign(({ context, event }) => {
      assertEvent(event, 'execute');
      return context.run ? { run: { ...context.run, until: event.until } } : {};
    }),
    endRun: assign(({ context, event }, { state }: { state: 'executed' | 'failed' | 'unknown' }) => {
      const error = 'error' in event && { error: event.error };
      return context.run ? { run: { ...context.run, state, endedAt: event.at, ...error } } : {};
    }),
    recordNotRun: assign(({ event }) => {
      assertEvent(event, 'not_run');
      const { at, runId, error } = event;
      return { run: { state: 'not_run' as const, runId, startedAt: at, until: at, endedAt: at, error } };
    }),
    dropRun: assign({ run: undefined }),
    refuse: emit((_step, refusal: Refusal) => ({ type: 'refused' as const, ...refusal })),
    emitUpdated: emit({ type: 'hitl_request_updated' }),
  },
}).createMachine({
  id: 'execution',
  description: 'Doing what was approved. It is done once, and again only where a person says so.',
  meta: {
    guards: {
      isNotWhatWasApproved: 'what is about to be done is not what was approved',
      isGrantGone: 'the grant that approved it has been revoked',
      isOtherRun: 'the word comes from another run than the present one',
      isSameRun: 'the word comes from the present run',
      isLeaseOver: 'the run was not heard of in time',
    },
    events: executionEventMeanings,
    deadlines: executionDeadlineMeanings,
  },
  context: ({ input }) => ({ ...input }),
  initial: 'unexecuted',
  states: {
    unexecuted: {
      description: 'It has not begun.',
      on: {
        execute: [
          {
            guard: 'isNotWhatWasApproved',
            actions: notExecutable('digest'),
            description: 'Refused: it is something else than what was approved.',
          },
          {
            guard: 'isGrantGone',
            actions: notExecutable('grant_revoked'),
            description: 'Refused: the grant that approved it has been revoked.',
          },
          {
            target: 'executing',
            actions: ['beginRun', 'emitUpdated'],
            description: 'A program begins to do it.',
          },
        ],
        not_run: {
          actions: ['recordNotRun', 'emitUpdated'],
          description: 'The call is over without it; the same call, made again, may still do it.',
        },
      },
    },
    executing: {
      description: 'It is being done, under a lease that the program renews.',
      on: {
        execute: [
          {
            guard: 'isSameRun',
            actions: 'renewRun',
            description: 'The run is still going: its lease is renewed.',
          },
          { actions: notExecutable('under_way'), description: 'Refused: it is being done already.' },
        ],
        executed: [
          fromOtherRun,
          {
            target: 'executed',
            actions: [{ type: 'endRun', params: { state: 'executed' } }, 'emitUpdated'],
            description: 'It has been done.',
          },
        ],
        execution_failed: [
          fromOtherRun,
          {
            target: 'failed',
            actions: [{ type: 'endRun', params: { state: 'failed' } }, 'emitUpdated'],
            description: 'It was tried and failed.',
          },
        ],
        execution_lost: [
          fromOtherRun,
          {
            target: 'unknown',
            actions: [{ type: 'endRun', params: { state: 'unknown' } }, 'emitUpdated'],
            description: 'It was cut off, and it is not known how far it had come.',
          },
        ],
        not_run: [
          fromOtherRun,
          {
            target: 'unexecuted',
            actions: ['recordNotRun', 'emitUpdated'],
            description: 'It was stopped before anything was begun; the same call may still do it.',
          },
        ],
        execution_lease_end: {
          guard: 'isLeaseOver',
          target: 'unknown',
          actions: [{ type: 'endRun', params: { state: 'unknown' } }, 'emitUpdated'],
          description: 'The program that did it is gone in the middle.',
        },
      },
    },
    executed: {
      description: 'Done, and not done again.',
      on: { execute: { actions: notExecutable('done'), description: 'Refused: it has been done.' } },
    },
    failed: {
      description: 'Tried and failed; it is done again only if a person says so.',
      on: {
        execute: needsRetry,
        retry: { target: 'unexecuted', actions: ['dropRun', 'emitUpdated'], description: 'Try again.' },
      },
    },
    unknown: {
      description:
        'Begun, and it is not known whether it happened; it is done again only if a person says so.',
      on: {
        execute: needsRetry,
        retry: {
          target: 'unexecuted',
          actions: ['dropRun', 'emitUpdated'],
          description: 'A person has looked and says: do it again.',
        },
      },
    },
  },
  on: {
    executed: noRun,
    execution_failed: noRun,
    execution_lost: noRun,
    retry: {
      actions: notExecutable('not_approved'),
      description: 'Refused: there is nothing to do again.',
    },
  },
});
