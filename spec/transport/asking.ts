/** How the specs of inboxes ask: in the name of the agent, each a second later than the one before. */
import { portOf } from '../../lib/hub/hub';
import type { HitlRequestInput } from '../../lib/hub/requests/ask';
import type { AnswerPolicy } from '../../lib/index';
import type { TestHub } from '../../lib/testing/test-hub';

/** @returns the id of the request */
export async function askIn(
  hub: TestHub,
  policy: AnswerPolicy = {},
  more: Partial<HitlRequestInput> = {},
): Promise<string> {
  hub.clock.advance(1_000);
  const { id } = await portOf(hub.hub).hitl.request({
    ticketId: 'T-1',
    sessionId: 's',
    userId: 'agent',
    type: 'tool_approval',
    payload: { tool_name: 'block_ip', tool_args: {} },
    policy,
    ...more,
  });
  return id;
}
