/** Turns over HTTP: who sees which, page by page, and who steers them. */
import request from 'supertest';
import { portOf } from '../../../lib/hub/hub';
import type { TurnRecord } from '../../../lib/protocol/records';
import { startTestHub, type TestHub, type TestHubOptions } from '../../../lib/testing/test-hub';
import { putTurn, stuck } from '../put-turn';

let hub: TestHub;
afterEach(() => hub.close());

/** Mallory may use no ticket whose name begins with S. */
async function start(options: TestHubOptions = {}): Promise<void> {
  hub = await startTestHub({
    ...options,
    auth: {
      authorize: ({ ticketId, user }) =>
        user.id === 'mallory' && ticketId.startsWith('S') ? 'forbidden' : 'allow',
      ...options.auth,
    },
  });
}

const put = (more: Partial<TurnRecord> = {}) => putTurn(hub.store, more);
const get = async (path: string, user = 'alice', status = 200) =>
  (await request(hub.server).get(path).set('x-user', user).expect(status)).body;
const post = (turnId: string, change: string, user = 'alice') =>
  request(hub.server).post(`/hitl/turns/${turnId}/${change}`).set('x-user', user);
const ids = async (query: string, user?: string): Promise<string[]> =>
  (await get(`/hitl/turns?${query}`, user)).items.map(({ id }: { id: string }) => id);

describe('GET /hitl/turns', () => {
  test('lists turns as envelopes show them, with their ticket, oldest first, those that have ended too', async () => {
    await start({ agent: (turn) => turn.say('hello') });
    const waiting = await put({ ticketId: 'T-1' });
    const wedged = await put({ ...stuck, ticketId: 'T-2', intent: 'block the address' });
    const client = await hub.connect({ ticketId: 'T-3' });
    const { turn_id } = await client.ask({ type: 'message', content: 'hi' });
    await client.next('turn_ended');
    const { items, next_cursor } = await get('/hitl/turns');
    expect(items.slice(0, 2)).toEqual([
      {
        id: waiting.id,
        session_id: 's-T-1',
        ticket_id: 'T-1',
        status: 'waiting',
        started_at: expect.any(String),
        waits_for: { since: expect.any(String), request_ids: [] },
      },
      {
        id: wedged.id,
        session_id: 's-T-2',
        ticket_id: 'T-2',
        status: 'stuck',
        intent: 'block the address',
        started_at: expect.any(String),
        problem: { ...stuck.problem, at: '2026-01-01T12:00:00.000Z' },
      },
    ]);
    expect(items[2]).toMatchObject({ id: turn_id, ticket_id: 'T-3', status: 'completed' });
    expect(next_cursor).toBeUndefined();
  });

  test('by ticket, by status and by version', async () => {
    await start();
    const run = { generation: 1, leg: 0, tries: 0, triedAt: 0 };
    const april = await put({ run: { ...run, version: 'april' } });
    const may = await put({ ticketId: 'T-2', run: { ...run, version: 'may' } });
    const wedged = await put({ ...stuck, run: { ...run, version: 'april' } });
    expect(await ids('ticket_id=T-2')).toEqual([may.id]);
    expect(await ids('status=stuck')).toEqual([wedged.id]);
    expect(await ids('status=waiting')).toEqual([april.id, may.id]);
    expect(await ids('version=april')).toEqual([april.id, wedged.id]);
    expect(await ids('version=april&status=stuck&ticket_id=T-1')).toEqual([wedged.id]);
    expect(await ids('version=june')).toEqual([]);
  });

  test('page by page, nothing left out and nothing twice, passing over what is on tickets of others', async () => {
    await start();
    const seen: string[] = [];
    const open: string[] = [];
    for (const ticketId of ['T-1', 'S-1', 'T-1', 'S-2', 'S-1', 'T-2', 'T-3']) {
      const { id } = await put({ ticketId });
      if (ticketId.startsWith('T')) open.push(id);
    }
    let cursor: string | undefined;
    do {
      const page = await get(`/hitl/turns?limit=2${cursor ? `&cursor=${cursor}` : ''}`, 'mallory');
      seen.push(...page.items.map(({ id }: { id: string }) => id));
      expect(page.items.length).toBeLessThanOrEqual(2);
      if (cursor === undefined) {
        await get(`/hitl/turns?cursor=${page.next_cursor}`, 'alice', 400);
        await get(`/hitl/requests?cursor=${page.next_cursor}`, 'mallory', 400);
      }
      cursor = page.next_cursor;
    } while (cursor);
    expect(seen).toEqual(open);
    expect((await get('/hitl/turns?ticket_id=S-1', 'mallory', 403)).error.code).toBe('forbidden');
  });

  test.each(['status=open', 'limit=0', 'limit=201', 'cursor=nonsense', 'ticketid=T-1'])(
    '?%s is 400 invalid_frame',
    async (query) => {
      await start();
      expect((await get(`/hitl/turns?${query}`, 'alice', 400)).error.code).toBe('invalid_frame');
    },
  );
});

