/** What has an `Upgrade` header and is no handshake of ours is answered by the app, byte for byte as if no hub were attached. */
import { createServer, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import express, { type Express } from 'express';
import { Server as SocketIo } from 'socket.io';
import { WebSocketServer } from 'ws';
import { attempt } from '../../packaging/command';
import { type RawAnswer, RawSocket, ticketPath } from '../raw-socket';
import { endedAfterEach, localhost, type Served } from '../serve';

const { ends, hitlOf, serve } = endedAfterEach();

/** What Java's HttpClient and curl send with the first request of a connection. */
const http2Offer = { Connection: 'Upgrade, HTTP2-Settings', Upgrade: 'h2c', 'HTTP2-Settings': 'AAMAAABk' };

/** An app that says what it was sent; `/soc` is the hub's. */
function echoApp(): Express {
  const app = express();
  app.use('/api', express.text({ limit: '10mb' }), (req, res) => {
    const { method, originalUrl, headers, body } = req;
    const text = typeof body === 'string' ? body : '';
    res.set('X-Length', String(text.length));
    res.json({
      method,
      url: originalUrl,
      upgrade: headers.upgrade,
      connection: headers.connection,
      body: text.slice(0, 20),
    });
  });
  return app;
}

type Attach = (served: Served) => void;

async function start(attach?: Attach, tls?: typeof localhost): Promise<Served> {
  const app = echoApp();
  const hitl = hitlOf();
  app.use('/soc', hitl.router);
  const served = await serve(app, tls);
  if (attach) attach(served);
  else hitl.attach(served.server, { path: '/soc' });
  return served;
}

function textOf(path: string, headers: Record<string, string>, body = '', method = 'POST'): string {
  const all = { Host: 'localhost', 'Content-Type': 'text/plain', ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}

/** What differs from one answer to the next by itself. */
function withoutDate({ headers: { date: _date, ...headers }, ...answer }: RawAnswer): unknown {
  return { ...answer, headers };
}

const bodyOf = (answer: RawAnswer) => JSON.parse(answer.body);

describe('a request that offers another protocol', () => {
  const requests: [string, string][] = [
    ['GET', textOf('/api/hello?a=1', http2Offer, '', 'GET')],
    ['POST with a body', textOf('/api/hello', { ...http2Offer, 'Content-Length': '4' }, 'body')],
    [
      'PUT in chunks',
      textOf('/api/x', { ...http2Offer, 'Transfer-Encoding': 'chunked' }, '4\r\nbody\r\n0\r\n\r\n', 'PUT'),
    ],
    ['DELETE', textOf('/api/x', http2Offer, '', 'DELETE')],
    ['OPTIONS', textOf('/api/x', http2Offer, '', 'OPTIONS')],
    [
      'a body of 3 MB',
      textOf('/api/x', { ...http2Offer, 'Content-Length': '3000000' }, 'x'.repeat(3_000_000)),
    ],
    ['an unknown protocol', textOf('/api/x', { Connection: 'upgrade', Upgrade: 'foo/2' }, '', 'GET')],
    ['two protocols', textOf('/api/x', { Connection: 'Upgrade', Upgrade: 'h2c, foo' }, '', 'GET')],
    ['TLS within HTTP', textOf('/api/x', { Connection: 'Upgrade', Upgrade: 'TLS/1.2' }, '', 'GET')],
    [
      'the end of its connection',
      textOf('/api/x', { Connection: 'close, Upgrade', Upgrade: 'h2c' }, '', 'GET'),
    ],
    ['HTTP/1.0', textOf('/api/x', http2Offer, '', 'GET').replace('HTTP/1.1', 'HTTP/1.0')],
    ['no address that there is', textOf('/nowhere', http2Offer, '', 'GET')],
    ['REST of the hub', textOf('/soc/hitl/me', { ...http2Offer, 'X-User': 'alice' }, '', 'GET')],
    ['a WebSocket elsewhere', textOf('/api/x', { Connection: 'Upgrade', Upgrade: 'websocket' }, '', 'GET')],
    ['a WebSocket by POST', textOf('/api/x', { Connection: 'Upgrade', Upgrade: 'websocket' })],
  ];

  test.each(requests)('is answered as if no hub were attached: %s', async (_what, text) => {
    const answers: unknown[] = [];
    for (const served of [await start(() => {}), await start()]) {
      const raw = await RawSocket.open(served.port);
      raw.socket.write(text);
      answers.push(withoutDate(await raw.answer()));
      raw.destroy();
    }
    expect(answers[1]).toEqual(answers[0]);
  });

  test('has its method, its whole body and its headers with the app', async () => {
    const served = await start();
    const raw = await RawSocket.open(served.port);
    raw.socket.write(textOf('/api/x?y=1', { ...http2Offer, 'Content-Length': '4' }, 'body', 'PATCH'));
    const { status, body } = await raw.answer();
    expect([status, JSON.parse(body)]).toEqual([
      200,
      {
        method: 'PATCH',
        url: '/api/x?y=1',
        upgrade: 'h2c',
        connection: 'Upgrade, HTTP2-Settings',
        body: 'body',
      },
    ]);
    raw.destroy();
  });

  test('has its connection for further requests, and in the end for a handshake', async () => {
    const served = await start();
    const raw = await RawSocket.open(served.port);
    raw.socket.write(textOf('/api/one', { ...http2Offer, 'Content-Length': '3' }, 'one'));
    expect(bodyOf(await raw.answer())).toMatchObject({ url: '/api/one', body: 'one' });
    raw.socket.write(textOf('/api/two', {}, '', 'GET'));
    expect(bodyOf(await raw.answer())).toMatchObject({ url: '/api/two' });
    raw.socket.write(textOf('/api/three', http2Offer, '', 'GET'));
    expect(bodyOf(await raw.answer())).toMatchObject({ url: '/api/three', upgrade: 'h2c' });
    expect((await raw.ask({ path: `/soc${ticketPath}` })).status).toBe(101);
    raw.destroy();
  });

  test('whose body waits for permission to be sent gets it', async () => {
    const served = await start();
    const raw = await RawSocket.open(served.port);
    raw.socket.write(textOf('/api/x', { ...http2Offer, Expect: '100-continue', 'Content-Length': '4' }));
    expect((await raw.answer()).status).toBe(100);
    raw.socket.write('body');
    expect(bodyOf(await raw.answer()).body).toBe('body');
    raw.destroy();
  });

  test('is bound to the times of the server for a request', async () => {
    const app = echoApp();
    const server = createServer(
      { requestTimeout: 50, headersTimeout: 50, connectionsCheckingInterval: 20 },
      app,
    );
    const hitl = hitlOf();
    hitl.attach(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ends.push(() => new Promise((resolve) => server.close(resolve)));
    const { port } = server.address() as { port: number };
    const raw = await RawSocket.open(port);
    raw.socket.write(textOf('/api/x', { ...http2Offer, 'Content-Length': '4' }, 'bo'));
    expect((await raw.answer()).status).toBe(408);
    await raw.ended();
  });

  test('on https too', async () => {
    const served = await start(undefined, localhost);
    const socket = connectTls({ port: served.port, host: '127.0.0.1', ca: localhost.cert });
    socket.write(
      textOf('/api/x', { ...http2Offer, Connection: 'close, Upgrade', 'Content-Length': '4' }, 'body'),
    );
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toMatch(/^HTTP\/1.1 200 OK[\s\S]*"body":"body"/);
  });

  /** Runs a real client, and gives what it printed; nothing, with a line, where a machine does not have it. */
  async function printedBy(program: string, ...args: string[]): Promise<string | undefined> {
    const found = await attempt(process.cwd(), program, '--version').catch(() => undefined);
    if (found?.code !== 0) return void console.warn(`No ${program} here: what it sends is left out.`);
    const { stdout } = await attempt(process.cwd(), program, ...args);
    return stdout;
  }

  test('comes from the real curl', async () => {
    const { port } = await start();
    const options = ['--silent', '--http2', '--data', 'body', '--header', 'Content-Type: text/plain'];
    const printed = await printedBy('curl', ...options, `http://127.0.0.1:${port}/api/hello`);
    if (printed) expect(JSON.parse(printed)).toMatchObject({ method: 'POST', upgrade: 'h2c', body: 'body' });
  });

  test('comes from the real HttpClient of Java', async () => {
    const { port } = await start();
    const program = join(__dirname, '../fixtures', 'Http2Offer.java');
    const printed = await printedBy('java', program, `http://127.0.0.1:${port}/api/hello`);
    if (printed) expect(JSON.parse(printed)).toMatchObject({ method: 'POST', upgrade: 'h2c', body: 'body' });
  }, 30_000);
});

describe('where others listen for upgrades too', () => {
  /** A listener that takes what is its own, and leaves everything else. */
  const taking = (protocol: string, path: string) => (served: Served) => {
    served.server.on('upgrade', (req, socket) => {
      if (req.headers.upgrade === protocol && req.url === path)
        socket.end(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`);
    });
  };
  const ask = async (served: Served, text: string): Promise<RawAnswer> => {
    const raw = await RawSocket.open(served.port);
    raw.socket.write(text);
    const answer = await raw.answer();
    raw.destroy();
    return answer;
  };
  const beside = (other: Attach, first: 'hub' | 'other') =>
    start((served) => {
      if (first === 'other') other(served);
      hitlOf().attach(served.server, { path: '/soc' });
      if (first === 'hub') other(served);
    });

  const others: [string, Attach][] = [
    ['one that takes /other', taking('websocket', '/other')],
    ['ws on the same server', ({ server }) => void new WebSocketServer({ server, path: '/other' })],
    ['Socket.IO', ({ server }) => ends.push(() => new SocketIo(server).close())],
  ];
  test.each(others)('an offer of HTTP/2 is answered by the app: %s', async (_what, other) => {
    for (const first of ['hub', 'other'] as const) {
      const served = await beside(other, first);
      const answer = await ask(served, textOf('/api/x', { ...http2Offer, 'Content-Length': '4' }, 'body'));
      expect([answer.status, bodyOf(answer).body]).toEqual([200, 'body']);
    }
  });

  test('any other protocol is theirs to take', async () => {
    for (const first of ['hub', 'other'] as const) {
      const served = await beside(taking('foo', '/their/own'), first);
      const answer = await ask(
        served,
        textOf('/their/own', { Connection: 'Upgrade', Upgrade: 'foo' }, '', 'GET'),
      );
      expect([answer.status, answer.headers.upgrade]).toEqual([101, 'foo']);
    }
  });

  test('it is the app again that answers when they have gone', async () => {
    const served = await start();
    const other = () => {};
    served.server.on('upgrade', other);
    served.server.off('upgrade', other);
    const answer = await ask(
      served,
      textOf('/api/x', { Connection: 'Upgrade', Upgrade: 'websocket' }, '', 'GET'),
    );
    expect([answer.status, bodyOf(answer).upgrade]).toEqual([200, 'websocket']);
  });
});

describe('a connection that was open before the hub was attached', () => {
  async function openedBefore(): Promise<{ raw: RawSocket; served: Served }> {
    const served = await start(() => {});
    const raw = await RawSocket.open(served.port);
    raw.socket.write(textOf('/api/before', {}, '', 'GET'));
    await raw.answer();
    const [one, two] = [hitlOf(), hitlOf()];
    one.attach(served.server, { path: '/one' });
    two.attach(served.server, { path: '/two' });
    return { raw, served };
  }

  test('has what is complete answered by the app', async () => {
    const { raw } = await openedBefore();
    raw.socket.write(textOf('/api/x', http2Offer, '', 'GET'));
    expect(bodyOf(await raw.answer())).toMatchObject({ url: '/api/x', upgrade: 'h2c' });
    raw.destroy();
  });

  test('has what brings a body answered by the app, or is asked to come again', async () => {
    const { raw } = await openedBefore();
    raw.socket.write(textOf('/api/x', { ...http2Offer, 'Content-Length': '4' }, 'body'));
    const { status, body } = await raw.answer();
    if (status === 503) expect(JSON.parse(body).error.code).toBe('unavailable');
    else expect(JSON.parse(body).body).toBe('body');
    raw.destroy();
  });
});

test('with the last hub everything of it is gone from the server, and each takes only its own listener', async () => {
  const served = await start(() => {});
  const { server } = served;
  const before = ['connection', 'secureConnection', 'request', 'upgrade'].map((name) =>
    server.listenerCount(name),
  );
  const { shouldUpgradeCallback } = server as { shouldUpgradeCallback?: unknown };
  const [one, two] = [hitlOf(), hitlOf()];
  one.attach(server, { path: '/one' });
  const detach = two.attach(server, { path: '/two' });
  await one.close();
  expect(server.listenerCount('upgrade')).toBe(1);
  detach();
  expect(
    ['connection', 'secureConnection', 'request', 'upgrade'].map((name) => server.listenerCount(name)),
  ).toEqual(before);
  expect((server as { shouldUpgradeCallback?: unknown }).shouldUpgradeCallback).toBe(shouldUpgradeCallback);
});

test('a listener that comes after the hubs have gone gets the upgrades of connections from before', async () => {
  const hitl = hitlOf();
  const served = await start(({ server }) => void hitl.attach(server));
  const raw = await RawSocket.open(served.port);
  raw.socket.write(textOf('/api/x', http2Offer, '', 'GET'));
  await raw.answer();
  await hitl.close();
  const seen = new Promise<IncomingMessage>((resolve) => {
    served.server.on('upgrade', (req, socket) => {
      socket.destroy();
      resolve(req);
    });
  });
  raw.socket.write(textOf('/api/y', http2Offer, '', 'GET'));
  expect((await seen).url).toBe('/api/y');
});
