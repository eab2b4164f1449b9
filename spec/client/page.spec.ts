/** The client in the life of a real page: duplicated, put away and taken out again, asleep, offline, behind guards and proxies; in Chromium. */
import { readFile } from 'node:fs/promises';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { startTestHub, type TestHub } from '../../lib/testing/test-hub';
import { describeInChromium } from '../browser/chromium';
import { FaultProxy } from '../stress/fault-proxy';
import { type Bundle, bundleClient } from './bundle';
import { StrippingProxy } from './stripping-proxy';

/** A page that joins the ticket with the bundle, on a clock that the test moves on by `tick(ms)`. */
const html = `<!doctype html><title>soc</title><script type="module">
  import { connectTicket, emptyView, reduce } from '/client.mjs';
  let now = 0;
  const timers = new Set();
  const clock = {
    now: () => now,
    later(ms, call) {
      const timer = { at: now + ms, call };
      timers.add(timer);
      return () => timers.delete(timer);
    },
  };
  window.tick = (ms) => {
    now += ms;
    for (const timer of [...timers]) if (timer.at <= now && timers.delete(timer)) timer.call();
  };
  window.join = () => {
    window.client = connectTicket({ url: '/soc', ticketId: 'T-1', random: () => 0, clock: window.ticks ? clock : undefined });
    client.on('state', (state) => states.push(state));
    client.on('welcome', ({ client_id }) => names.push(client_id.split('_').at(-3)));
    client.on('refusal', (refusal) => refusals.push(refusal));
    client.on('envelope', (envelope) => { view = reduce(view, envelope); });
  };
  Object.assign(window, { states: [], names: [], refusals: [], view: emptyView(), isBack: false });
  window.addEventListener('pageshow', ({ persisted }) => { window.isBack ||= persisted; });
  join();
</script>`;

jest.setTimeout(15_000);

