/** The life of one request to a human, as a state machine: who may answer, what counts, how it ends; the hub runs one actor each. */
import { assign, emit, setup } from 'xstate';
import { verdictsBeside } from './agreement';
import { widened } from './answer-policy';
import type { Refusal, RequestContext, RequestEmitted, RequestEvent, RequestInput } from './hitl-request';
import { deadlineMeanings, requestEventMeanings } from './hitl-request';
import { requestGuardMeanings, requestGuards } from './hitl-request-guards';

/** What the policy says about the person, in the order in which it is asked; shared by answers and claims. */
const notAllowed = [
  {
    guard: 'isSelfApproval',
    actions: { type: 'refuse', params: { code: 'not_allowed', rule: 'four_eyes' } },
    description: 'Refused: the requester may not answer.',
  },
  {
    guard: 'isNotAmongAnswerers',
    actions: { type: 'refuse', params: { code: 'not_allowed', rule: 'answerers' } },
    description: 'Refused: others were named to answer.',
  },
] as const;

/** The app's own rule about the person: it comes last, since it is asked only about what nothing else speaks against. */
const notAllowedByApp = {
  guard: 'isForbiddenByApp',
  actions: { type: 'refuse', params: { code: 'not_allowed', rule: 'app' } },
  description: "Refused by the app's rule.",
} as const;

/** The same is asked again, whether or not it was answered meanwhile. */
const askerReturn = {
  guard: 'isAskerGone',
  actions: ['noteAskerBack', 'tellUpdated'],
  description: 'The same was asked again: somebody learns the outcome.',
} as const;

/** What is refused because there is nothing left to answer. */
const tooLate = { type: 'refuse', params: { code: 'already_resolved' } } as const;
/** What is refused because of where the effect stands. */
const notExecutable = (rule: NonNullable<Refusal['rule']>) =>
  ({ type: 'refuse', params: { code: 'not_executable', rule } }) as const;

