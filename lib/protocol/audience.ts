/** Who may answer a request at its present stage; the request's guards, inbox lists, the link page and the parts all ask here. */
import type { AnswerPolicy, Millis, People, Stage } from './records';

/** Some people as a record or a view names them. */
interface Named {
  readonly users?: readonly string[] | undefined;
  readonly groups?: readonly string[] | undefined;
}

/** What of a request decides who may answer it. */
export interface AudienceInput {
  /** The requester, where known. */
  readonly userId?: string | undefined;
  readonly policy: Named & {
    readonly stages?: readonly Named[] | undefined;
    readonly excludeRequester?: boolean | undefined;
    readonly claim?: AnswerPolicy['claim'] | undefined;
  };
  readonly stage: number;
  readonly verdicts: readonly { readonly by: { readonly userId: string }; readonly stage: number }[];
  readonly claim?: { readonly by: { readonly userId: string }; readonly until: Millis } | undefined;
}

/** Who may answer now. Neither `users` nor `groups`: everybody with access to the ticket. */
export interface Audience extends People {
  /** Four eyes: the requester, who may not. */
  excluded?: string;
  /** Who was counted in a stage that is completed, and may not answer again. */
  earlier: readonly string[];
  /** All who were counted; in the present stage they may change what they said. */
  counted: readonly string[];
  /** Nobody else while this person's claim lasts; only where claims are exclusive. */
  holder?: string;
}

/** How a person stands to an audience; `groups` as far as they are known. */
export interface Standing {
  /** They asked, and may not answer themselves. */
  isExcluded: boolean;
  /** They are among the people of the stage, or everybody is. */
  isNamed: boolean;
  /** They were counted in an earlier stage. */
  isCountedEarlier: boolean;
  /** Somebody else holds an exclusive claim. */
  isKeptOut: boolean;
}

/** The rounds of a policy, in order; a policy without stages is one round. */
export function stagesOf(policy: AnswerPolicy): readonly Stage[];
export function stagesOf<S extends Named>(
  policy: S & { readonly stages?: readonly S[] | undefined },
): readonly S[];
export function stagesOf<S extends Named>(
  policy: S & { readonly stages?: readonly S[] | undefined },
): readonly S[] {
  return policy.stages && policy.stages.length > 0 ? policy.stages : [policy];
}

/** Whether this person is among these people. */
export function isAmong(people: Named, userId: string, groups: readonly string[]): boolean {
  if (!people.users && !people.groups) return true;
  return people.users?.includes(userId) === true || groups.some((group) => people.groups?.includes(group));
}

/** @param at decides whether a claim still lasts; without it, one that is there does */
export function audienceOf(request: AudienceInput, at = Number.NEGATIVE_INFINITY): Audience {
  const { userId, policy, stage, verdicts, claim } = request;
  const { users, groups } = stagesOf<Named>(policy)[stage] ?? {};
  const counted = verdicts.map(({ by }) => by.userId);
  const earlier = verdicts.filter((each) => each.stage < stage).map(({ by }) => by.userId);
  const isHeld = policy.claim === 'exclusive' && claim !== undefined && at < claim.until;
  return {
    ...(users && { users }),
    ...(groups && { groups }),
    ...(policy.excludeRequester === true && userId !== undefined && { excluded: userId }),
    earlier,
    counted,
    ...(isHeld && { holder: claim.by.userId }),
  };
}

export function standingOf(
  audience: Audience,
  { userId, groups }: { readonly userId: string; readonly groups: readonly string[] },
): Standing {
  const { excluded, earlier, holder } = audience;
  return {
    isExcluded: excluded === userId,
    isNamed: isAmong(audience, userId, groups),
    isCountedEarlier: earlier.includes(userId),
    isKeptOut: holder !== undefined && holder !== userId,
  };
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

/** The policy after an escalation: each of its rounds is answered by more people. */
export function escalated(policy: AnswerPolicy, more: People): AnswerPolicy {
  const stages = policy.stages?.map((stage) => widened(stage, more));
  // Which of the two kinds of policy it is does not change.
  return { ...widened(policy, more), ...(stages && { stages }) } as AnswerPolicy;
}
