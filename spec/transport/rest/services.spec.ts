/** Agents in other processes: asking, waiting, changing and reporting over HTTP as a service, and what none of them may. */
import request from 'supertest';
import { portOf } from '../../../lib/hub/hub';
import type { Service } from '../../../lib/index';
import { startTestHub, type TestHub, type TestHubOptions } from '../../../lib/testing/test-hub';
import { maxWaits } from '../../../lib/transport/rest/waits';

let hub: TestHub;
afterEach(() => hub.close());

const services: Record<string, Service> = {
  worker: { id: 'worker', name: 'Worker', tickets: ['T-1', 'T-2'] },
  other: { id: 'other', tickets: 'all' },
  asked: { id: 'asked', tickets: (ticketId) => ticketId === 'T-1' },
  none: { id: 'none' } as Service,
};
async function start(options: TestHubOptions = {}): Promise<void> {
  hub = await startTestHub({
    ...options,
    auth: {
      identifyService: (req) => services[req.get('authorization')?.replace('Bearer ', '') ?? ''] ?? null,
      ...options.auth,
    },
  });
}
const as = (who: string) => (services[who] ? { authorization: `Bearer ${who}` } : { 'x-user': who });
const get = (path: string, who = 'worker') => request(hub.server).get(path).set(as(who));
const post = (path: string, body: object, who = 'worker') =>
  request(hub.server).post(path).set(as(who)).send(body);
const payload = { tool_name: 'block_ip', tool_args: { ip: '203.0.113.7' } };
const asking = (more: object = {}) => ({ ticket_id: 'T-1', type: 'tool_approval', payload, ...more });
const ask = async (more: object = {}) => (await post('/hitl/requests', asking(more)).expect(201)).body.hitl;
const answer = (id: string, status = 'approved') => post(`/hitl/requests/${id}/respond`, { status }, 'bob');
const codeOf = async (refused: PromiseLike<request.Response>) => (await refused).body.error?.code;

