/** Which upgrades are ours, in which order they are looked at, and what becomes of the others. */
import { createServer, type IncomingMessage } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { Server as SocketIo } from 'socket.io';
import { io } from 'socket.io-client';
import { createLogger, transports } from 'winston';
import { WebSocketServer } from 'ws';
import type { TestHubOptions } from '../../../lib/testing/test-hub';
import { askOnce, RawSocket, ticketPath } from '../raw-socket';
import { endedAfterEach, Served } from '../serve';

const { ends, startHub, hitlOf, serve } = endedAfterEach();

describe('the order of the checks', () => {
  /** Notes who of the app is asked; the last of them refuses. */
  const asking = (asked: string[]): TestHubOptions => ({
    app: (app) =>
      app.use((_req, _res, next) => {
        asked.push('middleware');
        next();
      }),
    auth: {
      identify: () => {
        asked.push('user');
        return 'alice';
      },
      authorize: () => {
        asked.push('ticket');
        return 'not_found';
      },
    },
  });

  test('B18: the Origin is looked at before the handshake, the app’s middleware and everything it knows', async () => {
    const asked: string[] = [];
    const hub = await startHub(asking(asked));
    const headers = { Origin: 'https://evil.example', 'Sec-WebSocket-Key': 'nonsense' };
    const answer = await askOnce(hub.port, { headers });
    expect([answer.status, JSON.parse(answer.body).error.code]).toEqual([403, 'origin_refused']);
    expect(asked).toEqual([]);
  });

  test('user before ticket, and the app’s middleware before both', async () => {
    const asked: string[] = [];
    const hub = await startHub(asking(asked));
    expect((await askOnce(hub.port)).status).toBe(404);
    expect(asked).toEqual(['middleware', 'user', 'ticket']);
  });

  test('the ticket is not looked up without a user', async () => {
    const ticket = jest.fn(() => 'allow' as const);
    const hub = await startHub({
      auth: { identify: () => null, authorize: ticket },
    });
    expect((await askOnce(hub.port)).status).toBe(401);
    expect(ticket).not.toHaveBeenCalled();
  });
});

describe('the app’s own middleware', () => {
  test('its 401 passes through as it is', async () => {
    const hub = await startHub({
      app: (app) =>
        app.use((_req, res) => void res.status(401).set('WWW-Authenticate', 'Basic').send('log in first')),
    });
    const answer = await askOnce(hub.port);
    expect(answer).toMatchObject({ status: 401, body: 'log in first' });
    expect(answer.headers['www-authenticate']).toBe('Basic');
  });

  test('its redirect passes through as it is', async () => {
    const hub = await startHub({ app: (app) => app.use((_req, res) => res.redirect('/login')) });
    const answer = await askOnce(hub.port);
    expect([answer.status, answer.headers.location]).toEqual([302, '/login']);
  });

  test('its error goes to its own error handler', async () => {
    const hitl = hitlOf();
    const app = express();
    app.use((_req: Request, _res: Response, next: NextFunction) => next(new Error('mine')));
    app.use(hitl.router);
    app.use((error: Error, _req: Request, res: Response, _next: NextFunction) => {
      res.status(418).send(error.message);
    });
    const served = await serve(app);
    hitl.attach(served.server);
    expect(await askOnce(served.port)).toMatchObject({ status: 418, body: 'mine' });
  });

  test('a socket that was answered is closed', async () => {
    const hub = await startHub({ app: (app) => app.use((_req, res) => void res.status(401).end()) });
    const raw = await RawSocket.open(hub.port);
    await raw.ask();
    await raw.ended();
  });

  test('what it sets on the request reaches the user callback', async () => {
    const hub = await startHub({
      app: (app) =>
        app.use((req, _res, next) => {
          Object.assign(req, { user: { id: 'carol', name: 'Carol' } });
          next();
        }),
      auth: { identify: (req) => (req as Request & { user: { id: string } }).user },
    });
    const client = await hub.connect();
    expect((await client.next('welcome')).user).toEqual({ id: 'carol', name: 'Carol' });
  });

  test('may say something early, and the handshake goes on', async () => {
    const hub = await startHub({
      app: (app) =>
        app.use((_req, res, next) => {
          res.writeProcessing();
          next();
        }),
    });
    const raw = await RawSocket.open(hub.port);
    expect((await raw.ask()).status).toBe(102);
    expect((await raw.answer()).status).toBe(101);
    raw.destroy();
  });

  test('one that throws from a listener of the server beside Express is answered 500', async () => {
    const hitl = hitlOf();
    const server = createServer(() => {
      throw new Error('not even Express');
    });
    const served = await Served.listen(server);
    ends.push(() => served.close());
    hitl.attach(server);
    const answer = await askOnce(served.port);
    expect([answer.status, JSON.parse(answer.body).error.code]).toEqual([500, 'internal']);
  });

  test('a path of a ticket that no router serves is answered by the app', async () => {
    const hitl = hitlOf();
    const app = express();
    app.use('/soc', hitl.router);
    const served = await serve(app);
    hitl.attach(served.server);
    expect((await askOnce(served.port, { path: ticketPath })).status).toBe(404);
    expect((await askOnce(served.port, { path: `/soc${ticketPath}` })).status).toBe(101);
  });
});

