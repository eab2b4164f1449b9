/** The address that express-ws gives to its routes is the one we rewrite to; a sentence says so when a release changes it. */
import express from 'express';
import withSockets from 'express-ws';
import supertest from 'supertest';
import { socketUrl } from '../../lib/insides/express-ws';

test('a route of `ws` is found at the address that `socketUrl` makes', async () => {
  const { app } = withSockets(express());
  let reached: unknown;
  app.use((req, _res, next) => {
    Object.assign(req, { ws: { close() {} } });
    next();
  });
  app.ws('/room/:id', (_socket, req) => {
    reached = req.params.id;
  });
  const asked = supertest(app).get(socketUrl('/room/7/', '?tab=a')).timeout(1_000);
  // Nothing answers: the handler of a socket has no response.
  await asked.catch(() => {});
  if (reached !== '7')
    throw new Error('express-ws no longer has its routes behind /.websocket (lib/insides/express-ws.ts)');
});

test('what `socketUrl` makes has the path without its slash, and the query as it was', () => {
  expect(socketUrl('/room/7/', '?a=1')).toBe('/room/7/.websocket?a=1');
  expect(socketUrl('/room/7', '')).toBe('/room/7/.websocket');
});
