/** Taking a request back over HTTP and over the socket: one rule, one outcome. */
import request from 'supertest';
import { portOf } from '../../../lib/hub/hub';
import type { TestClient, TestFrame } from '../../../lib/testing/test-client';
import { startTestHub, type TestHub, type TestHubOptions } from '../../../lib/testing/test-hub';

let hub: TestHub;
let alice: TestClient;
let hitl: TestFrame;
afterEach(() => hub.close());

/** Alice's agent has asked something, and says how that ended. */
async function start(options: TestHubOptions = {}): Promise<void> {
  hub = await startTestHub({
    agent: async (turn) => turn.say((await turn.ask({ question: 'Go?' })).status),
    ...options,
    auth: {
      authorize: ({ user }) => (user.id === 'mallory' ? 'forbidden' : 'allow'),
      ...options.auth,
    },
  });
  alice = await hub.connect();
  await alice.ask({ type: 'message', content: 'go' });
  ({ hitl } = await alice.next('hitl_request_pending'));
}
const cancel = (user: string, body: object = { reason: 'no longer needed' }) =>
  request(hub.server).post(`/hitl/requests/${hitl.id}/cancel`).set('x-user', user).send(body);

test('the requester cancels it, all clients are sent the reason and the name, and the agent goes on', async () => {
  await start();
  const { body } = await cancel('alice').expect(200);
  expect(body.hitl).toMatchObject({ id: hitl.id, status: 'cancelled', reason: 'no longer needed' });
  const resolved = await alice.next('hitl_request_resolved');
  expect(resolved.hitl).toEqual(body.hitl);
  expect(resolved.cause).toMatchObject({ event: 'cancelled', by: { user_id: 'alice' }, via: 'rest' });
  expect((await alice.next((frame) => frame.message?.type === 'response')).message.content).toBe('cancelled');
});

test('over the socket too, and the frame again gets the same answer', async () => {
  await start();
  const frame = { type: 'hitl_cancel', id: 'x', request_id: hitl.id, reason: ' no longer needed ' };
  const ack = await alice.ask(frame);
  expect(ack).toMatchObject({ event: 'ack', hitl: { status: 'cancelled', reason: 'no longer needed' } });
  expect(await alice.ask(frame)).toEqual(ack);
});

test('another person may not cancel it, unless the app lets them', async () => {
  await start();
  const bob = await hub.connect({ user: 'bob' });
  const frame = { type: 'hitl_cancel', request_id: hitl.id, reason: 'x' };
  expect(await bob.ask(frame)).toMatchObject({ code: 'not_allowed', details: { rule: 'requester' } });
  expect((await cancel('bob').expect(403)).body.error).toMatchObject({
    code: 'not_allowed',
    details: { rule: 'requester', hitl: { status: 'pending' } },
  });
  expect((await cancel('mallory').expect(404)).body.error.code).toBe('not_found');
  await hub.close();
  await start({ rules: { mayCancel: ({ user }) => user.groups?.includes('operator') === true } });
  expect((await cancel('alice').expect(403)).body.error.details.rule).toBe('app');
  await cancel('bob:operator').expect(200);
});

test('too late is refused with how it ended', async () => {
  await start();
  await portOf(hub.hub).hitl.respond(hitl.id, { by: { id: 'bob' }, status: 'denied' });
  expect((await cancel('alice').expect(409)).body.error).toMatchObject({
    code: 'already_resolved',
    details: { hitl: { status: 'denied' } },
  });
});

test.each<[what: string, body: object]>([
  ['no reason', {}],
  ['an empty reason', { reason: ' ' }],
  ['a reason of 4,001 characters', { reason: 'x'.repeat(4_001) }],
])('%s is refused', async (_what, body) => {
  await start();
  expect((await cancel('alice', body).expect(400)).body.error.code).toBe('invalid_frame');
  expect((await portOf(hub.hub).hitl.get(hitl.id)).status).toBe('pending');
});

test('a page of another site cannot', async () => {
  await start();
  const forged = await cancel('alice').set('Origin', 'https://evil.example').expect(403);
  expect(forged.body.error.code).toBe('origin_refused');
});
