/** The response of an upgrade ends as any other does, so that what middleware holds until then is given back. */
import type { ServerResponse } from 'node:http';
import { finished } from 'node:stream/promises';
import compression from 'compression';
import type { Express, Request, Response } from 'express';
import session from 'express-session';
import type { TestHubOptions } from '../../../lib/testing/test-hub';
import { askOnce, RawSocket, ticketPath } from '../raw-socket';
import { endedAfterEach } from '../serve';
import { until } from '../until';

const { startHub } = endedAfterEach();

/** Express brings it along; it has no types of its own. */
const onFinished: (res: ServerResponse, listener: () => void) => void = require('on-finished');

/** Writes down what `req` and `res` emit. */
function noting(events: string[]): (app: Express) => void {
  return (app) =>
    app.use((req, res, next) => {
      for (const name of ['finish', 'close'] as const) res.on(name, () => events.push(`res ${name}`));
      req.on('close', () => events.push('req close'));
      next();
    });
}

const settled = (events: string[]) => until(() => events.includes('res close'), 'the response has closed');

const refusals: [string, TestHubOptions, number][] = [
  ['by the user callback', { auth: { identify: () => null } }, 401],
  ['by the ticket callback', { auth: { authorize: () => 'forbidden' } }, 403],
  ['with a fault', { auth: { authorize: () => Promise.reject(new Error('no')) } }, 503],
];
test.each(refusals)('of a refusal %s: `finish`, then `close`, once each', async (_what, options, status) => {
  const events: string[] = [];
  const hub = await startHub({ ...options, app: noting(events) });
  const raw = await RawSocket.open(hub.port);
  expect((await raw.ask()).status).toBe(status);
  await raw.ended();
  await settled(events);
  expect(events.filter((each) => each.startsWith('res'))).toEqual(['res finish', 'res close']);
  expect(events.filter((each) => each.startsWith('req'))).toEqual(['req close']);
});

test('of a refusal by the app’s own middleware too', async () => {
  const events: string[] = [];
  const hub = await startHub({
    app: (app) => {
      noting(events)(app);
      app.use((_req, res) => void res.status(401).send('log in'));
    },
  });
  expect((await askOnce(hub.port)).status).toBe(401);
  await settled(events);
  expect(events).toEqual(['res finish', 'req close', 'res close']);
});

test.each([
  ['the client leaves', (raw: RawSocket) => raw.socket.end()],
  ['the client is gone', (raw: RawSocket) => raw.socket.resetAndDestroy()],
])('of a socket that was let in: `close`, once, when %s', async (_what, leave) => {
  const events: string[] = [];
  const hub = await startHub({ app: noting(events) });
  const raw = await RawSocket.open(hub.port);
  expect((await raw.ask()).status).toBe(101);
  await until(() => hub.hub.reference.getTotalClientCount() === 1, 'the client is in');
  expect(events).toEqual([]);
  leave(raw);
  await settled(events);
  await until(() => events.includes('req close'), 'the request has closed');
  expect(events).toEqual(['res close', 'req close']);
});

test('and when the hub closes', async () => {
  const events: string[] = [];
  const hub = await startHub({ app: noting(events) });
  await (await hub.connect()).next('snapshot');
  await hub.hitl.close();
  await settled(events);
  expect(events.filter((each) => each === 'res close')).toHaveLength(1);
});

test('of a peer that goes while the app decides: `close`, once, without `finish`', async () => {
  const events: string[] = [];
  const waiting: (() => void)[] = [];
  const hub = await startHub({
    app: (app) => {
      noting(events)(app);
      app.use((_req, _res, next) => void waiting.push(next));
    },
  });
  const raw = await RawSocket.open(hub.port);
  raw.request();
  await until(() => waiting.length === 1, 'the app decides');
  raw.socket.resetAndDestroy();
  await settled(events);
  waiting[0]?.();
  expect(events.filter((each) => each.startsWith('res'))).toEqual(['res close']);
});

test('that the app answers after the socket was let in writes nothing to the socket', async () => {
  const late: Response[] = [];
  const hub = await startHub({
    app: (app) =>
      app.use((_req, res, next) => {
        late.push(res);
        next();
      }),
  });
  const client = await hub.connect();
  await client.next('snapshot');
  late[0]?.status(503).send('too late');
  expect(await client.ask({ type: 'message', content: 'fine' })).toMatchObject({ event: 'ack' });
});

test('is finished for on-finished and for `stream.finished`', async () => {
  const ended: string[] = [];
  const hub = await startHub({
    app: (app) =>
      app.use((_req, res, next) => {
        onFinished(res, () => ended.push('on-finished'));
        finished(res).then(
          () => ended.push('finished'),
          () => ended.push('finished'),
        );
        next();
      }),
  });
  const client = await hub.connect();
  await client.next('snapshot');
  expect(ended).toEqual([]);
  await client.close();
  await until(() => ended.length === 2, 'both have noticed');
  expect(ended.toSorted()).toEqual(['finished', 'on-finished']);
});

test('bounds what middleware counts: a limit of requests under way is given back by each socket', async () => {
  let underWay = 0;
  const hub = await startHub({
    auth: { authorize: ({ ticketId }) => (ticketId === 'T-1' ? 'allow' : 'forbidden') },
    app: (app) =>
      app.use((_req, res, next) => {
        if (underWay >= 3) return void res.status(429).end();
        underWay += 1;
        res.on('close', () => {
          underWay -= 1;
        });
        next();
      }),
  });
  for (let n = 0; n < 5; n += 1) {
    const raw = await RawSocket.open(hub.port);
    expect((await raw.ask({ path: `${ticketPath}?tab=${n}` })).status).toBe(101);
    raw.destroy();
    expect((await askOnce(hub.port, { path: '/ws/chat/ticket/T-2' })).status).toBe(403);
    await until(() => underWay === 0, 'both have been given back');
  }
});

test('works with compression and express-session in front: refusals arrive whole, sockets open', async () => {
  const hub = await startHub({
    auth: { identify: (req) => (req as Request & { session: { user?: string } }).session.user },
    app: (app) => {
      app.use(compression({ threshold: 0 }));
      app.use(session({ secret: 'test', resave: false, saveUninitialized: false }));
      app.post('/login', (req, res) => {
        Object.assign(req.session, { user: 'alice' });
        res.sendStatus(204);
      });
    },
  });
  expect(await hub.tryConnect({ headers: { 'accept-encoding': 'identity' } })).toMatchObject({
    status: 401,
    body: { error: { code: 'authentication_required' } },
  });
  const compressed = await askOnce(hub.port, { headers: { 'Accept-Encoding': 'gzip' } });
  expect([compressed.status, compressed.headers['content-encoding']]).toEqual([401, 'gzip']);
  const login = await fetch(`${hub.url}/login`, { method: 'POST' });
  const headers = { cookie: login.headers.get('set-cookie') ?? '' };
  const client = await hub.connect({ headers, origin: hub.url });
  expect((await client.next('welcome')).user.id).toBe('alice');
});
