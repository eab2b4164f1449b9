/** Where the router may be mounted and on which servers, over real sockets. */
import type { Server } from 'node:http';
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { createLogger, transports } from 'winston';
import { memoryStore } from '../../../lib/store/memory/memory-store';
import { TestClient } from '../../../lib/testing/test-client';
import { PendingUpgrade } from '../../../lib/transport/express/pending-upgrade';
import type { AttachOptions } from '../../../lib/transport/express/upgrade';
import { askOnce, ticketPath } from '../raw-socket';
import { endedAfterEach, localhost } from '../serve';

const { ends, startHub, hitlOf, serve } = endedAfterEach();

test('nested routers, with their middleware', async () => {
  const hitl = hitlOf({ auth: { identify: (req) => (req as Request & { seen?: string }).seen } });
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
  const [one, two] = [
    hitlOf({ auth: { identify: () => 'one' } }),
    hitlOf({ auth: { identify: () => 'two' } }),
  ];
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
  const open = hitlOf({ http: { origins: ['https://open.example'] } });
  const strict = hitlOf({ http: { origins: ['https://strict.example'] } });
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
  expect(hitl.hub.reference.getClientCount('T-1')).toBe(1);
});

test('detached, it accepts no more sockets and leaves the open ones connected', async () => {
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

describe('a path that is given to attach', () => {
  /** The status of a handshake at `address`, in an app with a hub at `mount`; 499 if it is left to another listener. */
  async function statusAt(
    address: string,
    mount: string,
    path = mount,
    prepare: (app: Express) => void = () => {},
  ): Promise<number> {
    const hitl = hitlOf({ auth: { identify: () => 'alice' } });
    const app = express();
    prepare(app);
    app.use(mount, hitl.router);
    const served = await serve(app);
    hitl.attach(served.server, { path });
    served.server.on('upgrade', (req, socket) => {
      if (!PendingUpgrade.of(req)) socket.end('HTTP/1.1 499 Left to others\r\nContent-Length: 0\r\n\r\n');
    });
    const headers = { 'Sec-WebSocket-Protocol': 'hitl.v1' };
    return (await askOnce(served.port, { path: address, headers })).status;
  }
  const ticket = '/ws/chat/ticket/T-1';

  test.each([
    [`/soc${ticket}`, '/soc', 101],
    [`/SOC${ticket}`, '/soc', 101],
    ['/soc/WS/Chat/Ticket/T-1', '/soc', 101],
    ['/soc/ws/Inbox?order=urgent', '/Soc', 101],
    [`/soc${ticket}/`, '/soc/', 101],
    [`/org/acme/soc${ticket}`, '/org/:org/soc', 101],
    ['/org/a%20b/soc/ws/inbox', '/org/:org/soc', 101],
    ['/org/%FF/soc/ws/inbox', '/org/:org/soc', 400],
    [`/org/soc${ticket}`, '/org/:org/soc', 499],
    [`/org/a/b/soc${ticket}`, '/org/:org/soc', 499],
    [`/soc/more${ticket}`, '/soc', 499],
    [`/socket${ticket}`, '/soc', 499],
    [`/x/soc${ticket}`, '/soc', 499],
    [ticket, '/', 101],
    [`/soc${ticket}`, '/', 499],
  ])('has %s below %s answered with %i', async (address, mount, status) => {
    expect(await statusAt(address, mount)).toBe(status);
  });

  test('and is none of the app’s is answered by the app itself', async () => {
    expect(await statusAt(`/soc${ticket}`, '/hub', '/soc')).toBe(404);
  });

  test('distinguishes upper from lower case where the app does', async () => {
    const strictly = (app: Express) => void app.enable('case sensitive routing');
    expect(await statusAt(`/soc${ticket}`, '/soc', '/soc', strictly)).toBe(101);
    expect(await statusAt(`/SOC${ticket}`, '/soc', '/soc', strictly)).toBe(499);
  });

  test.each([
    ['has no slash at its beginning', 'soc', 'begins with a slash'],
    ['is an address', 'https://app.example.com/soc', 'begins with a slash'],
    ['is no text', ['/soc'] as unknown as string, 'begins with a slash'],
    ['Express cannot read', '/soc/(', 'not one that Express matches'],
  ])('and %s is refused at once', async (_what, path, message) => {
    const served = await serve(express());
    expect(() => hitlOf().attach(served.server, { path })).toThrow(
      expect.objectContaining({ code: 'invalid_request', message: expect.stringContaining(message) }),
    );
    expect(served.server.listenerCount('upgrade')).toBe(0);
  });
});

test('an app in place of its server is refused, since it has no upgrades', () => {
  expect(() => hitlOf().attach(express() as unknown as Server)).toThrow(
    expect.objectContaining({ code: 'invalid_request', message: expect.stringContaining('app.listen') }),
  );
});

test.each(['close', 'drain'] as const)('after %s nothing of the hub listens on any server', async (end) => {
  const hitl = hitlOf();
  const app = express();
  app.use(hitl.router);
  const [one, two] = [await serve(app), await serve(app)];
  for (const { server } of [one, two]) hitl.attach(server);
  await (end === 'close' ? hitl.close() : hitl.drain({ over: 1 }));
  for (const { server, port } of [one, two]) {
    expect(server.listenerCount('upgrade')).toBe(0);
    const answer = await askOnce(port);
    expect([answer.status, JSON.parse(answer.body).error.code]).toEqual([503, 'closing']);
  }
});

describe('two copies of the package on one server', () => {
  /** A second copy, with its own classes, and its own Express and ws too. */
  function secondCopy(): typeof import('../../../lib/transport/express/express-hitl') {
    let copy: typeof import('../../../lib/transport/express/express-hitl') | undefined;
    jest.isolateModules(() => {
      copy = require('../../../lib/transport/express/express-hitl');
    });
    if (!copy) throw new Error('There is no second copy');
    return copy;
  }

  const ways: [what: string, attached: (AttachOptions | 'none')[]][] = [
    ['each with its path', [{ path: '/one' }, { path: '/two' }]],
    ['without a path', [{}, {}]],
    ['only the first attached', [{}, 'none']],
    ['only the second attached', ['none', {}]],
  ];
  test.each(ways)('have each its own sockets: %s', async (_what, attached) => {
    const logger = createLogger({ silent: true, transports: [new transports.Console()] });
    const options = { store: memoryStore(), logger };
    const one = hitlOf({ auth: { identify: () => 'one' } });
    const two = secondCopy().expressHitl({
      ...options,
      auth: { identify: () => 'two', authorize: () => 'allow' },
    });
    ends.push(() => two.close());
    const app = express();
    app.use('/one', one.router);
    app.use('/two', two.router);
    const served = await serve(app);
    for (const [index, hitl] of [one, two].entries()) {
      const option = attached[index];
      if (option !== 'none') hitl.attach(served.server, option);
    }
    for (const [mount, hitl] of [
      ['one', one],
      ['two', two],
    ] as const) {
      const client = await served.connect(`/${mount}${ticketPath}`);
      expect((await client.next('welcome')).user.id).toBe(mount);
      expect(await client.ask({ type: 'message', content: 'hi' })).toMatchObject({ event: 'ack' });
      expect(hitl.hub.reference.getTotalClientCount()).toBe(1);
      const nowhere = await askOnce(served.port, { path: `/${mount}/ws/nowhere` });
      expect([nowhere.status, JSON.parse(nowhere.body).error.code]).toEqual([404, 'not_found']);
    }
    await one.close();
    await two.close();
    expect(served.server.listenerCount('upgrade')).toBe(0);
  });
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
