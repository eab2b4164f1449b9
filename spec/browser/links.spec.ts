/** The page behind a link in a browser, without a script: seen on a phone, in the dark, and answered. */
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { portOf } from '../../lib/hub/hub';
import { startTestHub, type TestHub } from '../../lib/testing/test-hub';
import { describeInChromium } from './chromium';

jest.setTimeout(60_000);

describeInChromium('spec/browser/links.spec.ts', 'A link in a browser', (launch) => {
  let browser: Browser;
  let hub: TestHub;
  beforeAll(async () => {
    browser = await launch();
  }, 60_000);
  afterAll(() => browser?.close());
  afterEach(() => hub.close());

  async function linked(payload: Record<string, unknown>, type = 'tool_approval') {
    const links = {
      secret: 'a secret of at least thirty-two bytes',
      baseUrl: 'http://localhost',
    };
    hub = await startTestHub({ links, auth: { findUser: (id) => ({ id, name: 'Alice' }) } });
    const ask = { ticketId: 'INC-7', sessionId: 's', userId: 'rita', type, payload };
    const { id } = await portOf(hub.hub).hitl.request(ask);
    const link = await hub.hub.links?.create({ requestId: id, userId: 'alice' });
    return { id, url: String(link).replace('http://localhost', hub.url) };
  }

  it.each([
    ['light', 390],
    ['dark', 390],
    ['light', 1_000],
  ] as const)('fits %s at a width of %i, and is answered with a button', async (colorScheme, width) => {
    const args = { ip: '203.0.113.7', note: `a long ${'unbroken'.repeat(30)} word` };
    const grants = [{ scope: 'ticket', args: 'exact', expires_in_ms: 3_600_000 }];
    const { id, url } = await linked({ tool_name: 'block_ip', tool_args: args, editable: true, grants });
    const context = await browser.newContext({
      colorScheme,
      javaScriptEnabled: false,
      viewport: { width, height: 800 },
    });
    try {
      const page = await context.newPage();
      const trouble: string[] = [];
      page.on('console', (message) => trouble.push(message.text()));
      await page.goto(url);
      const main = await page.locator('main').boundingBox();
      expect((main?.x ?? 0) + (main?.width ?? 0)).toBeLessThanOrEqual(width);
      if (process.env.SCREENSHOTS)
        await page.screenshot({ path: join(process.env.SCREENSHOTS, `link-${colorScheme}-${width}.png`) });
      expect(await page.locator('pre').innerText()).toContain('203.0.113.7');
      await page.getByLabel('Comment').fill('Known scanner');
      await page.getByRole('button', { name: 'Approve' }).click();
      expect(await page.getByRole('heading').innerText()).toBe('It is settled: approved by Alice');
      expect(await portOf(hub.hub).hitl.get(id)).toMatchObject({ response: { comment: 'Known scanner' } });
      // The style is let in by its digest; a page that broke its own policy would say so here.
      expect(trouble).toEqual([]);
    } finally {
      await context.close();
    }
  });

  it.each([
    ['a text', { question: 'Why?' }, 'input[name=answer][type=text], textarea[name=answer]'],
    ['an option', { question: 'Which?', options: ['a', 'b'] }, 'input[type=radio]'],
  ])(
    'sends nothing for Enter in %s, only for a button',
    async (_name, payload, field) => {
      const { id, url } = await linked(payload, 'question');
      const page = await browser.newPage();
      try {
        page.setDefaultTimeout(4_000);
        await page.goto(url);
        const answer = page.locator(field).first();
        if ('options' in payload) await answer.check();
        else await answer.fill('because');
        await answer.press('Enter');
        await page.getByLabel('Comment').fill('and so');
        expect(page.url()).toBe(url);
        expect((await portOf(hub.hub).hitl.get(id)).status).toBe('pending');
        await page.getByRole('button', { name: 'Answer' }).click();
        expect((await portOf(hub.hub).hitl.get(id)).response).toMatchObject({ comment: 'and so' });
      } finally {
        await page.close();
      }
    },
    30_000,
  );

  it('asks a question with its options, and shows it again with what is missing', async () => {
    const { id, url } = await linked({ question: 'Which office?', options: ['Berlin', 'Lyon'] }, 'question');
    const page = await browser.newPage();
    try {
      await page.goto(url);
      await page.getByRole('button', { name: 'Answer' }).click();
      expect(await page.getByRole('alert').innerText()).toContain('answer');
      await page.getByLabel('Lyon').check();
      await page.getByRole('button', { name: 'Answer' }).click();
      expect((await portOf(hub.hub).hitl.get(id)).response).toEqual({ answer: 'Lyon' });
    } finally {
      await page.close();
    }
  });

  it('decides nothing by Enter, in whatever field, with a script or without', async () => {
    const payload = { question: 'Which office?', options: ['Berlin', 'Lyon'], free_text: true };
    const { id, url } = await linked(payload, 'question');
    for (const javaScriptEnabled of [true, false]) {
      const context = await browser.newContext({ javaScriptEnabled });
      try {
        const page = await context.newPage();
        let posts = 0;
        page.on('request', (each) => {
          if (each.method() === 'POST') posts += 1;
        });
        await page.goto(url);
        await page.getByLabel('Lyon').check();
        await page.keyboard.press('Enter');
        await page.getByLabel('Your own answer').fill('One');
        await page.keyboard.press('Enter');
        await page.getByLabel('Comment').fill('Two');
        await page.keyboard.press('Enter');
        await page.keyboard.type('lines');
        expect(await page.getByLabel('Comment').inputValue()).toBe('Two\nlines');
        expect(posts).toBe(0);
        expect((await portOf(hub.hub).hitl.get(id)).status).toBe('pending');
        // Of two answers neither is guessed, and nothing that was typed is lost.
        await page.getByRole('button', { name: 'Answer' }).click();
        await page.getByRole('alert').waitFor();
        expect(await page.getByLabel('Comment').inputValue()).toBe('Two\nlines');
        expect(await page.getByLabel('Lyon').isChecked()).toBe(true);
        if (process.env.SCREENSHOTS)
          await page.screenshot({ path: join(process.env.SCREENSHOTS, 'link-question.png'), fullPage: true });
      } finally {
        await context.close();
      }
    }
  });
});
