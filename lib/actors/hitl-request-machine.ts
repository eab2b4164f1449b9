/** The life of one request to a human, as a state machine: who may answer, what counts, how it ends; the hub runs one actor each. */
import { executionEventMeanings } from './execution';
import { deadlineMeanings, requestEventMeanings } from './hitl-request';
import { requestGuardMeanings } from './hitl-request-guards';
import { requestSetup } from './hitl-request-setup';
import { refuse } from './refused';

/** The rules about the person, in the order in which they are asked; shared by everything a person does to a request. */
const notAllowed = [
  {
    guard: 'isForbiddenByApp',
    actions: refuse({ code: 'not_allowed', rule: 'app' }),
    description: "Refused by the app's rule.",
  },
  {
    guard: 'isSelfApproval',
    actions: refuse({ code: 'not_allowed', rule: 'four_eyes' }),
    description: 'Refused: the requester may not answer.',
  },
  {
    guard: 'isNotAmongAnswerers',
    actions: refuse({ code: 'not_allowed', rule: 'answerers' }),
    description: 'Refused: others were named to answer.',
  },
] as const;

/** What is refused because there is nothing left to answer. */
const tooLate = refuse({ code: 'already_resolved' });
/** Events for its execution while there is none: refused unless the request is approved. */
const notApproved = {
  actions: refuse({ code: 'not_executable', rule: 'not_approved' }),
  description: 'Refused: nothing is approved that could be done.',
} as const;
const noRun = {
  actions: refuse({ code: 'not_executable', rule: 'other_run' }),
  description: 'Refused: no run can be going.',
} as const;

const { not_run: _notRun, ...refusedMeanings } = executionEventMeanings;

