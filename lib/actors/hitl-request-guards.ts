/** The guards of the request machine: one plain question each, about a request and an event; and what each means in words. */
import { contentText } from '../protocol/agreement';
import { audienceOf, stagesOf, standingOf } from '../protocol/audience';
import { canonicalJson } from '../protocol/canonical-json';
import type { CountedVerdict } from '../protocol/records';
import { isEnough, responseOf, verdictsBeside } from './agreement';
import { approvalsNeeded, count } from './answer-policy';
import type { RequestContext, RequestEvent } from './hitl-request';

/** What of an event the guards share. */
interface Step {
  context: RequestContext;
  event: RequestEvent;
}

const stageNow = ({ context }: Step) => stagesOf(context.policy)[context.stage];
/** How the person stands to those who may answer now; nothing where the event is nobody's. */
const standing = ({ context, event }: Step) =>
  'by' in event ? standingOf(audienceOf(context, event.at), event.by) : undefined;
const isDenial = ({ event }: Step) => event.type === 'respond' && event.status === 'denied';
const isHolder = ({ context: { claim }, event }: Step) =>
  'by' in event && claim?.by.userId === event.by.userId;
const isHeldByOther = (step: Step) =>
  step.context.claim !== undefined && step.event.at < step.context.claim.until && !isHolder(step);
const isTooLate = ({ context, event }: Step) =>
  context.expiresAt !== undefined && event.at >= context.expiresAt;
/** What stays counted beside an answer: a person's earlier verdict makes way for it. */
const others = ({ context, event }: Step) =>
  'by' in event ? verdictsBeside(context, event.by.userId) : context.verdicts;
const completesStage = (step: Step) =>
  step.event.type === 'respond' &&
  step.event.status === 'approved' &&
  isEnough(step.context, step.event.by.userId, step.event.response);

const completesLastStage = (step: Step) =>
  completesStage(step) && step.context.stage === stagesOf(step.context.policy).length - 1;

export const requestGuards = {
  isForbiddenByApp: ({ event }: Step) => 'permitted' in event && !event.permitted,
  isOthersRequest: ({ context, event }: Step) =>
    event.type === 'withdraw' && event.permitted === undefined && event.by.userId !== context.userId,
  isSelfApproval: (step: Step) => standing(step)?.isExcluded === true,
  isNotAmongAnswerers: (step: Step) => standing(step)?.isNamed === false,
  hasAnsweredEarlierStage: (step: Step) => standing(step)?.isCountedEarlier === true,
  repeatsVerdict: ({ context, event }: Step) =>
    event.type === 'respond' &&
    context.verdicts.some(
      (verdict) =>
        verdict.by.userId === event.by.userId &&
        verdict.status === event.status &&
        canonicalJson(responseOf(verdict)) === canonicalJson(event.response ?? {}),
    ),
  isStale: ({ context, event }: Step) =>
    event.type === 'respond' && (event.revision ?? 1) !== context.revision,
  isHolder,
  isHolderForLonger: (step: Step) =>
    isHolder(step) && step.event.type === 'renew' && step.event.until > (step.context.claim?.until ?? 0),
  isHeldByOther,
  isExclusivelyHeldByOther: (step: Step) => standing(step)?.isKeptOut === true,
  isForbiddenGrant: ({ event }: Step) =>
    event.type === 'respond' && event.grant !== undefined && !event.grant.permitted,
  isVeto: (step: Step) => isDenial(step) && step.context.policy.denial !== 'majority',
  losesMajority: (step: Step) => {
    const stage = stageNow(step);
    const spare = (stage?.of ?? 0) - approvalsNeeded(stage);
    return isDenial(step) && count(others(step), step.context.stage, 'denied') + 1 > spare;
  },
  isDenial,
  completesWithGrant: (step: Step) => {
    const { context, event } = step;
    if (event.type !== 'respond' || !event.grant || !completesLastStage(step)) return false;
    const { index } = event.grant;
    const content = contentText(context.type, event.response);
    const isSame = (each: CountedVerdict) =>
      each.grant === index && contentText(context.type, responseOf(each)) === content;
    return others(step).every((each) => each.status === 'denied' || isSame(each));
  },
  completesLastStage,
  completesStage,
  isLeaseOver: ({ context, event }: Step) => context.claim !== undefined && event.at >= context.claim.until,
  isReminderDue: ({ context, event }: Step) => (context.remindAt[0] ?? Number.POSITIVE_INFINITY) <= event.at,
  isEscalationDue: ({ context, event }: Step) => (context.escalateAt ?? Number.POSITIVE_INFINITY) <= event.at,
  isTooLate,
  isDueToDeny: (step: Step) => isTooLate(step) && step.context.onExpiry === 'denied',
  isDueToApprove: (step: Step) => isTooLate(step) && step.context.onExpiry === 'approved',
  isAskerThere: ({ context }: Step) => context.turnId !== undefined && context.asker !== 'gone',
  isAskerGone: ({ context }: Step) => context.asker === 'gone',
  isApprovalWithoutAsker: ({ context }: Step) =>
    context.approvedDigest !== undefined && context.asker === 'gone',
  hasUnrevokedGrant: ({ context: { grant } }: Step) => grant !== undefined && grant.revokedAt === undefined,
};

/** One sentence per guard, for the charts. */
export const requestGuardMeanings: Record<keyof typeof requestGuards, string> = {
  isForbiddenByApp: "the app's own rule says no",
  isOthersRequest: 'the app has no rule of its own on this, and this person is not the requester',
  isSelfApproval: 'the requester is excluded and acts',
  isNotAmongAnswerers: 'answerers are named for this stage and this person is none of them',
  hasAnsweredEarlierStage: 'this person has been counted in a stage that is completed',
  repeatsVerdict: 'this person has been counted with exactly this answer',
  isStale: 'the answer names another revision than the present one, or none after an amendment',
  isHolder: 'this person holds the claim',
  isHolderForLonger: 'this person holds the claim, and the lease would end before',
  isHeldByOther: 'someone else holds a claim that has not ended',
  isExclusivelyHeldByOther: 'claims are exclusive and someone else holds one that has not ended',
  isForbiddenGrant: 'a grant is to be given that this person may not give',
  isVeto: 'it is a no, and one no is enough',
  losesMajority: 'it is a no, and the approvals needed can no longer be reached',
  isDenial: 'it is a no',
  completesWithGrant:
    'with this yes the last stage has its approvals, and all that were counted carry the same and name the same grant',
  completesLastStage: 'with this yes the last stage has its approvals, and they agree',
  completesStage: 'with this yes the stage has its approvals, and they agree',
  isLeaseOver: 'the end of the claim is reached',
  isReminderDue: 'the time of a reminder is reached',
  isEscalationDue: 'the time to ask more people is reached',
  isTooLate: 'the request has reached its end',
  isDueToDeny: 'its end is reached, and silence means no',
  isDueToApprove: 'its end is reached, and silence was asked to mean yes',
  isAskerThere: 'a turn asked, and it was not over so far',
  isAskerGone: 'the turn that asked was over, and no program has asked again so far',
  isApprovalWithoutAsker:
    'it was approved, the turn that asked was over, and no program has asked again so far',
  hasUnrevokedGrant: 'a grant was given with the approval and has not been revoked',
};
