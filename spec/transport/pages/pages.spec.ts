/** What the router serves ends there: the app's handlers behind the mount never see a request that was answered. */
import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { builtConsole } from '../../console/built';
import { askOnce, RawSocket } from '../raw-socket';
import { endedAfterEach } from '../serve';

const { hitlOf, serve } = endedAfterEach();

let assets: string;
beforeAll(async () => {
  assets = await builtConsole();
}, 60_000);

/** An app with a hub at `/soc`, and behind it a handler that answers late, as one that looks into a database does. */
async function start(): Promise<{ port: number; behind: string[]; failed: unknown[] }> {
  const behind: string[] = [];
  const failed: unknown[] = [];
  const app: Express = express();
  const hitl = hitlOf({ pages: { console: { assets }, charts: { maySee: () => true } } });
  app.use('/soc', hitl.router);
  app.use(async (req, res) => {
    behind.push(`${req.method} ${req.originalUrl}`);
    await Promise.resolve();
    res.status(404).send('late');
  });
  app.use((error: unknown, _req: Request, res: Response, next: NextFunction) => {
    failed.push(error);
    if (res.headersSent) next(error);
    else res.status(500).end();
  });
  const { port } = await serve(app);
  return { port, behind, failed };
}

const paths: [path: string, status: number][] = [
  ['console/', 200],
  ['console', 308],
  ['console/assets/nothing.js', 404],
  ['charts/', 200],
  ['charts', 308],
  ['charts/page.mjs', 200],
  ['charts/machines/ticket.svg', 200],
  ['charts/machines/nothing.svg', 404],
  ['charts/actors', 200],
  ['openapi.json', 200],
  ['hitl/me', 200],
  ['hitl/requests/nothing', 404],
  ['hitl/links/nothing', 404],
  ['ws/inbox', 426],
];

test.each(paths)('%s is answered once, with %i', async (path, status) => {
  const { port, behind, failed } = await start();
  const unhandled = jest.fn();
  process.on('unhandledRejection', unhandled);
  try {
    for (const method of ['GET', 'HEAD']) {
      const answer = await fetch(`http://127.0.0.1:${port}/soc/${path}`, {
        method,
        redirect: 'manual',
        headers: { 'x-user': 'alice' },
      });
      await answer.text();
      expect([method, answer.status]).toEqual([method, status]);
    }
    // A handler behind would have been called with the end of the answer.
    await fetch(`http://127.0.0.1:${port}/soc/hitl/me`, { headers: { 'x-user': 'alice' } });
  } finally {
    process.off('unhandledRejection', unhandled);
  }
  const passedOn = path.includes('nothing.js') ? 2 : 0;
  expect(behind).toHaveLength(passedOn);
  expect([failed, unhandled.mock.calls]).toEqual([[], []]);
});

test('a visitor who hangs up in the middle of a page is no error of the app', async () => {
  const { port, behind, failed } = await start();
  for (const path of ['/soc/console/', '/soc/charts/', '/soc/charts/machines/ticket.svg']) {
    const raw = await RawSocket.open(port);
    raw.socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    raw.socket.resetAndDestroy();
  }
  const plain = { Upgrade: undefined, Connection: 'close' };
  expect((await askOnce(port, { path: '/soc/hitl/me', headers: plain })).status).toBe(200);
  expect([behind, failed]).toEqual([[], []]);
});
