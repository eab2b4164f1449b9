/** The audit: who did what to a request, which way, from where, seeing what; stored with the change itself. */
import { portOf } from '../../../lib/hub/hub';
import type { HitlRequestInput } from '../../../lib/hub/requests/ask';
import type { AuditEntry } from '../../../lib/index';
import { memoryStore } from '../../../lib/store/memory/memory-store';
import type { Store } from '../../../lib/store/store';
import type { TestClient } from '../../../lib/testing/test-client';
import { startTestHub, type TestHub, type TestHubOptions } from '../../../lib/testing/test-hub';
import { diskFull, type Trouble, troubled } from '../rig';

let hub: TestHub;
afterEach(() => hub.close());
const start = async (options: TestHubOptions = {}) => {
  hub = await startTestHub(options);
};
const hitl = () => portOf(hub.hub).hitl;
const ask = (input: Partial<HitlRequestInput> = {}) =>
  hitl().request({
    ticketId: 'T-1',
    sessionId: 's1',
    type: 'tool_approval',
    payload: { tool_name: 'block_ip', tool_args: { ip: '203.0.113.7' } },
    userId: 'agent',
    ...input,
  });

async function trail(requestId?: string): Promise<AuditEntry[]> {
  const entries: AuditEntry[] = [];
  for await (const entry of hitl().audit({ ticketId: 'T-1', requestId })) entries.push(entry);
  return entries;
}
/** One line per record: what, by whom, which way, from which state to which. */
const story = async (requestId?: string) =>
  (await trail(requestId)).map(({ event, by, via, fromState, toState }) =>
    [event, by?.userId ?? '-', via, fromState ?? '-', toState].join(' '),
  );

test('a request writes a record per step, with the way it arrived', async () => {
  await start();
  const { id, payload, digest } = await ask({
    remindIn: '1m',
    escalate: { after: '2m', to: {} },
    expiresIn: '1h',
  });
  const amendedPayload = { ...payload, tool_args: { ip: '203.0.113.8' } };
  const bob = await hub.connect({ user: 'bob' });
  await bob.ask({ type: 'hitl_claim', request_id: id });
  await hub.advance('2m');
  await hitl().amend(id, amendedPayload, { by: { id: 'agent', name: 'Agent' }, via: 'turn' });
  await bob.ask({ type: 'hitl_claim', request_id: id });
  await bob.ask({ type: 'hitl_release', request_id: id });
  const answer = { request_id: id, revision: 2, status: 'approved', response: { comment: 'Known scanner' } };
  await bob.ask({ type: 'hitl_respond', ...answer });
  await hitl().execute(id, { runId: 'r1', payload: amendedPayload });
  await hub.advance('1m');
  await hitl().retry(id, { by: { id: 'carol' } });
  expect(await story()).toEqual([
    'requested agent app - pending.open',
    'claimed bob socket pending.open pending.claimed',
    'reminded - deadline pending.claimed pending.claimed',
    'lease_ended - deadline pending.claimed pending.open',
    'escalated - deadline pending.open pending.open',
    'amended agent turn pending.open pending.open',
    'claimed bob socket pending.open pending.claimed',
    'released bob socket pending.claimed pending.open',
    'responded bob socket pending.open resolved.approved.unexecuted',
    'executing - app resolved.approved.unexecuted resolved.approved.executing',
    'unknown - deadline resolved.approved.executing resolved.approved.unknown',
    'retried carol app resolved.approved.unknown resolved.approved.unexecuted',
  ]);
  const entries = await trail(id);
  expect(entries.map(({ n }) => n)).toEqual(entries.map((_, index) => index + 1));
  const [first, claimed] = entries;
  expect(first).toMatchObject({ revision: 1, digest, status: 'pending' });
  expect(claimed).toMatchObject({ from: '127.0.0.1' });
  const responded = entries.find(({ event }) => event === 'responded');
  const { digest: amended } = await hitl().get(id);
  expect(responded).toMatchObject({
    by: { userId: 'bob', displayName: 'bob' },
    from: '127.0.0.1',
    status: 'approved',
    verdict: 'approved',
    comment: 'Known scanner',
    response: { comment: 'Known scanner' },
    revision: 2,
    digest: amended,
    approvedDigest: amended,
  });
  expect(amended).not.toBe(digest);
});

