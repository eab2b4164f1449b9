import type { Browser, Page } from 'playwright-core';
import { startTestHub, type TestHub } from '../../lib/testing/test-hub';
import { describeInChromium } from '../browser/chromium';
import { type Bundle, bundleClient } from './bundle';

/** A page that joins the ticket with the bundle and records what it was sent. */
const html = `<!doctype html><title>soc</title><script type="module">
  import { connectTicket, emptyView, reduce } from '/client.mjs';
  window.states = [];
  window.view = emptyView();
  window.client = connectTicket({ url: '/soc', ticketId: 'T-1', random: () => 0 });
  client.on('state', (state) => states.push(state));
  client.on('envelope', (envelope) => { view = reduce(view, envelope); });
</script>`;

describeInChromium('spec/client/browser.spec.ts', 'the client in a browser', (launch) => {
  let bundle: Bundle;
  let browser: Browser;
  let hub: TestHub;
  let page: Page;
  let user: string | null;

  beforeAll(async () => {
    [bundle, browser] = await Promise.all([bundleClient(), launch()]);
  }, 60_000);
  afterAll(() => Promise.all([browser?.close(), bundle?.remove()]));

  beforeEach(async () => {
    user = 'alice';
    hub = await startTestHub({
      mount: '/soc',
      auth: { identify: () => user },
      app: (app) => {
        app.get('/', (_req, res) => void res.type('html').send(html));
        app.get('/client.mjs', (_req, res) => res.sendFile(bundle.file));
      },
    });
    page = await browser.newPage();
    await page.goto(hub.url.replace('/soc', '/'));
  }, 20_000);
  afterEach(async () => {
    await page.close();
    await hub.close();
  });

  const state = (name: string) => page.waitForFunction(`client.state === '${name}'`);
  const say = (content: string) =>
    page.evaluate(`client.send('${content}')`) as Promise<{ session_id: string }>;

  test('a page joins, talks, loses its socket and is back', async () => {
    await state('live');
    await say('before');
    hub.hub.clients.disconnect({ where: () => true, code: 'resync' });
    await page.waitForFunction(`states.join() === 'live,resuming,live'`);
    await say('after');
    await page.waitForFunction(`view.timeline.length === 2`);
    expect(await page.evaluate('view.timeline.map(({ content }) => content)')).toEqual(['before', 'after']);
  });

  test('a reloaded page is the same tab, and goes on with its session; a second page is another tab', async () => {
    const { session_id } = await say('before');
    await page.reload();
    expect((await say('after')).session_id).toBe(session_id);

    const second = await browser.newPage();
    try {
      await second.goto(page.url());
      const other = (await second.evaluate(`client.send('elsewhere')`)) as { session_id: string };
      expect(other.session_id).not.toBe(session_id);
      await state('live');
    } finally {
      await second.close();
    }
  });

  test('a page whose user is logged out learns why it cannot come back, and stops trying', async () => {
    await state('live');
    user = null;
    hub.hub.clients.disconnect({ where: () => true, code: 'resync' });
    await state('closed');
    expect(await page.evaluate('client.ending')).toEqual({ code: 4401, reason: 'session ended' });
  });

  test('a page that goes offline and online asks its peer, and stays', async () => {
    await state('live');
    await page.evaluate(`window.pongs = 0; client.on('pong', () => { pongs += 1; });`);
    await page.context().setOffline(true);
    await page.waitForFunction('!navigator.onLine');
    await page.context().setOffline(false);
    await page.waitForFunction('pongs > 0');
    expect(await page.evaluate('states')).toEqual(['live']);
  });
});
