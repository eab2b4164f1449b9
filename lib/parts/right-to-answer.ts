/** Why a person will not be able to answer, as far as a page can know, so that it can say so before they try; the server decides. */
import type { RequestView } from '../client';
import { carriesContent } from '../protocol/asked';
import { type AudienceInput, audienceOf, stagesOf, standingOf } from '../protocol/audience';
import { useIsOver } from './now';
import { subjectOf, toolOf } from './subject';
import { texts } from './texts';

/** Who looks at the page. Without `groups` nothing is said about groups. */
export interface Me {
  readonly id: string;
  readonly groups?: readonly string[] | undefined;
}

export type Verdict = NonNullable<RequestView['verdicts']>[number];
type Stage = NonNullable<RequestView['policy']>;

/** A sentence, or nothing if nothing is known to stand in the way. @param claim that lasts still */
export function whyNot(
  request: RequestView,
  me: Me | undefined,
  claim: RequestView['claimed_by'],
): string | undefined {
  if (!me) return undefined;
  const audience = audienceOf(asked(request, claim));
  const standing = standingOf(audience, { userId: me.id, groups: me.groups ?? audience.groups ?? [] });
  const counted = standing.isCountedEarlier && request.verdicts?.find(({ by }) => by.user_id === me.id);
  if (counted) return texts.alreadyCounted(counted.status);
  if (standing.isExcluded) return texts.fourEyes;
  if (standing.isKeptOut && claim) return texts.heldBy(claim.display_name);
  return standing.isNamed ? undefined : texts.notNamed;
}

/** What the audience is made from, in the words of records. @param claim that lasts still */
function asked(
  { policy = {}, verdicts = [], user_id: userId, stage = 0 }: RequestView,
  claim: RequestView['claimed_by'],
): AudienceInput {
  return {
    userId,
    policy: { ...policy, excludeRequester: policy.exclude_requester },
    stage,
    verdicts: verdicts.map((each) => ({ by: { userId: each.by.user_id }, stage: each.stage })),
    claim: claim && { by: { userId: claim.user_id }, until: Number.POSITIVE_INFINITY },
  };
}

/** The claim on a request, as long as it lasts by the server's clock. */
export function useClaim({ claimed_by: claim }: RequestView): RequestView['claimed_by'] {
  return useIsOver(claim?.until) ? undefined : claim;
}

/** What this person has said in the round that is being answered, and may still change. */
export function ownVerdict(
  { verdicts = [], stage = 0 }: RequestView,
  me: Me | undefined,
): Verdict | undefined {
  return verdicts.find((each) => each.by.user_id === me?.id && each.stage === stage);
}

/** The round that is being answered: its people, and how many of them have to approve. */
export function stageOf({ policy = {}, stage = 0 }: Pick<RequestView, 'policy' | 'stage'>): Stage {
  return stagesOf<Stage>(policy)[stage] ?? policy;
}

/** Who may answer in the present stage; neither users nor groups: everybody with access. */
export function peopleOf(request: Pick<RequestView, 'policy' | 'stage'>): {
  users: readonly string[];
  groups: readonly string[];
} {
  const { users = [], groups = [] } = stageOf(request);
  return { users, groups };
}

/** Whether it takes several people who have to say the same, and an approval can say different things. */
export function needsAgreement(request: RequestView): boolean {
  const { approvals = 1 } = stageOf(request);
  return approvals > 1 && request.policy?.agreement !== 'any' && carriesContent(subjectOf(request));
}

/** Why it takes more than a press to approve this, so that it cannot be approved together with others; nothing if it does not. */
export function whyAlone(request: RequestView): string | undefined {
  const { offers, rest } = subjectOf(request);
  if (toolOf(request) === undefined) return texts.aloneForm;
  if (offers.length > 0 || 'grants' in rest) return texts.aloneGrants;
  if (needsAgreement(request)) return texts.aloneAgreement;
  const { required, anyOf, oneOf, allOf } = request.response_schema ?? {};
  const isMore = Array.isArray(required) && required.some((name) => name !== 'comment');
  return isMore || (anyOf ?? oneOf ?? allOf) !== undefined ? texts.aloneForm : undefined;
}
