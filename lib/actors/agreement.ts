/** When the approvals of a quorum agree: what an approval carries, and which approvals count together; guards and inboxes ask. */
import { agreementOf, contentText } from '../protocol/agreement';
import { stagesOf } from '../protocol/audience';
import type { CountedVerdict, RequestRecord, RequestResponse } from '../protocol/records';
import { approvalsNeeded } from './answer-policy';

/** What of a request decides whether its approvals agree. */
export type Quorum = Pick<RequestRecord, 'type' | 'policy' | 'stage' | 'verdicts'>;

/** All that was sent with a verdict. One that was stored before verdicts had a response has only its comment and grant. */
export function responseOf({ response, comment, grant }: CountedVerdict): RequestResponse {
  return response ?? { comment, grant };
}

/** The verdicts that stay when this person answers: all but their own, which the answer replaces. */
export function verdictsBeside({ verdicts }: Quorum, userId: string): readonly CountedVerdict[] {
  return verdicts.filter(({ by }) => by.userId !== userId);
}

/** Whether this person's approval, carrying `response`, is the last that the present stage needs. */
export function isEnough(request: Quorum, userId: string, response?: RequestResponse): boolean {
  const { type, policy, stage } = request;
  const needed = approvalsNeeded(stagesOf(policy)[stage]);
  const approvals = approvalsIn(stage, verdictsBeside(request, userId));
  if (policy.agreement === 'any') return approvals.length + 1 >= needed;
  const content = contentText(type, response);
  const isSame = (each: CountedVerdict) => contentText(type, responseOf(each)) === content;
  const before = completionBefore(request);
  return (!before || isSame(before)) && approvals.filter(isSame).length + 1 >= needed;
}

/** Whether approvals that were counted cannot count together, so that it waits for one of those who gave them to change theirs. */
export function isAtOdds(request: Quorum): boolean {
  const verdicts = request.verdicts.map((each) => ({ ...each, response: responseOf(each) }));
  return agreementOf({ ...request, verdicts }).isAtOdds;
}

function approvalsIn(stage: number, verdicts: readonly CountedVerdict[]): readonly CountedVerdict[] {
  return verdicts.filter((each) => each.stage === stage && each.status === 'approved');
}

/** The approval that completed the stage before, and so says what was approved in it. */
function completionBefore({ stage, verdicts }: Quorum): CountedVerdict | undefined {
  return verdicts.findLast((each) => each.stage === stage - 1);
}
