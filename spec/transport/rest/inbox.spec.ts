/** The inbox over HTTP: what waits for whom across tickets, page by page, and what the app's callbacks have to say in it. */
import request from 'supertest';
import type { AnswerPolicy } from '../../../lib';
import { portOf } from '../../../lib/hub/hub';
import type { HitlRequestInput } from '../../../lib/hub/requests/ask';
import type { TestFrame } from '../../../lib/testing/test-client';
import { startTestHub, type TestHub, type TestHubOptions } from '../../../lib/testing/test-hub';
import { askIn } from '../asking';

let hub: TestHub;
afterEach(() => hub.close());

async function start(options: TestHubOptions = {}): Promise<void> {
  hub = await startTestHub(options);
}

const get = (path: string, user = 'alice') => request(hub.server).get(path).set('x-user', user);
const idsOf = async (query = '', user = 'alice') =>
  (await get(`/hitl/inbox${query}`, user).expect(200)).body.items.map(({ id }: TestFrame) => id);

const ask = (policy?: AnswerPolicy, more?: Partial<HitlRequestInput>) => askIn(hub, policy, more);

describe('GET /hitl/inbox', () => {
  test('has what one may answer: by name, by group, and what is open to all in the tickets that the app says', async () => {
    await start({ auth: { inboxTickets: ({ user: { id } }) => (id === 'alice' ? ['T-1', 'T-2'] : []) } });
    const open = await ask();
    const named = await ask({ users: ['alice', 'bob'] }, { ticketId: 'T-9' });
    const grouped = await ask({ groups: ['lead'] }, { ticketId: 'T-9' });
    const elsewhere = await ask({}, { ticketId: 'T-3' });
    expect(await idsOf()).toEqual([open, named]);
    expect(await idsOf('', 'alice:lead')).toEqual([open, named, grouped]);
    expect(await idsOf('', 'bob')).toEqual([named]);
    expect(await idsOf('', 'carol')).toEqual([]);
    const { body } = await get('/hitl/inbox').expect(200);
    expect(body.items[0]).toEqual((await get(`/hitl/requests/${open}`)).body.hitl);
    expect(JSON.stringify(body)).not.toContain(elsewhere);
  });

  test('follows stages, escalation, amendments, answers and claims at once', async () => {
    await start();
    const id = await ask(
      { stages: [{ groups: ['analyst'], approvals: 2 }, { users: ['carol'] }] },
      { escalate: { after: '1h', to: { users: ['dan'] } } },
    );
    const whose = async () => {
      const people = ['alice:analyst', 'bob:analyst', 'carol', 'dan'];
      const found = await Promise.all(
        people.map(async (user) => ((await idsOf('', user)).length ? [user] : [])),
      );
      return found.flat().join(' ');
    };
    const answer = (name: string, ...groups: string[]) =>
      portOf(hub.hub).hitl.respond(id, { by: { id: name, groups }, status: 'approved', revision: 1 });
    expect(await whose()).toBe('alice:analyst bob:analyst');
    await portOf(hub.hub).hitl.claim(id, { id: 'bob', groups: ['analyst'] });
    const { body } = await get('/hitl/inbox', 'alice:analyst');
    expect(body.items[0].claimed_by).toMatchObject({ user_id: 'bob' });
    await answer('alice', 'analyst');
    expect(await whose()).toBe('bob:analyst');
    await hub.advance('1h');
    expect(await whose()).toBe('bob:analyst dan');
    await answer('bob', 'analyst');
    expect(await whose()).toBe('carol dan');
    await portOf(hub.hub).hitl.amend(id, { tool_name: 'block_net', tool_args: {} });
    expect(await whose()).toBe('alice:analyst bob:analyst dan');
    expect(await idsOf('?tool_name=block_ip', 'dan')).toEqual([]);
    expect(await idsOf('?tool_name=block_net', 'dan')).toEqual([id]);
    await hub.restart();
    expect(await whose()).toBe('alice:analyst bob:analyst dan');
    await portOf(hub.hub).hitl.cancel(id, 'over');
    expect(await whose()).toBe('');
  });

  test('excludes the requester where four eyes are required, and shows the newer request in the place of the superseded one', async () => {
    await start();
    await ask({ excludeRequester: true }, { userId: 'alice', key: 'k' });
    expect(await idsOf()).toEqual([]);
    expect(await idsOf('', 'bob')).toHaveLength(1);
    const payload = { tool_name: 'other', tool_args: {} };
    const newer = await ask({}, { key: 'k', supersede: true, payload });
    expect([await idsOf(), await idsOf('', 'bob')]).toEqual([[newer], [newer]]);
  });

  test('has three orders and three filters', async () => {
    await start();
    const never = await ask();
    const late = await ask({}, { expiresIn: '2d' });
    const soon = await ask({}, { expiresIn: '1d', ticketId: 'T-2' });
    const question = await ask({}, { type: 'question', payload: { question: 'Why?' } });
    expect(await idsOf('?order=oldest')).toEqual([never, late, soon, question]);
    expect(await idsOf('?order=newest')).toEqual([question, soon, late, never]);
    expect(await idsOf('?order=urgent')).toEqual([soon, late, never, question]);
    expect(await idsOf('?type=question')).toEqual([question]);
    expect(await idsOf('?tool_name=block_ip')).toEqual([never, late, soon]);
    expect(await idsOf('?tool_name=block_ip&ticket_id=T-2&type=tool_approval')).toEqual([soon]);
    expect(await idsOf('?ticket_id=T-1&order=newest')).toEqual([question, late, never]);
    expect(await idsOf('?tool_name=block_ip&type=question')).toEqual([]);
  });

  test('comes page by page, nothing twice and nothing left out, while requests are answered and asked', async () => {
    await start();
    const asked: string[] = [];
    for (let n = 0; n < 5; n += 1) asked.push(await ask());
    const first = (await get('/hitl/inbox?limit=2').expect(200)).body;
    await portOf(hub.hub).hitl.cancel(asked[1] ?? '', 'over');
    await portOf(hub.hub).hitl.cancel(asked[2] ?? '', 'over');
    const more = await ask();
    const second = (await get(`/hitl/inbox?limit=9&cursor=${first.next_cursor}`).expect(200)).body;
    const ids = [first, second].flatMap(({ items }) => items.map(({ id }: TestFrame) => id));
    expect(ids).toEqual([asked[0], asked[1], asked[3], asked[4], more]);
    expect(second.next_cursor).toBeUndefined();
    await get(`/hitl/inbox?order=newest&cursor=${first.next_cursor}`).expect(400);
  });

  test('leaves out what is on tickets that the ticket callback forbids, which is asked once for each', async () => {
    const asked: string[] = [];
    await start({
      auth: {
        authorize: ({ ticketId, user }) => {
          if (user.id === 'mallory') asked.push(ticketId);
          return user.id === 'mallory' && ticketId === 'T-2' ? 'forbidden' : 'allow';
        },
      },
    });
    const open = [await ask(), await ask()];
    const hidden = await ask({ users: ['mallory'] }, { ticketId: 'T-2' });
    const { body } = await get('/hitl/inbox', 'mallory').expect(200);
    expect(body.items.map(({ id }: TestFrame) => id)).toEqual(open);
    expect(JSON.stringify(body)).not.toContain(hidden);
    expect(asked.toSorted()).toEqual(['T-1', 'T-2']);
    expect((await get('/hitl/inbox?ticket_id=T-2', 'mallory').expect(403)).body.error.code).toBe('forbidden');
  });

  test('is empty of what is open to all where the app does not say which tickets', async () => {
    await start({ auth: { inboxTickets: undefined } });
    await ask();
    const named = await ask({ users: ['alice'] });
    expect(await idsOf()).toEqual([named]);
  });

  test.each([
    ['throws', () => Promise.reject(new Error('s3cret'))],
    ['gives one name', () => 'T-1'],
    ['gives nothing', () => undefined],
    ['gives other things', () => [1]],
    ['gives more than 1,000', () => Array.from({ length: 1_001 }, (_, n) => `T-${n}`)],
  ])('is 503 where the tickets callback %s', async (_what, tickets) => {
    await start({ auth: { inboxTickets: tickets as never } });
    const { body } = await get('/hitl/inbox').expect(503);
    expect(body.error.code).toBe('unavailable');
    expect(JSON.stringify(body)).not.toContain('s3cret');
    await get('/hitl/inbox/counts').expect(503);
  });

  test('is 503 where the ticket callback cannot say', async () => {
    let works = true;
    await start({
      auth: { authorize: () => (works ? 'allow' : Promise.reject(new Error('database away'))) },
    });
    await ask();
    works = false;
    await get('/hitl/inbox').expect(503);
  });

  test.each([
    ['order=best', 400, 'invalid_frame'],
    ['limit=201', 400, 'invalid_frame'],
    ['cursor=nonsense', 400, 'invalid_frame'],
    ['type=', 400, 'invalid_frame'],
    [`tool_name=${'x'.repeat(257)}`, 400, 'invalid_frame'],
    ['ticket_id=', 400, 'invalid_id'],
    ['ticket_id=a%00b', 400, 'invalid_id'],
  ])('?%s is %i %s', async (query, status, code) => {
    await start();
    const { body } = await get(`/hitl/inbox?${query}`).expect(status);
    expect(body.error.code).toBe(code);
  });
});

