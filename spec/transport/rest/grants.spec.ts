/** Grants over HTTP: who sees them, what each approved, and taking them back. */
import request from 'supertest';
import { portOf } from '../../../lib/hub/hub';
import type { GrantOffer, User } from '../../../lib/index';
import { startTestHub, type TestHub, type TestHubOptions } from '../../../lib/testing/test-hub';

let hub: TestHub;
afterEach(() => hub.close());

const start = async (options: TestHubOptions = {}) => {
  hub = await startTestHub({
    ...options,
    auth: {
      authorize: ({ ticketId, user }) =>
        user.id === 'mallory' || ticketId === 'T-9' ? 'forbidden' : 'allow',
      ...options.auth,
    },
  });
};

const get = async (path: string, user = 'carol', status = 200) =>
  (await request(hub.server).get(path).set('x-user', user).expect(status)).body;
const revoke = (id: string, user = 'carol') =>
  request(hub.server).post(`/hitl/grants/${id}/revoke`).set('x-user', user);

const ask = (ip: string, offer: GrantOffer & { expires_in_ms?: number }, more: object = {}) =>
  portOf(hub.hub).hitl.request({
    ticketId: 'T-1',
    sessionId: 's',
    userId: 'alice',
    type: 'tool_approval',
    payload: { tool_name: 'block_ip', tool_args: { ip }, grants: [offer] },
    ...more,
  });

/** A grant that bob gave. */
async function given(ip: string, offer: Parameters<typeof ask>[1] = {}, more: object = {}): Promise<string> {
  const { id } = await ask(ip, offer, more);
  const by: User = { id: 'bob', name: 'Bob', groups: ['lead'] };
  const { grant } = await portOf(hub.hub).hitl.respond(id, {
    by,
    status: 'approved',
    response: { grant: 0 },
  });
  return String(grant?.id);
}

test('A grant is read with everything it is, and how often it was used', async () => {
  await start();
  const id = await given('203.0.113.1', { uses: 3 });
  await ask('203.0.113.1', { uses: 3 });
  const { grant } = await get(`/hitl/grants/${id}`);
  const now = new Date(hub.clock.now()).toISOString();
  expect(grant).toEqual({
    id,
    tool_name: 'block_ip',
    scope: 'ticket',
    ticket_id: 'T-1',
    args: 'exact',
    tool_args: { ip: '203.0.113.1' },
    request_id: expect.any(String),
    given_by: [{ user_id: 'bob', display_name: 'Bob' }],
    created_at: now,
    expires_at: new Date(hub.clock.now() + 86_400_000).toISOString(),
    uses: 3,
    used: 1,
    last_used_at: now,
    state: 'live',
  });
  const { items } = await get(`/hitl/grants/${id}/uses`);
  expect(items).toMatchObject([
    { status: 'approved', used_grant: { id, given_by: [{ user_id: 'bob', display_name: 'Bob' }] } },
  ]);
});

test('Grants are listed page by page, all of them or those that hold', async () => {
  await start();
  const short = await given('203.0.113.1', { expires_in_ms: 1_000 });
  const spent = await given('203.0.113.2', { uses: 1 });
  await ask('203.0.113.2', { uses: 1 });
  const live = await given('203.0.113.3');
  const elsewhere = await given('203.0.113.4', {}, { ticketId: 'T-2' });
  hub.clock.advance(1_000);
  const first = await get('/hitl/grants?ticket_id=T-1&limit=2');
  const rest = await get(`/hitl/grants?ticket_id=T-1&limit=2&cursor=${first.next_cursor}`);
  const states = new Map(
    [...first.items, ...rest.items].map(({ id, state }: { id: string; state: string }) => [id, state]),
  );
  expect(states).toEqual(
    new Map([
      [short, 'expired'],
      [spent, 'spent'],
      [live, 'live'],
    ]),
  );
  expect(rest.next_cursor).toBeUndefined();
  const holding = (await get('/hitl/grants?live=true')).items.map(({ id }: { id: string }) => id);
  expect(new Set(holding)).toEqual(new Set([live, elsewhere]));
  expect((await get('/hitl/grants?cursor=nonsense', 'carol', 400)).error.code).toBe('invalid_frame');
  expect((await get('/hitl/grants?live=perhaps', 'carol', 400)).error.code).toBe('invalid_frame');
});

