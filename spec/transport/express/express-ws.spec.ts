/** An app that runs express-ws itself: the 101 is sent before anybody is asked, so that refusals are close codes. */
import { createServer } from 'node:http';
import express from 'express';
import expressWs from 'express-ws';
import { createLogger, type Logger, transports } from 'winston';
import type { ServerOptions } from 'ws';
import { ManualClock } from '../../../lib/testing/manual-clock';
import type { TestClient, TestClientOptions } from '../../../lib/testing/test-client';
import type { ExpressHitl } from '../../../lib/transport/express/express-hitl';
import { RawSocket, ticketPath } from '../raw-socket';
import { type HitlTestOptions, makeHitl, Served } from '../serve';
import { until } from '../until';

let hitl: ExpressHitl;
let served: Served;
let clock: ManualClock;

async function start(
  options: HitlTestOptions = {},
  mount: (app: expressWs.Application) => void = (app) => {
    app.ws('/chat/:ticketId', hitl.sockets.ticket);
  },
): Promise<void> {
  clock = new ManualClock();
  hitl = makeHitl({ clock, ...options, http: { heartbeat: '20d', ...options.http } });
  const app = express();
  const server = createServer(app);
  mount(expressWs(app, server).app);
  served = await Served.listen(server);
}

const connect = (options: TestClientOptions = {}, path = '/chat/T-1'): Promise<TestClient> =>
  served.connect(path, options);

afterEach(async () => {
  await hitl.close();
  await served.close();
});

test('hitl.v1 is spoken there as anywhere', async () => {
  await start({ agent: (turn) => turn.say('hello') });
  const client = await connect();
  expect(client.socket.protocol).toBe('hitl.v1');
  expect(await client.next()).toMatchObject({ event: 'welcome', ticket_id: 'T-1', user: { id: 'alice' } });
  expect(await client.ask({ type: 'message', content: 'hi' })).toMatchObject({ event: 'ack' });
  expect(await client.next('turn_ended')).toMatchObject({ status: 'completed' });
});

test('and so is the classic dialect', async () => {
  await start();
  const client = await connect({ dialect: 'classic' });
  expect(await client.next()).toMatchObject({ type: 'status', content: 'Connected to chat' });
  client.send({ type: 'message', content: 'hi' });
  expect(await client.next('message')).toMatchObject({ content: 'hi', user: { id: 'alice' } });
});

type Options = HitlTestOptions;
type Row = [what: string, options: Options, code: number, client?: TestClientOptions, path?: string];

describe('a refusal is the close code of its status', () => {
  const rows: Row[] = [
    ['401: no user', { auth: { identify: () => null } }, 4401],
    ['403: no access', { auth: { authorize: () => 'forbidden' } }, 4403],
    ['403: B18, another origin', {}, 4403, { origin: 'https://evil.example' }],
    ['403: B18, a cookie without an origin', {}, 4403, { headers: { Cookie: 'session=1' } }],
    ['404: no ticket', { auth: { authorize: () => 'not_found' } }, 4404],
    ['400: an id of 129 characters', {}, 4400, {}, `/chat/${'x'.repeat(129)}`],
    ['400: a control character in the tab', {}, 4400, {}, '/chat/T-1?tab=%00'],
    ['400: a bad after', {}, 4400, {}, '/chat/T-1?after=x'],
    ['503: a callback that cannot say', { auth: { authorize: () => Promise.reject(new Error('no')) } }, 4503],
    ['classic, final', { auth: { identify: () => null } }, 1000, { dialect: 'classic' }],
    [
      'classic, come back',
      { auth: { authorize: () => Promise.reject(new Error('no')) } },
      4503,
      { dialect: 'classic' },
    ],
  ];
  // All five in every row: where a cell is missing, jest hands over a callback instead.
  const full = rows.map(
    ([what, options, code, client, path]) => [what, options, code, client, path] as const,
  );

  test.each(full)('%s', async (_what, options, code, client, path) => {
    await start(options);
    const refused = await connect(client, path);
    expect((await refused.closed()).code).toBe(code);
    expect(refused.received).toEqual([]);
    expect(hitl.hub.reference.getTotalClientCount()).toBe(0);
    await until(() => clock.pending === 0, 'no timer is left');
  });

  test('429: B3, a full ticket', async () => {
    await start({ limits: { clientsPerTicket: 1 } });
    await (await connect()).next('snapshot');
    const refused = await connect({ headers: { 'x-user': 'bob' } });
    expect((await refused.closed()).code).toBe(4429);
    expect(refused.received).toEqual([]);
    expect(hitl.hub.reference.getTotalClientCount()).toBe(1);
  });

  test('503: B5, a hub that is closing', async () => {
    await start();
    await hitl.close();
    expect((await (await connect()).closed()).code).toBe(4503);
  });

  test('500: a path without :ticketId', async () => {
    await start({}, (app) => app.ws('/chat', hitl.sockets.ticket));
    expect((await (await connect({}, '/chat')).closed()).code).toBe(1011);
  });
});

