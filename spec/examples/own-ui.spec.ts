import type { Browser, Page } from 'playwright-core';
import { createApp } from '../../examples/own-ui/app';
import { describeInChromium } from '../browser/chromium';
import { RunningApp } from './running-app';

jest.setTimeout(60_000);

describeInChromium('spec/examples/own-ui.spec.ts', 'the refund desk', (launch) => {
  let browser: Browser;
  let app: RunningApp;
  const paid: object[] = [];
  const complaints: string[] = [];
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    paid.length = 0;
    complaints.length = 0;
    app = await RunningApp.start(createApp((refund) => paid.push(refund)));
  });
  afterEach(async () => {
    for (const context of browser.contexts()) await context.close();
    await app.stop();
    expect(complaints).toEqual([]);
  });

  /** The desk as this person has it open. */
  async function open(user: string): Promise<Page> {
    const page = await (await browser.newContext()).newPage();
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(`${app.url}/login/${user}`);
    await page.getByText('live', { exact: true }).waitFor();
    return page;
  }
  async function say(page: Page, text: string): Promise<void> {
    await page.getByLabel('Message').fill(text);
    await page.getByRole('button', { name: 'Send' }).click();
  }
  const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();

  it('pays back what was approved, with the amount as it was changed', async () => {
    const [alice, bob] = [await open('alice'), await open('bob')];
    await say(alice, 'refund 1042');
    await bob.getByLabel('Euros').fill('450');
    await press(bob, 'Approve');
    await bob.getByText('tool_args.euros has to be at most 100').waitFor();
    expect(paid).toEqual([]);
    await bob.getByLabel('Euros').fill('45');
    await bob.getByLabel('Comment').fill('Half is fair');
    await press(bob, 'Approve');
    for (const page of [alice, bob]) {
      await page.getByText('Order 1042, € 45: approved by bob – “Half is fair”').waitFor();
      await page.getByText('€ 45 are on their way.').waitFor();
    }
    expect(paid).toEqual([{ order: '1042', euros: 45 }]);
  });

  it('shows who is there and who is writing, and separates tickets', async () => {
    const [alice, bob] = [await open('alice'), await open('bob')];
    await alice.getByLabel('Message').pressSequentially('hm');
    await bob.getByText('alice is writing…').waitFor();
    await say(alice, 'refund 1');
    await alice.getByText('Pay back order 1?').waitFor();
    await press(bob, 'Turin');
    await bob.getByText('live', { exact: true }).waitFor();
    expect(await bob.getByText('Pay back order 1?').count()).toBe(0);
    await press(bob, 'Lisbon');
    await bob.getByText('Pay back order 1?').waitFor();
  });

  it('has everything that waits in an inbox, from which one gets there', async () => {
    const [alice, bob] = [await open('alice'), await open('bob')];
    await press(alice, 'Turin');
    await say(alice, 'refund 7');
    const inbox = bob.getByRole('region', { name: 'Inbox' });
    await inbox.getByText('1 for you').waitFor();
    await inbox.getByRole('button', { name: 'refund Turin' }).click();
    await press(bob, 'Deny');
    await alice.getByText('Order 7, € 60: denied by bob').waitFor();
    await inbox.getByText('Nothing waits for you').waitFor();
  });

  it('says why something was not sent', async () => {
    const alice = await open('alice');
    await press(alice, 'Send');
    await alice.getByRole('alert').waitFor();
  });
});
