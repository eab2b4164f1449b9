/** What a client is sent about a request that it knows, where it asked for changes alone, over real sockets. */
import { type Envelope, emptyView, reduce } from '../../../lib/client';
import { portOf } from '../../../lib/hub/hub';
import { TestClient, type TestFrame } from '../../../lib/testing/test-client';
import { startTestHub, type TestHub } from '../../../lib/testing/test-hub';

let hub: TestHub;
beforeEach(async () => {
  hub = await startTestHub();
});
afterEach(() => hub.close());

/** A client that asked for changes. */
async function connect(user: string, query = ''): Promise<TestClient> {
  const url = `${hub.url.replace('http', 'ws')}/ws/chat/ticket/T-1?tab=${user}&updates=changes${query}`;
  const client = await TestClient.open(url, {
    headers: { 'x-user': user },
  });
  if (!(client instanceof TestClient)) throw new Error(`refused with ${client.status}`);
  clients.push(client);
  return client;
}
const openInbox = async (user: string) => {
  const url = `${hub.url.replace('http', 'ws')}/ws/inbox?updates=changes`;
  const client = await TestClient.open(url, { headers: { 'x-user': user } });
  if (!(client instanceof TestClient)) throw new Error(`refused with ${client.status}`);
  clients.push(client);
  return client;
};
const clients: TestClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
});

const question = { question: 'Which region?', options: ['Europe', 'Asia'] };
const ask = (payload: Record<string, unknown> = question, display = { title: 'Where' }) =>
  portOf(hub.hub).hitl.request({
    ticketId: 'T-1',
    sessionId: 's-1',
    userId: 'agent',
    type: 'question',
    payload,
    display,
  });
const isOf = (event: string, cause: string) => (frame: TestFrame) =>
  frame.event === event && frame.cause?.event === cause;

test('a claim, a release and the end leave out what an amendment alone may change; an amendment has it', async () => {
  const alice = await connect('alice');
  const bob = await hub.connect({ user: 'bob' });
  const { id } = await ask();
  expect((await alice.next('hitl_request_pending')).hitl.payload).toEqual(question);
  bob.send({ type: 'hitl_claim', id: 'c-1', request_id: id });
  const claimed = await alice.next(isOf('hitl_request_updated', 'claimed'));
  expect(claimed.unchanged).toEqual(['payload', 'display', 'response_schema']);
  expect(claimed.hitl).not.toHaveProperty('payload');
  expect(claimed.hitl).not.toHaveProperty('display');
  expect(claimed.hitl).toMatchObject({ id, revision: 1, claimed_by: { user_id: 'bob' } });
  const whole = await bob.next(isOf('hitl_request_updated', 'claimed'));
  expect(whole).toMatchObject({ hitl: { payload: question, display: { title: 'Where' } } });
  expect(whole).not.toHaveProperty('unchanged');
  await portOf(hub.hub).hitl.amend(id, { question: 'Which country?' });
  const amended = await alice.next(isOf('hitl_request_updated', 'amended'));
  expect(amended.hitl).toMatchObject({ revision: 2, payload: { question: 'Which country?' } });
  expect(amended).not.toHaveProperty('unchanged');
  await portOf(hub.hub).hitl.cancel(id, 'no longer');
  const resolved = await alice.next('hitl_request_resolved');
  expect(resolved.hitl).toMatchObject({ status: 'cancelled', revision: 2 });
  expect(resolved.hitl).not.toHaveProperty('payload');
  // Put together, the two have the same view.
  const viewOf = ({ received }: TestClient) => (received as Envelope[]).reduce(reduce, emptyView());
  await bob.next('hitl_request_resolved');
  expect(viewOf(alice).settled).toEqual(viewOf(bob).settled);
});

test('missed envelopes are replayed in the same form', async () => {
  const alice = await connect('alice');
  const { id } = await ask();
  const { epoch, seq } = await alice.next('hitl_request_pending');
  await alice.close();
  await portOf(hub.hub).hitl.cancel(id, 'no longer');
  const again = await connect('alice', `&after=${epoch}:${seq}`);
  const resolved = await again.next('hitl_request_resolved');
  expect(resolved.unchanged).toEqual(['payload', 'display']);
  expect(resolved.hitl).not.toHaveProperty('payload');
});

test('an inbox is sent the same for the requests that it was shown', async () => {
  const inbox = await openInbox('alice');
  const bob = await hub.connect({ user: 'bob' });
  await inbox.next('inbox_snapshot');
  const { id } = await ask();
  expect((await inbox.next('inbox_added')).hitl.payload).toEqual(question);
  bob.send({ type: 'hitl_claim', id: 'c-1', request_id: id });
  const claimed = await inbox.next('inbox_updated');
  expect(claimed).toMatchObject({
    unchanged: ['payload', 'display', 'response_schema'],
    hitl: { claimed_by: { user_id: 'bob' } },
  });
  expect(claimed.hitl).not.toHaveProperty('payload');
  await portOf(hub.hub).hitl.amend(id, { question: 'Which country?' });
  const amended = await inbox.next((frame) => frame.event === 'inbox_updated' && frame.hitl.revision === 2);
  expect(amended.hitl.payload).toEqual({ question: 'Which country?' });
  await portOf(hub.hub).hitl.cancel(id, 'no longer');
  const removed = await inbox.next('inbox_removed');
  expect(removed.hitl).toMatchObject({ status: 'cancelled' });
  expect(removed.hitl).not.toHaveProperty('payload');
});

test('72 claims and releases of a request of 250 kB send less than 100 kB to a ticket and an inbox', async () => {
  const alice = await connect('alice');
  const inbox = await openInbox('alice');
  await inbox.next('inbox_snapshot');
  const bob = await hub.connect({ user: 'bob' });
  const { id } = await portOf(hub.hub).hitl.request({
    ticketId: 'T-1',
    sessionId: 's-1',
    userId: 'agent',
    type: 'tool_approval',
    payload: { tool_name: 'block', tool_args: { list: 'x'.repeat(250_000) } },
  });
  await alice.next('hitl_request_pending');
  await inbox.next('inbox_added');
  const before = { ticket: alice.received.length, inbox: inbox.received.length };
  for (let n = 0; n < 36; n += 1) {
    bob.send({ type: 'hitl_claim', id: `c-${n}`, request_id: id });
    await inbox.next('inbox_updated');
    bob.send({ type: 'hitl_release', id: `r-${n}`, request_id: id });
    await inbox.next('inbox_updated');
    for (const cause of ['claimed', 'released']) await alice.next(isOf('hitl_request_updated', cause));
  }
  const bytes = (frames: readonly TestFrame[]) => JSON.stringify(frames).length;
  const [ticket, inboxed] = [alice.received.slice(before.ticket), inbox.received.slice(before.inbox)];
  expect(ticket.length).toBeGreaterThanOrEqual(72);
  expect(inboxed.length).toBeGreaterThanOrEqual(72);
  expect(bytes(ticket)).toBeLessThan(100_000);
  expect(bytes(inboxed)).toBeLessThan(100_000);
});
