/** What an answer policy says of a person and of the verdicts so far: pure questions that the request machine's guards ask. */
import type { AnswerPolicy, CountedVerdict, People, Stage } from '../protocol/records';

/** Users and groups that may be named together, since a request is listed under each of them. */
export const maxNamed = 500;

/** The rounds of a policy, in order; a policy without stages is one round. */
export function stagesOf(policy: AnswerPolicy): readonly Stage[] {
  return policy.stages && policy.stages.length > 0 ? policy.stages : [policy];
}

/** Whether this person is among these people. */
export function isAmong(people: People, userId: string, groups: readonly string[]): boolean {
  if (!people.users && !people.groups) return true;
  return people.users?.includes(userId) === true || groups.some((group) => people.groups?.includes(group));
}

/** The same stage, answered by more people; a stage open to everybody stays so. */
export function widened<P extends People>(stage: P, more: People): P {
  if (!stage.users && !stage.groups) return stage;
  return {
    ...stage,
    users: [...new Set([...(stage.users ?? []), ...(more.users ?? [])])],
    groups: [...new Set([...(stage.groups ?? []), ...(more.groups ?? [])])],
  };
}

/** How many people have said this in a stage; nobody counts twice. */
export function count(
  verdicts: readonly CountedVerdict[],
  stage: number,
  status: CountedVerdict['status'],
): number {
  return verdicts.filter((verdict) => verdict.stage === stage && verdict.status === status).length;
}

/** How many approvals a stage takes. */
export function approvalsNeeded(stage: Stage | undefined): number {
  return stage?.approvals ?? 1;
}

/** Why a policy cannot be met by anybody, or nothing if it can. */
export function whyImpossible(policy: AnswerPolicy): string | undefined {
  for (const stage of stagesOf(policy)) {
    const approvals = approvalsNeeded(stage);
    if (!Number.isInteger(approvals) || approvals < 1 || approvals > 100) return 'approvals must be 1 to 100';
    if (stage.of !== undefined && stage.of < approvals) return 'of must not be less than approvals';
    if (named(stage) > maxNamed) return `at most ${maxNamed} users and groups may be named in a stage`;
    if (policy.denial === 'majority' && stage.of === undefined) return 'denial by majority needs of';
    if (stage.users && !stage.groups && stage.users.length < approvals)
      return 'fewer users are named than must approve';
  }
  if (policy.stages && (policy.users || policy.groups || policy.approvals))
    return 'give either stages or people, not both';
  return undefined;
}

/** How many users and groups are named. */
export function named({ users = [], groups = [] }: People): number {
  return users.length + groups.length;
}
