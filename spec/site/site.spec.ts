/** Holds that the documentation site can be built, that it has every page, and that no link in it is dead; in a real browser, that its search finds. */
import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, posix } from 'node:path';
import { entries } from '../../docs/.vitepress/api';
import { codeOf, placeOf } from '../../docs/.vitepress/places';
import { describeInChromium } from '../browser/chromium';
import { pages } from '../docs/pages';
import { attempt, root } from '../packaging/command';

const html = join(root, 'site/html');

/** The path in the site of a page of the repository. */
const pathOf = (page: string) => placeOf(page).replace(/\.md$/, '.html');

const read = (path: string) => readFileSync(join(html, path), 'utf8');

beforeAll(async () => {
  const { code, stdout, stderr } = await attempt(root, 'npm', 'run', 'site');
  if (code !== 0) throw new Error(`npm run site ended with ${code}\n${stdout}\n${stderr}`);
}, 300_000);

test('it has every page of the repository and of the public names', () => {
  const expected = [
    ...pages.map(({ path }) => pathOf(path)),
    ...entries.map(({ name }) => `api/${name.replaceAll('/', '-')}.html`),
  ];
  expect(expected.filter((path) => !existsSync(join(html, path)))).toEqual([]);
});

test('every link of every page leads to a page, a heading or a file of the site', () => {
  const built = readdirSync(html, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.html') && name !== '404.html',
  );
  const ids = new Map(
    built.map((name) => [name, new Set([...read(name).matchAll(/ id="([^"]*)"/g)].map(([, id = '']) => id))]),
  );
  const dead = built.flatMap((name) =>
    [...read(name).matchAll(/<a\b[^>]* href="([^"]*)"/g)].flatMap(([, href = '']) => {
      if (/^[a-z]+:/.test(href)) return [];
      const { pathname, hash } = new URL(href.replaceAll('&amp;', '&'), `http://site/${name}`);
      const path = decodeURIComponent(pathname)
        .slice(1)
        .replace(/(^|\/)$/, '$1index.html');
      const isThere =
        existsSync(join(html, path)) && (!hash || ids.get(path)?.has(decodeURIComponent(hash.slice(1))));
      return isThere ? [] : [`${name}: ${href}`];
    }),
  );
  expect(built.length).toBeGreaterThan(40);
  expect(dead).toEqual([]);
});

test('the page of an example shows its code', () => {
  const [file = ''] = codeOf('examples/minimal/README.md');
  const text = read('examples/minimal/index.html').replace(/<[^>]*>/g, '');
  const [line = ''] = readFileSync(join(root, file), 'utf8')
    .split('\n')
    .filter((each) => each.includes('app.use('));
  expect(line).not.toBe('');
  expect(text).toContain(line.trim());
});

describeInChromium('spec/site', 'In a browser', (launch) => {
  let server: Server;
  const types: Record<string, string> = {
    '.html': 'text/html',
    '.js': 'text/javascript',
    '.css': 'text/css',
    '.svg': 'image/svg+xml',
  };

  beforeAll(async () => {
    server = createServer((req, res) => {
      const path = posix
        .normalize(new URL(req.url ?? '/', 'http://site').pathname)
        .replace(/\/$/, '/index.html');
      const file = join(html, path);
      if (!existsSync(file)) return void res.writeHead(404).end();
      res.writeHead(200, { 'content-type': types[extname(file)] ?? 'application/octet-stream' });
      createReadStream(file).pipe(res);
    }).listen(0);
    await new Promise((resolve) => server.once('listening', resolve));
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  test('the search leads to what was looked for', async () => {
    const browser = await launch();
    try {
      const page = await browser.newPage();
      await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/`);
      await page.locator('.DocSearch-Button').click();
      await page.locator('#localsearch-input').fill('already_resolved');
      await page.locator('.VPLocalSearchBox .result').first().click();
      await page.waitForURL((url) => url.pathname !== '/');
      expect(await page.locator('main').innerText()).toContain('already_resolved');
    } finally {
      await browser.close();
    }
  }, 60_000);
});