describe('what the app sees of a handshake', () => {
  const guard = '/soc/ws/chat/ticket/:id';
  const deny = (_req: Request, res: Response) => void res.status(403).send('by the app');

  test.each([
    ['a route at its path', (app: Express) => app.get(guard, deny)],
    ['a route for every method', (app: Express) => app.all(guard, deny)],
    ['a middleware at its path', (app: Express) => app.use(guard, deny)],
    ['a router at the mount', (app: Express) => app.use('/soc', express.Router().get(guard.slice(4), deny))],
    [
      'an allow-list of paths that has not this one',
      (app: Express) =>
        app.use((req, res, next) => (req.path === '/soc/ws/chat/ticket/T-2' ? next() : deny(req, res))),
    ],
  ])('is refused by %s', async (_what, app) => {
    const hub = await startHub({ mount: '/soc', app: (each) => void app(each) });
    const answer = await askOnce(hub.port, { path: `/soc${ticketPath}` });
    expect(answer).toMatchObject({ status: 403, body: 'by the app' });
  });

  test('is what the client sent: path, method, query and headers', async () => {
    const seen: unknown[] = [];
    const see = (where: string) => (req: Request, _res: Response, next: NextFunction) => {
      const { method, path, url, originalUrl, baseUrl, query, headers } = req;
      const upgrade = headers.upgrade;
      seen.push({
        where,
        method,
        path,
        url,
        originalUrl,
        baseUrl,
        query: { ...query },
        upgrade,
        ws: 'ws' in req,
      });
      next();
    };
    const hub = await startHub({
      mount: '/soc',
      app: (app) => {
        app.use(see('app'));
        app.use('/soc', see('mount'));
      },
    });
    const path = `/soc${ticketPath}/`;
    expect((await askOnce(hub.port, { path: `${path}?tab=x&a=b?c` })).status).toBe(101);
    const query = '?tab=x&a=b?c';
    const same = {
      method: 'GET',
      originalUrl: path + query,
      query: { tab: 'x', a: 'b?c' },
      upgrade: 'websocket',
      ws: false,
    };
    expect(seen).toEqual([
      { where: 'app', path, url: path + query, baseUrl: '', ...same },
      { where: 'mount', path: path.slice(4), url: path.slice(4) + query, baseUrl: '/soc', ...same },
    ]);
  });

  test.each([
    ['with a fragment, which no browser sends', `/soc${ticketPath}#more?tab=x`],
    ['with its scheme and host', `http://localhost/soc${ticketPath}?tab=x`],
  ])('has one path for the app’s guards and for the hub: an address %s', async (_what, path) => {
    const seen: string[] = [];
    const hub = await startHub({
      mount: '/soc',
      app: (app) =>
        app.get('/soc/ws/chat/ticket/:id', (req, _res, next) => {
          seen.push(String(req.params.id));
          next();
        }),
    });
    const raw = await RawSocket.open(hub.port);
    expect((await raw.ask({ path })).status).toBe(101);
    expect([seen, hub.hub.reference.getActiveTickets()]).toEqual([['T-1'], ['T-1']]);
    raw.destroy();
  });

  test('is the same behind the router, where another one serves the route', async () => {
    const seen: string[] = [];
    const [first, second] = [hitlOf(), hitlOf()];
    const app = express();
    // Of the whole app, and so below it.
    app.use(first.router);
    app.use((req, _res, next) => {
      seen.push(req.url);
      next();
    });
    app.use('/soc', second.router);
    const served = await serve(app);
    second.attach(served.server);
    expect((await askOnce(served.port, { path: `/soc${ticketPath}?tab=1` })).status).toBe(101);
    expect(seen).toEqual([`/soc${ticketPath}?tab=1`]);
  });

  test('is an error of its own to the app’s error handler, at the address that was sent', async () => {
    const seen: string[] = [];
    const hitl = hitlOf();
    const app = express();
    const broken = express.Router().use(hitl.router);
    app.use('/soc', (req, _res, next) => next(req.get('x-fail') ? new Error('mine') : undefined), broken);
    app.use((_error: Error, req: Request, res: Response, _next: NextFunction) => {
      seen.push(req.url);
      res.status(418).end();
    });
    const served = await serve(app);
    hitl.attach(served.server);
    const path = `/soc${ticketPath}`;
    expect((await askOnce(served.port, { path, headers: { 'X-Fail': 'yes' } })).status).toBe(418);
    expect(seen).toEqual([path]);
  });
});