describe('A service asks', () => {
  test('and the ticket sees it, with all that a request can say', async () => {
    await start();
    const alice = await hub.connect();
    const hitl = await ask({
      policy: { groups: ['lead'], exclude_requester: true },
      expires_in: '1h',
      on_expiry: 'denied',
      escalate_in: '10m',
      escalate_to: { users: ['boss'] },
      remind_in: ['1m', 120_000],
      session_id: 'nightly',
    });
    expect(hitl).toMatchObject({
      user_id: 'worker',
      session_id: 'nightly',
      policy: { groups: ['lead'], exclude_requester: true },
      expires_at: expect.any(String),
    });
    const told = await alice.next('hitl_request_pending');
    expect(told.hitl).toEqual(hitl);
    expect(told.cause.by).toEqual({ user_id: 'worker', display_name: 'Worker' });
    await hub.advance('1h');
    expect((await get(`/hitl/requests/${hitl.id}`).expect(200)).body.hitl.status).toBe('denied');
  });

  test('again with the same key, also after a restart, and finds its request or the outcome', async () => {
    await start({ sqlite: true });
    const { id } = await ask({ key: 'k' });
    await hub.crash();
    const again = await post('/hitl/requests', asking({ key: 'k' })).expect(200);
    expect(again.body.hitl).toMatchObject({ id, status: 'pending' });
    await answer(id).expect(200);
    expect((await post('/hitl/requests', asking({ key: 'k' })).expect(200)).body.hitl).toMatchObject({
      id,
      status: 'approved',
    });
    const other = { key: 'k', payload: { ...payload, tool_name: 'x' } };
    expect(await codeOf(post('/hitl/requests', asking(other)))).toBe('key_conflict');
    expect((await ask({ ...other, supersede: true })).id).not.toBe(id);
  });

  test('only in its own tickets, and neither finds nor takes the key of another user', async () => {
    await start();
    const { id } = await ask({ key: 'k' });
    const at = (who: string, ticket_id: string, more = {}) =>
      codeOf(post('/hitl/requests', asking({ ticket_id, ...more }), who));
    expect(await at('worker', 'T-3')).toBe('forbidden');
    expect(await at('none', 'T-1')).toBe('forbidden');
    expect(await at('asked', 'T-2')).toBe('forbidden');
    expect(await at('asked', 'T-1')).toBeUndefined();
    expect(await at('other', 'T-1', { key: 'k' })).toBe('key_conflict');
    expect(await at('other', 'T-1', { key: 'k', supersede: true })).toBe('key_conflict');
    for (const path of ['', '/wait']) {
      expect(await codeOf(get(`/hitl/requests/${id}${path}`, 'other'))).toBe('not_found');
    }
    expect(await codeOf(post(`/hitl/requests/${id}/cancel`, { reason: 'x' }, 'other'))).toBe('not_found');
    expect(await codeOf(post(`/hitl/requests/${id}/amend`, { payload }, 'other'))).toBe('not_found');
  });

  test('and never answers, joins or reads, and people do not ask', async () => {
    await start({ auth: { identify: () => 'everybody' } });
    const { id } = await ask();
    expect(await codeOf(post(`/hitl/requests/${id}/respond`, { status: 'approved' }))).toBe('forbidden');
    expect(await codeOf(get('/hitl/requests'))).toBe('forbidden');
    expect(await codeOf(get('/tickets/T-1/timeline'))).toBe('forbidden');
    expect(await hub.tryConnect({ headers: as('worker') })).toMatchObject({ status: 403 });
    expect(await codeOf(post('/hitl/requests', asking(), 'alice'))).toBe('authentication_required');
    expect((await portOf(hub.hub).hitl.get(id)).status).toBe('pending');
  });

  test('with what people are shown beside the payload, and changes that, alone or with the payload', async () => {
    await start();
    const alice = await hub.connect();
    const display = { title: 'Block a host', risk: 'high', links: [{ url: 'https://siem.example.com/1' }] };
    const { id, digest } = await ask({ display });
    expect((await alice.next('hitl_request_pending')).hitl.display).toEqual(display);
    const amend = (body: object) => post(`/hitl/requests/${id}/amend`, body);
    const risky = { ...display, risk: 'critical' };
    const { body } = await amend({ display: risky }).expect(200);
    expect(body.hitl).toMatchObject({ revision: 2, digest, payload, display: risky });
    expect((await alice.next('hitl_request_updated')).hitl).toEqual(body.hitl);
    const both = { payload: { ...payload, tool_args: { ip: '198.51.100.1' } }, display: null };
    const bare = (await amend(both).expect(200)).body.hitl;
    expect(bare).toMatchObject({ revision: 3, payload: both.payload });
    expect(bare).not.toHaveProperty('display');
    expect(await codeOf(amend({}))).toBe('invalid_request');
    expect(await codeOf(amend({ payload: null }))).toBe('invalid_frame');
    expect(await codeOf(amend({ display: { titel: 'x' } }))).toBe('invalid_frame');
    expect((await amend({ payload: { ...payload, why: 'x' } }).expect(422)).body.error.message).toContain(
      'put what is only shown into display',
    );
    const audit = (await request(hub.server).get('/tickets/T-1/audit').set(as('alice')).expect(200)).body
      .items;
    expect(audit.map(({ display: shown }: { display?: object }) => shown)).toEqual([
      display,
      risky,
      undefined,
    ]);
    expect((await get(`/hitl/requests/${id}`)).body.hitl).toEqual(bare);
  });

  test.each<[string, object, number, string]>([
    ['an unknown field of `display`', { display: { titel: 'x' } }, 400, 'invalid_frame'],
    ['a link of another scheme', { display: { links: [{ url: 'ftp://x.example' }] } }, 400, 'invalid_frame'],
    ['more in the payload', { payload: { ...payload, environment: 'x' } }, 422, 'invalid_request'],
    ['an unknown field', { expire_in: '1h' }, 400, 'invalid_frame'],
    ['an unknown rule', { policy: { exclude_the_requester: true } }, 400, 'invalid_frame'],
    ['an unknown rule in a stage', { policy: { stages: [{ user: ['a'] }] } }, 400, 'invalid_frame'],
    ['an unknown kind', { type: 'x' }, 422, 'invalid_request'],
    ['a time that is none', { expires_in: 'soon' }, 422, 'invalid_request'],
  ])('with %s is refused', async (_what, more, status, code) => {
    await start();
    const refused = await post('/hitl/requests', asking(more)).expect(status);
    expect(refused.body.error.code).toBe(code);
  });

  test('is not authenticated where the callback fails', async () => {
    await start({
      auth: {
        identifyService: () => {
          throw new Error('vault');
        },
      },
    });
    expect(await codeOf(post('/hitl/requests', asking()))).toBe('unavailable');
    expect(await codeOf(get('/hitl/requests', 'alice'))).toBe('unavailable');
  });
});

