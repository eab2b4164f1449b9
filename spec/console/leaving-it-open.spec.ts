/** What the console does for those who leave it open: it says that something new waits, looks as they like it, and leads on. */
import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { portOf } from '../../lib/hub/hub';
import type { TestHub } from '../../lib/testing/test-hub';
import { describeInChromium } from '../browser/chromium';
import { Operator } from './operator';
import { ask, stageHub } from './stage';

jest.setTimeout(60_000);

describeInChromium('spec/console', 'a console that is left open', (launch) => {
  let browser: Browser;
  let hub: TestHub;
  let alice: Operator;
  let page: Page;
  beforeAll(async () => {
    [browser, hub] = await Promise.all([launch(), stageHub({ pages: { charts: { maySee: () => true } } })]);
  });
  beforeEach(async () => {
    alice = await Operator.enter(browser, hub.url, 'alice', { colorScheme: 'light', acceptDownloads: true });
    page = alice.page;
  });
  afterEach(async () => {
    expect(alice.complaints).toEqual([]);
    await alice.leave();
    const { items } = await portOf(hub.hub).hitl.list({ status: 'pending' }, 200);
    for (const { id } of items) await portOf(hub.hub).hitl.cancel(id, 'the test is over');
  });
  afterAll(async () => {
    await browser?.close();
    await hub?.close();
  });

  it('says in the title and in the icon how much waits', async () => {
    const icon = () => page.locator('link[rel=icon]').last().getAttribute('data-for');
    expect(await page.title()).toBe('Approvals');
    expect(await icon()).toBe('rest');
    const { id } = await ask(hub);
    await page.waitForFunction(() => document.title === '(1) Approvals');
    expect(await icon()).toBe('news');
    await portOf(hub.hub).hitl.cancel(id, 'no longer needed');
    await page.waitForFunction(() => document.title === 'Approvals');
    expect(await icon()).toBe('rest');
  });

  it('asks for permission to notify only on a click, and then notifies of what is new while the page is hidden', async () => {
    // A browser without a window shows none and is never out of sight: both are simulated, and its notifications are recorded.
    await page.addInitScript(() => {
      const told: { title: string; body: string | undefined }[] = [];
      const asked: string[] = [];
      class Kept {
        static permission = 'default';
        static async requestPermission() {
          asked.push('asked');
          Kept.permission = 'granted';
          return Kept.permission;
        }
        onclick = () => {};
        constructor(title: string, { body }: NotificationOptions = {}) {
          told.push({ title, body });
          Object.assign(window, { last: this });
        }
        close() {}
      }
      Object.assign(window, { Notification: Kept, told, asked });
      Object.defineProperty(document, 'hidden', { get: () => true });
    });
    await ask(hub, { payload: { tool_name: 'was_there_before', tool_args: {} } });
    await page.reload();
    await alice.sees('was_there_before');
    const read = () => page.evaluate(() => Reflect.get(window, 'told'));
    expect(await page.evaluate(() => Reflect.get(window, 'asked'))).toEqual([]);
    await page.getByRole('button', { name: 'Notify me' }).click();
    await page.waitForFunction(() => Reflect.get(window, 'asked').length === 1);
    const { id } = await ask(hub, {
      payload: { tool_name: 'isolate_host', tool_args: { host: 'fin-lt-22' } },
    });
    await page.waitForFunction(() => Reflect.get(window, 'told').length > 0);
    expect(await read()).toEqual([{ title: 'isolate_host', body: expect.stringContaining('T-1') }]);
    await page.evaluate(() => Reflect.get(window, 'last').onclick());
    await alice.card(id).waitFor();
  });

  it('looks as one likes it, also when it comes back', async () => {
    const paper = () => page.locator('.shell').evaluate((shell) => getComputedStyle(shell).backgroundColor);
    const light = await paper();
    await page.getByRole('button', { name: 'Dark' }).click();
    const dark = await paper();
    expect(dark).not.toBe(light);
    await page.reload();
    await page.getByRole('button', { name: 'Light' }).waitFor();
    expect(await paper()).toBe(dark);
  });

  it('leads from the audit to the live chart of a request, and hands the audit over as JSON Lines', async () => {
    const { id } = await ask(hub);
    await page.goto(`${hub.url}/console/#/tickets/T-1/audit`);
    const waiting = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Download' }).click();
    const lines = (await readFile(await (await waiting).path(), 'utf8')).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).request_id)).toContain(id);
    const opening = page.context().waitForEvent('page');
    await page.locator(`a[href*="charts/#hitlRequest/${id}"]`).first().click();
    const chart = await opening;
    await chart.getByText('1 of 1').waitFor();
    expect(await chart.locator('#title').textContent()).toBe('block_ip');
  });
});