describe('upgrades of others', () => {
  test('are left to their own listener', async () => {
    const hitl = hitlOf();
    const app = express();
    app.use(hitl.router);
    const served = await serve(app);
    const other = new WebSocketServer({ noServer: true });
    hitl.attach(served.server);
    served.server.on('upgrade', (req: IncomingMessage, socket, head) => {
      if (req.url === '/other') other.handleUpgrade(req, socket, head, (ws) => ws.send('{"from":"other"}'));
    });
    const theirs = await served.connect('/other', { dialect: 'classic' });
    expect(await theirs.next()).toEqual({ from: 'other' });
    const ours = await served.connect(ticketPath);
    await ours.next('welcome');
  });

  test('Socket.IO lives on the same server', async () => {
    const hitl = hitlOf();
    const app = express();
    app.use(hitl.router);
    const served = await serve(app);
    const socketIo = new SocketIo(served.server);
    hitl.attach(served.server);
    ends.push(() => socketIo.close());
    const theirs = io(`http://127.0.0.1:${served.port}`, { transports: ['websocket'] });
    await new Promise<void>((resolve) => theirs.once('connect', () => resolve()));
    const ours = await served.connect(ticketPath);
    await ours.next('welcome');
    expect(theirs.connected).toBe(true);
    theirs.close();
    // Socket.IO ends the server with itself, and that waits for everybody.
    ours.socket.terminate();
  });

  test.each(['/ws', '/ws/chat/ticket/', '/ws/chat/ticket/T-1/more', '/ws/inbox/more'])(
    'one below the mount for %s, where there is none, is answered 404 not_found if nothing else listens',
    async (path) => {
      const hub = await startHub();
      const answer = await askOnce(hub.port, { path });
      expect([answer.status, JSON.parse(answer.body).error.code]).toEqual([404, 'not_found']);
    },
  );
});

