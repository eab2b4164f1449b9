/** What a plain request gets at the address of a socket, and what the operator can read in the log about it. */
import express, { type Express } from 'express';
import { createLogger, type Logger, transports } from 'winston';
import { askOnce, ticketPath } from '../raw-socket';
import { endedAfterEach } from '../serve';

const { startHub, hitlOf, serve } = endedAfterEach();

function loggerTo(lines: string[]): Logger {
  const transport = new transports.Console();
  transport.log = ({ level, message }: { level: string; message: string }, next: () => void) => {
    lines.push(`${level}: ${message}`);
    next();
  };
  return createLogger({ level: 'info', transports: [transport] });
}

/** A handshake that lost some of its headers on the way. */
const without = (...names: string[]) => ({
  headers: Object.fromEntries(names.map((name) => [name, undefined])),
});

test.each([
  ['a ticket', ticketPath],
  ['a ticket, with a slash', `${ticketPath}/`],
  ['an inbox', '/ws/inbox?order=urgent'],
])('at the address of %s a GET is answered 426, with a coded body', async (_what, path) => {
  const hub = await startHub();
  const answer = await fetch(`${hub.url}${path}`, { headers: { 'x-user': 'alice' } });
  expect(answer.status).toBe(426);
  expect(answer.headers.get('upgrade')).toBe('websocket');
  expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
  expect(await answer.json()).toEqual({
    error: { code: 'upgrade_required', message: expect.any(String) },
  });
  expect(hub.hub.reference.getTotalClientCount()).toBe(0);
});

test('the log says once for each cause why, and nothing that the peer has sent', async () => {
  const lines: string[] = [];
  const hub = await startHub({ logger: loggerTo(lines) });
  const secret = { Cookie: 's3cret', Authorization: 'Bearer s3cret' };
  for (let n = 0; n < 3; n += 1) {
    const stripped = without('Upgrade', 'Connection');
    await askOnce(hub.port, {
      path: `${ticketPath}?token=s3cret`,
      headers: { ...stripped.headers, ...secret },
    });
    await askOnce(hub.port, without('Connection'));
    await askOnce(hub.port, without('Upgrade', 'Connection', 'Sec-WebSocket-Key'));
  }
  expect(lines.filter((line) => line.startsWith('warn'))).toEqual([
    expect.stringContaining('does not pass on Upgrade and Connection'),
    expect.stringContaining('no WebSocket handshake'),
  ]);
  expect(lines.join()).not.toContain('s3cret');
});

test.each([
  ['was never attached', undefined],
  ['was attached for another mount', '/other'],
])('a hub that %s says so in the log', async (_what, path) => {
  const lines: string[] = [];
  const hitl = hitlOf({ logger: loggerTo(lines) });
  const app = express();
  app.use('/soc', hitl.router);
  const served = await serve(app);
  if (path) hitl.attach(served.server, { path });
  const answer = await askOnce(served.port, { path: `/soc${ticketPath}` });
  expect([answer.status, JSON.parse(answer.body).error.code]).toEqual([426, 'upgrade_required']);
  expect(lines.filter((line) => line.startsWith('warn'))).toEqual([expect.stringContaining('hitl.attach')]);
});

test('the app’s own middleware is asked first', async () => {
  const hub = await startHub({
    app: (app: Express) => app.use((_req, res) => void res.status(401).send('log in')),
  });
  expect((await fetch(`${hub.url}${ticketPath}`)).status).toBe(401);
});

test('a hub that has closed says so', async () => {
  const hub = await startHub();
  await hub.hitl.close();
  const answer = await fetch(`${hub.url}${ticketPath}`);
  expect(answer.status).toBe(503);
  expect(answer.headers.get('retry-after')).toBe('5');
});

test.each(['POST', 'PUT', 'DELETE'])('%s is left to the app', async (method) => {
  const app = express();
  const hitl = hitlOf();
  app.use(hitl.router, (_req, res) => void res.status(405).send('by the app'));
  const { port } = await serve(app);
  const answer = await fetch(`http://127.0.0.1:${port}${ticketPath}`, { method });
  expect([answer.status, await answer.text()]).toEqual([405, 'by the app']);
});
