/** Runs the blocks about Vite in a process of its own: `vite-host middleware <module>` or `vite-host proxy <module> <port of the app>`; prints where it listens, and ends with its standard input. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { createServer, type InlineConfig, type ViteDevServer } from 'vite';
import { expressHitl, memoryStore } from '../../../lib';

const [kind, path = '', port = ''] = process.argv.slice(2);

/** The block about Vite as middleware. */
async function middleware() {
  const hitl = expressHitl({
    auth: { identify: () => 'alice', authorize: () => 'allow' },
    store: memoryStore(),
  });
  const app = express();
  const { server, vite } = (await require(path).example({ app, hitl })) as {
    server: Server;
    vite: ViteDevServer;
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, vite, end: () => hitl.close() };
}

/** The block about Vite in front, with the port of the app in place of the one on the page. */
async function proxy() {
  const text = JSON.stringify(require(path).default);
  const config: InlineConfig = JSON.parse(text.replace('127.0.0.1:3000', `127.0.0.1:${port}`));
  const own = { configFile: false, logLevel: 'silent' } as const;
  const vite = await createServer({
    ...config,
    ...own,
    server: { ...config.server, port: 0, host: '127.0.0.1' },
  });
  await vite.listen();
  return { server: vite.httpServer as Server, vite, end: async () => {} };
}

async function main(): Promise<void> {
  const { server, vite, end } = await (kind === 'proxy' ? proxy() : middleware());
  const { port: own } = server.address() as AddressInfo;
  console.log(JSON.stringify({ port: own, token: vite.config.webSocketToken }));
  process.stdin.resume();
  await once(process.stdin, 'end');
  await end();
  await vite.close();
  server.close();
  server.closeAllConnections();
}

void main();
