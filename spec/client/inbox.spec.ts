/** The inbox client against a real hub: what it holds, how it comes back, and how answers go through it. */
import { connectInbox, type InboxClient, type InboxOptions } from '../../lib/client';
import { portOf } from '../../lib/hub/hub';
import type { HitlRequestInput } from '../../lib/hub/requests/ask';
import { startTestHub, type TestHub, type TestHubOptions } from '../../lib/testing/test-hub';
import { until } from '../transport/until';
import { cutAll, sendAway, testSocket } from './guest';

let hub: TestHub;
const clients: InboxClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await hub.close();
});

async function start(options: TestHubOptions = {}): Promise<void> {
  hub = await startTestHub(options);
}

async function ask(more: Partial<HitlRequestInput> = {}): Promise<string> {
  hub.clock.advance(1_000);
  const { id } = await portOf(hub.hub).hitl.request({
    ...{ ticketId: 'T-1', sessionId: 's', userId: 'agent', type: 'tool_approval' },
    payload: { tool_name: 'block_ip', tool_args: {} },
    ...more,
  });
  return id;
}

function open(options: Partial<InboxOptions> & { user?: string | null } = {}): InboxClient {
  const { user = 'alice', ...rest } = options;
  const client = connectInbox({
    url: hub.url,
    WebSocket: testSocket(hub, { user }),
    random: () => 0,
    ...rest,
  });
  clients.push(client);
  return client;
}

const ids = ({ items }: InboxClient) => items.map(({ id }) => id);
const has = (client: InboxClient, expected: readonly string[], total = expected.length) =>
  until(
    () => client.state === 'live' && ids(client).join() === expected.join() && client.total === total,
    `${ids(client)} are ${expected}`,
  );

test('holds what waits, as it comes, changes and goes, in its order', async () => {
  await start();
  const never = await ask();
  const soon = await ask({ expiresIn: '1h' });
  const alice = open({ order: 'urgent', toolName: 'block_ip' });
  await has(alice, [soon, never]);
  const before = alice.items;
  const changes: number[] = [];
  alice.on('change', ({ total }) => changes.push(total));
  await ask({ type: 'question', payload: { question: 'Why?' } });
  const sooner = await ask({ expiresIn: '1m' });
  await has(alice, [sooner, soon, never]);
  await portOf(hub.hub).hitl.claim(never, { id: 'bob' });
  await until(() => alice.items[2]?.claimed_by?.user_id === 'bob', 'the claim is seen');
  await portOf(hub.hub).hitl.cancel(soon, 'over');
  await has(alice, [sooner, never]);
  expect(changes).toEqual([3, 3, 2]);
  expect(before.map(({ id }) => id)).toEqual([soon, never]);
});

test('answers, claims and releases; who was faster is said, and sent with what is removed', async () => {
  await start();
  const [first, second] = [await ask(), await ask()];
  const alice = open();
  await has(alice, [first, second]);
  expect(await alice.claim(first)).toMatchObject({ hitl: { claimed_by: { user_id: 'alice' } } });
  expect((await alice.release(first)).hitl.claimed_by).toBeUndefined();
  const gone: unknown[] = [];
  alice.on('inbox_removed', ({ hitl }) => gone.push(hitl?.responded_by?.user_id));
  expect(await alice.respond(first, { status: 'approved', revision: 1 })).toMatchObject({
    hitl: { status: 'approved' },
  });
  await portOf(hub.hub).hitl.respond(second, { by: { id: 'bob' }, status: 'denied' });
  await has(alice, []);
  expect(gone).toEqual(['alice', 'bob']);
  await expect(alice.respond(second, { status: 'approved', revision: 1 })).rejects.toMatchObject({
    code: 'already_resolved',
    details: { hitl: { responded_by: { user_id: 'bob' } } },
  });
});

test('comes back by itself with everything as it is then, and sends once what waited in the meantime', async () => {
  await start({ sqlite: true });
  const [first, second] = [await ask(), await ask()];
  const alice = open();
  const states: string[] = [];
  alice.on('state', (state) => states.push(state));
  await has(alice, [first, second]);
  cutAll(hub);
  await until(() => alice.state === 'resuming', 'it notices');
  const answering = alice.respond(first, { status: 'approved', revision: 1 });
  await has(alice, [second]);
  expect((await answering).hitl.status).toBe('approved');
  await hub.restart();
  const third = await ask();
  await has(alice, [second, third]);
  sendAway(hub, 0);
  await until(() => states.length === 6, 'it was away and is back');
  await has(alice, [second, third]);
  expect(states).toEqual(['live', 'resuming', 'live', 'resuming', 'live', 'resuming', 'live']);
});

test('shows a page, loads more, and fills up by itself as requests are answered', async () => {
  await start();
  const asked: string[] = [];
  for (let n = 0; n < 7; n += 1) asked.push(await ask());
  const alice = open({ limit: 3 });
  await has(alice, asked.slice(0, 3), 7);
  expect([alice.hasMore, alice.isCapped]).toEqual([true, false]);
  const late = await ask();
  await has(alice, asked.slice(0, 3), 8);
  await portOf(hub.hub).hitl.cancel(asked[0] ?? '', 'over');
  await has(alice, asked.slice(1, 6), 7);
  await Promise.all([alice.loadMore(), alice.loadMore()]);
  expect([ids(alice), alice.hasMore]).toEqual([[...asked.slice(1), late], false]);
  await alice.loadMore();
});

test('notices that an envelope was lost on the way, and begins again', async () => {
  await start();
  let isLost = false;
  const lossy = testSocket(hub, { loses: ({ event }) => isLost && String(event) === 'inbox_added' });
  const alice = open({ WebSocket: lossy });
  await has(alice, []);
  isLost = true;
  const first = await ask();
  await hub.settled();
  isLost = false;
  const second = await ask();
  await has(alice, [first, second]);
});

test('is over for good where the user is refused, or is disconnected', async () => {
  await start();
  const refusing = async () => ({
    status: 401,
    json: async () => ({ error: { code: 'authentication_required' } }),
  });
  const nobody = open({ user: null, fetch: refusing });
  await until(() => nobody.state === 'closed', 'it has asked why');
  expect(nobody.ending).toMatchObject({ code: 4401 });
  const alice = open();
  await has(alice, []);
  hub.hub.clients.disconnect({ userId: 'alice' });
  await until(() => alice.state === 'closed', 'it is over');
  await expect(alice.claim('r')).rejects.toMatchObject({ code: 'closed' });
  await alice.loadMore();
});
