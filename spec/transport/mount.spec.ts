/** Where the router may be mounted and on which servers, over real sockets. */
import express, { type NextFunction, type Request, type Response } from 'express';
import { TestClient } from '../../lib/testing/test-client';
import { askOnce, ticketPath } from './raw-socket';
import { endedAfterEach, localhost } from './serve';

const { startHub, hitlOf, serve } = endedAfterEach();

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
