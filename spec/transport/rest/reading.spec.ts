/** Reading tickets and requests over HTTP: who sees what, page by page, and what is refused with which code. */
import express from 'express';
import request from 'supertest';
import { portOf } from '../../../lib/hub/hub';
import type { TestFrame } from '../../../lib/testing/test-client';
import { startTestHub, type TestHub, type TestHubOptions } from '../../../lib/testing/test-hub';
import { maxWaitingPages } from '../../../lib/transport/rest/rest';

let hub: TestHub;
afterEach(() => hub.close());

/** Alice may use every ticket, Mallory none whose name begins with S. */
async function start(options: TestHubOptions = {}): Promise<void> {
  hub = await startTestHub({
    agent: (turn) => turn.ask({ question: turn.message.content }),
    ...options,
    auth: {
      authorize: ({ ticketId, user }) =>
        user.id === 'mallory' && ticketId.startsWith('S') ? 'forbidden' : 'allow',
      ...options.auth,
    },
    limits: {
      // Each question is asked from a tab of its own.
      clientsPerTicket: 20,
      ...options.limits,
    },
  });
}

const get = (path: string, user = 'alice') => request(hub.server).get(path).set('x-user', user);

/** A pending request on a ticket, as its envelope shows it. */
async function ask(ticketId: string, question = 'Where?'): Promise<TestFrame> {
  const client = await hub.connect({ ticketId, user: 'alice', tab: `${question}` });
  await client.ask({ type: 'message', content: question });
  return (await client.next('hitl_request_pending')).hitl;
}

const askedIn = (ticketId: string) => ({
  ...{ ticketId, sessionId: 's', userId: 'agent' },
  ...{ type: 'question', payload: { question: 'Where?' } },
});

describe('GET /hitl/requests', () => {
  test('lists requests as they are shown everywhere, oldest first', async () => {
    await start();
    const first = await ask('T-1');
    hub.clock.advance(1_000);
    const second = await ask('T-2');
    const { body, headers } = await get('/hitl/requests').expect(200);
    expect(body).toEqual({ items: [first, second] });
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  });

  test('by status and by ticket', async () => {
    await start();
    const first = await ask('T-1');
    const second = await ask('T-2');
    await portOf(hub.hub).hitl.cancel(first.id, 'over');
    const ids = async (query: string) =>
      (await get(`/hitl/requests?${query}`).expect(200)).body.items.map(({ id }: TestFrame) => id);
    expect(await ids('status=pending')).toEqual([second.id]);
    expect(await ids('status=cancelled')).toEqual([first.id]);
    expect(await ids('ticket_id=T-2')).toEqual([second.id]);
    expect(await ids('ticket_id=T-1&status=pending')).toEqual([]);
    expect(await ids('ticket_id=nowhere')).toEqual([]);
  });

  test('page by page, nothing left out and nothing twice, also while more are asked', async () => {
    await start();
    const asked: string[] = [];
    for (let n = 0; n < 7; n += 1) {
      asked.push((await ask('T-1', `Question ${n}`)).id);
      hub.clock.advance(1_000);
    }
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const query = `limit=3${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`;
      const { body } = await get(`/hitl/requests?${query}`).expect(200);
      seen.push(...body.items.map(({ id }: TestFrame) => id));
      if (seen.length === 3) asked.push((await ask('T-1', 'One more')).id);
      cursor = body.next_cursor;
    } while (cursor);
    expect(seen).toEqual(asked);
  });

  test('passes over what is on tickets of others, without a word of how many there are', async () => {
    await start();
    const hidden = [await ask('S-1'), await ask('S-2')];
    hub.clock.advance(1_000);
    const open = [await ask('T-1')];
    hub.clock.advance(1_000);
    hidden.push(await ask('S-1', 'Where else?'));
    hub.clock.advance(1_000);
    open.push(await ask('T-1', 'Where else?'));
    const { body } = await get('/hitl/requests?limit=1', 'mallory').expect(200);
    expect(body).toEqual({ items: [open[0]], next_cursor: expect.any(String) });
    const next = await get(`/hitl/requests?limit=2&cursor=${body.next_cursor}`, 'mallory');
    expect(next.body).toEqual({ items: [open[1]] });
    for (const { id } of hidden) expect(JSON.stringify([body, next.body])).not.toContain(id);
    await get('/hitl/requests?ticket_id=S-1', 'mallory').expect(403);
  });

  test('still gives the way to the next page where nearly everything is hidden', async () => {
    await start();
    for (let n = 0; n < 25; n += 1) await portOf(hub.hub).hitl.request(askedIn('S-1'));
    hub.clock.advance(1_000);
    const open = await ask('T-1');
    const pages: TestFrame[] = [];
    let next: string | undefined = '';
    while (next !== undefined) {
      const path: string = `/hitl/requests?limit=1${next && `&cursor=${next}`}`;
      const { body }: request.Response = await get(path, 'mallory').expect(200);
      pages.push(body.items);
      next = body.next_cursor;
    }
    expect(pages).toEqual([[], [], [open]]);
  });

  test('gives opaque cursors that are of no use to another user', async () => {
    await start();
    await ask('S-1');
    hub.clock.advance(1_000);
    await ask('S-2');
    const cursorOf = async (path: string) =>
      (await get(`${path}limit=1`, 'alice').expect(200)).body.next_cursor as string;
    const cursor = await cursorOf('/hitl/requests?');
    const { items } = (await get('/hitl/requests')).body;
    for (const text of [cursor, Buffer.from(cursor, 'base64url').toString('latin1')])
      for (const told of [items[0].id, items[1].id, String(Date.parse(items[0].created_at))])
        expect(text).not.toContain(told);
    expect(await cursorOf('/hitl/requests?')).not.toBe(cursor);
    expect((await cursorOf('/hitl/inbox?order=urgent&')).length).toBe(cursor.length);
    await get(`/hitl/requests?cursor=${cursor}`).expect(200);
    await get(`/hitl/requests?cursor=${cursor}`, 'bob').expect(400);
    const { body } = await get(`/hitl/inbox?cursor=${cursor}`).expect(400);
    expect(body.error.code).toBe('invalid_frame');
    const bent = `${cursor.slice(0, -4)}${cursor.endsWith('AAAA') ? 'BBBB' : 'AAAA'}`;
    await get(`/hitl/requests?cursor=${bent}`).expect(400);
    const readable = Buffer.from(JSON.stringify([0, ''])).toString('base64url');
    await get(`/hitl/requests?cursor=${readable}`).expect(400);
  });

  test('says that it cannot say, rather than show an empty list, where the app cannot say who sees what', async () => {
    let works = true;
    await start({
      auth: { authorize: () => (works ? 'allow' : Promise.reject(new Error('database away'))) },
    });
    await ask('T-1');
    works = false;
    const { body, headers } = await get('/hitl/requests').expect(503);
    expect(body.error.code).toBe('unavailable');
    expect(headers['retry-after']).toBe('5');
  });

  test.each([
    'status=open',
    'status=',
    'status=pending&status=denied',
    'limit=0',
    'limit=201',
    'limit=x',
    'limit=1.5',
    'cursor=nonsense',
    `cursor=${'x'.repeat(513)}`,
  ])('?%s is 400 invalid_frame', async (query) => {
    await start();
    const { body } = await get(`/hitl/requests?${query}`).expect(400);
    expect(body.error.code).toBe('invalid_frame');
  });
});

