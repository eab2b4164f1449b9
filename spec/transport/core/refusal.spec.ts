/** Every refusal before the 101, over real sockets: its status, its coded body, and that it leaves nothing behind. */
import express from 'express';
import { memoryStore } from '../../../lib/store/memory/memory-store';
import type { Store } from '../../../lib/store/store';
import { startTestHub, type TestHub, type TestHubOptions } from '../../../lib/testing/test-hub';
import { expectNothingCreated } from '../nothing-created';
import { askOnce, RawSocket, ticketPath } from '../raw-socket';
import { makeHitl, Served } from '../serve';
import { until } from '../until';

let hub: TestHub;
let store: Store;

async function start(options: TestHubOptions = {}): Promise<void> {
  store = options.store ?? memoryStore();
  hub = await startTestHub({ ...options, store });
}

afterEach(() => hub?.close());

describe('a handshake that is none', () => {
  test.each([
    ['a method other than GET', { method: 'POST' }, 'The method must be GET'],
    ['an Upgrade to something else', { headers: { Upgrade: 'h2c' } }, 'Upgrade must be websocket'],
    ['no version', { headers: { 'Sec-WebSocket-Version': undefined } }, 'version must be 13'],
    ['version 12', { headers: { 'Sec-WebSocket-Version': '12' } }, 'version must be 13'],
    ['version 8, with its own origin header', { headers: { 'Sec-WebSocket-Version': '8' } }, 'must be 13'],
    ['no key', { headers: { 'Sec-WebSocket-Key': undefined } }, 'key is missing'],
    ['a key of 15 bytes', { headers: { 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAA' } }, 'key is missing'],
    ['a subprotocol list with a hole', { headers: { 'Sec-WebSocket-Protocol': 'hitl.v1,' } }, 'malformed'],
    ['a subprotocol twice', { headers: { 'Sec-WebSocket-Protocol': 'hitl.v1, hitl.v1' } }, 'malformed'],
  ])('A6: %s is answered 400 invalid_handshake', async (_what, request, message) => {
    await start();
    const answer = await askOnce(hub.port, request);
    expect(answer.status).toBe(400);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'sec-websocket-version': '13',
      connection: 'close',
    });
    const { error } = JSON.parse(answer.body);
    expect(error.code).toBe('invalid_handshake');
    expect(error.message.toLowerCase()).toContain(message.toLowerCase());
    await expectNothingCreated(hub, store);
  });

  test('subprotocols without hitl.v1 are answered 400 unsupported_subprotocol', async () => {
    await start();
    const answer = await askOnce(hub.port, { headers: { 'Sec-WebSocket-Protocol': 'graphql-ws, hitl.v2' } });
    expect([answer.status, JSON.parse(answer.body).error.code]).toEqual([400, 'unsupported_subprotocol']);
    await expectNothingCreated(hub, store);
  });

  test('hitl.v1 among others is chosen, and the answer says so', async () => {
    await start();
    const raw = await RawSocket.open(hub.port);
    const answer = await raw.ask({ headers: { 'Sec-WebSocket-Protocol': 'graphql-ws,\thitl.v1' } });
    expect([answer.status, answer.headers['sec-websocket-protocol']]).toEqual([101, 'hitl.v1']);
    raw.destroy();
  });
});

describe('an address that is not acceptable', () => {
  const long = 'x'.repeat(10_240);
  test.each([
    ['a ticket id of 10 kB', `/ws/chat/ticket/${long}`],
    ['a ticket id of 129 characters', `/ws/chat/ticket/${'x'.repeat(129)}`],
    ['a control character in the ticket id', '/ws/chat/ticket/a%00b'],
    ['a C1 control character in the ticket id', '/ws/chat/ticket/a%C2%85b'],
    ['broken percent-encoding in the ticket id', '/ws/chat/ticket/%E0%A4%A'],
    ['percent-encoded bytes that are no UTF-8', '/ws/chat/ticket/%FF'],
    ['a tab of 10 kB', `/ws/chat/ticket/T-1?tab=${long}`],
    ['a control character in the tab', '/ws/chat/ticket/T-1?tab=a%0Ab'],
    ['an after without a seq', '/ws/chat/ticket/T-1?after=abc'],
    ['an after with a negative seq', '/ws/chat/ticket/T-1?after=abc:-1'],
    ['an after with a seq beyond what counts', `/ws/chat/ticket/T-1?after=abc:${'9'.repeat(16)}`],
    ['an after with an epoch of 10 kB', `/ws/chat/ticket/T-1?after=${long}:1`],
  ])('B22: %s is answered 400 invalid_id, and the app is not asked about it', async (_what, path) => {
    const asked: string[] = [];
    await start({
      auth: {
        authorize: ({ ticketId }) => {
          asked.push(ticketId);
          return 'allow';
        },
      },
    });
    const answer = await askOnce(hub.port, { path });
    expect([answer.status, JSON.parse(answer.body).error.code]).toEqual([400, 'invalid_id']);
    expect(asked).toEqual([]);
    await expectNothingCreated(hub, store);
  });

  test('A9: a ticket id is percent-decoded once', async () => {
    const asked: string[] = [];
    await start({
      auth: {
        authorize: ({ ticketId }) => {
          asked.push(ticketId);
          return 'allow';
        },
      },
    });
    for (const name of ['a b', 'a/b', 'a%20b', 'ü', '__proto__']) await hub.connect({ ticketId: name });
    expect(asked).toEqual(['a b', 'a/b', 'a%20b', 'ü', '__proto__']);
    expect(hub.hub.reference.getActiveTickets()).toEqual(asked);
  });

  test('a question mark in the query reaches the app and the hub', async () => {
    const seen: string[] = [];
    await start({
      app: (app) =>
        app.use((req, _res, next) => {
          seen.push(req.originalUrl);
          next();
        }),
    });
    const answer = await askOnce(hub.port, { path: '/ws/chat/ticket/T-1?back=a?b&after=nonsense' });
    expect(answer.status).toBe(400);
    expect(seen).toEqual(['/ws/chat/ticket/T-1?back=a?b&after=nonsense']);
  });
});

/** A table of what an app may say, so that its rows are checked as options. */
type Row = [what: string, options: TestHubOptions, status: number, code: string];

describe('who may join', () => {
  const refuses: Row[] = [
    ['A3: no user', { auth: { identify: () => null } }, 401, 'authentication_required'],
    ['no user, as undefined', { auth: { identify: () => undefined } }, 401, 'authentication_required'],
    ['a user without an id', { auth: { identify: () => ({ id: '' }) } }, 401, 'authentication_required'],
    ['B17: a user without access', { auth: { authorize: () => 'forbidden' } }, 403, 'forbidden'],
    [
      'B20: a ticket that is not there',
      { auth: { authorize: () => Promise.resolve('not_found') } },
      404,
      'not_found',
    ],
  ];
  const breaks: [string, TestHubOptions][] = [
    [
      'a user callback that throws',
      {
        auth: {
          identify: () => {
            throw new Error('no');
          },
        },
      },
    ],
    ['a user callback that rejects', { auth: { identify: async () => Promise.reject(new Error('no')) } }],
    ['a user callback that gives a number', { auth: { identify: () => 7 as never } }],
    ['a user whose id is a number', { auth: { identify: () => ({ id: 7 }) as never } }],
    [
      'a user whose groups are one string',
      { auth: { identify: () => ({ id: 'al', groups: 'leads' }) as never } },
    ],
    [
      'a ticket callback that throws',
      {
        auth: {
          authorize: () => {
            throw new Error('no');
          },
        },
      },
    ],
    ['a ticket callback that rejects with nothing', { auth: { authorize: () => Promise.reject() } }],
    ['a ticket callback that gives true', { auth: { authorize: () => true as never } }],
    ['a ticket callback that gives nothing', { auth: { authorize: () => undefined as never } }],
  ];
  test.each([...refuses, ...breaks.map(([what, options]) => [what, options, 503, 'unavailable'] as const)])(
    '%s is answered with its status and code',
    async (_what, options, status, code) => {
      await start(options);
      const refused = await hub.tryConnect();
      expect(refused).toMatchObject({ status, body: { error: { code } } });
      expect(Object.keys(Object(refused).body.error)).toEqual(['code', 'message']);
      await expectNothingCreated(hub, store);
    },
  );

  test('a 503 says when to come back', async () => {
    await start({ auth: { authorize: () => undefined as never } });
    expect(await hub.tryConnect()).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
  });

  test('B3: the eleventh client is refused with 429 and nothing is created', async () => {
    await start();
    for (let person = 1; person <= 10; person += 1) await hub.connect({ user: `person-${person}` });
    const refused = await hub.tryConnect({ tab: 'tab-11' });
    expect(refused).toMatchObject({ status: 429, body: { error: { code: 'ticket_full' } } });
    expect(hub.hub.reference.getClientCount('T-1')).toBe(10);
    expect((await store.state('T-1', 10)).sessions).toEqual([]);
    const elsewhere = await hub.connect({ tab: 'tab-11', ticketId: 'T-2' });
    await elsewhere.next('snapshot');
  });

  test('ten tabs of one person do not lock out other people: the eleventh is refused with 429, and others have half of the places', async () => {
    await start();
    for (let tab = 1; tab <= 10; tab += 1) await hub.connect({ tab: `tab-${tab}` });
    expect(await hub.tryConnect({ tab: 'tab-11' })).toMatchObject({
      status: 429,
      body: { error: { code: 'ticket_full', details: { bound: 'user_in_ticket', most: 10 } } },
    });
    for (let person = 1; person <= 5; person += 1) await hub.connect({ user: `person-${person}` });
    expect(await hub.tryConnect({ user: 'person-6' })).toMatchObject({
      status: 429,
      body: { error: { code: 'ticket_full', details: { bound: 'ticket', most: 10 } } },
    });
    expect(hub.hub.reference.getClientCount('T-1')).toBe(15);
  });

  test('an app may bound the tabs of one person', async () => {
    await start({ limits: { clientsPerUserInTicket: 5 } });
    for (let tab = 1; tab <= 5; tab += 1) await hub.connect({ tab: `tab-${tab}` });
    expect(await hub.tryConnect({ tab: 'tab-6' })).toMatchObject({
      status: 429,
      body: { error: { code: 'ticket_full', details: { bound: 'user_in_ticket', most: 5 } } },
    });
    await hub.connect({ user: 'bob' });
  });

  test('tickets are not opened without end by one person: beyond the bound it is 429, for that person alone', async () => {
    await start({ limits: { clientsPerUser: 3 } });
    for (let n = 1; n <= 3; n += 1) await hub.connect({ ticketId: `T-${n}` });
    expect(await hub.tryConnect({ ticketId: 'T-4' })).toMatchObject({
      status: 429,
      body: { error: { code: 'ticket_full', details: { bound: 'user', most: 3 } } },
    });
    await hub.connect({ ticketId: 'T-4', user: 'bob' });
    expect(hub.hub.reference.getActiveTickets()).toEqual(['T-1', 'T-2', 'T-3', 'T-4']);
  });

  test('B21: neither cookies nor tokens of a refused client are logged', async () => {
    const lines: string[] = [];
    const note = (...line: unknown[]) => void lines.push(JSON.stringify(line));
    const logger = { debug: () => {}, info: note, warn: note, error: note };
    await start({ auth: { identify: () => null }, logger });
    const headers = { Cookie: 'token_secret=s3cret', Authorization: 'Bearer s3cret' };
    await askOnce(hub.port, {
      headers: { ...headers, Origin: `http://localhost` },
      path: '/ws/chat/ticket/T-1?token=s3cret',
    });
    await askOnce(hub.port, { headers: { ...headers, Origin: 'https://evil.example' } });
    expect(lines).toEqual([
      expect.stringContaining('authentication_required'),
      expect.stringContaining('origin_refused'),
    ]);
    expect(lines.join()).not.toContain('s3cret');
  });
});

describe('a hub that cannot take anybody', () => {
  test('B5: one that is closing answers 503, and so do all that come later', async () => {
    let letEnd = () => {};
    const asked = new Promise<void>((resolve) => {
      letEnd = resolve;
    });
    await start({ auth: { authorize: () => asked.then(() => 'allow' as const) } });
    const under = hub.tryConnect();
    await until(() => hub.clock.pending === 1, 'the handshake is under way');
    const closing = hub.hitl.close();
    expect(await hub.tryConnect({ tab: 'late' })).toMatchObject({
      status: 503,
      body: { error: { code: 'closing' } },
      headers: { 'retry-after': '5' },
    });
    letEnd();
    expect(await under).toMatchObject({ status: 503, body: { error: { code: 'closing' } } });
    await closing;
    expect(await hub.tryConnect({ tab: 'later' })).toMatchObject({ status: 503 });
    expect(hub.hub.reference.getTotalClientCount()).toBe(0);
  });

  test('one whose store cannot be opened answers 503 storage_failed, until it can', async () => {
    const inner = memoryStore();
    let works = false;
    const shaky: Store = Object.assign(Object.create(inner), {
      open: () => (works ? inner.open() : Promise.reject(new Error('disk on fire'))),
    });
    const hitl = makeHitl({ store: shaky });
    const app = express();
    app.use(hitl.router);
    const served = await Served.start(app);
    hitl.attach(served.server);
    for (const _try of [1, 2]) {
      const answer = await askOnce(served.port);
      expect([answer.status, JSON.parse(answer.body).error.code]).toEqual([503, 'storage_failed']);
      expect(answer.body).not.toContain('fire');
    }
    works = true;
    const client = await served.connect(ticketPath);
    await client.next('snapshot');
    await hitl.close();
    await served.close();
  });

  test('a middleware that never answers is answered for with 503, once its time is over', async () => {
    await start({ app: (app) => app.use(() => {}), http: { handshakeTimeout: '10s' } });
    const raw = await RawSocket.open(hub.port);
    raw.request();
    await until(() => hub.clock.pending === 1, 'the handshake is under way');
    hub.clock.advance(9_999);
    expect(raw.received.length).toBe(0);
    hub.clock.advance(1);
    const answer = await raw.answer();
    expect([answer.status, JSON.parse(answer.body).error.code]).toEqual([503, 'unavailable']);
    await raw.ended();
    await expectNothingCreated(hub, store);
  });

  test('a middleware that begins an answer and never ends it loses the socket in the same time', async () => {
    await start({ app: (app) => app.use((_req, res) => void res.write('wait')) });
    const raw = await RawSocket.open(hub.port);
    raw.request();
    await until(() => hub.clock.pending === 1, 'the handshake is under way');
    hub.clock.advance(10_000);
    await raw.ended();
    await expectNothingCreated(hub, store);
  });

  test('a client whose callback answers after the timeout is refused', async () => {
    let answer: (access: 'allow') => void = () => {};
    const slow = new Promise<'allow'>((resolve) => {
      answer = resolve;
    });
    await start({ auth: { authorize: () => slow } });
    const refused = hub.tryConnect();
    await until(() => hub.clock.pending === 1, 'the handshake is under way');
    hub.clock.advance(10_000);
    expect(await refused).toMatchObject({ status: 503 });
    answer('allow');
    await slow;
    await expectNothingCreated(hub, store);
  });

  test('a peer that leaves during the handshake occupies no place', async () => {
    let answer: (access: 'allow') => void = () => {};
    const decided: Promise<'allow'>[] = [
      Promise.resolve('allow'),
      new Promise((resolve) => {
        answer = resolve;
      }),
    ];
    await start({ auth: { authorize: () => decided.shift() ?? 'allow' } });
    const first = await hub.connect({ tab: 'one' });
    await first.next('presence_changed');
    const raw = await RawSocket.open(hub.port);
    raw.request({ path: '/ws/chat/ticket/T-1?tab=one' });
    await until(() => decided.length === 0, 'the app was asked');
    const timers = hub.clock.pending;
    raw.socket.resetAndDestroy();
    await until(() => hub.clock.pending === timers - 1, 'the server has noticed');
    answer('allow');
    first.send({ type: 'ping' });
    await first.next('pong');
    expect(first.all('presence_changed')).toHaveLength(1);
    expect(hub.hub.reference.getClientCount('T-1')).toBe(1);
  });
});
