/** Whom a grant is for, and who could have given it: pure questions that the hub asks before it uses a grant or shows it. */
import { isAmong, stagesOf } from '../protocol/audience';
import type { AnswerPolicy, GrantRecord } from '../protocol/records';

/** Four eyes: whether this grant may approve what this person asks; what one has said yes to for others is no yes to oneself. */
export function mayApprove(
  { givenBy }: Pick<GrantRecord, 'givenBy'>,
  { userId, policy }: { userId: string; policy: Pick<AnswerPolicy, 'excludeRequester'> },
): boolean {
  return !policy.excludeRequester || givenBy.every((giver) => giver.userId !== userId);
}

/** Whether this person is among those whom any stage of the policy it was given under names. */
export function couldHaveGiven(
  { policy }: Pick<GrantRecord, 'policy'>,
  { userId, groups }: { userId: string; groups: readonly string[] },
): boolean {
  return stagesOf(policy).some((stage) => isAmong(stage, userId, groups));
}
