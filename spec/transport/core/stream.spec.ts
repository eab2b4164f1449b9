/** Server-sent events and POST in place of a socket, over real connections: the same joining, rights, bounds and endings. */
import compression from 'compression';
import express from 'express';
import session from 'express-session';
import { portOf } from '../../../lib/hub/hub';
import { startTestHub, type TestHub, type TestHubOptions } from '../../../lib/testing/test-hub';
import type { TicketAccess } from '../../../lib/transport/core/auth-options';
import { maxQueuedBytes } from '../../../lib/transport/core/connection';
import { ask, StreamClient, ticket } from '../stream-client';
import { until } from '../until';

let hub: TestHub;
afterEach(() => hub.close());
const start = async (options: TestHubOptions = {}) => {
  hub = await startTestHub(options);
};
const json = { accept: 'application/json', 'x-user': 'alice' };

describe('a stream', () => {
  test('begins with its name, a welcome and a snapshot, and others see the user join and leave', async () => {
    await start({ mount: '/soc' });
    const bob = await hub.connect({ user: 'bob' });
    const alice = await StreamClient.join(hub);
    expect(alice.res.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    });
    const welcome = await alice.next('welcome');
    expect(welcome).toMatchObject({ client_id: alice.clientId, resumed: false, user: { id: 'alice' } });
    expect((await alice.next('snapshot')).presence).toHaveLength(2);
    await bob.next((frame) => frame.event === 'presence_changed' && frame.presence.length === 2);
    alice.cut();
    await bob.next((frame) => frame.event === 'presence_changed' && frame.presence.length === 1);
    expect(hub.hub.reference.getClientCount('T-1')).toBe(1);
  });

  test('says, asks and answers as a socket does, and each frame once', async () => {
    await start({ agent: (turn) => turn.approve({ tool: 'block_ip', args: {} }) });
    const bob = await hub.connect({ user: 'bob' });
    const alice = await StreamClient.join(hub);
    const frame = { type: 'message', id: 'm-1', content: 'hello' };
    expect(await alice.post(frame)).toMatchObject({ status: 204, body: '' });
    const first = await alice.next('ack');
    expect(first).toMatchObject({ re: 'm-1', message_id: expect.any(String) });
    const { hitl } = await alice.next('hitl_request_pending');
    await alice.post(frame);
    expect(await alice.next('ack')).toEqual(first);
    await alice.post({
      type: 'hitl_respond',
      id: 'r-1',
      request_id: hitl.id,
      revision: hitl.revision,
      status: 'approved',
    });
    expect(await alice.next('ack')).toMatchObject({ re: 'r-1', hitl: { status: 'approved' } });
    await bob.next('hitl_request_resolved');
    expect(bob.all('session_message_added')).toHaveLength(1);
  });

  test('resumes with what was missed, and with a snapshot from an unknown place', async () => {
    await start();
    const first = await StreamClient.join(hub);
    const { epoch, seq } = await first.next('welcome');
    first.cut();
    const bob = await hub.connect({ user: 'bob' });
    await bob.ask({ type: 'message', content: 'meanwhile' });
    const again = await StreamClient.join(hub, { query: `?after=${epoch}:${seq}` });
    expect((await again.next('welcome')).resumed).toBe(true);
    expect((await again.next('session_message_added')).message.content).toBe('meanwhile');
    const lost = await StreamClient.join(hub, { query: '?tab=x&after=gone:3' });
    expect((await lost.next('welcome')).resumed).toBe(false);
    await lost.next('snapshot');
  });

  test('and a socket of the same tab take each other’s place', async () => {
    await start({ limits: { clientsPerTicket: 1 } });
    const stream = await StreamClient.join(hub, { query: '?tab=one' });
    const socket = await hub.connect({ tab: 'one' });
    expect(await stream.closed()).toEqual({ code: 4409, reason: 'replaced by the same tab' });
    expect(await stream.post({ type: 'message', id: 'late', content: 'a ghost' })).toMatchObject({
      status: 404,
      body: { error: { code: 'client_not_found' } },
    });
    const second = await StreamClient.join(hub, { query: '?tab=one' });
    expect((await socket.closed()).code).toBe(4409);
    await second.next('snapshot');
    expect(hub.hub.reference.getClientCount('T-1')).toBe(1);
    expect((await hub.store.state('T-1', 10)).messages).toEqual([]);
  });

  test('of an inbox shows what waits and takes the answer', async () => {
    await start();
    const alice = await StreamClient.join(hub, { path: '/ws/inbox', query: '?type=question' });
    await alice.next('inbox_snapshot');
    const ask = { ticketId: 'T-9', sessionId: 's', userId: 'agent', type: 'question' };
    const { id } = await portOf(hub.hub).hitl.request({ ...ask, payload: { question: 'Where?' } });
    const { hitl } = await alice.next('inbox_added');
    expect(hitl.id).toBe(id);
    await alice.post({ type: 'hitl_claim', id: 'c', request_id: id });
    expect(await alice.next('ack')).toMatchObject({ hitl: { claimed_by: { user_id: 'alice' } } });
  });

  test.each([
    ['closed', () => hub.hitl.close(), 1001],
    ['drained', () => hub.hitl.drain({ over: '1s' }), 1012],
  ])('of a hub that is %s ends with its close code as the last event', async (_how, end, code) => {
    await start();
    const alice = await StreamClient.join(hub);
    await alice.next('snapshot');
    const ended = end();
    hub.clock.advance(60_000);
    await ended;
    expect(await alice.closed()).toMatchObject({ code });
    expect((await StreamClient.open(hub)) as object).toMatchObject({
      status: 503,
      body: { error: { code: 'closing' } },
    });
  });

  test('sends the text of an app as it is, line by line', async () => {
    await start();
    const alice = await StreamClient.join(hub);
    await alice.next('snapshot');
    hub.hub.reference.broadcastToTicket('T-1', 'one\nevent: close\r\ndata: {}\n\nfour');
    const text = { name: 'message', data: 'one\nevent: close\ndata: {}\n\nfour' };
    await alice.until(() => alice.events.some(({ data }) => data.startsWith('one')), 'the text');
    expect(alice.events).toContainEqual(text);
  });
});

