import { join } from 'node:path';
import { build } from 'esbuild';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { portOf } from '../../lib/hub/hub';
import { startTestHub, type TestHub } from '../../lib/testing/test-hub';
import { describeInChromium } from '../browser/chromium';
import { root } from '../packaging/command';
import { type Bundles, bundleReact } from './bundle';

jest.setTimeout(30_000);

describeInChromium('spec/react/browser.spec.ts', 'the hooks in a browser', (launch) => {
  let bundles: Bundles;
  let browser: Browser;
  let script: string;
  let hub: TestHub;
  const complaints: string[] = [];

  beforeAll(async () => {
    [bundles, browser] = await Promise.all([bundleReact(), launch()]);
    script = await bundlePage(bundles.react);
  }, 60_000);
  afterAll(() => Promise.all([browser?.close(), bundles?.remove()]));

  beforeEach(async () => {
    complaints.length = 0;
    hub = await startTestHub({
      mount: '/soc',
      auth: { identify: (req) => new URLSearchParams(req.headers.cookie?.replace('; ', '&')).get('user') },
      app: (app) => {
        app.get('/', (_req, res) => {
          res
            .type('html')
            .send(
              '<!doctype html><title>soc</title><link rel="icon" href="data:,"><body><script src="/page.js"></script>',
            );
        });
        app.get('/page.js', (_req, res) => void res.type('js').send(script));
      },
    });
  });
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    await hub.close();
    expect(complaints).toEqual([]);
  });

  /** A browser in which this user is logged in. */
  async function contextOf(user: string): Promise<BrowserContext> {
    const context = await browser.newContext();
    await context.addCookies([{ name: 'user', value: user, url: new URL(hub.url).origin }]);
    return context;
  }

  /** The page as this user has it open. */
  async function open(user: string, given?: BrowserContext): Promise<Page> {
    const context = given ?? (await contextOf(user));
    const page = await context.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(new URL(hub.url).origin);
    await page.getByRole('heading', { name: `${user} live` }).waitFor();
    return page;
  }
  const ask = () =>
    portOf(hub.hub).hitl.request({
      ticketId: 'T-1',
      sessionId: 's',
      userId: 'agent',
      type: 'tool_approval',
      payload: { tool_name: 'block_ip', tool_args: { ip: '203.0.113.7' } },
    });
  const card = (page: Page, legend: string) => page.getByRole('group', { name: legend });

  test('a request appears to everybody, and one answer settles it for all', async () => {
    const [alice, bob] = [await open('alice'), await open('bob')];
    await ask();
    await card(bob, 'pending').waitFor();
    await card(alice, 'pending').getByLabel('Comment').fill('go ahead');
    await card(alice, 'pending').getByRole('button').click();
    for (const page of [alice, bob]) await card(page, 'approved alice go ahead').waitFor();
    expect(await card(bob, 'approved').getByRole('button').isDisabled()).toBe(true);
  });

  test('the person whose answer comes second is shown who was faster, before the page hears of it otherwise', async () => {
    const context = await contextOf('alice');
    // What the server broadcasts about the end of a request is lost on its way to this page; what it sends this page alone is not.
    await context.routeWebSocket(/ticket/, (socket) => {
      const server = socket.connectToServer();
      server.onMessage((frame) => {
        if (JSON.parse(String(frame)).event !== 'hitl_request_resolved') socket.send(frame);
      });
    });
    const page = await open('alice', context);
    const { id } = await ask();
    await card(page, 'pending').waitFor();
    await portOf(hub.hub).hitl.respond(id, { by: { id: 'bob', name: 'bob' }, status: 'denied' });
    await card(page, 'pending').getByRole('button').click();
    await card(page, 'denied bob').getByText('already_resolved').waitFor();
  });

  test('a reload and a restarted server show the same pending requests', async () => {
    const page = await open('alice');
    await ask();
    await ask();
    await page.reload();
    await expectCount(card(page, 'pending'), 2);
    hub.hub.clients.disconnect({ where: () => true, code: 'restart' });
    await page.getByRole('heading', { name: 'alice resuming' }).waitFor();
    await page.getByRole('heading', { name: 'alice live' }).waitFor();
    await expectCount(card(page, 'pending'), 2);
  });
});

async function expectCount(
  found: { count(): Promise<number>; first(): { waitFor(): Promise<void> } },
  count: number,
) {
  await found.first().waitFor();
  expect(await found.count()).toBe(count);
}

/** The page with React for production and the hooks as they are published. */
async function bundlePage(hooks: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(__dirname, 'browser-page.tsx')],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    jsx: 'automatic',
    nodePaths: [join(root, 'node_modules')],
    define: { 'process.env.NODE_ENV': '"production"' },
    plugins: [
      {
        name: 'published hooks',
        setup: ({ onResolve }) => onResolve({ filter: /lib\/react$/ }, () => ({ path: hooks })),
      },
    ],
  });
  return outputFiles.map(({ text }) => text).join();
}
