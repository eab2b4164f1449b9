/** Whom a pending request waits for: request actors store it with the request, so that inboxes are found by index. */
import { audienceOf } from '../protocol/audience';
import type { Answerers, RequestRecord } from '../protocol/records';
import { isAtOdds } from './agreement';

/**
 * Everyone who may answer now and is still needed; no one once it is resolved. A person who was counted may change their
 * verdict, but it does not wait for them, unless the approvals differ: then it waits for everyone of the stage again.
 */
export function answerersOf(request: RequestRecord): Answerers | undefined {
  if (request.status !== 'pending') return undefined;
  const { users, groups, excluded, earlier, counted } = audienceOf(request);
  const done = isAtOdds(request) ? earlier : counted;
  return {
    ...(users && { users }),
    ...(groups && { groups }),
    except: excluded === undefined ? done : [excluded, ...done],
  };
}
