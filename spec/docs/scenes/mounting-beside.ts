/** The scenes of `docs/mounting.md` in which the hub lives with other packages: middleware, proxies, other sockets, other frameworks. */
import 'reflect-metadata';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http, {
  createServer,
  type IncomingMessage,
  type RequestOptions,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { Controller, Get, Logger, Module } from '@nestjs/common';
import express from 'express';
import passport from 'passport';
import WebSocket, { WebSocketServer } from 'ws';
import { type ExpressHitl, expressHitl, memoryStore } from '../../../lib';
import { TestClient, type TestClientOptions } from '../../../lib/testing/test-client';
import { bodyOf, type Scenes, type } from '../example';
import { inEmptyFolder, listening } from '../stage';
import { access, type Body } from './frames';

const hub = (): ExpressHitl => expressHitl({ ...access, store: memoryStore() });
const ticketPath = '/soc/ws/chat/ticket/T-1';
const portOf = (server: Server): number => (server.address() as AddressInfo).port;

/** Listens on a free port while `play` runs, and ends the server and what hangs on it. */
async function served(server: Server, play: (port: number) => Promise<void>): Promise<void> {
  if (!server.listening) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await play(portOf(server));
  } finally {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }
}

/** What `vite-host` prints. */
interface ViteHost {
  port: number;
  token: string;
}

/** A client of the ticket, in. @throws Error if it is refused */
async function enter(port: number, options?: TestClientOptions): Promise<TestClient> {
  const client = await TestClient.open(`ws://127.0.0.1:${port}${ticketPath}`, options);
  if (!(client instanceof TestClient)) throw new Error(`refused with ${client.status}`);
  await client.next('welcome');
  return client;
}

/** The first frame of another socket of the same server. */
async function firstFrame(url: string, protocol?: string): Promise<unknown> {
  const socket = new WebSocket(url, protocol);
  try {
    return await new Promise((resolve, reject) => {
      socket.once('message', (data) => resolve(JSON.parse(data.toString())));
      socket.once('error', reject);
    });
  } finally {
    socket.terminate();
  }
}

/** Runs `play` while what goes to port 3000, which the page names, goes to this one. */
async function withTarget(port: number, play: () => Promise<void>): Promise<void> {
  const { request } = http;
  const redirect = (options: RequestOptions, ...rest: []) =>
    request(String(options.port) === '3000' ? { ...options, port } : options, ...rest);
  const spy = jest.spyOn(http, 'request').mockImplementation(redirect as typeof request);
  try {
    await play();
  } finally {
    spy.mockRestore();
  }
}

/** A program of this folder in a process of its own, in an empty folder; it prints JSON, and ends with its standard input. */
async function withHost<Line>(
  [name, ...args]: [name: string, ...args: string[]],
  play: (host: { next(): Promise<Line>; tell(line: string): void }) => Promise<void>,
): Promise<void> {
  await inEmptyFolder(async (folder) => {
    const tsx = pathToFileURL(require.resolve('tsx')).href;
    const program = join(__dirname, `${name}.ts`);
    const child = spawn(process.execPath, ['--import', tsx, program, ...args], { cwd: folder });
    const exited = once(child, 'exit');
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk;
    });
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    try {
      await play({
        async next() {
          const { value } = await lines.next();
          if (value === undefined) throw new Error(`${name} has ended: ${said}`);
          return JSON.parse(value);
        },
        tell: (line) => void child.stdin.write(`${line}\n`),
      });
      child.stdin.end();
      const [code] = await exited;
      if (code !== 0) throw new Error(`${name} ended with ${code}: ${said}`);
    } finally {
      child.kill('SIGKILL');
    }
  });
}

/** What Next does to the server of a custom server: it listens for upgrades from its first request on, and has a socket of its own. */
class NextAlike {
  private readonly reload = new WebSocketServer({ noServer: true });
  private isListening = false;

  async prepare(): Promise<void> {}

  getRequestHandler() {
    return (req: IncomingMessage, res: ServerResponse): void => {
      const { server } = req.socket as unknown as { server: Server };
      if (!this.isListening) server.on('upgrade', this.onUpgrade);
      this.isListening = true;
      res.end('a page');
    };
  }

  private readonly onUpgrade = async (req: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    await Promise.resolve();
    if (req.url === '/_next/webpack-hmr')
      this.reload.handleUpgrade(req, socket, head, (ws) => ws.send('{"type":"reload"}'));
    else if (req.url === '/page') socket.end();
  };
}