describe('GET /hitl/requests/:id', () => {
  test('gives one', async () => {
    await start();
    const hitl = await ask('T-1');
    expect((await get(`/hitl/requests/${hitl.id}`).expect(200)).body).toEqual({ hitl });
  });

  test('B17: one on a ticket of others is, for this person, not there', async () => {
    await start();
    const { id } = await ask('S-1');
    const hidden = await get(`/hitl/requests/${id}`, 'mallory').expect(404);
    const unknown = await get('/hitl/requests/unknown', 'mallory').expect(404);
    expect(hidden.body).toEqual(unknown.body);
    expect(hidden.body.error.code).toBe('not_found');
  });
});

describe('GET /tickets/:ticketId/timeline', () => {
  test('returns the log as the socket sent it, page by page', async () => {
    await start({ agent: (turn) => turn.say('hello') });
    const client = await hub.connect();
    await client.ask({ type: 'message', content: 'hi' });
    const { epoch, seq } = await client.next('turn_ended');
    const logged = client.received.filter((frame) => frame.seq && frame.epoch && frame.timestamp);
    const all = await get('/tickets/T-1/timeline').expect(200);
    expect(all.body).toEqual({ items: logged, epoch, seq });
    const page = await get('/tickets/T-1/timeline?after=2&limit=2').expect(200);
    expect(page.body).toEqual({ items: logged.slice(2, 4), epoch, seq });
    const end = await get(`/tickets/T-1/timeline?after=${seq}`).expect(200);
    expect(end.body).toEqual({ items: [], epoch, seq });
  });

  test.each(['after=-1', 'after=x', 'limit=501', 'after=1.5'])('?%s is 400 invalid_frame', async (query) => {
    await start();
    const { body } = await get(`/tickets/T-1/timeline?${query}`).expect(400);
    expect(body.error.code).toBe('invalid_frame');
  });
});