describeInChromium('spec/client/page.spec.ts', 'the client in the life of a page', (launch) => {
  let bundle: Bundle;
  let browser: Browser;
  let hub: TestHub;
  let context: BrowserContext;
  let page: Page;
  let user: string | null;
  /** What stands in front of everything, if anything does. */
  let front: { status: number; body: string; location?: string } | undefined;

  beforeAll(async () => {
    [bundle, browser] = await Promise.all([bundleClient(), launch(withBackForward)]);
  }, 60_000);
  afterAll(() => Promise.all([browser?.close(), bundle?.remove()]));

  beforeEach(async () => {
    user = 'alice';
    front = undefined;
    const client = await readFile(bundle.file);
    hub = await startTestHub({
      mount: '/soc',
      http: { heartbeat: '20d' },
      auth: { identify: (req) => req.get('x-user') ?? user },
      limits: { clientsPerTicket: 20 },
      app: (app) => {
        app.use('/soc', (_req, res, next) => {
          if (!front) return next();
          if (front.location) res.redirect(front.location);
          else res.status(front.status).type('html').send(front.body);
        });
        app.get('/', (_req, res) => void res.type('html').send(html));
        app.get('/elsewhere', (_req, res) => void res.type('html').send('<title>elsewhere</title>'));
        app.get('/client.mjs', (_req, res) => void res.type('js').send(client));
      },
    });
    context = await browser.newContext();
    page = await context.newPage();
  }, 20_000);
  afterEach(async () => {
    await context.close();
    await hub.close();
  });

  const address = () => hub.url.replace('/soc', '/');
  const live = (on = page) => on.waitForFunction(`typeof client === 'object' && client.state === 'live'`);
  const namesOf = (on: Page) => on.evaluate('names') as Promise<string[]>;
  /** As by the button; what playwright has for it does not know of pages that are taken out again. */
  const goBack = () => page.evaluate('void setTimeout(() => history.back())');
  /** A copy of the tab as "duplicate" makes it: with its session storage. */
  const duplicate = async () => {
    const [copy] = await Promise.all([
      context.waitForEvent('page'),
      page.evaluate('void window.open(location.href)'),
    ]);
    return copy;
  };

  test('a reload is the same tab, twenty times in a row', async () => {
    await page.goto(address());
    await live();
    const [name] = await namesOf(page);
    for (let n = 0; n < 20; n += 1) {
      await page.reload();
      await live();
      expect(await namesOf(page)).toEqual([name]);
    }
  });

  test('a tab that is duplicated while its client is suspended retains its name, and the copy takes another', async () => {
    await page.goto(address());
    await live();
    // What a page of one document does when the ticket is left: the name is in the storage, and is copied.
    await page.evaluate('client.close()');
    await page.evaluate('join()');
    await live();
    await page.evaluate(`sessionStorage.setItem('express-hitl:/soc/T-1', names.at(-1))`);
    const copy = await duplicate();
    await live(copy);
    await page.evaluate(`client.send('from the first')`);
    await copy.evaluate(`client.send('from the copy')`);
    expect(await page.evaluate('states')).toEqual(['live', 'closed', 'live']);
    const [first, second] = [await namesOf(page), await namesOf(copy)];
    expect(new Set(first).size).toBe(1);
    expect(second[0]).not.toBe(first[0]);
    expect(hub.hub.reference.getClientCount('T-1')).toBe(2);
  });

  test('a tab that is duplicated between two of its clients leaves the name to the copy, and no client is disconnected', async () => {
    await page.goto(address());
    await live();
    await page.evaluate('client.close()');
    const copy = await duplicate();
    await live(copy);
    await page.evaluate('join()');
    await live();
    await page.evaluate(`client.send('from the first')`);
    await copy.evaluate(`client.send('from the copy')`);
    const [first, second] = [await namesOf(page), await namesOf(copy)];
    expect(second).toEqual([first[0]]);
    expect(first[1]).not.toBe(first[0]);
    expect(await page.evaluate('states')).toEqual(['live', 'closed', 'live']);
    expect(await copy.evaluate('states')).toEqual(['live']);
  });

  test('without locks, as in a page without TLS, a tab that its copy throws out comes back under another name', async () => {
    await context.addInitScript(`Object.defineProperty(navigator, 'locks', { value: undefined })`);
    await page.goto(address());
    await live();
    const [name] = await namesOf(page);
    await page.evaluate(`sessionStorage.setItem('express-hitl:/soc/T-1', names[0])`);
    const copy = await duplicate();
    await live(copy);
    await page.waitForFunction(`states.join() === 'live,resuming,live'`);
    expect(await namesOf(copy)).toEqual([name]);
    expect(await namesOf(page)).toEqual([name, expect.not.stringMatching(`^${name}$`)]);
    await page.evaluate(`client.send('from the first')`);
    await copy.evaluate(`client.send('from the copy')`);
    expect(await copy.evaluate('states')).toEqual(['live']);
  });

  test('a tab that goes on and back is live again at once, under its name; duplicated then, both stay', async () => {
    await page.goto(address());
    await live();
    await page.evaluate(`client.send('before')`);
    await page.goto(`${address()}elsewhere`);
    const bob = await hub.connect({ user: 'bob' });
    await bob.ask({ type: 'message', content: 'meanwhile' });
    await goBack();
    await page.waitForFunction('isBack');
    await live();
    await page.waitForFunction('view.timeline.length === 2');
    const names = await namesOf(page);
    expect(names).toEqual([names[0], names[0]]);
    expect(await page.evaluate(`sessionStorage.getItem('express-hitl:/soc/T-1')`)).toBeNull();

    const copy = await duplicate();
    await live(copy);
    await copy.evaluate(`client.send('from the copy')`);
    await page.evaluate(`client.send('from the first')`);
    expect(await page.evaluate('states')).toEqual(['live', 'resuming', 'live']);
    expect(await copy.evaluate('states')).toEqual(['live']);
  });

  test('a page that is put away has left the ticket', async () => {
    const bob = await hub.connect({ user: 'bob' });
    await page.goto(address());
    await live();
    await bob.next((frame) => frame.event === 'presence_changed' && frame.presence.length === 2);
    await page.goto(`${address()}elsewhere`);
    await bob.next((frame) => frame.event === 'presence_changed' && frame.presence.length === 1);
  });

  describe('a socket that has died without a word', () => {
    let wire: FaultProxy;
    beforeEach(async () => {
      wire = await FaultProxy.open(hub.port);
      await page.addInitScript('window.ticks = true');
      await page.goto(`http://127.0.0.1:${wire.port}/`);
      await live();
    });
    afterEach(() => wire.close());

    test.each([
      ['visibilitychange', 'document'],
      ['resume', 'document'],
      ['pageshow', 'window'],
      ['online', 'window'],
    ])('is noticed at %s, within three seconds instead of a minute', async (type, target) => {
      wire.silenceAll();
      await page.evaluate('tick(29_000)');
      expect(await page.evaluate('client.state')).toBe('live');
      await page.evaluate(`${target}.dispatchEvent(new Event('${type}'))`);
      await page.evaluate('tick(2_999)');
      expect(await page.evaluate('client.state')).toBe('live');
      await page.evaluate('tick(1)');
      expect(await page.evaluate('client.state')).toBe('resuming');
      await page.evaluate('tick(0)');
      await live();
      expect(wire.counts['half-open']).toBeGreaterThan(0);
    });

    test('is not looked for while the page is hidden, and one that lives answers', async () => {
      await page.evaluate(`window.pongs = 0; client.on('pong', () => { pongs += 1; });`);
      await page.evaluate(
        `Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true })`,
      );
      await page.evaluate(`document.dispatchEvent(new Event('visibilitychange'))`);
      await page.evaluate(`Object.defineProperty(document, 'visibilityState', { value: 'visible' })`);
      await page.evaluate(`document.dispatchEvent(new Event('visibilitychange'))`);
      await page.waitForFunction('pongs > 0');
      await page.evaluate('tick(3_000)');
      expect(await page.evaluate('states')).toEqual(['live']);
      expect(await page.evaluate('pongs')).toBe(1);
    });

    test('is noticed when the machine is online again, and what was said offline arrives', async () => {
      const session = await context.newCDPSession(page);
      const network = { latency: 0, downloadThroughput: -1, uploadThroughput: -1 };
      await session.send('Network.emulateNetworkConditions', { offline: true, ...network });
      await page.waitForFunction('!navigator.onLine');
      wire.silenceAll();
      await page.evaluate(`void (window.sent = client.send('written offline'))`);
      await page.evaluate('tick(3_000)');
      expect(await page.evaluate('client.state')).toBe('resuming');
      await page.evaluate('tick(0)');
      await session.send('Network.emulateNetworkConditions', { offline: false, ...network });
      await page.waitForFunction('navigator.onLine');
      await page.waitForFunction(`tick(0) || client.state === 'live'`);
      expect(await page.evaluate('sent.then(({ message_id }) => typeof message_id)')).toBe('string');
    });
  });

  describe('something in front of the hub', () => {
    test.each([401, 403, 404, 200, 502])('that says %s for a while ends nothing', async (status) => {
      await page.goto(address());
      await live();
      front = { status, body: '<h1>The gateway is about to be replaced</h1>' };
      hub.hub.clients.disconnect({ where: () => true, code: 'resync' });
      await page.waitForFunction('refusals.length > 1');
      expect(await page.evaluate('client.refusal')).toEqual({ status });
      expect(await page.evaluate('client.state')).toBe('resuming');
      front = undefined;
      await live();
      expect(await page.evaluate('[client.transport, client.refusal]')).toEqual(['websocket', undefined]);
    });

    test('that leads to the login page is a logout', async () => {
      await page.goto(address());
      await live();
      front = { status: 302, body: '', location: '/login' };
      hub.hub.clients.disconnect({ where: () => true, code: 'resync' });
      await page.waitForFunction(`client.state === 'closed'`);
      expect(await page.evaluate('client.ending')).toEqual({ code: 4401, reason: 'session ended' });
    });
  });

  describe('behind a proxy that loses upgrades', () => {
    let proxy: StrippingProxy;
    beforeEach(async () => {
      proxy = await StrippingProxy.open(() => hub.port);
    });
    afterEach(() => proxy.close());

    test('a page goes on over a stream, reloads and resumes', async () => {
      await page.goto(proxy.url);
      await live();
      expect(await page.evaluate('client.transport')).toBe('sse');
      await page.evaluate(`client.send('over POST')`);
      proxy.cutAll();
      await page.waitForFunction(`states.join() === 'live,resuming,live'`);
      await page.evaluate(`client.send('and again')`);
      await page.waitForFunction('view.timeline.length === 2');
      const [name] = await namesOf(page);
      await page.reload();
      await live();
      expect(await namesOf(page)).toEqual([name]);
    });

    test('the tabs of a browser leave each other connections, and one that closes makes room', async () => {
      const tabs = [page];
      while (tabs.length < 5) tabs.push(await context.newPage());
      for (const tab of tabs.slice(0, 4)) {
        await tab.goto(proxy.url);
        await live(tab);
      }
      const [first, , , , late = page] = tabs;
      await late.goto(proxy.url);
      await late.waitForFunction('client.refusal?.status === 0');
      await first?.evaluate(`client.send('frames get through all the same')`);
      await first?.close();
      await live(late);
    });

    test('on and back, and it is on a stream again', async () => {
      await page.goto(proxy.url);
      await live();
      await page.goto(`${proxy.url}/elsewhere`);
      await goBack();
      await page.waitForFunction('isBack');
      await live();
      expect(await page.evaluate('client.transport')).toBe('sse');
    });
  });
});

/** As a person's browser does; playwright has its own begin each page from scratch. */
const withBackForward = { ignoreDefaultArgs: ['--disable-back-forward-cache'] };