describe('GET /hitl/turns/:id', () => {
  test('gives one, and of an aborted one why', async () => {
    await start();
    const { id } = await put(stuck);
    expect((await get(`/hitl/turns/${id}`)).turn).toMatchObject({ id, status: 'stuck', ticket_id: 'T-1' });
    await hub.hub.turns.cancel({ turnId: id });
    const { turn } = await get(`/hitl/turns/${id}`);
    expect(turn).toMatchObject({ status: 'aborted', reason: 'cancelled', ended_at: expect.any(String) });
    expect(turn).not.toHaveProperty('problem');
  });

  test('one on a ticket of others is, for this person, not there', async () => {
    await start();
    const { id } = await put({ ticketId: 'S-1' });
    await get(`/hitl/turns/${id}`);
    const hidden = await get(`/hitl/turns/${id}`, 'mallory', 404);
    expect(hidden).toEqual(await get('/hitl/turns/none', 'mallory', 404));
    await get(`/hitl/turns/${id}`, '', 401);
  });

  test('shows nobody who wrote the message, nor on which node the turn is', async () => {
    await start();
    const user = { id: 'alice', name: 'Alice', groups: ['secret'] };
    const { id } = await put({ user, run: { generation: 7, leg: 0, tries: 0, triedAt: 0, owner: 'node-9' } });
    expect(JSON.stringify(await get(`/hitl/turns/${id}`))).not.toMatch(/secret|node-9|generation/);
  });
});

describe.each(['retry', 'start_over', 'cancel'])('POST /hitl/turns/:id/%s', (change) => {
  test('is refused for what is not there, for others, and for pages of other sites', async () => {
    await start();
    const { id } = await put({ ...stuck, ticketId: 'S-1' });
    await post('none', change).send({}).expect(404);
    await post(id, change, '').send({}).expect(401);
    const hidden = await post(id, change, 'mallory').send({}).expect(404);
    expect(hidden.body.error.code).toBe('not_found');
    await post(id, change).set('origin', 'https://evil.example').send({}).expect(403);
    await post(id, change).type('form').send('a=b').expect(400);
    expect(await hub.store.turn(id)).toMatchObject({ status: 'stuck' });
  });

  test('is for those whom the app lets, and asks with the turn as it stands', async () => {
    const asked: unknown[] = [];
    await start({
      rules: {
        mayCancelTurn: ({ user, turn }) => {
          asked.push([user.id, turn.id, turn.status]);
          return user.groups?.includes('lead') === true;
        },
      },
    });
    const { id } = await put(stuck);
    const { body } = await post(id, change, 'bob').send({}).expect(403);
    expect(body.error).toMatchObject({ code: 'not_allowed', details: { rule: 'app' } });
    expect(asked).toEqual([['bob', id, 'stuck']]);
    expect(await hub.store.turn(id)).toMatchObject({ status: 'stuck' });
  });

  test('does nothing for a person whose access ends while the rule is asked', async () => {
    let allowed = true;
    await start({
      auth: { authorize: () => (allowed ? 'allow' : 'forbidden') },
      rules: {
        mayCancelTurn: () => {
          allowed = false;
          return true;
        },
      },
    });
    const { id } = await put(stuck);
    expect((await post(id, change).send({}).expect(404)).body.error.code).toBe('not_found');
    expect(await hub.store.turn(id)).toMatchObject({ status: 'stuck' });
  });

  test('is refused with `turn_ended` for a turn that has ended', async () => {
    await start();
    const { id } = await put(stuck);
    await hub.hub.turns.cancel({ turnId: id });
    expect((await post(id, change).send({}).expect(409)).body.error.code).toBe('turn_ended');
  });
});

test.each(['retry', 'start_over'])('%s of a turn that waits is refused with `turn_stuck`', async (change) => {
  await start();
  const { id } = await put();
  expect((await post(id, change).send({}).expect(409)).body.error).toMatchObject({
    code: 'turn_stuck',
    details: { turn_id: id },
  });
});

test.each([
  ['waiting', {}],
  ['stuck', stuck],
])(
  'A %s turn is cancelled: everybody is sent its end, and what it asks is withdrawn',
  async (_status, more) => {
    await start();
    const { id, ticketId, sessionId } = await put(more);
    const asked = await portOf(hub.hub).hitl.request({
      ...{ ticketId, sessionId, turnId: id, userId: 'alice' },
      ...{ type: 'question', payload: { question: 'Well?' } },
    });
    const watcher = await hub.connect({ user: 'bob' });
    const { body } = await post(id, 'cancel').send({}).expect(200);
    expect(body.turn).toMatchObject({ id, ticket_id: 'T-1', status: 'aborted', reason: 'cancelled' });
    expect(await watcher.next('hitl_request_resolved')).toMatchObject({
      hitl: { id: asked.id, status: 'cancelled' },
    });
    expect(await watcher.next('turn_ended')).toMatchObject({ turn_id: id, reason: 'cancelled' });
  },
);

test('What a snapshot shows of turns that wait and are stuck is what a frame then ends', async () => {
  await start();
  const waiting = await put();
  const wedged = await put(stuck);
  const client = await hub.connect();
  const { turns } = await client.next('snapshot');
  expect(turns).toMatchObject([
    { id: waiting.id, status: 'waiting', waits_for: { request_ids: [] } },
    { id: wedged.id, status: 'stuck', problem: { reason: 'changed', recorded: 'step:lookup#1' } },
  ]);
  const frame = { type: 'turn_cancel', id: 'x', turn_id: wedged.id };
  const ack = await client.ask(frame);
  expect(ack).toMatchObject({ event: 'ack', turn_id: wedged.id });
  expect(await client.ask(frame)).toEqual(ack);
  expect(await client.ask({ type: 'turn_cancel', id: 'y', turn_id: wedged.id })).toMatchObject({
    code: 'turn_ended',
  });
});
