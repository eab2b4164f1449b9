/** What must be true after a refusal: no client is connected, nothing is stored, no timer is left. */
import type { Store } from '../../lib/store/store';
import type { TestHub } from '../../lib/testing/test-hub';
import { until } from './until';

export async function expectNothingCreated(hub: TestHub, store: Store, ticketId = 'T-1'): Promise<void> {
  expect(hub.hub.reference.getTotalClientCount()).toBe(0);
  expect(hub.hub.reference.getActiveTickets()).toEqual([]);
  const { seq, sessions, messages, turns, requests } = await store.state(ticketId, 10);
  expect({ seq, sessions, messages, turns, requests }).toEqual({
    seq: 0,
    sessions: [],
    messages: [],
    turns: [],
    requests: [],
  });
  await until(() => hub.clock.pending === 0, 'the handshake leaves no timer behind');
}
