/** Updates that leave out what is known, put together by the client: its listeners get whole requests. */
import { connectInbox, emptyView, reduce } from '../../lib/client';
import { portOf } from '../../lib/hub/hub';
import { startTestHub, type TestHub } from '../../lib/testing/test-hub';
import { Guest, leaveAll, testSocket } from './guest';

let hub: TestHub;
beforeEach(async () => {
  hub = await startTestHub();
});
afterEach(async () => {
  leaveAll();
  await hub.close();
});

const payload = { question: 'Which region?', options: ['Europe', 'Asia'] };
const ask = () =>
  portOf(hub.hub).hitl.request({
    ticketId: 'T-1',
    sessionId: 's-1',
    userId: 'agent',
    type: 'question',
    payload,
  });

test('every envelope about a request has its payload, also after a resume', async () => {
  const asked = await ask();
  const alice = await Guest.join(hub);
  const bob = await hub.connect({ user: 'bob' });
  bob.send({ type: 'hitl_claim', id: 'c-1', request_id: asked.id });
  await alice.until(() => alice.all('hitl_request_updated').length > 0, 'the claim');
  await portOf(hub.hub).hitl.cancel(asked.id, 'no longer');
  await alice.until(() => alice.all('hitl_request_resolved').length > 0, 'the end');
  for (const each of [...alice.all('hitl_request_updated'), ...alice.all('hitl_request_resolved')]) {
    expect(each.hitl.payload).toEqual(payload);
    expect(each).not.toHaveProperty('unchanged');
  }
  expect(alice.heard.reduce(reduce, emptyView()).settled).toMatchObject([{ id: asked.id, payload }]);
});

test('an inbox has whole items, and emits whole envelopes', async () => {
  const { id } = await ask();
  const inbox = connectInbox({ url: hub.url, WebSocket: testSocket(hub) });
  const next = (event: 'inbox_snapshot' | 'inbox_updated' | 'inbox_removed') =>
    new Promise<unknown>((resolve) => {
      const off = inbox.on(event, (envelope) => {
        off();
        resolve(envelope);
      });
    });
  await next('inbox_snapshot');
  const bob = await hub.connect({ user: 'bob' });
  const updated = next('inbox_updated');
  bob.send({ type: 'hitl_claim', id: 'c-1', request_id: id });
  expect(await updated).toMatchObject({ hitl: { payload, claimed_by: { user_id: 'bob' } } });
  expect(inbox.items).toMatchObject([{ id, payload, claimed_by: { user_id: 'bob' } }]);
  const removed = next('inbox_removed');
  await portOf(hub.hub).hitl.cancel(id, 'no longer');
  expect(await removed).toMatchObject({ hitl: { payload, status: 'cancelled' } });
  inbox.close();
});

test('who begins in the middle, without the requests, is sent them whole', async () => {
  const first = await hub.connect({ user: 'first' });
  const { id } = await ask();
  const { epoch, seq } = await first.next('hitl_request_pending');
  const alice = await Guest.join(hub, { after: { epoch, seq } });
  await portOf(hub.hub).hitl.cancel(id, 'no longer');
  await alice.until(() => alice.all('hitl_request_resolved').length > 0, 'the end');
  expect(alice.all('hitl_request_resolved')[0]?.hitl.payload).toEqual(payload);
});

test('a pending request that is not known whole is not shown', () => {
  const view = reduce(emptyView(), {
    event: 'hitl_request_updated',
    timestamp: '2026-01-01T00:00:00.000Z',
    ticket_id: 'T-1',
    session_id: 's-1',
    epoch: 'e',
    seq: 4,
    unchanged: ['payload'],
    hitl: {
      id: 'r-1',
      session_id: 's-1',
      ticket_id: 'T-1',
      type: 'question',
      status: 'pending',
      revision: 1,
      digest: 'sha256:0',
      created_at: '2026-01-01T00:00:00.000Z',
    },
  });
  expect(view.pending).toEqual([]);
  expect(view.position).toEqual({ epoch: 'e', seq: 4 });
});
