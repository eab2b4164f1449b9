/** A ticket in the console: what is said and asked, how it is announced, and what the page does without a connection. */
import { readFileSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import type { TestHub } from '../../lib/testing/test-hub';
import { describeInChromium } from '../browser/chromium';
import { Operator } from './operator';
import { ask, stageAgent, stageHub } from './stage';

jest.setTimeout(60_000);

const manyLines = 10_000;

describeInChromium('spec/console', 'a ticket in the console', (launch) => {
  let browser: Browser;
  let hub: TestHub;
  const operators: Operator[] = [];
  beforeAll(async () => {
    [browser, hub] = await Promise.all([
      launch(),
      stageHub({ agent: stageAgent, agentName: { id: 'warren', name: 'Warren' } }),
    ]);
  });
  afterEach(() => Promise.all(operators.splice(0).map((operator) => operator.leave())));
  afterAll(async () => {
    await browser?.close();
    await hub?.close();
  });

  async function enter(user: string, options: Parameters<typeof Operator.enter>[3] = {}): Promise<Operator> {
    const operator = await Operator.enter(browser, hub.url, user, options);
    operators.push(operator);
    return operator;
  }

  it('shows a request at the line it is bound to, and has both again after a reload in the middle', async () => {
    const alice = await enter('alice', { at: '/tickets/T-10' });
    await alice.say('block 203.0.113.7');
    const line = alice.page.locator('.hitl-row', { hasText: 'Looking up 203.0.113.7' });
    await line.locator('[data-request]').getByText('block_ip').waitFor();
    await alice.sees('Warren waits for an answer');
    await alice.page.reload();
    await line.getByRole('button', { name: 'Approve' }).click();
    await alice.sees('203.0.113.7: approved.');
    await alice.page.reload();
    await line.getByText('Approved by Alice').waitFor();
    expect(await alice.page.getByText('Warren waits').count()).toBe(0);
    expect(alice.complaints).toEqual([]);
  });

  it('updates a line in its place, and cancels the work', async () => {
    const alice = await enter('alice', { at: '/tickets/T-11' });
    await alice.say('work');
    await alice.sees('Searched 3 of 3 logs');
    expect(await alice.page.locator('.hitl-step').count()).toBe(1);
    await alice.page.getByRole('button', { name: 'Cancel' }).click();
    await alice.sees('Warren was cancelled');
    await alice.page.getByText('Warren is working').waitFor({ state: 'detached' });
  });

  it('shows who is here, who writes, and who is answering', async () => {
    const { id } = await ask(hub, { ticketId: 'T-12' });
    const [alice, bob] = [
      await enter('alice', { at: '/tickets/T-12' }),
      await enter('bob', { at: '/tickets/T-12' }),
    ];
    const here = alice.page.getByRole('list', { name: 'Who is here' });
    await here.getByText('Bob').waitFor({ state: 'attached' });
    await bob.page.getByRole('textbox', { name: 'Message' }).pressSequentially('hm');
    await alice.sees('Bob is typing');
    await bob.card(id).getByRole('textbox', { name: 'Comment' }).fill('let me see');
    await alice.card(id).getByText('Bob is answering').waitFor();
    await bob.leave();
    operators.splice(operators.indexOf(bob), 1);
    await here.getByText('Bob').waitFor({ state: 'detached' });
  });

  it('says that it is offline, retains what was written, and misses nothing', async () => {
    const alice = await enter('alice', { at: '/tickets/T-13' });
    const { id } = await ask(hub, { ticketId: 'T-13' });
    await alice.card(id).getByRole('textbox', { name: 'Comment' }).fill('typed before');
    await alice.page.context().setOffline(true);
    hub.hub.clients.disconnect({ userId: 'alice', code: 'restart' });
    await alice.sees('Connection lost.');
    await alice.sees('What you answer or write is sent as soon as it is back.');
    await alice.say('said while away');
    await alice.sees('Sending…');
    const bob = await hub.connect({ ticketId: 'T-13', user: null, headers: { cookie: 'user=bob' } });
    for (const content of ['one', 'two', 'three']) await bob.ask({ type: 'message', content });
    expect(await alice.page.getByText('You said: three').count()).toBe(0);
    await alice.page.context().setOffline(false);
    await alice.sees('You said: three');
    await alice.sees('You said: said while away');
    await alice.page.getByText('Connection lost.').waitFor({ state: 'detached' });
    expect(await alice.card(id).getByRole('textbox', { name: 'Comment' }).inputValue()).toBe('typed before');
  });

  it('says why a ticket does not open, and who is signed out', async () => {
    const closed = await stageHub({ auth: { authorize: () => 'forbidden' } });
    try {
      const alice = await Operator.enter(browser, closed.url, 'alice', { at: '/tickets/T-1' });
      operators.push(alice);
      await alice.sees('You have no access to this ticket.');
      await alice.page.context().clearCookies();
      await alice.page.reload();
      await alice.sees('You are signed out');
    } finally {
      await closed.close();
    }
  });

  it(`draws of ${manyLines} lines those in sight, stays where the reader is, and counts what is new`, async () => {
    const bob = await hub.connect({
      ticketId: 'T-14',
      user: null,
      headers: { cookie: 'user=bob' },
      timeoutMs: 40_000,
    });
    await bob.ask({ type: 'message', content: `many ${manyLines}` });
    await bob.next('turn_ended');
    const alice = await enter('alice', { at: '/tickets/T-14' });
    await alice.page.getByText(`line ${manyLines}`, { exact: true }).waitFor();
    const rows = alice.page.locator('.hitl-row');
    // Up and down again, a screen with every frame: what the middle one of them takes, in milliseconds.
    const scrolling = (): Promise<number> =>
      alice.page.evaluate(`(async () => {
        const box = document.querySelector('.hitl-scroll');
        const times = [];
        for (const step of [...Array(60).fill(-600), ...Array(60).fill(600)]) {
          box.scrollTop += step;
          const from = performance.now();
          await new Promise(requestAnimationFrame);
          times.push(performance.now() - from);
        }
        return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)];
      })()`);
    const ofFew = await scrolling();

    // What was before is read as one scrolls towards it.
    const known = async () => Number(await rows.last().getAttribute('aria-setsize'));
    while ((await known()) < manyLines) {
      await alice.page.evaluate(
        `document.querySelector('.hitl-scroll').scrollTop = 0; new Promise(requestAnimationFrame)`,
      );
    }
    await alice.page.getByText('This is where it begins.').waitFor();
    await alice.page.evaluate(`document.querySelector('.hitl-scroll').scrollTop = 100_000`);
    expect(await rows.count()).toBeLessThan(80);

    // However much there is, a frame costs what it cost with a twentieth of it; a busy machine is slow with either.
    expect(await scrolling()).toBeLessThan(Math.max(50, 3 * ofFew));

    await alice.page.getByRole('button', { name: 'To the end' }).click();
    await alice.page.getByText(`line ${manyLines}`, { exact: true }).waitFor();
    await alice.page.evaluate(`document.querySelector('.hitl-scroll').scrollTop -= 3000`);
    await alice.page.getByRole('button', { name: 'To the end' }).waitFor();
    await bob.ask({ type: 'message', content: 'news' });
    await alice.page.getByRole('button', { name: '2 new' }).click();
    await alice.sees('You said: news');
  }, 180_000);

  it.each(['light', 'dark'] as const)('axe finds nothing against any page, in %s', async (colorScheme) => {
    await ask(hub, { ticketId: 'T-15', expiresIn: '1h', policy: { users: ['alice', 'bob'], approvals: 2 } });
    await ask(hub, { ticketId: 'T-15', type: 'severity', payload: { title: 'How severe?' } });
    await ask(hub, {
      ticketId: 'T-15',
      type: 'question',
      payload: { question: 'Which?', options: ['a', 'b'] },
    });
    const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
    const alice = await enter('alice', { colorScheme, at: '/tickets/T-15' });
    await alice.say('plan');
    await alice.sees('1. Block the address');
    for (const at of ['/tickets/T-15', '/tickets/T-15/audit', '/grants', '/']) {
      await alice.page.evaluate(`location.hash = '#${at}'`);
      await alice.page
        .locator('.hitl-row, td, .hitl-inbox-row, .hitl-nothing, .hitl-problem')
        .first()
        .waitFor();
      await alice.page.waitForLoadState('networkidle');
      await alice.page.evaluate(axe);
      const { violations } = (await alice.page.evaluate('axe.run()')) as {
        violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
      };
      const found = violations.flatMap(({ id, nodes }) =>
        nodes.map(({ html, failureSummary }) => `${at} ${id}: ${html.slice(0, 160)} ${failureSummary}`),
      );
      expect(found).toEqual([]);
    }
  });

  it('stays in the width of a phone', async () => {
    const { id } = await ask(hub, {
      ticketId: 'T-16',
      payload: { tool_name: 'x'.repeat(200), tool_args: { ['k'.repeat(120)]: 'v'.repeat(600) } },
    });
    const alice = await enter('alice', { viewport: { width: 360, height: 740 } });
    const overflow = () =>
      alice.page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
    await alice.row(id).waitFor();
    expect(await overflow()).toBe(0);
    await (await alice.drawnRow(id)).locator('.hitl-inbox-open').click();
    await alice.card(id).waitFor();
    expect(await overflow()).toBe(0);
    await alice.page.getByRole('link', { name: 'Open ticket' }).click();
    await alice.card(id).waitFor();
    expect(await overflow()).toBe(0);
    await alice.card(id).getByRole('button', { name: 'Deny' }).click();
    await alice.card(id).getByText('Denied by Alice').waitFor();
  });
});
