/** Which upgrades are ours, in which order they are looked at, and what becomes of the others. */

import { createServer, type IncomingMessage } from 'node:http';
import express, { type NextFunction, type Request, type Response } from 'express';
import { Server as SocketIo } from 'socket.io';
import { io } from 'socket.io-client';
import { WebSocketServer } from 'ws';
import { TestClient } from '../../lib/testing/test-client';
import { startTestHub, type TestHub, type TestHubOptions } from '../../lib/testing/test-hub';
import type { ExpressHitl } from '../../lib/transport/express-hitl';
import { askOnce, RawSocket, ticketPath } from './raw-socket';
import { localhost, makeHitl, Served } from './serve';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function startHub(...options: Parameters<typeof startTestHub>): Promise<TestHub> {
  const hub = await startTestHub(...options);
  ends.push(() => hub.close());
  return hub;
}

function hitlOf(...options: Parameters<typeof makeHitl>): ExpressHitl {
  const hitl = makeHitl(...options);
  ends.push(() => hitl.close());
  return hitl;
}

async function serve(...args: Parameters<typeof Served.start>): Promise<Served> {
  const served = await Served.start(...args);
  ends.push(() => served.close());
  return served;
}

describe('the order of the checks', () => {
  /** Notes who of the app is asked; the last of them refuses. */
  const asking = (asked: string[]): TestHubOptions => ({
    app: (app) =>
      app.use((_req, _res, next) => {
        asked.push('middleware');
        next();
      }),
    user: () => {
      asked.push('user');
      return 'alice';
    },
    ticket: () => {
      asked.push('ticket');
      return 'not_found';
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

  test('the ticket is not looked up for nobody', async () => {
    const ticket = jest.fn(() => 'allow' as const);
    const hub = await startHub({ user: () => null, ticket });
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
      user: (req) => (req as Request & { user: { id: string } }).user,
    });
    const client = await hub.connect();
    expect((await client.next('welcome')).user).toEqual({ id: 'carol', name: 'Carol' });
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

  test.each(['/', '/ws/chat/ticket/', '/ws/chat/ticket/T-1/more', '/WS/chat/ticket/T-1'])(
    'one for %s is answered 404 where nobody else listens',
    async (path) => {
      const hub = await startHub();
      const answer = await askOnce(hub.port, { path });
      expect([answer.status, JSON.parse(answer.body).error.code]).toEqual([404, 'not_found']);
    },
  );

  test('one is answered 404 where only other hubs listen', async () => {
    const [one, two] = [hitlOf(), hitlOf()];
    const served = await serve(express());
    one.attach(served.server, { path: '/one' });
    two.attach(served.server, { path: '/two' });
    expect((await askOnce(served.port, { path: '/elsewhere' })).status).toBe(404);
  });
});

describe('where it is mounted', () => {
  test('nested routers, with their middleware', async () => {
    const hitl = hitlOf({ user: (req) => (req as Request & { seen?: string }).seen });
    const app = express();
    const [outer, inner] = [express.Router(), express.Router()];
    const see = (seen: string) => (req: Request & { seen?: string }, _res: Response, next: NextFunction) => {
      req.seen = `${req.seen ?? ''}${seen}`;
      next();
    };
    inner.use(see('inner'), hitl.router);
    outer.use('/b', see('outer '), inner);
    app.use('/a', outer);
    const served = await serve(app);
    hitl.attach(served.server);
    const client = await served.connect(`/a/b${ticketPath}?tab=x`);
    expect((await client.next('welcome')).user.id).toBe('outer inner');
  });

  test('below a parameter', async () => {
    const hitl = hitlOf();
    const app = express();
    app.use('/tenants/:tenant', hitl.router);
    const served = await serve(app);
    hitl.attach(served.server);
    await (await served.connect(`/tenants/acme${ticketPath}`)).next('welcome');
  });

  test('with a slash at the end of the address', async () => {
    const hub = await startHub({ mount: '/soc' });
    const client = await TestClient.open(`${hub.url.replace('http', 'ws')}${ticketPath}/?tab=x`, {
      headers: { 'x-user': 'alice' },
    });
    if (!(client instanceof TestClient)) throw new Error('refused');
    expect((await client.next('welcome')).ticket_id).toBe('T-1');
    client.socket.terminate();
  });

  test('two hubs on one server, each with its own path, take their own', async () => {
    const [one, two] = [hitlOf({ user: () => 'one' }), hitlOf({ user: () => 'two' })];
    const app = express();
    app.use('/one', one.router);
    app.use('/two', two.router);
    const served = await serve(app);
    one.attach(served.server, { path: '/one/' });
    two.attach(served.server, { path: '/two' });
    expect((await (await served.connect(`/one${ticketPath}`)).next('welcome')).user.id).toBe('one');
    expect((await (await served.connect(`/two${ticketPath}`)).next('welcome')).user.id).toBe('two');
  });

  test('B18: two hubs attached without a path each hold to their own origins', async () => {
    const open = hitlOf({ allowedOrigins: ['https://open.example'] });
    const strict = hitlOf({ allowedOrigins: ['https://strict.example'] });
    const app = express();
    app.use('/open', open.router);
    app.use('/strict', strict.router);
    const served = await serve(app);
    open.attach(served.server);
    strict.attach(served.server);
    const at = (mount: string, origin: string) =>
      askOnce(served.port, { path: `${mount}${ticketPath}`, headers: { Origin: origin } });
    expect((await at('/open', 'https://open.example')).status).toBe(101);
    expect((await at('/strict', 'https://open.example')).status).toBe(403);
    expect((await askOnce(served.port, { path: `/strict${ticketPath}` })).status).toBe(101);
  });

  test('attached twice, it still takes each upgrade once', async () => {
    const hitl = hitlOf();
    const app = express();
    app.use(hitl.router);
    const served = await serve(app);
    hitl.attach(served.server);
    hitl.attach(served.server);
    const client = await served.connect(ticketPath);
    await client.next('snapshot');
    expect(hitl.hub.getClientCount('T-1')).toBe(1);
  });

  test('detached, it takes no more and keeps those it has', async () => {
    const hitl = hitlOf();
    const app = express();
    app.use(hitl.router);
    const served = await serve(app);
    const detach = hitl.attach(served.server);
    const client = await served.connect(ticketPath);
    detach();
    expect(served.server.listenerCount('upgrade')).toBe(0);
    expect(await client.ask({ type: 'message', content: 'still here' })).toMatchObject({ event: 'ack' });
  });

  test('a path without its slash is refused when it is given', async () => {
    const hitl = hitlOf();
    const served = await serve(express());
    expect(() => hitl.attach(served.server, { path: 'soc' })).toThrow(
      expect.objectContaining({ code: 'invalid_request' }),
    );
  });

  test('on https, where a page sent in the clear is of another origin', async () => {
    const hitl = hitlOf();
    const app = express();
    app.use(hitl.router);
    const served = await serve(app, localhost);
    hitl.attach(served.server);
    const from = (scheme: string) =>
      served.connect(ticketPath, {
        secure: true,
        ca: localhost.cert,
        origin: `${scheme}://127.0.0.1:${served.port}`,
      });
    await expect(from('http')).rejects.toThrow('403');
    const client = await from('https');
    expect(await client.ask({ type: 'message', content: 'over TLS' })).toMatchObject({ event: 'ack' });
  });
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