describe('A service waits', () => {
  const waitFor = (id: string, timeout = '30s') => get(`/hitl/requests/${id}/wait?timeout=${timeout}`);
  /** Resolves when so many wait. */
  const waiting = async (count: number) => {
    while (portOf(hub.hub).hitl.waiting !== count) await new Promise((resolve) => setImmediate(resolve));
  };

  test('and is answered with the outcome, or that there is none yet', async () => {
    await start();
    const { id } = await ask();
    const early = waitFor(id).then((response) => response);
    await waiting(1);
    await hub.advance('30s');
    expect(await early).toMatchObject({ status: 202, body: { hitl: { status: 'pending' } } });
    const longest = waitFor(id, '2h').then((response) => response);
    await waiting(1);
    await hub.advance('60s');
    expect((await longest).status).toBe(202);
    const later = waitFor(id).then((response) => response);
    await waiting(1);
    await answer(id, 'denied').expect(200);
    expect(await later).toMatchObject({ status: 200, body: { hitl: { status: 'denied' } } });
    expect((await waitFor(id)).status).toBe(200);
    expect(await codeOf(waitFor(id, 'long'))).toBe('invalid_request');
  });

  test('and leaves nothing behind when it hangs up', async () => {
    await start();
    const { id } = await ask();
    const stop = new AbortController();
    const gone = fetch(`${hub.url}/hitl/requests/${id}/wait`, { headers: as('worker'), signal: stop.signal });
    await waiting(1);
    stop.abort();
    await expect(gone).rejects.toThrow();
    await waiting(0);
  });

  test('and is refused as soon as the hub drains', async () => {
    await start({
      agent: (turn) => new Promise((resolve) => turn.signal.addEventListener('abort', resolve)),
    });
    const alice = await hub.connect();
    await alice.ask({ type: 'message', content: 'something that takes long' });
    const { id } = await ask();
    const held = waitFor(id).then((response) => response);
    await waiting(1);
    const drained = hub.hitl.drain({ over: '1m' });
    expect(await held).toMatchObject({ status: 503, body: { error: { code: 'closing' } } });
    expect(portOf(hub.hub).turns.size).toBe(1);
    await hub.hitl.close();
    await drained;
  });

  test(`${maxWaits.perService} times at once and not once more, others beside it`, async () => {
    await start();
    const { id } = await ask();
    const url = `${hub.url}/hitl/requests/${id}/wait`;
    const held = Array.from({ length: maxWaits.perService }, () => fetch(url, { headers: as('worker') }));
    await waiting(maxWaits.perService);
    expect(await waitFor(id)).toMatchObject({ status: 503, body: { error: { code: 'busy' } } });
    await answer(id).expect(200);
    const statuses = (await Promise.all(held)).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([200]));
  }, 30_000);
});