test('withdrawn, superseded, failed and expired requests say why', async () => {
  await start({ agent: (turn) => turn.ask({ question: 'Go?' }) });
  const alice = await hub.connect({ user: 'alice' });
  const { turn_id } = await alice.ask({ type: 'message', content: 'x' });
  await alice.next('hitl_request_pending');
  await alice.ask({ type: 'turn_cancel', turn_id });
  const first = await ask({ key: 'k' });
  const second = await ask({ key: 'k', supersede: true, payload: { tool_name: 'b', tool_args: {} } });
  await hitl().cancel(second.id, 'not needed', { by: { id: 'carol', name: 'Carol' } });
  const third = await ask({ expiresIn: '1m', onExpiry: 'approved' });
  await hub.advance('1m');
  await hitl().execute(third.id, { runId: 'r', payload: third.payload });
  await hitl().execute(third.id, { runId: 'r', payload: third.payload });
  await hitl().executed(third.id, 'r', 'the line is down');
  const told = (await trail()).map(({ event, via, by, reason }) => [event, via, by?.displayName, reason]);
  expect(told).toEqual([
    ['requested', 'turn', 'alice', undefined],
    ['cancelled', 'turn', undefined, 'its turn has ended'],
    ['requested', 'app', 'agent', undefined],
    ['superseded', 'app', undefined, `superseded by ${second.id}`],
    ['requested', 'app', 'agent', undefined],
    ['cancelled', 'app', 'Carol', 'not needed'],
    ['requested', 'app', 'agent', undefined],
    ['expired', 'deadline', undefined, 'nobody answered in time'],
    ['executing', 'app', undefined, undefined],
    ['failed', 'app', undefined, 'the line is down'],
  ]);
  expect((await trail(first.id)).map(({ status }) => status)).toEqual(['pending', 'superseded']);
  expect((await trail(third.id))[1]).toMatchObject({ status: 'approved', approvedDigest: third.digest });
});

test('every client in the ticket receives who did it and which way, but not from where', async () => {
  await start();
  const alice = await hub.connect({ user: 'alice' });
  const bob = await hub.connect({ user: 'bob' });
  const { id } = await ask();
  await bob.ask({ type: 'hitl_respond', request_id: id, status: 'denied' });
  expect((await alice.next('hitl_request_pending')).cause).toEqual({
    event: 'requested',
    by: { user_id: 'agent', display_name: 'agent' },
    via: 'app',
  });
  expect((await alice.next('hitl_request_resolved')).cause).toEqual({
    event: 'responded',
    by: { user_id: 'bob', display_name: 'bob' },
    via: 'socket',
  });
});

test('an answer that is not allowed is recorded too, once per rule, and changes nothing', async () => {
  await start();
  const { id } = await ask({ policy: { users: ['bob', 'agent'], excludeRequester: true } });
  const answer = (user: TestClient) =>
    user.ask({ type: 'hitl_respond', request_id: id, status: 'approved', response: { comment: 'Mine' } });
  const mallory = await hub.connect({ user: 'mallory' });
  for (let attempt = 0; attempt < 3; attempt += 1) {
    expect((await answer(mallory)).code).toBe('not_allowed');
  }
  expect((await answer(await hub.connect({ user: 'agent' }))).code).toBe('not_allowed');
  await answer(await hub.connect({ user: 'bob' }));
  // Too late, and so late that it is not recorded either.
  expect((await answer(mallory)).code).toBe('already_resolved');
  expect(await story()).toEqual([
    'requested agent app - pending.open',
    'refused mallory socket pending.open pending.open',
    'refused agent socket pending.open pending.open',
    'responded bob socket pending.open resolved.approved.unexecuted',
  ]);
  const tried = (await trail()).filter(({ event }) => event === 'refused');
  expect(tried).toMatchObject([
    { code: 'not_allowed', rule: 'answerers', verdict: 'approved', comment: 'Mine', from: '127.0.0.1' },
    { code: 'not_allowed', rule: 'four_eyes' },
  ]);
  // No reader needs what they sent, so all but the comment is left out.
  expect(tried.map(({ response }) => response)).toEqual([undefined, undefined]);
});

test('of refused answers to one request 100 are stored', async () => {
  await start();
  const { id } = await ask({ policy: { users: ['bob'] } });
  for (let n = 0; n < 101; n += 1) {
    await expect(hitl().respond(id, { by: { id: `m${n}` }, status: 'denied' })).rejects.toMatchObject({
      code: 'not_allowed',
    });
  }
  expect((await trail()).filter(({ event }) => event === 'refused')).toHaveLength(100);
});

test('a change that cannot be stored leaves no record, and a record that cannot be stored undoes the change', async () => {
  const trouble: Trouble = {};
  const store: Store = troubled(memoryStore(), trouble);
  await start({ store });
  const { id } = await ask();
  trouble.commit = diskFull;
  await expect(hitl().respond(id, { by: { id: 'bob' }, status: 'approved' })).rejects.toMatchObject({
    code: 'storage_failed',
  });
  delete trouble.commit;
  expect((await hitl().get(id)).status).toBe('pending');
  expect(await story()).toEqual(['requested agent app - pending.open']);
});

test('the trail continues after a restart and outlives the log', async () => {
  await start({ sqlite: true, retention: { log: { envelopes: 1 } } });
  const { id } = await ask();
  await hub.restart();
  await hitl().respond(id, { by: { id: 'bob' }, status: 'denied' }, { via: 'rest', from: '192.0.2.9' });
  await hub.settled();
  expect((await hub.store.log('T-1', 0, 10)).items).toHaveLength(1);
  expect((await trail()).map(({ n, event, from }) => [n, event, from])).toEqual([
    [1, 'requested', undefined],
    [2, 'responded', '192.0.2.9'],
  ]);
});
