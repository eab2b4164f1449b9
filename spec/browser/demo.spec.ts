/** The demo as `npm start` runs it, in a process that can be killed, with people in front of its console. */
import type { Browser } from 'playwright-core';
import { builtConsole } from '../console/built';
import { DemoProcess } from '../examples/demo-process';
import { describeInChromium } from './chromium';
import { Operator } from './operator';

jest.setTimeout(60_000);

describeInChromium('spec/browser', 'the demo', (launch) => {
  let browser: Browser;
  let demo: DemoProcess;
  const operators: Operator[] = [];
  beforeAll(async () => {
    const assets = await builtConsole();
    [browser, demo] = await Promise.all([launch(), DemoProcess.start({ assets })]);
  });
  afterEach(() => Promise.all(operators.splice(0).map((operator) => operator.leave())));
  afterAll(async () => {
    await browser?.close();
    await demo?.discard();
  });

  async function enter(user: string, options: Parameters<typeof Operator.enter>[3] = {}) {
    const operator = await Operator.enter(browser, demo.url, user, options);
    operators.push(operator);
    return operator;
  }

  it('lets one ask and another approve, and blocks what was approved', async () => {
    const [alice, bob] = [await enter('alice'), await enter('bob')];
    await alice.say('block 203.0.113.7', 'block_ip');
    await bob.answer('Approve', 'go ahead');
    await alice.card.getByText('Approved by Bob').waitFor();
    await alice.sees('Done: 203.0.113.7 is blocked');
  });

  it('has what waits in any ticket in the inbox of everybody', async () => {
    const [alice, bob] = [await enter('alice', { ticketId: 'T-1003' }), await enter('bob')];
    await alice.say('ask', 'How do you classify');
    await bob.open('/');
    const row = bob.page.locator('.hitl-inbox-row', { hasText: 'T-1003' });
    await row.getByText('How do you classify').waitFor();
    await row.click();
    await bob.card.getByText('False positive').click();
    await bob.card.getByRole('button', { name: 'Answer' }).click();
    await alice.sees('Noted: False positive.');
  });

  it('survives the server: it says that it is offline, comes back, and has lost nothing', async () => {
    const alice = await enter('alice', { ticketId: 'T-1007' });
    await alice.say('block 192.0.2.17', 'block_ip');
    await alice.card.getByRole('textbox', { name: 'Comment' }).fill('typed before');
    await demo.end('SIGKILL');
    await alice.sees('Connection lost.');
    demo = await demo.again();
    await alice.sees('Warren waits for');
    await alice.page.getByText('Connection lost.').waitFor({ state: 'detached' });
    expect(await alice.card.getByRole('textbox', { name: 'Comment' }).inputValue()).toBe('typed before');
    await alice.card.getByRole('button', { name: 'Approve' }).click();
    await alice.card.getByText('Approved by Alice').waitFor();
    await alice.sees('Done: 192.0.2.17 is blocked at the edge firewall. Approved by Alice');
  });

  it('shows a summary while it is written, and whole in the end', async () => {
    const alice = await enter('alice', { ticketId: 'T-1008' });
    await alice.say('What do we know?', 'T-1008, ');
    await alice.sees('Indicators: ');
  });

  it('says when the login has ended', async () => {
    const alice = await enter('alice', { ticketId: 'T-1005' });
    await alice.page.request.post(`${demo.url}/logout`, { maxRedirects: 0 });
    await alice.sees('You are signed out.');
  });
});
