/** What http-proxy-middleware does in front of the hub and beside it, where that is not the recipe's own block. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';
import { WebSocketServer } from 'ws';
import { TestClient } from '../../lib/testing/test-client';
import { startTestHub } from '../../lib/testing/test-hub';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

async function open(port: number, path: string, origin?: string) {
  const opened = await TestClient.open(`ws://127.0.0.1:${port}${path}`, {
    headers: { 'x-user': 'alice' },
    ...(origin && { origin }),
  });
  if (opened instanceof TestClient) ends.push(() => opened.close());
  return opened;
}

test.each([
  [false, 'lets its pages in'],
  [true, 'has its pages refused, unless `frontendUrl` names them'],
])('a gateway with changeOrigin %s %s', async (changeOrigin) => {
  const hub = await startTestHub({ mount: '/soc' });
  ends.push(() => hub.close());
  const target = `http://127.0.0.1:${hub.port}`;
  const soc = createProxyMiddleware({ pathFilter: '/soc', target, ws: true, changeOrigin });
  const server = createServer(express().use(soc));
  server.on('upgrade', soc.upgrade);
  const port = await listen(server);
  const opened = await open(port, '/soc/ws/chat/ticket/T-1', `http://127.0.0.1:${port}`);
  if (changeOrigin)
    expect(opened).toMatchObject({ status: 403, body: { error: { code: 'origin_refused' } } });
  else expect(opened).toBeInstanceOf(TestClient);
});

test.each(['before', 'behind'])(
  'a proxy for other paths, attached %s the hub, takes only those',
  async (where) => {
    const other = createServer();
    const echo = new WebSocketServer({ server: other });
    echo.on('connection', (socket) => socket.send('{"from":"other"}'));
    const target = `http://127.0.0.1:${await listen(other)}`;
    ends.push(async () => {
      for (const socket of echo.clients) socket.terminate();
    });
    const proxy = createProxyMiddleware({ pathFilter: '/other', target, ws: true });
    const hub = await startTestHub({
      mount: '/soc',
      app: (app) => {
        app.use(proxy);
        app.get('/api', (_req, res) => void res.send('by the app'));
      },
    });
    ends.push(() => hub.close());
    if (where === 'before') hub.server.prependListener('upgrade', proxy.upgrade);
    else hub.server.on('upgrade', proxy.upgrade);
    const theirs = await open(hub.port, '/other');
    if (!(theirs instanceof TestClient)) throw new Error(`refused with ${theirs.status}`);
    expect(await theirs.next()).toEqual({ from: 'other' });
    const ours = await open(hub.port, '/soc/ws/chat/ticket/T-1');
    if (!(ours instanceof TestClient)) throw new Error(`refused with ${ours.status}`);
    expect(await ours.ask({ type: 'message', content: 'hi' })).toMatchObject({ event: 'ack' });
  },
);