describe('another listener that answers the handshakes of tickets as well', () => {
  type Other = (served: Served) => void;
  const others: [what: string, other: Other, status: number][] = [
    [
      'a `ws` for a path, which refuses',
      ({ server }) => void new WebSocketServer({ server, path: '/other' }),
      400,
    ],
    ['a `ws` for everything, which accepts', ({ server }) => void new WebSocketServer({ server }), 101],
    ['one that hangs up', ({ server }) => void server.on('upgrade', (_req, socket) => socket.end()), 0],
    ['one that is gone', ({ server }) => void server.on('upgrade', (_req, socket) => socket.destroy()), 0],
  ];
  const rows = others.flatMap(([what, other, status]) =>
    (['before', 'behind'] as const).map((where) => [what, where, other, status] as const),
  );

  test.each(rows)(
    'breaks nothing, and is named in the log: %s, %s us',
    async (_what, where, other, status) => {
      const warn = jest.fn();
      const logger = Object.assign(createLogger({ silent: true, transports: [new transports.Console()] }), {
        warn,
      });
      let decide = () => {};
      const decided = new Promise<void>((resolve) => {
        decide = resolve;
      });
      const hitl = hitlOf({ logger, auth: { authorize: () => decided.then(() => 'allow') } });
      const app = express();
      app.use(hitl.router);
      const served = await serve(app);
      if (where === 'before') other(served);
      hitl.attach(served.server);
      if (where === 'behind') other(served);
      for (const _time of [1, 2]) {
        const raw = await RawSocket.open(served.port);
        raw.request();
        if (status === 0) await raw.ended();
        else expect((await raw.answer()).status).toBe(status);
        raw.destroy();
      }
      decide();
      await decided;
      // The others' answers are theirs, and no client is connected.
      const answer = await fetch(`http://127.0.0.1:${served.port}${ticketPath}`);
      expect(answer.status).toBe(426);
      expect(hitl.hub.reference.getTotalClientCount()).toBe(0);
      const named = warn.mock.calls.filter(([line]) => /another upgrade listener/i.test(line));
      if (status !== 0) expect(named).toHaveLength(1);
    },
  );

  test('with `noServer` each has its own', async () => {
    const hitl = hitlOf();
    const app = express();
    app.use(hitl.router);
    const served = await serve(app);
    const theirs = new WebSocketServer({ noServer: true });
    served.server.on('upgrade', (req, socket, head) => {
      if (req.url === '/other') theirs.handleUpgrade(req, socket, head, (ws) => ws.send('{"from":"other"}'));
    });
    hitl.attach(served.server);
    await (await served.connect(ticketPath)).next('welcome');
    expect(await (await served.connect('/other', { dialect: 'classic' })).next()).toEqual({ from: 'other' });
  });
});

test('a handshake behind a request that is not yet answered ends the socket, and nothing else', async () => {
  const waiting: Response[] = [];
  const hub = await startHub({ app: (app) => app.get('/slow', (_req, res) => void waiting.push(res)) });
  const raw = await RawSocket.open(hub.port);
  raw.socket.write('GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n');
  raw.request();
  await raw.ended();
  expect(raw.received.toString()).toBe('');
  for (const res of waiting) res.end('too late');
  await (await hub.connect()).next('snapshot');
  expect(hub.hub.reference.getTotalClientCount()).toBe(1);
});

test('a handshake behind one that was answered is a handshake', async () => {
  const hub = await startHub({ app: (app) => app.get('/quick', (_req, res) => void res.send('done')) });
  const raw = await RawSocket.open(hub.port);
  raw.socket.write('GET /quick HTTP/1.1\r\nHost: localhost\r\n\r\n');
  expect((await raw.answer()).body).toBe('done');
  expect((await raw.ask()).status).toBe(101);
  raw.destroy();
});

test('what was written right after the handshake is read', async () => {
  const hub = await startHub();
  const raw = await RawSocket.open(hub.port);
  raw.request();
  raw.sendFrame(1, Buffer.from('{"type":"message","content":"early"}'));
  expect((await raw.answer()).status).toBe(101);
  const client = await hub.connect({ user: 'bob' });
  await client.next((frame) => JSON.stringify(frame).includes('early'));
  raw.destroy();
});

test('a connection retains nothing of its HTTP request', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage: () => void = runInNewContext('gc');
  const hub = await startHub({ limits: { clientsPerTicket: 20 } });
  const requests: WeakRef<object>[] = [];
  hub.server.prependListener('request', (req, res) => requests.push(new WeakRef(req), new WeakRef(res)));
  const raws: RawSocket[] = [];
  for (let n = 0; n < 20; n += 1) {
    const raw = await RawSocket.open(hub.port);
    expect((await raw.ask({ path: `${ticketPath}?tab=${n}` })).status).toBe(101);
    raws.push(raw);
  }
  await (await hub.connect({ ticketId: 'T-2' })).next('snapshot');
  collectGarbage();
  expect(requests).toHaveLength(42);
  expect(hub.hub.reference.getClientCount('T-1')).toBe(20);
  // The last one or two may still be on the stack of something.
  expect(requests.filter((each) => each.deref()).length).toBeLessThan(10);
  for (const raw of raws) raw.destroy();
});
