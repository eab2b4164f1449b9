import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { createDemo } from '../../examples/soc-triage/server';
import { DemoProcess } from '../examples/demo-process';
import { RunningApp } from '../examples/running-app';
import { describeInChromium } from './chromium';
import { Operator } from './operator';

jest.setTimeout(60_000);

describeInChromium('spec/browser', 'the page of the demo', (launch) => {
  let browser: Browser;
  let demo: DemoProcess;
  const operators: Operator[] = [];
  beforeAll(async () => {
    [browser, demo] = await Promise.all([launch(), DemoProcess.start()]);
  });
  afterEach(() => Promise.all(operators.splice(0).map((operator) => operator.leave())));
  afterAll(async () => {
    await browser?.close();
    await demo?.discard();
  });

  async function enter(user: string, options: Parameters<typeof Operator.enter>[3] = {}, url = demo.url) {
    const operator = await Operator.enter(browser, url, user, options);
    operators.push(operator);
    return operator;
  }

  it('shows everybody a request, and who settled it', async () => {
    const [alice, bob] = [await enter('alice'), await enter('bob')];
    await alice.say('block 203.0.113.7', 'block_ip');
    await bob.answer('Approve', 'go ahead');
    for (const { card } of [alice, bob]) {
      await card.getByText('Bob approved this: “go ahead”').waitFor();
      expect(await card.getByRole('button').count()).toBe(0);
    }
    await alice.sees('Done: 203.0.113.7 is blocked');
    expect(await bob.page.getByLabel('Who is here').getByRole('listitem').allTextContents()).toEqual([
      'AAlice',
      'BBob',
    ]);
  });

  it('tells kindly whose answer came second', async () => {
    const ticketId = 'T-1002';
    const [alice, bob] = [await enter('alice', { ticketId }), await enter('bob', { ticketId })];
    // From here on what Bob decides is late on its way to Alice.
    const late: (() => void)[] = [];
    await alice.page.routeWebSocket(/ticket/, (page) => {
      const server = page.connectToServer();
      server.onMessage((frame) => {
        const { event, re } = JSON.parse(String(frame));
        if (event === 'hitl_request_resolved' || (!re && late.length > 0)) late.push(() => page.send(frame));
        else page.send(frame);
      });
    });
    await alice.page.reload();
    await alice.isLive();
    await alice.say('block 198.51.100.23', 'block_ip');
    await bob.answer('Deny', 'a partner');
    await bob.sees('Bob denied this');
    await alice.answer('Approve');
    await alice.card.getByText('Your answer came second. Bob denied this: “a partner”.').waitFor();
    for (const deliver of late) deliver();
    await alice.sees('198.51.100.23 was not blocked');
    expect(await alice.card.getAttribute('data-status')).toBe('denied');
  });

  it('has a pending request again after a reload, and settled ones with who settled them', async () => {
    const alice = await enter('alice', { ticketId: 'T-1003' });
    await alice.say('block 192.0.2.144', 'block_ip');
    await alice.answer('Deny');
    await alice.sees('192.0.2.144 was not blocked');
    await alice.say('ask', 'How do you classify');
    await alice.page.reload();
    await alice.sees('How do you classify');
    await alice.sees('Alice denied this');
    await alice.answer('Answer');
    await alice.card.getByText('Choose an answer first.').waitFor();
    await alice.card.getByText('False positive').click();
    await alice.answer('Answer');
    await alice.card.getByText('Alice answered this: False positive').waitFor();
    await alice.sees('Noted: False positive.');
  });

  it('updates a message in place, and cancels work', async () => {
    const alice = await enter('alice', { ticketId: 'T-1004' });
    await alice.say('work 50', 'Searching the logs');
    await alice.page.getByText(/logs: ([3-9]|\d\d) of 50/).waitFor();
    expect(await alice.page.getByText('Searching the logs').count()).toBe(1);
    await alice.page
      .getByRole('listitem')
      .filter({ hasText: 'Warren is working' })
      .getByRole('button')
      .click();
    await alice.sees('Warren was cancelled');
    await alice.page.getByText('Warren is working').waitFor({ state: 'detached' });
  });

  it('can be used with the keyboard alone', async () => {
    const alice = await enter('alice', { ticketId: 'T-1005' });
    const { keyboard } = alice.page;
    await alice.say('block 203.0.113.91', 'block_ip');
    await alice.page.getByRole('button', { name: '1 waiting' }).press('Enter');
    await keyboard.press('Tab');
    await keyboard.type('seen');
    // Enter in the comment must not decide.
    for (const key of ['Enter', 'Tab', 'Tab']) await keyboard.press(key);
    expect(await alice.card.getAttribute('data-status')).toBe('pending');
    await keyboard.press('Enter');
    await alice.card.getByText('Alice approved this: “seen”').waitFor();
  });

  it('says why a ticket does not open, and when the login has ended', async () => {
    const alice = await enter('alice');
    await alice.page.evaluate("location.hash = 'T-9403'");
    await alice.sees('You have no access to this ticket.');
    await alice.page.evaluate("location.hash = 'T-404'");
    await alice.sees('There is no such ticket.');
    await alice.open('T-1001');
    await alice.page.request.post(`${demo.url}/logout`, { maxRedirects: 0 });
    await alice.sees('You are logged out.');
    await alice.page.getByRole('button', { name: 'Log in' }).click();
    await alice.sees('Choose who you are');
  });

  it('stays in the width of a phone', async () => {
    const alice = await enter('alice', { ticketId: 'T-1006', viewport: { width: 360, height: 740 } });
    await alice.say('x'.repeat(300), 'Pause the build machine');
    await alice.say('block 203.0.113.54', 'block_ip');
    const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
    expect(await alice.page.evaluate(overflow)).toBe(0);
    await alice.answer('Approve');
    await alice.sees('Alice approved this');
  });

  it('survives the server: it says that it is offline, comes back, and has lost nothing', async () => {
    const alice = await enter('alice', { ticketId: 'T-1007' });
    await alice.say('block 192.0.2.17', 'block_ip');
    await alice.card.getByRole('textbox', { name: 'Comment' }).fill('typed before');
    const before = await alice.page.locator('article').allTextContents();
    await demo.end('SIGKILL');
    await alice.sees('Connection lost');
    demo = await demo.again();
    await alice.isLive();
    await alice.sees('the server went down');
    expect(await alice.page.locator('article').count()).toBe(before.length);
    expect(await alice.card.getByRole('textbox', { name: 'Comment' }).inputValue()).toBe('typed before');
    await alice.card.getByText('nothing will be done').waitFor();
    await alice.card.getByRole('button', { name: 'Approve' }).click();
    await alice.card.getByText('Alice approved this: “typed before”').waitFor();
    await alice.card.getByText('nothing was done').waitFor();
  });

  it('shows a hostile payload as what it is, and runs none of it', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'soc-triage-'));
    const parts = createDemo(dataDir);
    const app = await RunningApp.start(parts);
    try {
      const alice = await enter('alice', {}, app.url);
      const complaints: string[] = [];
      alice.page.on('dialog', (dialog) => dialog.dismiss());
      alice.page.on('console', (message) => complaints.push(message.text()));
      const script = '<script>window.pwned = 1</script><img src=x onerror="window.pwned = 1">';
      await alice.say(script, 'Password guessing');
      const [session] = (await (await alice.page.request.get(`${app.url}/tickets/T-1001/sessions`)).json())
        .items;
      const asked = { ticketId: 'T-1001', sessionId: session.id, userId: 'mallory' };
      const { hitl } = parts.hitl.hub;
      const toolArgs = {
        [script]: script,
        link: 'javascript:window.pwned=1',
        file: 'invoice\u202Efdp.exe',
        nested: [{ '\u200b': null }],
      };
      await hitl.request({
        ...asked,
        type: 'tool_approval',
        payload: { tool_name: script, tool_args: toolArgs },
      });
      await alice.card.getByText('javascript:window.pwned=1').waitFor();
      const text = await alice.card.innerText();
      expect(text).toContain('invoice⟨U+202E⟩fdp.exe');
      expect(text).toContain('⟨U+200B⟩');
      expect(text.split(script)).toHaveLength(3);
      expect(text).toContain(JSON.stringify(script));
      expect(text).not.toMatch(/[\u202e\u200b]/);

      const options = [script, 'javascript:window.pwned=1'];
      await hitl.request({ ...asked, type: 'question', payload: { question: script, options } });
      await alice.card.getByText(script).nth(1).click();
      await alice.answer('Answer', script);
      await alice.card.getByText(`Alice answered this: ${script}`).waitFor();
      const { items } = await hitl.list({ ticketId: 'T-1001', status: 'approved' });
      expect(items[0]?.response).toEqual({ answer: script, comment: script });

      expect(await alice.page.locator('#timeline').locator('script, img, a, iframe').count()).toBe(0);
      expect(await alice.page.evaluate('window.pwned')).toBeUndefined();
      expect(complaints).toEqual([]);
    } finally {
      await app.stop();
      rmSync(dataDir, { recursive: true, force: true });
    }
  });
});
