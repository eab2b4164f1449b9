/** Whom a pending request waits for: request actors store it with the request, so that inboxes are found by index. */
import type { Answerers, RequestRecord } from '../protocol/records';
import { isAtOdds } from './agreement';
import { stagesOf } from './answer-policy';

/**
 * Everyone who may answer now and is still needed; no one once it is resolved. A person who was counted may change their
 * verdict, but it does not wait for them, unless the approvals differ: then it waits for everyone of the stage again.
 */
export function answerersOf(request: RequestRecord): Answerers | undefined {
  if (request.status !== 'pending') return undefined;
  const { policy, stage, userId, verdicts } = request;
  const { users, groups } = stagesOf(policy)[stage] ?? {};
  const done = isAtOdds(request) ? verdicts.filter((each) => each.stage < stage) : verdicts;
  const counted = done.map(({ by }) => by.userId);
  return {
    ...(users && { users }),
    ...(groups && { groups }),
    except: policy.excludeRequester ? [userId, ...counted] : counted,
  };
}