describe('GET /hitl/inbox/counts', () => {
  test('counts what the inbox holds, by type and by tool', async () => {
    await start();
    const own = await ask();
    await ask({}, { payload: { tool_name: 'isolate_host', tool_args: {} } });
    await ask({}, { type: 'question', payload: { question: 'Why?' }, ticketId: 'T-2' });
    await ask({ users: ['bob'] });
    const counts = async (query = '') => (await get(`/hitl/inbox/counts${query}`).expect(200)).body;
    expect(await counts()).toEqual({
      total: 3,
      capped: false,
      by_type: { tool_approval: 2, question: 1 },
      by_tool: { block_ip: 1, isolate_host: 1 },
    });
    expect(await counts('?ticket_id=T-2')).toMatchObject({ total: 1, by_tool: {} });
    await portOf(hub.hub).hitl.respond(own, { by: { id: 'alice' }, status: 'denied' });
    expect(await counts('?type=tool_approval')).toMatchObject({ total: 1, by_tool: { isolate_host: 1 } });
  });
});

describe.each(['/hitl/inbox', '/hitl/inbox/counts'])('GET %s', (path) => {
  test('is 401 without a user, and 503 when the hub is closing', async () => {
    await start();
    await request(hub.server).get(path).expect(401);
    await hub.hitl.close();
    expect((await get(path).expect(503)).body.error.code).toBe('closing');
  });
});