describe('while the app decides', () => {
  let decide: (access: 'allow' | 'forbidden') => void;
  const options = (): HitlTestOptions => {
    const decided = new Promise<'allow' | 'forbidden'>((resolve) => {
      decide = resolve;
    });
    return { auth: { authorize: () => decided } };
  };

  test('frames that come early wait, and are carried out in their order', async () => {
    await start(options());
    const client = await connect();
    for (let n = 1; n <= 16; n += 1) client.send({ type: 'message', id: `m${n}`, content: `${n}` });
    const pong = new Promise((resolve) => client.socket.once('pong', resolve));
    client.socket.ping();
    await pong;
    decide('allow');
    await client.next((frame) => frame.re === 'm16');
    await client.next((frame) => frame.message?.content === '16');
    expect(client.all('session_message_added').map(({ message }) => Number(message.content))).toEqual(
      Array.from({ length: 16 }, (_each, index) => index + 1),
    );
  });

  test('once it has decided, more of them may come', async () => {
    await start(options());
    const client = await connect();
    decide('allow');
    await client.next('snapshot');
    for (let n = 1; n <= 40; n += 1) client.send({ type: 'message', id: `m${n}`, content: `${n}` });
    await client.next((frame) => frame.re === 'm40');
    expect(client.all('ack')).toHaveLength(40);
  });

  test('a seventeenth closes with 4429, and nothing is carried out', async () => {
    await start(options());
    const client = await connect();
    for (let n = 1; n <= 17; n += 1) client.send({ type: 'message', id: `m${n}`, content: `${n}` });
    expect((await client.closed()).code).toBe(4429);
    decide('allow');
    const other = await connect({ headers: { 'x-user': 'bob' } });
    expect((await other.next('snapshot')).messages).toEqual([]);
    expect(hitl.hub.reference.getClientCount('T-1')).toBe(1);
  });

  test('one over 64 KiB closes with 1009, whatever the app’s own express-ws allows', async () => {
    await start(options());
    const client = await connect();
    client.send('x'.repeat(65_537));
    expect((await client.closed()).code).toBe(1009);
    decide('allow');
  });

  test('early frames of a refused client are not carried out', async () => {
    await start(options());
    const client = await connect();
    client.send({ type: 'message', id: 'm', content: 'x' });
    decide('forbidden');
    expect((await client.closed()).code).toBe(4403);
    expect(client.received).toEqual([]);
  });

  test('and never does, the socket is closed with 4503 after its time', async () => {
    await start({ ...options(), http: { handshakeTimeout: '10s' } });
    const client = await connect();
    await until(() => clock.pending === 1, 'the app is asked');
    clock.advance(10_000);
    expect((await client.closed()).code).toBe(4503);
    decide('allow');
    const next = await connect({ headers: { 'x-user': 'bob' } });
    await next.next('snapshot');
    expect(hitl.hub.reference.getClientCount('T-1')).toBe(1);
  });

  test('a client that leaves is never in', async () => {
    await start(options());
    const client = await connect();
    await until(() => clock.pending === 1, 'the app is asked');
    await client.close();
    decide('allow');
    await until(() => clock.pending === 0, 'no timer is left');
    expect(hitl.hub.reference.getTotalClientCount()).toBe(0);
  });
});

test('A30: frames over 64 KiB and binary ones close with their codes', async () => {
  await start();
  const [large, binary] = [await connect({}, '/chat/T-1?tab=1'), await connect({}, '/chat/T-1?tab=2')];
  await Promise.all([large.next('snapshot'), binary.next('snapshot')]);
  large.send('x'.repeat(65_537));
  binary.send(Buffer.from('{"type":"ping"}'));
  expect((await large.closed()).code).toBe(1009);
  expect((await binary.closed()).code).toBe(1003);
});

