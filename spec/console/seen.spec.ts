/** What is approved in the console was on the screen: several at once as they were chosen, the end of long texts, the server's time. */
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import type { Display } from '../../lib';
import { portOf } from '../../lib/hub/hub';
import type { TestHub } from '../../lib/testing/test-hub';
import { describeInChromium } from '../browser/chromium';
import { Operator } from './operator';
import { ask, stageHub } from './stage';

jest.setTimeout(60_000);

describeInChromium('spec/console', 'what is seen in the console', (launch) => {
  let browser: Browser;
  let hub: TestHub;
  const operators: Operator[] = [];
  beforeAll(async () => {
    [browser, hub] = await Promise.all([launch(), stageHub()]);
  });
  afterEach(async () => {
    for (const operator of operators.splice(0)) {
      expect(operator.complaints.filter((each) => !each.includes('409'))).toEqual([]);
      await operator.leave();
    }
    const { items } = await portOf(hub.hub).hitl.list({ status: 'pending' }, 200);
    for (const { id } of items) await portOf(hub.hub).hitl.cancel(id, 'the test is over');
  });
  afterAll(async () => {
    await browser?.close();
    await hub?.close();
  });

  async function enter(...[user, options]: [string, Parameters<typeof Operator.enter>[3]?]) {
    const operator = await Operator.enter(browser, hub.url, user, options);
    operators.push(operator);
    return operator;
  }

  async function shoot(page: Page, name: string) {
    if (process.env.SCREENSHOTS)
      await page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}.png`), fullPage: true });
  }

  const stored = (id: string) => portOf(hub.hub).hitl.get(id);
  const listing = (dir: string) => ({ tool_name: 'list_files', tool_args: { dir } });

  async function choose(operator: Operator, ...ids: string[]) {
    for (const id of ids) {
      const row = await operator.drawnRow(id);
      await row.hover();
      await row.getByRole('checkbox').check();
    }
  }

  it('sends of several only those that still are what was chosen, and says which are not', async () => {
    const [one, two, three, four] = [
      await ask(hub, { payload: listing('/tmp') }),
      await ask(hub, { payload: listing('/var'), ticketId: 'T-2' }),
      await ask(hub, { payload: listing('/srv'), ticketId: 'T-3' }),
      await ask(hub, { payload: listing('/opt'), ticketId: 'T-4' }),
    ];
    const alice = await enter('alice');
    await choose(alice, one.id, two.id, three.id, four.id);
    await alice.page.getByRole('button', { name: 'Approve 4' }).waitFor();
    await portOf(hub.hub).hitl.amend(two.id, { tool_name: 'delete_files', tool_args: { dir: '/' } });
    await portOf(hub.hub).hitl.respond(three.id, { by: { id: 'bob', name: 'Bob' }, status: 'denied' });
    const approve = alice.page.getByRole('button', { name: 'Approve 2' });
    await approve.waitFor();
    const status = alice.page.getByRole('status').filter({ hasText: '2 chosen' });
    expect(await status.innerText()).toMatch(/Not chosen any more.*list_files \(T-2\), list_files \(T-3\)/);
    const rows = alice.page.locator('[data-bulk]');
    expect(await rows.count()).toBe(4);
    for (const text of await rows.allInnerTexts()) expect(text).toContain('list_files');
    await alice.page.locator(`[data-bulk="${two.id}"]`).getByText('Has changed since you chose it').waitFor();
    expect(await alice.row(two.id).getByRole('checkbox').isChecked()).toBe(false);
    await shoot(alice.page, 'bulk-dropped');
    if (process.env.SCREENSHOTS) {
      await alice.page.setViewportSize({ width: 390, height: 900 });
      await shoot(alice.page, 'bulk-phone');
      await alice.page.setViewportSize({ width: 1_280, height: 720 });
    }
    await approve.click();
    await alice.page.getByRole('row', { name: /\/opt.*Approved/ }).waitFor();
    expect(
      await Promise.all([one, two, three, four].map(async ({ id }) => (await stored(id)).status)),
    ).toEqual(['approved', 'pending', 'denied', 'approved']);
  });

  it('refuses at the server what changed between the last look and the press', async () => {
    const [one, two] = [
      await ask(hub, { payload: listing('/a') }),
      await ask(hub, { payload: listing('/b') }),
    ];
    const alice = await enter('alice');
    // What is amended is late on its way to Alice.
    await alice.page.routeWebSocket(/ws/, (page) => {
      const server = page.connectToServer();
      server.onMessage((frame) => {
        const { event } = JSON.parse(String(frame));
        if (event !== 'hitl_request_updated' && event !== 'inbox_updated') page.send(frame);
      });
    });
    await alice.page.reload();
    await alice.row(two.id).waitFor();
    await choose(alice, one.id, two.id);
    await portOf(hub.hub).hitl.amend(two.id, { tool_name: 'delete_files', tool_args: { dir: '/' } });
    await alice.page.getByRole('button', { name: 'Approve 2' }).click();
    await alice.page
      .locator(`[data-bulk="${two.id}"]`)
      .getByText('This has changed since you looked')
      .waitFor();
    expect([(await stored(one.id)).status, (await stored(two.id)).status]).toEqual(['approved', 'pending']);
  });

  it('shows the whole of each of several, and offers none that takes more than a press', async () => {
    const long = `${'echo fine; '.repeat(400)}rm -rf /`;
    const payload = { tool_name: 'run', tool_args: { script: long, on: ['web-1'] } };
    const [one, two] = [await ask(hub, { payload }), await ask(hub, { payload })];
    const grants = [{ scope: 'ticket', args: 'exact', expires_in_ms: 3_600_000 }];
    const granting = await ask(hub, { payload: { ...payload, grants } });
    const alice = await enter('alice');
    await alice.row(granting.id).waitFor();
    expect(await alice.row(granting.id).getByRole('checkbox').isDisabled()).toBe(true);
    await choose(alice, one.id, two.id);
    const approve = alice.page.getByRole('button', { name: 'Approve 2' });
    await approve.waitFor();
    expect(await approve.isDisabled()).toBe(true);
    expect(await alice.page.getByRole('button', { name: 'Deny 2' }).isDisabled()).toBe(false);
    for (const text of await alice.page.locator('[data-bulk]').allInnerTexts())
      expect(text).toContain('rm -rf /');
    await shoot(alice.page, 'bulk-folded');
    await alice.page.getByRole('button', { name: 'Show everything' }).click();
    await approve.click();
    await alice.row(two.id).waitFor({ state: 'detached' });
    expect((await stored(one.id)).status).toBe('approved');
  });

  it('approves nothing of which a part is folded, also by keyboard; denies at once', async () => {
    const payload = { tool_name: 'run', tool_args: { script: `${'a'.repeat(5_000)}; rm -rf /` } };
    const { id } = await ask(hub, { payload });
    const alice = await enter('alice', { at: `/requests/${id}` });
    const approve = alice.card(id).getByRole('button', { name: 'Approve' });
    await alice.card(id).getByText('; rm -rf /').waitFor();
    expect(await approve.isDisabled()).toBe(true);
    expect(await alice.card(id).getByRole('button', { name: 'Deny' }).isDisabled()).toBe(false);
    await shoot(alice.page, 'card-folded');
    await alice
      .card(id)
      .getByRole('button', { name: /characters between/ })
      .click();
    await approve.click();
    await alice.row(id).waitFor({ state: 'detached' });
    expect((await stored(id)).status).toBe('approved');
  });

  it.each([
    ['an hour late', -3_600_000],
    ['an hour early', 3_600_000],
  ])('counts down by the server’s clock on a page that is %s', async (_what, wrongBy) => {
    const { id } = await ask(hub, { expiresIn: '5m' });
    const context = await browser.newContext({ locale: 'en-GB', timezoneId: 'UTC' });
    await context.addCookies([{ name: 'user', value: 'alice', url: hub.url }]);
    await context.addInitScript(`{
      const Real = Date;
      const now = () => Real.now() + ${wrongBy};
      window.Date = class extends Real {
        constructor(...given) { super(...(given.length === 0 ? [now()] : given)); }
        static now() { return now(); }
      };
      const origin = performance.timeOrigin;
      Object.defineProperty(performance, 'timeOrigin', { get: () => origin + ${wrongBy} });
    }`);
    try {
      const page = await context.newPage();
      for (const at of [`/requests/${id}`, '/tickets/T-1']) {
        await page.goto('about:blank');
        await page.goto(`${hub.url}/console/#${at}`);
        const card = page.locator(`[data-request="${id}"]`);
        await card
          .getByText(/^Expires in\s*[45]:\d\d$/)
          .or(card.getByText(/^4:\d\d$/))
          .first()
          .waitFor();
        expect(await card.innerText()).toMatch(/just now|\d+ s ago|1 min ago/);
      }
    } finally {
      await context.close();
    }
  });

  const display: Display = {
    title: 'Block the scanner',
    description: 'It has tried 4,000 passwords since noon.\nNobody of ours uses it.',
    reason: 'Asked for in the ticket',
    risk: 'high',
    links: [{ url: 'https://intel.example/203.0.113.7', label: 'What is known of it' }],
  };

  it.each([
    ['light', 1_200],
    ['dark', 1_200],
    ['light', 390],
  ] as const)('shows what the agent says beside what will run: %s at %i', async (colorScheme, width) => {
    const payload = {
      tool_name: 'block_ip',
      tool_args: { ip: '203.0.113.7', hours: 48, note: '12' },
    };
    const { id } = await ask(hub, { payload, display, policy: { approvals: 2 }, expiresIn: '15m' });
    const alice = await enter('alice', { colorScheme, viewport: { width, height: 900 } });
    await alice.page.routeWebSocket(/ws/, (page) => {
      const server = page.connectToServer();
      server.onMessage((frame) => {
        const envelope = JSON.parse(String(frame));
        for (const each of [envelope.hitl, ...(envelope.items ?? []), ...(envelope.requests ?? [])])
          if (each?.id === id)
            // As of one that was asked before payloads were strict, by a turn that is over.
            Object.assign(each, { asker: 'gone', payload: { ...payload, environment: 'PRODUCTION' } });
        page.send(JSON.stringify(envelope));
      });
    });
    await alice.page.reload();
    // The row is measured before what is in it is drawn.
    await alice.row(id).getByText('High risk').waitFor();
    expect(await alice.row(id).innerText()).toMatch(/block_ip[\s\S]*High risk[\s\S]*Block the scanner/);
    await shoot(alice.page, `row-${colorScheme}-${width}`);
    await alice.open(id);
    const text = await alice.card(id).innerText();
    for (const shown of [
      'block_ip',
      'PRODUCTION',
      'Said by the agent',
      'intel.example',
      '“12”',
      'No program waits',
    ])
      expect(text).toContain(shown);
    const link = alice.card(id).getByRole('link', { name: /What is known of it/ });
    expect(await link.getAttribute('rel')).toBe('noopener noreferrer');
    await shoot(alice.page, `card-${colorScheme}-${width}`);
  });
});