/** A module of Nest with one route. */
function nestModule(): new () => object {
  class Cats {
    list(): string {
      return 'cats';
    }
  }
  class AppModule {}
  const list = Object.getOwnPropertyDescriptor(Cats.prototype, 'list') as PropertyDescriptor;
  Get()(Cats.prototype, 'list', list);
  Controller('cats')(Cats);
  Module({ controllers: [Cats] })(AppModule);
  return AppModule;
}

export const besideScenes: Scenes = {
  middleware: {
    ...bodyOf(
      { app: `import('express').Express`, hitl: type('ExpressHitl') },
      'undefined',
      `import compression from 'compression';
       import type { RequestHandler } from 'express';
       import session from 'express-session';
       import helmet from 'helmet';
       import passport from 'passport';`,
    ),
    play: async (load) => {
      passport.serializeUser((user, done) => done(null, (user as { id: string }).id));
      passport.deserializeUser((id: string, done) => done(null, { id } as Express.User));
      const hitl = expressHitl({
        ...access,
        store: memoryStore(),
        auth: { ...access.auth, identify: (req) => (req.user as { id: string } | undefined)?.id },
        pages: { charts: { maySee: () => true } },
      });
      const app = express();
      await load<Body<void>>().example({ app, hitl });
      app.post('/login', (req, res) => req.logIn({ id: 'alice' } as Express.User, () => res.sendStatus(204)));
      const server = createServer(app);
      hitl.attach(server);
      await served(server, async (port) => {
        const url = `http://127.0.0.1:${port}`;
        expect(await TestClient.open(`ws://127.0.0.1:${port}${ticketPath}`)).toMatchObject({ status: 401 });
        const answer = await fetch(`${url}/login`, { method: 'POST' });
        const headers = { cookie: answer.headers.get('set-cookie') ?? '' };
        const client = await enter(port, { headers, origin: url });
        expect(await client.ask({ type: 'message', content: 'hi' })).toMatchObject({ event: 'ack' });
        const page = await fetch(`${url}/soc/charts/`, { headers });
        expect(page.headers.get('content-security-policy')).toContain("object-src 'self'");
        expect(page.headers.get('strict-transport-security')).toContain('max-age');
        expect(page.headers.get('content-encoding')).toMatch(/gzip|br/);
        const me = await fetch(`${url}/soc/hitl/me`, { headers });
        expect(await me.json()).toMatchObject({ user: { id: 'alice' } });
        await hitl.close();
      });
    },
  },

  gateway: {
    ...bodyOf(
      {},
      'undefined',
      `import express from 'express';\nimport { createProxyMiddleware } from 'http-proxy-middleware';`,
    ),
    play: async (load) => {
      const hitl = hub();
      const app = express();
      app.use('/soc', hitl.router);
      const behind = createServer(app);
      hitl.attach(behind);
      await served(behind, async (port) => {
        await withTarget(port, () =>
          listening(
            () => {
              void load<Body<void>>().example({});
              return [];
            },
            async ({ port: front }) => {
              const origin = `http://127.0.0.1:${front}`;
              const client = await enter(front, { origin });
              expect(await client.ask({ type: 'message', content: 'hi' })).toMatchObject({ event: 'ack' });
              expect((await fetch(`${origin}/soc/hitl/me`)).status).toBe(200);
              await client.close();
            },
          ),
        );
        await hitl.close();
      });
    },
  },

  'beside-ws': {
    ...bodyOf(
      { server: `import('node:http').Server`, hitl: type('ExpressHitl') },
      'feed',
      `import { WebSocketServer } from 'ws';`,
    ),
    play: async (load) => {
      const hitl = hub();
      const app = express();
      app.use('/soc', hitl.router);
      const server = createServer(app);
      const feed = await load<Body<WebSocket.Server>>().example({ server, hitl });
      feed.on('connection', (socket) => socket.send('{"from":"feed"}'));
      await served(server, async (port) => {
        expect(await firstFrame(`ws://127.0.0.1:${port}/feed`)).toEqual({ from: 'feed' });
        await (await enter(port)).close();
        await hitl.close();
      });
    },
  },

  vite: {
    ...bodyOf(
      { app: `import('express').Express`, hitl: type('ExpressHitl') },
      '{ server, vite }',
      `import { createServer } from 'node:http';\nimport { createServer as createViteServer } from 'vite';`,
    ),
    play: (load) =>
      withHost<ViteHost>(['vite-host', 'middleware', load.path], async (host) => {
        const { port, token } = await host.next();
        const reload = `ws://127.0.0.1:${port}/?token=${token}`;
        expect(await firstFrame(reload, 'vite-hmr')).toEqual({ type: 'connected' });
        const client = await enter(port);
        expect(await client.ask({ type: 'message', content: 'hi' })).toMatchObject({ event: 'ack' });
        await client.close();
        const script = await fetch(`http://127.0.0.1:${port}/@vite/client`);
        expect(script.status).toBe(200);
        // Read, since it is long: a socket with something unread in it stays open.
        await script.text();
      }),
  },

  'vite-proxy': {
    before: `import { defineConfig } from 'vite';`,
    play: async (load) => {
      const hitl = hub();
      const app = express();
      app.use('/soc', hitl.router);
      const behind = createServer(app);
      hitl.attach(behind);
      await served(behind, async (port) => {
        await withHost<ViteHost>(['vite-host', 'proxy', load.path, String(port)], async (host) => {
          const { port: front } = await host.next();
          const client = await enter(front, { origin: `http://127.0.0.1:${front}` });
          expect(await client.ask({ type: 'message', content: 'hi' })).toMatchObject({ event: 'ack' });
          await client.close();
          expect((await fetch(`http://127.0.0.1:${front}/soc/hitl/me`)).status).toBe(200);
        });
        await hitl.close();
      });
    },
  },

  next: {
    ...bodyOf(
      {
        next: `{ prepare(): Promise<void>; getRequestHandler(): (req: import('node:http').IncomingMessage, res: import('node:http').ServerResponse) => void }`,
        hitl: type('ExpressHitl'),
      },
      'undefined',
      `import express from 'express';`,
    ),
    play: async (load) => {
      const hitl = hub();
      await listening(
        async () => {
          await load<Body<void>>().example({ next: new NextAlike(), hitl });
          return [hitl];
        },
        async ({ port }) => {
          const page = await fetch(`http://127.0.0.1:${port}/page`);
          expect(await page.text()).toBe('a page');
          const client = await enter(port);
          expect(await client.ask({ type: 'message', content: 'hi' })).toMatchObject({ event: 'ack' });
          await client.close();
          const reload = `ws://127.0.0.1:${port}/_next/webpack-hmr`;
          expect(await firstFrame(reload)).toEqual({ type: 'reload' });
        },
      );
    },
  },

  nest: {
    ...bodyOf(
      { AppModule: 'new () => object', hitl: type('ExpressHitl') },
      'app',
      `import { NestFactory } from '@nestjs/core';`,
    ),
    play: async (load) => {
      const hitl = hub();
      await listening(
        async () => {
          Logger.overrideLogger(false);
          await load<Body>().example({ AppModule: nestModule(), hitl });
          return [hitl];
        },
        async ({ port }) => {
          const cats = await fetch(`http://127.0.0.1:${port}/cats`);
          expect(await cats.text()).toBe('cats');
          const client = await enter(port);
          expect(await client.ask({ type: 'message', content: 'hi' })).toMatchObject({ event: 'ack' });
          await client.close();
        },
      );
    },
  },

  cluster: {
    ...bodyOf(
      { createApp: `() => { app: import('express').Express; hitl: ${type('ExpressHitl')} }` },
      'undefined',
      `import cluster from 'node:cluster';`,
    ),
    play: (load) =>
      withHost<{ port: number; pid: number }>(['cluster-host', load.path], async (host) => {
        const first = await host.next();
        const before = await enter(first.port);
        await before.ask({ type: 'message', content: 'go' });
        const { hitl } = await before.next('hitl_request_pending');
        host.tell('reload');
        expect((await before.closed()).code).toBe(1001);
        const second = await host.next();
        expect([second.port, second.pid === first.pid]).toEqual([first.port, false]);
        const after = await enter(second.port);
        expect((await after.next('snapshot')).requests).toMatchObject([{ id: hitl.id, status: 'pending' }]);
        const { id, revision } = hitl;
        const answer = { type: 'hitl_respond', request_id: id, revision, status: 'approved' };
        expect(await after.ask(answer)).toMatchObject({ event: 'ack' });
        await after.close();
      }),
  },
};
