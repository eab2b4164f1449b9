/** How a hub that shuts down disconnects its clients, over real sockets. */
import { startTestHub, type TestHub } from '../../../lib/testing/test-hub';
import { until } from '../until';

let hub: TestHub;
afterEach(() => hub.close());

test.each([
  ['hitl.v1', 1001],
  ['classic', 1012],
] as const)('B6: %s clients are closed with %i, never 1006', async (dialect, code) => {
  hub = await startTestHub();
  const clients = [];
  for (let n = 1; n <= 10; n += 1) clients.push(await hub.connect({ dialect, tab: `tab-${n}` }));
  const closed = Promise.all(clients.map((client) => client.closed()));
  await hub.hitl.close();
  expect((await closed).map((each) => each.code)).toEqual(Array(10).fill(code));
});

test('B6: a running turn is sent as aborted before its client is closed', async () => {
  let reason: unknown;
  hub = await startTestHub({
    agent: async (turn) => {
      await turn.trace('at work');
      await new Promise<void>((resolve) => {
        turn.signal.addEventListener('abort', () => {
          reason = turn.signal.reason;
          resolve();
        });
      });
    },
  });
  const client = await hub.connect();
  const { turn_id } = await client.ask({ type: 'message', content: 'go' });
  await client.next('session_message_added');
  await client.next((frame) => frame.message?.content === 'at work');
  await hub.hitl.close();
  expect(await client.next('turn_ended')).toMatchObject({ turn_id, status: 'aborted', reason: 'shutdown' });
  expect((await client.closed()).code).toBe(1001);
  expect(reason).toMatchObject({ code: 'turn_ended' });
});

test('B6: a pending request stays pending, and is there and can be answered after the restart', async () => {
  hub = await startTestHub({
    agent: (turn) => turn.approve({ tool: 'block_ip', args: {}, key: 'k' }),
  });
  const client = await hub.connect();
  await client.ask({ type: 'message', content: 'go' });
  const { hitl } = await client.next('hitl_request_pending');
  await hub.restart();
  expect(client.all('hitl_request_resolved')).toEqual([]);
  const again = await hub.connect();
  expect((await again.next('snapshot')).requests).toEqual([{ ...hitl, asker: 'gone' }]);
  const verdict = { type: 'hitl_respond', request_id: hitl.id, revision: 1, status: 'denied' };
  expect(await again.ask(verdict)).toMatchObject({ hitl: { status: 'denied' } });
});

test('B5: a frame that arrives while the hub closes is refused as closing', async () => {
  let end = () => {};
  hub = await startTestHub({
    agent: async () => {
      await new Promise<void>((resolve) => {
        end = resolve;
      });
    },
  });
  const client = await hub.connect();
  await client.next('snapshot');
  const { commit } = hub.store;
  let keep = () => {};
  const kept = new Promise<void>((resolve) => {
    keep = resolve;
  });
  await client.ask({ type: 'message', content: 'go' });
  // The turn cannot end before this is let go, and so the hub cannot close.
  jest.spyOn(hub.store, 'commit').mockImplementation(async (commits) => {
    await kept;
    return Reflect.apply(commit, hub.store, [commits]);
  });
  const closing = hub.hitl.close();
  expect(await client.ask({ type: 'message', content: 'too late' })).toMatchObject({ code: 'closing' });
  keep();
  end();
  await closing;
  expect((await client.closed()).code).toBe(1001);
});

test('A80: closing again is the same closing', async () => {
  hub = await startTestHub();
  const client = await hub.connect();
  await Promise.all([hub.hitl.close(), hub.hitl.close()]);
  await hub.hitl.close();
  expect((await client.closed()).code).toBe(1001);
  await until(() => hub.clock.pending === 0, 'no timer is left');
});