describe('the size of frames, whatever the app’s own express-ws allows', () => {
  const mountWith = (wsOptions: ServerOptions) => () => {
    const app = express();
    const server = createServer(app);
    return { app: expressWs(app, server, { wsOptions }).app, server };
  };
  async function startWith(wsOptions: ServerOptions, logger?: Logger): Promise<void> {
    const { app, server } = mountWith(wsOptions)();
    clock = new ManualClock();
    hitl = makeHitl({ clock, http: { heartbeat: '20d' }, ...(logger && { logger }) });
    app.ws('/chat/:ticketId', hitl.sockets.ticket);
    served = await Served.listen(server);
  }
  /** The head of a masked text frame that announces so many bytes, and brings none of them. */
  function announcing(bytes: number): Buffer {
    const head = Buffer.alloc(14);
    head.set([0x81, 0xff]);
    head.writeBigUInt64BE(BigInt(bytes), 2);
    return head;
  }
  const closedWith = 0x88;

  test.each([
    ['100 MiB by default', {}],
    ['any number of bytes', { maxPayload: 0 }],
    ['1 MiB', { maxPayload: 1_048_576 }],
  ])('one that only announces too much is closed with 1009 at once: %s', async (_what, wsOptions) => {
    await startWith(wsOptions);
    const raw = await RawSocket.open(served.port);
    expect((await raw.ask({ path: '/chat/T-1' })).status).toBe(101);
    await until(() => hitl.hub.reference.getTotalClientCount() === 1, 'the client is in');
    raw.socket.write(announcing(1_000_000));
    await raw.ended();
    const close = raw.received.subarray(raw.received.lastIndexOf(closedWith));
    expect(close.readUInt16BE(2)).toBe(1009);
    await until(() => hitl.hub.reference.getTotalClientCount() === 0, 'the client has left');
  });

  test('one that is small only while it is compressed too', async () => {
    await startWith({ perMessageDeflate: true });
    const client = await connect();
    await client.next('snapshot');
    client.send('x'.repeat(5_000_000));
    // ws 7 says now one, now the other.
    expect([1007, 1009]).toContain((await client.closed()).code);
  });

  test('is said in the log once, unless the app has set it', async () => {
    const lines: string[] = [];
    const transport = new transports.Console();
    transport.log = ({ message }: { message: string }, next: () => void) => {
      lines.push(message);
      next();
    };
    const logger = createLogger({ level: 'warn', transports: [transport] });
    await startWith({}, logger);
    for (const tab of ['1', '2']) await (await connect({}, `/chat/T-1?tab=${tab}`)).next('snapshot');
    expect(lines).toEqual([expect.stringContaining('wsOptions.maxPayload to 65536')]);
    await hitl.close();
    await served.close();
    await startWith({ maxPayload: 65_536 }, logger);
    await (await connect()).next('snapshot');
    expect(lines).toHaveLength(1);
  });

  test('one that began while the app’s own middleware was busy is closed as soon as the hub is asked', async () => {
    const { app, server } = mountWith({})();
    const waiting: (() => void)[] = [];
    app.use((_req, _res, next) => void waiting.push(next));
    clock = new ManualClock();
    hitl = makeHitl({ clock, http: { heartbeat: '20d' } });
    app.ws('/chat/:ticketId', hitl.sockets.ticket);
    served = await Served.listen(server);
    const raw = await RawSocket.open(served.port);
    const pinged = Buffer.from([0x89, 0x80, 0, 0, 0, 0]);
    expect((await raw.ask({ path: '/chat/T-1' })).status).toBe(101);
    raw.socket.write(Buffer.concat([pinged, announcing(1_000_000)]));
    await raw.next(0x8a);
    waiting[0]?.();
    await raw.next(closedWith);
    clock.advance(5_000);
    await raw.ended();
    expect(raw.received.subarray(raw.received.lastIndexOf(closedWith)).readUInt16BE(2)).toBe(1009);
  });
});

test('B4, B6: takeover and shutdown have their codes there too', async () => {
  await start();
  const [older, newer] = [await connect(), await connect()];
  expect((await older.closed()).code).toBe(4409);
  await newer.next('snapshot');
  await hitl.close();
  expect((await newer.closed()).code).toBe(1001);
});

test('the router and attach, on a server that express-ws has taken, still let people in', async () => {
  await start({}, (app) => app.use('/soc', hitl.router));
  hitl.attach(served.server);
  const client = await connect({}, `/soc${ticketPath}`);
  expect(await client.ask({ type: 'message', content: 'hi' })).toMatchObject({ event: 'ack' });
});

test('the app’s own sockets are left alone', async () => {
  await start({}, (app) => {
    app.ws('/echo', (socket) => socket.on('message', (data) => socket.send(data)));
    app.ws('/chat/:ticketId', hitl.sockets.ticket);
  });
  const echo = await connect({ dialect: 'classic' }, '/echo');
  echo.send('{"type":"whatever"}');
  expect(await echo.next()).toEqual({ type: 'whatever' });
});