export const hitlRequestMachine = setup({
  types: {
    context: {} as RequestContext,
    events: {} as RequestEvent,
    emitted: {} as RequestEmitted,
    input: {} as RequestInput,
  },
  guards: requestGuards,
  actions: {
    countVerdict: assign(({ context, event }) => {
      if (event.type !== 'respond') return {};
      const by = { userId: event.by.userId, displayName: event.by.displayName };
      const { at, status, response } = event;
      const comment = response?.comment;
      const said = {
        ...(comment !== undefined && { comment }),
        ...(response && { response }),
        ...(event.grant && { grant: event.grant.index }),
      };
      const verdict = { by, at, status, stage: context.stage, ...said };
      return { verdicts: [...verdictsBeside(context, by.userId), verdict] };
    }),
    recordAnswer: assign(({ event }) => {
      if (event.type !== 'respond') return {};
      const respondedBy = { userId: event.by.userId, displayName: event.by.displayName };
      return { respondedBy, respondedAt: event.at, ...(event.response && { response: event.response }) };
    }),
    recordApproval: assign(({ context, event }) => ({
      approvedDigest: (event.type === 'respond' && event.digest) || context.digest,
    })),
    recordGrant: assign(({ event }) => {
      if (event.type !== 'respond' || !event.grant) return {};
      const { id, scope, args, uses, expires_in_ms } = event.grant;
      return {
        grant: { id, scope, args, expiresAt: event.at + expires_in_ms, ...(uses !== undefined && { uses }) },
      };
    }),
    recordUse: assign(({ event }) =>
      event.type === 'use_grant' ? { respondedAt: event.at, usedGrant: event.grant } : {},
    ),
    recordRevocation: assign(({ context, event }) => {
      if (event.type !== 'revoke_grant' || !context.grant) return {};
      const revokedBy = { userId: event.by.userId, displayName: event.by.displayName };
      return { grant: { ...context.grant, revokedAt: event.at, revokedBy } };
    }),
    nextStage: assign(({ context }) => ({ stage: context.stage + 1 })),
    takeClaim: assign(({ event }) => {
      if (event.type !== 'claim') return {};
      const by = { userId: event.by.userId, displayName: event.by.displayName };
      return { claim: { by, at: event.at, until: event.until } };
    }),
    renewClaim: assign(({ context, event }) =>
      event.type === 'renew' && context.claim ? { claim: { ...context.claim, until: event.until } } : {},
    ),
    dropClaim: assign({ claim: undefined }),
    dropKey: assign({ key: undefined }),
    takePayload: assign(({ context, event }) => {
      if (event.type !== 'amend') return {};
      const { payload = context.payload, digest = context.digest, display = context.display } = event;
      const responseSchema = event.payload ? event.responseSchema : context.responseSchema;
      const shown = { payload, digest, responseSchema, display: display ?? undefined };
      return { ...shown, revision: context.revision + 1, verdicts: [], stage: 0 };
    }),
    passReminder: assign(({ context, event }) => ({
      remindAt: context.remindAt.filter((at) => at > event.at),
    })),
    widenAnswerers: assign(({ context }) => {
      const { policy, escalateTo } = context;
      const stages = policy.stages?.map((stage) => widened(stage, escalateTo));
      return { escalateAt: undefined, policy: { ...widened(policy, escalateTo), ...(stages && { stages }) } };
    }),
    recordReason: assign(({ event }) => ('reason' in event ? { reason: event.reason } : {})),
    recordExpiry: assign({ reason: 'nobody answered in time' }),
    beginRun: assign(({ event }) => {
      if (event.type !== 'execute') return {};
      const { runId, at, until } = event;
      return { execution: { state: 'executing' as const, runId, startedAt: at, until } };
    }),
    renewRun: assign(({ context, event }) =>
      event.type === 'execute' && context.execution
        ? { execution: { ...context.execution, until: event.until } }
        : {},
    ),
    endRun: assign(({ context, event }, params: { state: 'executed' | 'failed' | 'unknown' }) => {
      if (!context.execution) return {};
      const error = 'error' in event && { error: event.error };
      return { execution: { ...context.execution, state: params.state, endedAt: event.at, ...error } };
    }),
    recordNotRun: assign(({ event }) => {
      if (event.type !== 'not_run') return {};
      const { at, runId, error } = event;
      return {
        execution: { state: 'not_run' as const, runId, startedAt: at, until: at, endedAt: at, error },
      };
    }),
    noteAskerGone: assign({ asker: 'gone' as const }),
    noteAskerBack: assign({ asker: undefined }),
    dropRun: assign({ execution: undefined }),
    refuse: emit((_step, refusal: Refusal) => ({ type: 'refused' as const, ...refusal })),
    tellPending: emit({ type: 'hitl_request_pending' }),
    tellUpdated: emit({ type: 'hitl_request_updated' }),
    tellResolved: emit({ type: 'hitl_request_resolved' }),
    tellReminded: emit({ type: 'reminded' }),
    tellEscalated: emit({ type: 'escalated' }),
    tellGrantGiven: emit({ type: 'grant_given' }),
    tellGrantUsed: emit({ type: 'grant_used' }),
    tellGrantRevoked: emit({ type: 'grant_revoked' }),
  },
}).createMachine({
  id: 'hitlRequest',
  description: 'A question to a human. Exactly one of its endings is reached, and none is left again.',
  meta: { guards: requestGuardMeanings, events: requestEventMeanings, deadlines: deadlineMeanings },
  context: ({ input }) => ({ ...input, revision: 1, stage: 0, verdicts: [] }),
  initial: 'pending',
  states: {
    pending: {
      description: 'Waits for humans, across restarts and for as long as it takes.',
      entry: 'tellPending',
      initial: 'open',
      states: {
        open: {
          description: 'Nobody has said that they are answering.',
          on: {
            claim: [
              ...notAllowed,
              notAllowedByApp,
              {
                target: 'claimed',
                actions: ['takeClaim', 'tellUpdated'],
                description: 'Someone says: I am on it.',
              },
            ],
            release: {
              actions: { type: 'refuse', params: { code: 'not_claimed' } },
              description: 'Refused: there is no claim to release.',
            },
          },
        },
        claimed: {
          description: 'Someone is answering; shown to the others, and over by itself when the lease ends.',
          on: {
            claim: [
              {
                guard: 'isHeldByOther',
                actions: { type: 'refuse', params: { code: 'claimed_by_other' } },
                description: 'Refused: someone else is on it.',
              },
              ...notAllowed,
              notAllowedByApp,
              {
                actions: ['takeClaim', 'tellUpdated'],
                description: 'The holder renews the lease, or the next one takes it over when it has ended.',
              },
            ],
            release: [
              {
                guard: 'isHolder',
                target: 'open',
                actions: ['dropClaim', 'tellUpdated'],
                description: 'The holder lets go.',
              },
              {
                actions: { type: 'refuse', params: { code: 'not_claimed' } },
                description: 'Refused: only the holder can let go.',
              },
            ],
            renew: {
              guard: 'isHolderForLonger',
              actions: ['renewClaim', 'tellUpdated'],
              description: 'The holder is still at it: the lease is renewed.',
            },
            leave: {
              guard: 'isHolder',
              target: 'open',
              actions: ['dropClaim', 'tellUpdated'],
              description: 'The holder has left the ticket.',
            },
            lease_end: {
              guard: 'isLeaseOver',
              target: 'open',
              actions: ['dropClaim', 'tellUpdated'],
              description: 'The lease ended without an answer.',
            },
          },
        },
      },
      on: {
        respond: [
          {
            guard: 'isTooLate',
            actions: tooLate,
            description: 'Refused: its end is reached, only the deadline has not been told yet.',
          },
          ...notAllowed,
          {
            guard: 'hasAnsweredEarlierStage',
            actions: { type: 'refuse', params: { code: 'already_answered' } },
            description: 'Refused: nobody counts in two stages, and what was said in a completed one stands.',
          },
          {
            guard: 'repeatsVerdict',
            actions: { type: 'refuse', params: { code: 'already_answered' } },
            description: 'Refused: this answer is counted already; another one would replace it.',
          },
          {
            guard: 'isStale',
            actions: { type: 'refuse', params: { code: 'stale_revision' } },
            description: 'Refused: what was seen is not what is asked now.',
          },
          {
            guard: 'isExclusivelyHeldByOther',
            actions: { type: 'refuse', params: { code: 'claimed_by_other' } },
            description: 'Refused: someone else holds an exclusive claim.',
          },
          notAllowedByApp,
          {
            guard: 'isForbiddenGrant',
            actions: { type: 'refuse', params: { code: 'not_allowed', rule: 'grant' } },
            description: 'Refused: this person may not give the grant they chose.',
          },
          {
            guard: 'isVeto',
            target: '#denied',
            actions: ['countVerdict', 'recordAnswer'],
            description: 'A human says no, and that is enough.',
          },
          {
            guard: 'losesMajority',
            target: '#denied',
            actions: ['countVerdict', 'recordAnswer'],
            description: 'So many have said no that the approvals cannot be reached.',
          },
          {
            guard: 'isDenial',
            target: '.open',
            actions: ['countVerdict', 'dropClaim', 'tellUpdated'],
            description: 'A no that is counted; others may still carry it, or this person thinks again.',
          },
          {
            guard: 'completesWithGrant',
            target: '#approved',
            actions: ['countVerdict', 'recordAnswer', 'recordApproval', 'recordGrant', 'tellGrantGiven'],
            description: 'Everybody who has to has said yes, and all of them to the same grant.',
          },
          {
            guard: 'completesLastStage',
            target: '#approved',
            actions: ['countVerdict', 'recordAnswer', 'recordApproval'],
            description: 'Everybody who has to has said yes.',
          },
          {
            guard: 'completesStage',
            target: '.open',
            actions: ['countVerdict', 'nextStage', 'dropClaim', 'tellUpdated'],
            description: 'This stage has its approvals: the next one is asked.',
          },
          {
            target: '.open',
            actions: ['countVerdict', 'dropClaim', 'tellUpdated'],
            description: 'A yes that is counted; more are needed, or others must agree with it.',
          },
        ],
        use_grant: {
          target: '#approved',
          actions: ['recordUse', 'recordApproval', 'tellGrantUsed'],
          description: 'People have said yes to this before, and that still holds: nobody is asked.',
        },
        amend: {
          target: '.open',
          actions: ['takePayload', 'dropClaim', 'tellUpdated'],
          description:
            'What is asked or shown has changed: everybody has to look again, and earlier answers count no more.',
        },
        cancel: { target: '#cancelled', actions: 'recordReason', description: 'The question is withdrawn.' },
        withdraw: [
          notAllowedByApp,
          {
            guard: 'isOthersRequest',
            actions: { type: 'refuse', params: { code: 'not_allowed', rule: 'requester' } },
            description: 'Refused: only the requester may take it back.',
          },
          { target: '#cancelled', actions: 'recordReason', description: 'A person takes the question back.' },
        ],
        turn_end: {
          target: '#cancelled',
          actions: ['recordReason', 'dropKey'],
          description: 'Nobody waits for it any more; its key is free, so that the next turn asks anew.',
        },
        asker_leave: {
          guard: 'isAskerThere',
          actions: ['noteAskerGone', 'tellUpdated'],
          description: 'An answer reaches no running program any more, and everybody is told that.',
        },
        asker_return: askerReturn,
        supersede: {
          target: '#superseded',
          actions: 'recordReason',
          description: 'A newer question takes its place.',
        },
        remind: {
          guard: 'isReminderDue',
          actions: ['passReminder', 'tellReminded', 'tellUpdated'],
          description: 'It has waited for a while: the app is told, to nudge someone.',
        },
        escalate: {
          guard: 'isEscalationDue',
          actions: ['widenAnswerers', 'tellEscalated', 'tellUpdated'],
          description: 'It has waited too long: more people may answer, and the app is told, to page them.',
        },
        expire: [
          {
            guard: 'isDueToDeny',
            target: '#denied',
            actions: 'recordExpiry',
            description: 'Silence means no.',
          },
          {
            guard: 'isDueToApprove',
            target: '#approved',
            actions: ['recordExpiry', 'recordApproval'],
            description: 'Silence was asked to mean yes.',
          },
          {
            guard: 'isTooLate',
            target: '#expired',
            actions: 'recordExpiry',
            description: 'Nobody answered in time.',
          },
        ],
        execute: { actions: notExecutable('not_approved'), description: 'Refused: nothing is approved yet.' },
        executed: { actions: notExecutable('other_run'), description: 'Refused: no run can be going.' },
        execution_failed: {
          actions: notExecutable('other_run'),
          description: 'Refused: no run can be going.',
        },
        execution_lost: {
          actions: notExecutable('other_run'),
          description: 'Refused: no run can be going.',
        },
        retry: { actions: notExecutable('not_approved'), description: 'Refused: nothing was done yet.' },
      },
    },
    resolved: {
      description: 'Answered or over; everything later is refused and told how it ended.',
      entry: ['dropClaim', 'tellResolved'],
      initial: 'expired',
      states: {
        approved: {
          id: 'approved',
          description: 'Yes: exactly what was shown may be done, once.',
          initial: 'unexecuted',
          on: {
            revoke_grant: {
              guard: 'hasUnrevokedGrant',
              actions: ['recordRevocation', 'tellGrantRevoked', 'tellUpdated'],
              description: 'The grant given with it holds no more; the approval itself stands.',
            },
            asker_return: askerReturn,
          },
          states: {
            unexecuted: {
              description: 'Nobody has begun to do it.',
              on: {
                not_run: {
                  actions: ['recordNotRun', 'tellUpdated'],
                  description: 'The call is over without it; the same call, made again, may still do it.',
                },
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
                    actions: ['beginRun', 'tellUpdated'],
                    description: 'Someone begins to do it.',
                  },
                ],
              },
            },
            executing: {
              description: 'It is being done, under a lease that the one who does it renews.',
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
                  {
                    guard: 'isOtherRun',
                    actions: notExecutable('other_run'),
                    description: 'Refused: an older run.',
                  },
                  {
                    target: 'executed',
                    actions: [{ type: 'endRun', params: { state: 'executed' } }, 'tellUpdated'],
                    description: 'It has been done.',
                  },
                ],
                execution_failed: [
                  {
                    guard: 'isOtherRun',
                    actions: notExecutable('other_run'),
                    description: 'Refused: an older run.',
                  },
                  {
                    target: 'failed',
                    actions: [{ type: 'endRun', params: { state: 'failed' } }, 'tellUpdated'],
                    description: 'It was tried and failed.',
                  },
                ],
                execution_lost: [
                  {
                    guard: 'isOtherRun',
                    actions: notExecutable('other_run'),
                    description: 'Refused: an older run.',
                  },
                  {
                    target: 'unknown',
                    actions: [{ type: 'endRun', params: { state: 'unknown' } }, 'tellUpdated'],
                    description: 'It was cut off, and nobody can say how far it had come.',
                  },
                ],
                not_run: [
                  {
                    guard: 'isOtherRun',
                    actions: notExecutable('other_run'),
                    description: 'Refused: an older run.',
                  },
                  {
                    target: 'unexecuted',
                    actions: ['recordNotRun', 'tellUpdated'],
                    description: 'It was stopped before anything was begun; the same call may still do it.',
                  },
                ],
                execution_lease_end: {
                  guard: 'isExecutionLeaseOver',
                  target: 'unknown',
                  actions: [{ type: 'endRun', params: { state: 'unknown' } }, 'tellUpdated'],
                  description: 'Whoever did it is gone in the middle.',
                },
              },
            },
            executed: {
              description: 'Done.',
              on: { execute: { actions: notExecutable('done'), description: 'Refused: it has been done.' } },
            },
            failed: {
              description: 'Tried and failed; it is done again only if someone says so.',
              on: {
                execute: {
                  actions: notExecutable('needs_retry'),
                  description: 'Refused: nobody has asked to retry.',
                },
                retry: {
                  target: 'unexecuted',
                  actions: ['dropRun', 'tellUpdated'],
                  description: 'Try again.',
                },
              },
            },
            unknown: {
              description:
                'Begun, and nobody can say whether it happened; it is done again only if someone says so.',
              on: {
                execute: {
                  actions: notExecutable('needs_retry'),
                  description: 'Refused: nobody has asked to retry.',
                },
                retry: {
                  target: 'unexecuted',
                  actions: ['dropRun', 'tellUpdated'],
                  description: 'Someone has looked and says: do it again.',
                },
              },
            },
          },
        },
        denied: { id: 'denied', description: 'No.' },
        expired: { id: 'expired', description: 'Nobody answered in time.' },
        cancelled: { id: 'cancelled', description: 'Withdrawn by the agent, its turn, or a person.' },
        superseded: { id: 'superseded', description: 'A newer question with the same key took its place.' },
      },
      on: {
        respond: { actions: tooLate, description: 'Too late: the answer has been given.' },
        claim: { actions: tooLate, description: 'Too late: nothing is left to answer.' },
        release: { actions: tooLate, description: 'Too late: the claim ended with the request.' },
        amend: { actions: tooLate, description: 'Too late: it was answered as it was.' },
        cancel: { actions: tooLate, description: 'Too late to withdraw.' },
        withdraw: { actions: tooLate, description: 'Too late to withdraw.' },
        supersede: {
          actions: 'dropKey',
          description: 'It stays as it ended; its key goes to the newer question.',
        },
        execute: { actions: notExecutable('not_approved'), description: 'Refused: it was not approved.' },
        executed: { actions: notExecutable('other_run'), description: 'Refused: no such run is going.' },
        execution_failed: {
          actions: notExecutable('other_run'),
          description: 'Refused: no such run is going.',
        },
        execution_lost: {
          actions: notExecutable('other_run'),
          description: 'Refused: no such run is going.',
        },
        retry: {
          actions: notExecutable('not_approved'),
          description: 'Refused: there is nothing to do again.',
        },
      },
    },
  },
});