describe('who may join by a stream', () => {
  const refusals: Array<[why: string, options: TestHubOptions, status: number, code: string, user?: null]> = [
    ['no user', {}, 401, 'authentication_required', null],
    ['no access', { auth: { authorize: () => 'forbidden' } }, 403, 'forbidden'],
    ['no such ticket', { auth: { authorize: () => 'not_found' } }, 404, 'not_found'],
    [
      'a callback that fails',
      {
        auth: {
          authorize: () => {
            throw new Error('down');
          },
        },
      },
      503,
      'unavailable',
    ],
  ];

  test.each(refusals)('%s: refused with the coded body, and so is the question', async (...row) => {
    const [, options, status, code, user] = row;
    await start(options);
    expect(await StreamClient.open(hub, user === null ? { user } : {})).toMatchObject({
      status,
      body: { error: { code } },
    });
    const headers = { ...json, ...(user === null && { 'x-user': '' }) };
    expect(await ask(hub, ticket, { headers })).toMatchObject({ status, body: { error: { code } } });
    expect(hub.hub.reference.getTotalClientCount()).toBe(0);
  });

  test('the question changes nothing, and is answered that the upgrade is missing', async () => {
    await start();
    const alice = await hub.connect({ tab: 'default' });
    expect(await ask(hub, ticket, { headers: json })).toMatchObject({
      status: 426,
      body: { error: { code: 'upgrade_required' } },
    });
    expect(await ask(hub, '/ws/inbox?type=question', { headers: json })).toMatchObject({ status: 426 });
    expect(await ask(hub, '/ws/inbox?order=best', { headers: json })).toMatchObject({ status: 400 });
    expect(await ask(hub, `${ticket}?after=nonsense`, { headers: json })).toMatchObject({ status: 400 });
    expect(await alice.ask({ type: 'message', content: 'still here' })).toMatchObject({ event: 'ack' });
  });

  test('a full ticket is full for streams too, and an inbox has its limit', async () => {
    await start({ limits: { clientsPerTicket: 1 } });
    await hub.connect({ user: 'bob' });
    expect(await StreamClient.open(hub)).toMatchObject({
      status: 429,
      body: { error: { code: 'ticket_full' } },
    });
    const inboxes = Array.from({ length: 10 }, () => StreamClient.join(hub, { path: '/ws/inbox' }));
    await Promise.all(inboxes);
    expect(await StreamClient.open(hub, { path: '/ws/inbox' })).toMatchObject({
      status: 429,
      body: { error: { code: 'inbox_limit' } },
    });
  });

  const evil = 'https://evil.example';
  test.each<[what: string, headers: Record<string, string>, isIn: boolean]>([
    ['a page of another site', { origin: evil, cookie: 'a=b' }, false],
    ['a page of another site that says it is ours', { origin: evil, 'x-requested-with': 'x' }, false],
    ['an image of another site', { cookie: 'a=b', 'sec-fetch-site': 'cross-site' }, false],
    ['an image of a neighbouring site', { cookie: 'a=b', 'sec-fetch-site': 'same-site' }, false],
    ['one that says both', { cookie: 'a=b', 'sec-fetch-site': 'cross-site', 'x-requested-with': 'x' }, false],
    ['an old browser’s image', { cookie: 'a=b' }, false],
    ['our page', { cookie: 'a=b', 'sec-fetch-site': 'same-origin' }, true],
    ['our page without TLS', { cookie: 'a=b', 'x-requested-with': 'express-hitl' }, true],
    ['a program with a token', { authorization: 'Bearer x' }, true],
  ])('%s', async (_what, headers, isIn) => {
    await start();
    const opened = await StreamClient.open(hub, { headers });
    const asked = await ask(hub, ticket, { headers: { ...json, ...headers } });
    if (isIn) {
      expect(opened).toBeInstanceOf(StreamClient);
      expect(asked.status).toBe(426);
    } else {
      const refused = { status: 403, body: { error: { code: 'origin_refused' } } };
      expect([opened, asked]).toMatchObject([refused, refused]);
    }
  });

  test('the app’s own middleware and guards see the address, and come first', async () => {
    const seen: string[] = [];
    await start({
      mount: '/soc',
      app: (app) => {
        app.use((req, _res, next) => {
          seen.push(`${req.method} ${req.path}`);
          next();
        });
        app.all('/soc/ws/chat/ticket/:id', (req, res, next) => {
          if (req.params.id === 'T-2') res.redirect('/login');
          else next();
        });
      },
    });
    expect(await StreamClient.open(hub, { path: '/ws/chat/ticket/T-2' })).toMatchObject({ status: 302 });
    const alice = await StreamClient.join(hub);
    await alice.post({ type: 'ping' });
    const address = '/soc/ws/chat/ticket/T-1';
    expect(seen.slice(1)).toEqual([`GET ${address}`, `POST ${address}`]);
  });

  test('what is asked of the address by others is no stream', async () => {
    await start();
    expect((await ask(hub, ticket, { headers: { accept: 'text/html' } })).status).toBe(426);
    expect((await ask(hub, ticket, { method: 'HEAD', headers: json })).status).toBe(426);
    expect(hub.hub.reference.getTotalClientCount()).toBe(0);
  });

  test('a client that hangs up while the app still decides has not joined', async () => {
    let allow = () => {};
    let isAsked = false;
    await start({
      auth: {
        authorize: () => {
          isAsked = true;
          return new Promise<TicketAccess>((resolve) => {
            allow = () => resolve('allow');
          });
        },
      },
    });
    const gone = new AbortController();
    const opening = fetch(`${hub.url}${ticket}`, {
      headers: { accept: 'text/event-stream', 'x-user': 'alice' },
      signal: gone.signal,
    }).catch(() => 'gone');
    await until(() => isAsked, 'the app is asked');
    gone.abort();
    expect(await opening).toBe('gone');
    const sockets = () => new Promise<number>((resolve) => hub.server.getConnections((_e, n) => resolve(n)));
    while ((await sockets()) > 0) await new Promise((resolve) => setImmediate(resolve));
    allow();
    await new Promise((resolve) => setImmediate(resolve));
    expect(hub.hub.reference.getTotalClientCount()).toBe(0);
  });
});