describe('A service changes what it asked', () => {
  test('amends it, and takes it back', async () => {
    await start();
    const { id } = await ask();
    const amended = { payload: { ...payload, tool_args: { ip: '198.51.100.1' } } };
    expect((await post(`/hitl/requests/${id}/amend`, amended).expect(200)).body.hitl.revision).toBe(2);
    const { body } = await post(`/hitl/requests/${id}/cancel`, { reason: 'the scan has stopped' }).expect(
      200,
    );
    expect(body.hitl).toMatchObject({ status: 'cancelled', reason: 'the scan has stopped' });
    const { items } = await hub.store.audit({ ticketId: 'T-1' }, 10);
    expect(items.map(({ event, by, via }) => [event, by?.userId, via])).toEqual([
      ['requested', 'worker', 'rest'],
      ['amended', 'worker', 'rest'],
      ['cancelled', 'worker', 'rest'],
    ]);
  });

  test('does exactly what was approved, once, and says how that went', async () => {
    await start();
    const { id } = await ask();
    const report = (body: object) => post(`/hitl/requests/${id}/execution`, body);
    const run = (run_id: string, what: object = payload) =>
      report({ state: 'executing', run_id, payload: what });
    const ruleOf = async (refused: PromiseLike<request.Response>) => (await refused).body.error.details.rule;
    expect(await ruleOf(run('a'))).toBe('not_approved');
    await answer(id).expect(200);
    expect(await ruleOf(run('a', { ...payload, tool_args: { ip: '10.0.0.1' } }))).toBe('digest');
    expect((await run('a').expect(200)).body.hitl.execution.state).toBe('executing');
    await run('a').expect(200);
    expect(await ruleOf(run('b'))).toBe('under_way');
    await hub.advance('1m');
    expect(await ruleOf(run('b'))).toBe('needs_retry');
    await report({ state: 'retry' }).expect(200);
    await run('b').expect(200);
    expect(await ruleOf(report({ state: 'executed', run_id: 'a' }))).toBe('other_run');
    await report({ state: 'failed', run_id: 'b', error: 'no route' }).expect(200);
    await report({ state: 'retry' }).expect(200);
    await run('c').expect(200);
    const { body } = await report({ state: 'executed', run_id: 'c' }).expect(200);
    expect(body.hitl.execution.state).toBe('executed');
    expect(await ruleOf(run('d'))).toBe('done');
  });
});

describe('What a service asks for', () => {
  test('is not approved by silence, unless the app says that it may be', async () => {
    await start({
      auth: {
        identifyService: (req) =>
          req.get('authorization') === 'Bearer worker'
            ? { id: 'worker', tickets: 'all' }
            : { id: 'trusted', tickets: 'all', mayExpireApproved: true },
      },
    });
    const silent = asking({ expires_in: 1, on_expiry: 'approved' });
    const refused = await post('/hitl/requests', silent).expect(403);
    expect(refused.body.error).toMatchObject({ code: 'not_allowed', details: { rule: 'service' } });
    await request(hub.server)
      .post('/hitl/requests')
      .set({ authorization: 'Bearer trusted' })
      .send(silent)
      .expect(201);
  });

  test.each([
    ['a rule in camelCase', { policy: { excludeRequester: true } }, 'exclude_requester'],
    ['a misspelt deadline', { expire_in: '1h' }, 'expires_in'],
    ['a misspelt stage', { policy: { stages: [{ user: ['ann'] }] } }, 'users'],
  ])('is refused with %s, and with what was meant', async (_what, more, meant) => {
    await start();
    const { body } = await post('/hitl/requests', asking(more)).expect(400);
    expect(body.error).toMatchObject({
      code: 'invalid_frame',
      message: expect.stringContaining(`did you mean ${meant}?`),
    });
  });

  test.each([1e300, -1, '1e9d', '99999d', 0])('never waits for %p', async (expires_in) => {
    await start();
    const { status } = await post('/hitl/requests', asking({ expires_in }));
    expect([400, 422]).toContain(status);
  });

  test('is shown as not editable where several must agree, and is still carried out as it was asked', async () => {
    await start();
    const editable = { payload: { ...payload, editable: true }, policy: { approvals: 2 } };
    const { id, ...hitl } = await ask(editable);
    expect(hitl.payload.editable).toBe(false);
    await post(`/hitl/requests/${id}/respond`, { status: 'approved' }, 'bob').expect(200);
    await post(`/hitl/requests/${id}/respond`, { status: 'approved' }, 'carol').expect(200);
    const report = { state: 'executing', run_id: 'r', payload: editable.payload };
    await post(`/hitl/requests/${id}/execution`, report).expect(200);
  });
});

test('A misspelt field of an answer is refused, since its sender believes that it counts', async () => {
  await start();
  const { id } = await ask();
  const { body } = await post(
    `/hitl/requests/${id}/respond`,
    { status: 'approved', revison: 1 },
    'bob',
  ).expect(400);
  expect(body.error.message).toContain('did you mean revision?');
  await post(`/hitl/requests/${id}/respond`, { status: 'approved', seen_at: 1 }, 'bob').expect(200);
});