test('Everybody with access to the ticket may revoke its grant, which all clients see and the audit records', async () => {
  await start();
  const id = await given('203.0.113.1');
  const watcher = await hub.connect({ user: 'dave' });
  const { body } = await revoke(id).send({}).expect(200);
  expect(body.grant).toMatchObject({ id, state: 'revoked', revoked_by: { user_id: 'carol' } });
  expect(await watcher.next('hitl_request_updated')).toMatchObject({
    cause: { event: 'grant_revoked', by: { user_id: 'carol' }, via: 'rest' },
    hitl: { status: 'approved', grant: { id, revoked_by: { user_id: 'carol' } } },
  });
  expect((await ask('203.0.113.1', {})).status).toBe('pending');
  expect((await revoke(id, 'dave').send({}).expect(200)).body).toEqual(body);
  const { items } = await get(`/tickets/T-1/audit?request_id=${body.grant.request_id}`);
  expect(items).toMatchObject([
    { event: 'requested' },
    { event: 'responded', verdict: 'approved', grant_id: id },
    { event: 'grant_revoked', by: { user_id: 'carol' }, via: 'rest', grant_id: id },
  ]);
});

test('One that has ended stays as it ended', async () => {
  await start();
  const id = await given('203.0.113.1', { expires_in_ms: 1_000 });
  hub.clock.advance(1_000);
  expect((await revoke(id).send({}).expect(200)).body.grant).toMatchObject({ state: 'expired' });
});

test('A grant that a user may not see does not exist for them, and cannot be revoked by them', async () => {
  await start();
  const id = await given('203.0.113.1');
  for (const [user, status] of [
    ['mallory', 404],
    ['', 401],
  ] as const) {
    await get(`/hitl/grants/${id}`, user, status);
    await get(`/hitl/grants/${id}/uses`, user, status);
    await revoke(id, user).send({}).expect(status);
  }
  expect((await get('/hitl/grants', 'mallory')).items).toEqual([]);
  expect((await get('/hitl/grants?ticket_id=T-1', 'mallory', 403)).error.code).toBe('forbidden');
  await get('/hitl/grants/nothing', 'carol', 404);
  await revoke(id).set('origin', 'https://evil.example').send({}).expect(403);
  await revoke(id).type('form').send('a=b').expect(400);
  expect((await hub.hub.grants.get(id)).revokedAt).toBeUndefined();
});

describe('A grant that holds everywhere', () => {
  const everywhere = { scope: 'everywhere' } as const;

  test('is seen and taken back by those who could have answered, unless the app says otherwise', async () => {
    await start();
    const id = await given('203.0.113.1', everywhere, { policy: { groups: ['lead'] } });
    await get(`/hitl/grants/${id}`, 'carol', 404);
    expect((await get('/hitl/grants', 'carol')).items).toEqual([]);
    await revoke(id).send({}).expect(404);
    expect((await get('/hitl/grants', 'lena:lead')).items).toHaveLength(1);
    await revoke(id, 'lena:lead').send({}).expect(200);
  });

  test('is for those whom the app names, if it names them', async () => {
    await start({ rules: { mayGrant: ({ user }) => user.id !== 'lena' } });
    const id = await given('203.0.113.1', everywhere, { policy: { groups: ['lead'] } });
    await get(`/hitl/grants/${id}`, 'lena:lead', 404);
    await revoke(id, 'carol').send({}).expect(200);
  });

  test('shows of its uses those on tickets that one may see', async () => {
    await start();
    const id = await given('203.0.113.1', everywhere);
    await ask('203.0.113.1', everywhere, { ticketId: 'T-2' });
    await ask('203.0.113.1', everywhere, { ticketId: 'T-9' });
    const { items } = await get(`/hitl/grants/${id}/uses`);
    expect(items.map((each: { ticket_id: string }) => each.ticket_id)).toEqual(['T-2']);
  });
});