export const hitlRequestMachine = requestSetup.createMachine({
  id: 'hitlRequest',
  description: 'A question to a human. Exactly one of its endings is reached, and none is left again.',
  meta: {
    guards: requestGuardMeanings,
    events: { ...requestEventMeanings, ...refusedMeanings },
    deadlines: deadlineMeanings,
  },
  context: ({ input }) => ({ ...input, revision: 1, stage: 0, verdicts: [] }),
  initial: 'pending',
  states: {
    pending: {
      tags: 'pending',
      description: 'Waits for humans, across restarts and for as long as it takes.',
      entry: 'emitPending',
      initial: 'open',
      states: {
        open: {
          description: 'No one has said that they are answering.',
          on: {
            claim: [
              ...notAllowed,
              {
                target: 'claimed',
                actions: ['takeClaim', 'emitUpdated'],
                description: 'Someone says: I am on it.',
              },
            ],
            release: {
              actions: refuse({ code: 'not_claimed' }),
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
                actions: refuse({ code: 'claimed_by_other' }),
                description: 'Refused: someone else is on it.',
              },
              ...notAllowed,
              {
                actions: ['takeClaim', 'emitUpdated'],
                description: 'The holder renews the lease, or the next one takes it over when it has ended.',
              },
            ],
            release: [
              {
                guard: 'isHolder',
                target: 'open',
                actions: ['dropClaim', 'emitUpdated'],
                description: 'The holder lets go.',
              },
              {
                actions: refuse({ code: 'not_claimed' }),
                description: 'Refused: only the holder can let go.',
              },
            ],
            renew: {
              guard: 'isHolderForLonger',
              actions: ['renewClaim', 'emitUpdated'],
              description: 'The holder is still at it: the lease is renewed.',
            },
            leave: {
              guard: 'isHolder',
              target: 'open',
              actions: ['dropClaim', 'emitUpdated'],
              description: 'The holder has left the ticket.',
            },
            lease_end: {
              guard: 'isLeaseOver',
              target: 'open',
              actions: ['dropClaim', 'emitUpdated'],
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
            description: 'Refused: its end is reached, only the event of the deadline has not arrived yet.',
          },
          ...notAllowed,
          {
            guard: 'hasAnsweredEarlierStage',
            actions: refuse({ code: 'already_answered' }),
            description: 'Refused: no one counts in two stages, and what was said in a completed one stands.',
          },
          {
            guard: 'repeatsVerdict',
            actions: refuse({ code: 'already_answered' }),
            description: 'Refused: this answer is counted already; another one would replace it.',
          },
          {
            guard: 'isStale',
            actions: refuse({ code: 'stale_revision' }),
            description: 'Refused: what was seen is not what is asked now.',
          },
          {
            guard: 'isExclusivelyHeldByOther',
            actions: refuse({ code: 'claimed_by_other' }),
            description: 'Refused: someone else holds an exclusive claim.',
          },
          {
            guard: 'isForbiddenGrant',
            actions: refuse({ code: 'not_allowed', rule: 'grant' }),
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
            actions: ['countVerdict', 'dropClaim', 'emitUpdated'],
            description: 'A no that is counted; others may still carry it, or this person thinks again.',
          },
          {
            guard: 'completesWithGrant',
            target: '#approved',
            actions: ['countVerdict', 'recordAnswer', 'recordApproval', 'recordGrant', 'emitGrantGiven'],
            description: 'Everyone who has to has said yes, and all of them to the same grant.',
          },
          {
            guard: 'completesLastStage',
            target: '#approved',
            actions: ['countVerdict', 'recordAnswer', 'recordApproval'],
            description: 'Everyone who has to has said yes.',
          },
          {
            guard: 'completesStage',
            target: '.open',
            actions: ['countVerdict', 'nextStage', 'dropClaim', 'emitUpdated'],
            description: 'This stage has its approvals: the next one is asked.',
          },
          {
            target: '.open',
            actions: ['countVerdict', 'dropClaim', 'emitUpdated'],
            description: 'A yes that is counted; more are needed, or others must agree with it.',
          },
        ],
        use_grant: {
          target: '#approved',
          actions: ['recordUse', 'recordApproval', 'emitGrantUsed'],
          description: 'People have said yes to this before, and that still holds: no one is asked.',
        },
        amend: {
          target: '.open',
          actions: ['takePayload', 'dropClaim', 'emitUpdated'],
          description:
            'What is asked or shown has changed: everyone has to look again, and earlier answers count no more.',
        },
        cancel: { target: '#cancelled', actions: 'recordReason', description: 'The question is withdrawn.' },
        withdraw: [
          {
            guard: 'isForbiddenByApp',
            actions: refuse({ code: 'not_allowed', rule: 'app' }),
            description: "Refused by the app's rule.",
          },
          {
            guard: 'isOthersRequest',
            actions: refuse({ code: 'not_allowed', rule: 'requester' }),
            description: 'Refused: only the requester may take it back.',
          },
          { target: '#cancelled', actions: 'recordReason', description: 'A person takes the question back.' },
        ],
        turn_end: {
          target: '#cancelled',
          actions: ['recordReason', 'dropKey'],
          description: 'No program waits for it any more; its key is free, so that the next turn asks again.',
        },
        asker_leave: {
          guard: 'isAskerThere',
          actions: ['noteAskerGone', 'emitUpdated'],
          description: 'An answer reaches no running program any more, and every client is sent that.',
        },
        asker_return: {
          guard: 'isAskerGone',
          actions: ['noteAskerBack', 'emitUpdated'],
          description: 'The same was asked again: a program learns the outcome.',
        },
        supersede: {
          target: '#superseded',
          actions: 'recordReason',
          description: 'A newer question takes its place.',
        },
        remind: {
          guard: 'isReminderDue',
          actions: ['passReminder', 'emitReminded', 'emitUpdated'],
          description: 'It has waited for a while: the app is notified, to remind people.',
        },
        escalate: {
          guard: 'isEscalationDue',
          actions: ['widenAnswerers', 'emitEscalated', 'emitUpdated'],
          description:
            'It has waited too long: more people may answer, and the app is notified, to page them.',
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
            description: 'No one answered in time.',
          },
        ],
      },
    },
    resolved: {
      description: 'Answered or over; everything later is refused with how it ended.',
      entry: ['endWait', 'emitResolved'],
      initial: 'expired',
      states: {
        approved: {
          id: 'approved',
          type: 'final',
          tags: 'approved',
          description: 'Yes: exactly what was shown may be done, once. Its execution begins.',
        },
        denied: { id: 'denied', type: 'final', tags: 'denied', description: 'No.' },
        expired: { id: 'expired', type: 'final', tags: 'expired', description: 'No one answered in time.' },
        cancelled: {
          id: 'cancelled',
          type: 'final',
          tags: 'cancelled',
          description: 'Withdrawn by the agent, its turn, or a person.',
        },
        superseded: {
          id: 'superseded',
          type: 'final',
          tags: 'superseded',
          description: 'A newer question with the same key took its place.',
        },
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
        revoke_grant: {
          guard: 'hasUnrevokedGrant',
          actions: ['recordRevocation', 'emitGrantRevoked', 'emitUpdated'],
          description: 'The grant given with the approval holds no more; the approval itself stands.',
        },
        asker_return: {
          guard: 'isApprovalWithoutAsker',
          actions: ['noteAskerBack', 'emitUpdated'],
          description: 'The same was asked again: a program learns that it was approved.',
        },
      },
    },
  },
  on: {
    execute: notApproved,
    retry: notApproved,
    executed: noRun,
    execution_failed: noRun,
    execution_lost: noRun,
  },
});