describe('GET /tickets/:ticketId/sessions', () => {
  test('newest activity first, at most as many as asked for', async () => {
    await start({ agent: (turn) => turn.say('hello') });
    const sessions: string[] = [];
    for (const user of ['alice', 'bob', 'carol']) {
      const client = await hub.connect({ user });
      sessions.unshift((await client.ask({ type: 'message', content: 'hi' })).session_id);
      hub.clock.advance(1_000);
    }
    const { body } = await get('/tickets/T-1/sessions').expect(200);
    expect(body.items.map(({ id }: TestFrame) => id)).toEqual(sessions);
    expect(body.items[0]).toEqual({
      id: sessions[0],
      ticket_id: 'T-1',
      source: 'web',
      user_id: 'carol',
      created_at: '2026-01-01T00:00:02.000Z',
      last_active_at: '2026-01-01T00:00:02.000Z',
    });
    expect((await get('/tickets/T-1/sessions?limit=1')).body.items).toEqual([body.items[0]]);
  });
});

describe.each(['/hitl/requests', '/hitl/requests/r', '/tickets/S-1/timeline', '/tickets/S-1/sessions'])(
  'GET %s',
  (path) => {
    test('is 401 without a user', async () => {
      await start();
      const { body, headers } = await request(hub.server).get(path).expect(401);
      expect(body).toEqual({
        error: { code: 'authentication_required', message: 'Authentication required' },
      });
      expect(headers['content-type']).toBe('application/json; charset=utf-8');
    });

    test('is 503 where the user callback fails, and says nothing of why', async () => {
      await start({
        auth: {
          identify: () => {
            throw new Error('s3cret');
          },
        },
      });
      const { body } = await get(path).expect(503);
      expect(body.error.code).toBe('unavailable');
      expect(JSON.stringify(body)).not.toContain('s3cret');
    });

    test('is 503 when the hub is closing', async () => {
      await start();
      await hub.hitl.close();
      expect((await get(path).expect(503)).body.error.code).toBe('closing');
    });
  },
);

describe.each(['timeline', 'sessions'])('GET /tickets/:ticketId/%s', (what) => {
  test.each([
    ['S-1', 'mallory', 403, 'forbidden'],
    ['a%00b', 'alice', 400, 'invalid_id'],
    ['x'.repeat(129), 'alice', 400, 'invalid_id'],
    ['%E0%A4%A', 'alice', 400, 'invalid_id'],
  ])('B17, B22: %s for %s is %i %s', async (ticketId, user, status, code) => {
    await start();
    const { body } = await get(`/tickets/${ticketId}/${what}`, user).expect(status);
    expect(body.error.code).toBe(code);
  });

  test('B20: a ticket that is not there is 404', async () => {
    await start({ auth: { authorize: () => 'not_found' } });
    expect((await get(`/tickets/T-1/${what}`).expect(404)).body.error.code).toBe('not_found');
  });
});

test('what is not ours is left to the app, and so is its middleware', async () => {
  await start({
    app: (app) => {
      app.use('/tickets/T-9', (_req, res) => void res.status(402).send('pay first'));
      app.use('/hitl/other', express.Router());
    },
  });
  hub.app.get('/hitl/other', (_req, res) => void res.send('theirs'));
  expect((await get('/tickets/T-9/sessions').expect(402)).text).toBe('pay first');
  expect((await get('/hitl/other').expect(200)).text).toBe('theirs');
  await get('/ws/chat/ticket/T-1').expect(426);
  await get('/ws/chat/ticket/T-1/.websocket').expect(404);
});

test('a fault of ours is 500 internal, with its cause in the log only', async () => {
  const lines: string[] = [];
  const note = (...line: unknown[]) => void lines.push(JSON.stringify(line));
  await start({ logger: { error: note, warn: note, info: note, debug: note } as never });
  jest.spyOn(hub.store, 'sessions').mockRejectedValueOnce(new Error('s3cret cause'));
  const { body } = await get('/tickets/T-1/sessions').expect(500);
  expect(body.error).toEqual({ code: 'internal', message: expect.not.stringContaining('s3cret') });
  expect(lines.join()).toContain('s3cret cause');
});

describe('many pages at once', () => {
  test('of one person wait in a queue of 64, are refused as `busy` beyond it, and delay no other person', async () => {
    let open = () => {};
    const isOpen = new Promise<void>((resolve) => {
      open = resolve;
    });
    let asked = 0;
    await start({
      auth: {
        authorize: async ({ user }): Promise<'allow'> => {
          if (user.id === 'alice') {
            asked += 1;
            await isOpen;
          }
          return 'allow';
        },
      },
    });
    const path = '/tickets/T-1/timeline';
    const statuses = new Map<number, number>();
    const answered = Array.from({ length: maxWaitingPages + 5 }, async () => {
      const { status } = await get(path);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    });
    // Two are being read, the rest of the line waits, and three are too much.
    for (let tries = 0; tries < 200 && (statuses.get(503) ?? 0) < 3; tries += 1)
      await get(path, 'bob').expect(200);
    expect(asked).toBe(2);
    open();
    await Promise.all(answered);
    expect(statuses).toEqual(
      new Map([
        [503, 3],
        [200, maxWaitingPages + 2],
      ]),
    );
  });
});
