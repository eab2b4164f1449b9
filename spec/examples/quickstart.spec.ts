import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { createApp } from '../../examples/quickstart/app';
import { doctorCommand } from '../../lib/cli/doctor/doctor-command';
import { describeInChromium } from '../browser/chromium';
import { builtConsole } from '../console/built';
import { RunningApp } from './running-app';

jest.setTimeout(120_000);

describeInChromium('spec/examples/quickstart.spec.ts', 'the quick start', (launch) => {
  let browser: Browser;
  let app: RunningApp;
  let assets: string;
  const complaints: string[] = [];
  beforeAll(async () => {
    assets = await builtConsole();
    browser = await launch();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    complaints.length = 0;
    app = await RunningApp.start(createApp({ pages: { console: { assets } } }));
  });
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    await app.stop();
    expect(complaints).toEqual([]);
  });

  async function open(): Promise<Page> {
    const page = await (await browser.newContext({ viewport: { width: 1200, height: 800 } })).newPage();
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(app.url);
    return page;
  }

  /** For the person who looks at what a newcomer sees: `SHOTS=/tmp/shots`. */
  async function shoot(page: Page, name: string): Promise<void> {
    if (process.env.SHOTS) await page.screenshot({ path: join(process.env.SHOTS, `${name}.png`) });
  }

  it.each([
    ['Approve', 'Blocked 203.0.113.7.'],
    ['Deny', 'Not blocked: denied.'],
  ])('shows a card at once, and after %s what the agent did', async (button, said) => {
    const page = await open();
    await page.getByText('Block 203.0.113.7 for a day?').first().waitFor();
    await shoot(page, `quickstart-before-${button}`);
    await page.getByRole('button', { name: button, exact: true }).click();
    await page.getByText(said).first().waitFor();
    await shoot(page, `quickstart-after-${button}`);
  });

  it('has the card in the inbox too', async () => {
    const page = await open();
    await page.getByRole('link', { name: /Inbox/ }).click();
    await page.getByText('Block 203.0.113.7 for a day?').first().waitFor();
    await shoot(page, 'quickstart-inbox');
  });

  it('says on the page, where the app names no inbox tickets, why the inbox is empty', async () => {
    await app.stop();
    const auth = { identify: () => 'you', authorize: () => 'allow' as const };
    app = await RunningApp.start(createApp({ auth, pages: { console: { assets } } }));
    const page = await open();
    await page.getByText('Block 203.0.113.7 for a day?').first().waitFor();
    await page.getByRole('link', { name: /Inbox/ }).click();
    await page.getByText(/does not say which tickets belong in your inbox/).waitFor();
    await shoot(page, 'no-inbox-tickets');
  });

  it('is well, says the doctor', async () => {
    const lines: string[] = [];
    await doctorCommand([`${app.url}/soc`, '--ticket', 'T-1'], (line) => lines.push(line));
    expect(lines.at(-1)).toBe('All is well.');
  });
});

it('fits on one screen', () => {
  const source = readFileSync(join(__dirname, '../../examples/quickstart/app.ts'), 'utf8');
  expect(source.trimEnd().split('\n').length).toBeLessThanOrEqual(50);
});