test('who logs out while the app still decides is refused, and a stream ends when the login does', async () => {
  let allow = () => {};
  let isAsked = false;
  await start({
    auth: {
      identify: (req) => {
        const id = req.get('x-user') ?? '';
        return id === 'alice' ? { id, expiresAt: hub.clock.now() + 60_000 } : { id };
      },
      authorize: ({ user: { id } }) => {
        if (id !== 'bob') return 'allow';
        isAsked = true;
        return new Promise<TicketAccess>((resolve) => {
          allow = () => resolve('allow');
        });
      },
    },
  });
  const coming = StreamClient.open(hub, { user: 'bob' });
  await until(() => isAsked, 'the app is asked');
  hub.hub.clients.disconnect({ userId: 'bob' });
  allow();
  expect(await coming).toMatchObject({ status: 401, body: { error: { code: 'authentication_required' } } });

  const alice = await StreamClient.join(hub);
  await alice.next('snapshot');
  hub.clock.advance(59_999);
  await alice.post({ type: 'ping' });
  await alice.next('pong');
  hub.clock.advance(1);
  expect(await alice.closed()).toEqual({ code: 4401, reason: 'session ended' });
  expect(hub.hub.reference.getTotalClientCount()).toBe(0);
});

describe('a frame by POST', () => {
  test('is checked again: who sends it, that it is their stream, and what the ticket callback says now', async () => {
    let verdict: TicketAccess = 'allow';
    await start({ auth: { authorize: () => verdict } });
    const alice = await StreamClient.join(hub);
    const say = { type: 'message', id: 'm', content: 'hello' };
    const refused = (status: number, code: string) => ({ status, body: { error: { code } } });
    expect(await alice.post(say, { 'x-user': '' })).toMatchObject(refused(401, 'authentication_required'));
    expect(await alice.post(say, { 'x-user': 'mallory' })).toMatchObject(refused(404, 'client_not_found'));
    expect(await alice.post(say, {}, '?client_id=nobody')).toMatchObject(refused(404, 'client_not_found'));
    expect(await alice.post(say, {}, '?client_id=')).toMatchObject(refused(404, 'client_not_found'));
    // Without it, it is no frame, and left to the app.
    expect(await alice.post(say, {}, '')).toMatchObject({ status: 404, body: expect.any(String) });
    const evil = { origin: 'https://evil.example' };
    expect(await alice.post(say, evil)).toMatchObject(refused(403, 'origin_refused'));
    expect(await alice.post(say, { cookie: 'a=b' })).toMatchObject(refused(403, 'origin_refused'));
    expect(await alice.post(say, { 'content-type': 'text/plain' })).toMatchObject(
      refused(400, 'invalid_frame'),
    );
    const elsewhere = { path: '/ws/chat/ticket/T-2', method: 'POST' };
    const query = `?client_id=${encodeURIComponent(alice.clientId)}`;
    const headers = { 'content-type': 'application/json', 'x-user': 'alice' };
    for (const path of [elsewhere.path, '/ws/inbox'])
      expect(
        await ask(hub, `${path}${query}`, { method: 'POST', headers, body: JSON.stringify(say) }),
      ).toMatchObject(refused(404, 'client_not_found'));
    expect((await hub.store.state('T-1', 10)).messages).toEqual([]);
    expect((await alice.post(say)).status).toBe(204);
    await alice.next('ack');

    verdict = 'forbidden';
    expect(await alice.post({ ...say, id: 'm2' })).toMatchObject(refused(403, 'forbidden'));
    expect(await alice.closed()).toEqual({ code: 4403, reason: 'access withdrawn' });
    expect((await hub.store.state('T-1', 10)).messages).toHaveLength(1);
    expect(hub.hub.reference.getTotalClientCount()).toBe(0);
  });

  test('that the ticket callback cannot decide about is refused, and the stream stays', async () => {
    let isDown = false;
    await start({
      auth: {
        authorize: () => {
          if (isDown) throw new Error('down');
          return 'allow';
        },
      },
    });
    const alice = await StreamClient.join(hub);
    isDown = true;
    expect(await alice.post({ type: 'ping' })).toMatchObject({ status: 503 });
    isDown = false;
    await alice.post({ type: 'ping' });
    await alice.next('pong');
  });

  test('has the bounds of a frame', async () => {
    await start();
    const alice = await StreamClient.join(hub);
    const padded = (bytes: number) => `{"type":"ping"}${' '.repeat(bytes - 15)}`;
    expect((await alice.post(padded(65_536))).status).toBe(204);
    await alice.next('pong');
    expect(await alice.post(padded(65_537))).toMatchObject({
      status: 413,
      body: { error: { code: 'too_large' } },
    });
    expect(await alice.post(Buffer.from([0x22, 0xff, 0x22]))).toMatchObject({
      status: 400,
      body: { error: { code: 'invalid_frame' } },
    });
    for (const [bad, code] of [
      ['', 'invalid_frame'],
      ['nonsense', 'invalid_frame'],
      ['null', 'unknown_type'],
      ['{"type":"dance"}', 'unknown_type'],
      ['{"type":"message","id":"n","content":"x","n":9007199254740993}', 'invalid_frame'],
    ] as const) {
      expect((await alice.post(bad)).status).toBe(204);
      expect(await alice.next('error')).toMatchObject({ code });
    }
  });

  test('counts for the rate limit, and who goes on is closed with 4429', async () => {
    await start({ limits: { frames: { perConnection: 3, per: '1h' } } });
    const alice = await StreamClient.join(hub);
    for (let n = 0; n < 7; n += 1) await alice.post({ type: 'typing' });
    expect(await alice.next('error')).toMatchObject({ code: 'rate_limited' });
    expect((await alice.closed())?.code).toBe(4429);
  });

  test('behind a JSON parser of the app is read all the same, its numbers as far as they can be', async () => {
    await start({ app: (app) => app.use(express.json()) });
    const alice = await StreamClient.join(hub);
    await alice.post({ type: 'message', id: 'm', content: 'parsed' });
    expect(await alice.next('session_message_added')).toMatchObject({ message: { content: 'parsed' } });
    expect(await alice.post('{"type":"ping","n":9007199254740993}')).toMatchObject({
      status: 400,
      body: { error: { code: 'invalid_frame' } },
    });
  });
});

