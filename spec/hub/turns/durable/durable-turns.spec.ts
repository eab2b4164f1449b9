/** Durable turns over real sockets and a SQLite file: they go on after their process ended, once. */
import { durable } from '../../../../lib/index';
import { startTestHub, type TestHub } from '../../../../lib/testing';

let hub: TestHub | undefined;
afterEach(() => hub?.close());

const effects: string[] = [];
const agent = durable(async (turn) => {
  const plan = await turn.step('plan', () => {
    effects.push('plan');
    return { host: `h-${turn.message.content}` };
  });
  await turn.plan(`isolate ${plan.host}`);
  const [host, user] = await Promise.all([
    turn.approve({ tool: 'isolate_host', args: { host: plan.host } }),
    turn.approve({ tool: 'lock_user', args: { user: 'u' } }),
  ]);
  if (host.status === 'approved')
    await turn.step('isolate', () => {
      effects.push('isolate');
    });
  await turn.say(`${host.status} ${user.status}`);
});

test('a turn goes on where it was, in the next process, and says once how it went', async () => {
  effects.length = 0;
  hub = await startTestHub({ sqlite: true, prepare: (hitl) => void hitl.agent(agent) });
  const alice = await hub.connect({ user: 'alice' });
  const { turn_id: turnId } = await alice.ask({ type: 'message', content: '7' });
  await alice.next('hitl_request_pending');
  await alice.next('hitl_request_pending');
  await hub.restart();
  const { requests, turns } = hub.hitl.hub;
  const { items } = await requests.list({ status: 'pending' });
  expect(items).toHaveLength(2);
  const ended = new Promise((resolve) => hub?.hitl.hub.on('turn.ended', resolve));
  for (const { id } of items) await requests.answer({ requestId: id, by: { id: 'bob' }, status: 'approved' });
  await ended;
  expect(await turns.get(String(turnId))).toMatchObject({ status: 'completed' });
  expect(effects).toEqual(['plan', 'isolate']);
  const bob = await hub.connect({ user: 'bob' });
  const { messages } = await bob.next('snapshot');
  const said = (messages as { type: string; content: string }[]).map(({ type, content }) => [type, content]);
  expect(said).toEqual([
    ['user', '7'],
    ['plan', 'isolate h-7'],
    ['response', 'approved approved'],
  ]);
});
