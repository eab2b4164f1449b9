/** How the console is served: where, under which policy, and what is said where it is not. */
import type { Express } from 'express';
import { createLogger, transports } from 'winston';
import { builtConsole } from '../../console/built';
import { endedAfterEach } from '../serve';

const { startHub } = endedAfterEach();

let assets: string;
beforeAll(async () => {
  assets = await builtConsole();
}, 60_000);

/** All of the answer is read, also by who only asks for its status: a socket with something unread in it stays open. */
async function get(url: string, init: RequestInit = {}): Promise<Response> {
  const answer = await fetch(url, { redirect: 'manual', ...init });
  await answer.clone().arrayBuffer();
  return answer;
}

/** The files that the page names, as it names them. */
async function filesOf(page: Response): Promise<string[]> {
  return [...(await page.text()).matchAll(/(?:src|href)="([^"]+)"/g)].map(([, name = '']) => name);
}

test.each(['/', '/soc', '/a/b/c'])('below %s the page and its files are there', async (mount) => {
  const hub = await startHub({ mount, pages: { console: { assets } } });
  const page = await get(`${hub.url}/console/`);
  expect(page.status).toBe(200);
  expect(page.headers.get('content-type')).toMatch(/^text\/html/);
  const files = await filesOf(page);
  expect(files.length).toBeGreaterThan(2);
  for (const name of files) {
    const file = await get(new URL(name, page.url).href);
    expect([name, file.status]).toEqual([name, 200]);
    expect(file.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(file.headers.get('x-content-type-options')).toBe('nosniff');
  }
});

test('the page names its files and nothing of another server, relative to itself', async () => {
  const hub = await startHub({ pages: { console: { assets } } });
  const files = await filesOf(await get(`${hub.url}/console/`));
  expect(files.filter((name) => !name.startsWith('./assets/'))).toEqual([]);
});

test('the address without a slash leads to the one with it, also where a proxy has taken a part away', async () => {
  const hub = await startHub({ mount: '/soc', pages: { console: { assets } } });
  const answer = await get(`${hub.url}/console?from=mail`);
  expect(answer.status).toBe(308);
  expect(answer.headers.get('location')).toBe('console/?from=mail');
});

test('the page is never cached, and its policy allows no inline code, no evaluation, no framing', async () => {
  const hub = await startHub({ pages: { console: { assets } } });
  const { headers } = await get(`${hub.url}/console/`);
  expect(headers.get('cache-control')).toBe('no-store');
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  const policy = headers.get('content-security-policy') ?? '';
  expect(policy.split('; ')).toEqual(
    expect.arrayContaining([
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "connect-src 'self'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
    ]),
  );
  expect(policy).not.toMatch(/unsafe|data:|\*/);
});

test("the app's own middleware decides who gets it", async () => {
  const app = (express: Express) => {
    express.use('/soc', (req, res, next) => {
      if (req.get('x-user')) next();
      else res.sendStatus(401);
    });
  };
  const hub = await startHub({ mount: '/soc', app, pages: { console: { assets } } });
  expect((await get(`${hub.url}/console/`)).status).toBe(401);
  expect((await get(`${hub.url}/console/`, { headers: { 'x-user': 'alice' } })).status).toBe(200);
});

test('an app that wants none has none', async () => {
  const hub = await startHub({ pages: { console: false } });
  expect((await get(`${hub.url}/console/`)).status).toBe(404);
});

test('nothing outside its folder is served', async () => {
  const hub = await startHub({ pages: { console: { assets } } });
  for (const path of [
    'assets/',
    'assets/..%2findex.html',
    'assets/%2e%2e/index.html',
    'licenses.md',
    'main.tsx',
  ])
    expect([path, (await get(`${hub.url}/console/${path}`)).status]).toEqual([path, 404]);
});

test('where it is not built, that is said, and logged once', async () => {
  const lines: string[] = [];
  const transport = new transports.Console();
  transport.log = ({ message }: { message: string }, next: () => void) => {
    lines.push(message);
    next();
  };
  const logger = createLogger({ level: 'warn', transports: [transport] });
  const hub = await startHub({ logger, pages: { console: { assets: '/nowhere' } } });
  for (const path of ['console', 'console/', 'console/assets/main.js']) {
    const answer = await get(`${hub.url}/${path}`);
    expect(answer.status).toBe(404);
    expect(await answer.text()).toContain('npm run build:console');
  }
  expect(lines).toEqual([expect.stringContaining('npm run build:console')]);
});