describe('a stream that is', () => {
  test('silent from one ping to the next is dropped; one that answers stays', async () => {
    await start({ http: { heartbeat: 30_000 } });
    const alice = await StreamClient.join(hub);
    const bob = await StreamClient.join(hub, { user: 'bob' });
    await Promise.all([alice.next('snapshot'), bob.next('snapshot')]);
    hub.clock.advance(30_000);
    await alice.until(() => alice.events.some(({ name }) => name === 'ping'), 'ping');
    await alice.post({ type: 'ping' });
    hub.clock.advance(30_000);
    expect(await bob.closed()).toBeUndefined();
    await until(() => hub.hub.reference.getClientCount('T-1') === 1, 'bob is out');
    await alice.post({ type: 'ping' });
    await alice.next('pong');
  });

  test.each([
    ['bare', undefined],
    ['behind compression', (app: express.Express) => void app.use(compression())],
  ])('read too slowly is closed with 4508 and holds no more than it may, %s', async (_how, app) => {
    const part = 'x'.repeat(200_000);
    let most = 0;
    const sockets: { writableLength: number }[] = [];
    await start({
      ...(app && { app }),
      agent: async (turn) => {
        for (let n = 0; n < 100; n += 1) {
          await turn.say(part);
          most = Math.max(most, ...sockets.map(({ writableLength }) => writableLength));
        }
      },
    });
    hub.server.on('connection', (socket) => sockets.push(socket));
    const bob = await hub.connect({ user: 'bob' });
    const slow = await StreamClient.join(hub, { user: 'slow' });
    await slow.next('snapshot');
    slow.res.pause();
    await bob.ask({ type: 'message', content: 'a lot, please' });
    await bob.next('turn_ended');
    expect(hub.hub.reference.getClientCount('T-1')).toBe(1);
    expect(most).toBeGreaterThan(maxQueuedBytes / 2);
    expect(most).toBeLessThan(maxQueuedBytes + 2 * part.length);
    slow.res.resume();
    expect((await slow.closed())?.code).toBe(4508);
  });

  test('read slowly but steadily stays, though more frames than may wait have gone by', async () => {
    await start({ app: (app) => void app.use(compression()) });
    const alice = await StreamClient.join(hub);
    const bob = await hub.connect({ user: 'bob' });
    await alice.next('snapshot');
    for (let n = 0; n < 600; n += 1) {
      await bob.ask({ type: 'message', content: `${n} ${'x'.repeat(2_000)}` });
      if (n % 100 === 50) alice.res.pause();
      if (n % 100 === 60) {
        alice.res.resume();
        await alice.until(() => alice.events.some(({ data }) => data.includes(`"${n} x`)), 'the latest');
      }
    }
    const said = () => alice.events.filter(({ data }) => data.includes('session_message_added')).length;
    await alice.until(() => said() === 600, 'all of them');
    expect(alice.events.some(({ name }) => name === 'close')).toBe(false);
  });
});

test('behind compression and a session each event comes as soon as it happens', async () => {
  await start({
    app: (app) => {
      app.use(compression({ threshold: 0 }));
      app.use(session({ secret: 's', resave: true, saveUninitialized: true }));
    },
  });
  const alice = await StreamClient.join(hub, { headers: { 'accept-encoding': 'gzip' } });
  expect(alice.res.headers['content-encoding']).toBeUndefined();
  await alice.next('snapshot');
  await alice.post({ type: 'message', id: 'm', content: 'now' });
  await alice.next('ack');
});

test('a peer that is gone is written to without harm', async () => {
  await start();
  const alice = await StreamClient.join(hub);
  const bob = await hub.connect({ user: 'bob' });
  alice.cut();
  for (let n = 0; n < 50; n += 1) await bob.ask({ type: 'message', content: 'x'.repeat(10_000) });
  await until(() => hub.hub.reference.getClientCount('T-1') === 1, 'she is out');
});
