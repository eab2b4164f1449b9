/** What an answer policy takes, and whether anyone can meet it; asking and the guards of the request machine come here, who may answer is the audience's. */
import { stagesOf, widened } from '../protocol/audience';
import type { AnswerPolicy, CountedVerdict, People, PolicyRules, Stage } from '../protocol/records';
import { firstUnmet } from './distinct-people';

/** Users and groups that may be named together, since a request is listed under each of them. */
export const maxNamed = 500;

/** How many people have said this in a stage; no person counts twice. */
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

/** Stages of a policy. */
export const maxStages = 20;

/** What decides, beside the policy, whether anybody can meet it. */
export interface AskedBy {
  /** The requester's id. */
  userId: string;
  /** Who may answer too after a while, where there is such a time. */
  escalateTo?: People | undefined;
}

/** The rounds of a policy, however it is made up. */
type Rounds = Stage & Pick<PolicyRules, 'excludeRequester'> & { stages?: readonly Stage[] | undefined };

/** Why a policy cannot be met by anybody, and in which stage, or nothing if it can. */
export function whyImpossible(policy: AnswerPolicy, asked?: AskedBy): string | undefined {
  if (policy.stages && (policy.users || policy.groups || policy.approvals || policy.of))
    return 'give either stages or people, not both';
  if (policy.stages && (policy.stages.length === 0 || policy.stages.length > maxStages))
    return `a policy has 1 to ${maxStages} stages`;
  for (const [index, stage] of stagesOf(policy).entries()) {
    const wrong = whyWrongStage(stage, policy, asked);
    if (wrong) return `${placeOf(policy, index)}${wrong}`;
  }
  const unmet = whyUnmet(policy, asked);
  if (!unmet || !asked?.escalateTo) return unmet;
  const stages = stagesOf(policy).map((stage) => widened(stage, asked.escalateTo ?? {}));
  return whyUnmet({ ...policy, stages }, asked) && unmet;
}

function whyWrongStage(stage: Stage, policy: AnswerPolicy, asked: AskedBy | undefined): string | undefined {
  const approvals = approvalsNeeded(stage);
  if (!Number.isInteger(approvals) || approvals < 1 || approvals > 100) return 'approvals must be 1 to 100';
  if (stage.of !== undefined && !(Number.isInteger(stage.of) && stage.of >= approvals))
    return 'of must be a whole number, and not less than approvals';
  if (named(stage) > maxNamed) return `at most ${maxNamed} users and groups may be named in a stage`;
  if (stage.users?.length === 0) return 'users names nobody; leave it out, or name somebody';
  if (stage.groups?.length === 0) return 'groups names none; leave it out, or name one';
  if (policy.denial === 'majority' && stage.of === undefined) return 'denial by majority needs of';
  if (policy.denial !== 'majority' && stage.of !== undefined)
    return "of counts only where denial is 'majority'";
  const possible = asked?.escalateTo ? undefined : possibleUsers(stage, policy, asked);
  if (stage.of !== undefined && possible && stage.of > possible.size)
    return `of is ${stage.of}, and only ${possible.size} may answer, so that no majority could deny`;
  return undefined;
}

/** Why there are too few people who may answer; groups and everybody are enough for anything. */
function whyUnmet(policy: Rounds, asked: AskedBy | undefined): string | undefined {
  const rounds = stagesOf(policy).flatMap((stage, index) => {
    const users = possibleUsers(stage, policy, asked);
    return users ? [{ users, approvals: approvalsNeeded(stage), index }] : [];
  });
  const excluded = policy.excludeRequester ? ', the requester left out' : '';
  const short = rounds.find(({ users, approvals }) => users.size < approvals);
  if (short) {
    const { index, users, approvals } = short;
    return `${placeOf(policy, index)}fewer users are named than must approve: ${users.size} of ${approvals}${excluded}`;
  }
  const unmet = rounds[firstUnmet(rounds) ?? -1];
  if (!unmet) return undefined;
  return `${placeOf(policy, unmet.index)}no person counts twice, and too few of its users are left by the other stages${excluded}`;
}

/** The users who may answer a stage that names only users. */
function possibleUsers(
  { users, groups }: Stage,
  { excludeRequester }: Rounds,
  asked: AskedBy | undefined,
): Set<string> | undefined {
  if (!users || (groups && groups.length > 0)) return undefined;
  return new Set(users.filter((user) => !(excludeRequester && user === asked?.userId)));
}

function placeOf({ stages }: Rounds, index: number): string {
  const name = stages?.[index]?.name;
  return stages ? `stage ${index + 1}${name ? ` (${name})` : ''}: ` : '';
}

/** How many users and groups are named. */
export function named({ users = [], groups = [] }: People): number {
  return users.length + groups.length;
}
