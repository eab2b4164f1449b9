/** Why somebody will not be able to answer, as far as a page can tell, so that it can say so before they try; the server decides. */
import type { RequestView } from '../client';
import { texts } from './texts';

/** Who looks at the page. Without `groups` nothing is said about groups. */
export interface Me {
  readonly id: string;
  readonly groups?: readonly string[] | undefined;
}

/** A sentence, or nothing if nothing is known to stand in the way. */
export function whyNot(request: RequestView, me: Me | undefined): string | undefined {
  const { policy, verdicts = [], claimed_by: claim, user_id: requester } = request;
  if (!me) return undefined;
  const counted = verdicts.find(({ by }) => by.user_id === me.id);
  if (counted) return texts.alreadyCounted(counted.status);
  if (policy?.exclude_requester && requester === me.id) return texts.fourEyes;
  const isHeld = policy?.claim === 'exclusive' && claim && claim.user_id !== me.id;
  if (isHeld) return texts.heldBy(claim.display_name);
  const { users, groups } = peopleOf(request);
  const isNamed = users.includes(me.id) || (me.groups ?? groups).some((group) => groups.includes(group));
  return users.length + groups.length > 0 && !isNamed ? texts.notNamed : undefined;
}

/** Who may answer in the present stage; neither users nor groups: everybody with access. */
export function peopleOf({ policy, stage = 0 }: Pick<RequestView, 'policy' | 'stage'>): {
  users: readonly string[];
  groups: readonly string[];
} {
  const people = policy?.stages?.[stage] ?? policy;
  return { users: people?.users ?? [], groups: people?.groups ?? [] };
}
