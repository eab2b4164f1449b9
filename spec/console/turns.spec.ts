/** Turns in the console that outlive their process: what they wait for, why they are stuck, and what people do about them. */
import { readFileSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { durable } from '../../lib/index';
import type { TurnRecord } from '../../lib/protocol/records';
import type { TestHub } from '../../lib/testing/test-hub';
import { describeInChromium } from '../browser/chromium';
import { putTurn, stuck } from '../transport/put-turn';
import { passUntil, startStuckHub } from '../transport/stuck-hub';
import { Operator } from './operator';
import { ask, stageAgent, stageHub } from './stage';

jest.setTimeout(60_000);

const day = 24 * 60 * 60 * 1_000;

describeInChromium('spec/console', 'turns in the console', (launch) => {
  let browser: Browser;
  let hub: TestHub;
  const operators: Operator[] = [];
  beforeAll(async () => {
    [browser, hub] = await Promise.all([
      launch(),
      stageHub({
        agent: stageAgent,
        agentName: { id: 'warren', name: 'Warren' },
        rules: { mayCancelTurn: ({ user }) => user.id !== 'bob' },
      }),
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
  const line = ({ page }: Operator, { id }: TurnRecord) => page.locator(`[data-turn="${id}"]`);

  /** One that has waited two days for a request of its own, before whatever is said then. */
  async function waiting(ticketId: string): Promise<{ turn: TurnRecord; requestId: string }> {
    const since = Date.now() - 2 * day;
    const place = { ticketId, intent: 'isolate ws-17', queuedAt: since, startedAt: since };
    const { id } = await putTurn(hub.store, place);
    const request = await ask(hub, {
      ticketId,
      turnId: id,
      payload: { tool_name: 'isolate_host', tool_args: { host: 'ws-17' } },
      detached: false,
    });
    const turn = await putTurn(hub.store, {
      ...{ ...place, id },
      waitsFor: { since, requestIds: [request.id] },
    });
    return { turn, requestId: request.id };
  }

  it('says what one waits for and since when, without a spinner, and leads to the card', async () => {
    const { turn, requestId } = await waiting('T-20');
    const bob = await hub.connect({ ticketId: 'T-20', user: null, headers: { cookie: 'user=bob' } });
    await bob.ask({ type: 'message', content: 'many 300' });
    await bob.next('turn_ended');
    const alice = await enter('alice', { at: '/tickets/T-20' });
    const weekday = new Date(Date.now() - 2 * day).toLocaleDateString('en-GB', {
      weekday: 'short',
      timeZone: 'UTC',
    });
    const waits = line(alice, turn);
    await waits.getByText(`Warren waits for: isolate_host, since ${weekday}`).waitFor();
    expect(await waits.locator('.hitl-spinner').count()).toBe(0);
    await alice.sees('line 300');
    expect(await alice.card(requestId).count()).toBe(0);
    await waits.getByRole('button', { name: 'isolate_host' }).press('Enter');
    await alice.card(requestId).getByRole('heading', { name: 'isolate_host' }).waitFor();
    await alice.page.waitForFunction(`document.activeElement?.textContent === 'isolate_host'`);
    await alice.page.keyboard.press('Control+Enter');
    await alice.page.keyboard.press('Enter');
    await alice.card(requestId).getByText('Approved by Alice').waitFor();
    await waits.getByText('waits for: 1 request').waitFor();
    expect(alice.complaints).toEqual([]);
  });

  it('says in words why one is stuck, and what was refused to whom', async () => {
    const turn = await putTurn(hub.store, { ...stuck, ticketId: 'T-21', intent: 'isolate ws-17' });
    const bob = await enter('bob', { at: '/tickets/T-21' });
    const block = line(bob, turn);
    await block.getByText('Warren is stuck: isolate ws-17').waitFor();
    await block.getByText('The code of the agent has changed').waitFor();
    await block.getByText('step:lookup#1').waitFor();
    await block.getByText('say:trace#2').waitFor();
    const refusal = block.getByText('You may not do this to the work of this ticket.');
    await block.getByRole('button', { name: 'Try again' }).click();
    await refusal.waitFor();
    await block.getByRole('button', { name: 'Start over' }).click();
    expect(await refusal.count()).toBe(1);
    await block.getByRole('button', { name: 'Really start over' }).click();
    await block.getByRole('alert').and(bob.page.locator('[data-code=not_allowed]')).waitFor();
    await block.getByRole('button', { name: 'Cancel' }).click();
    await block.getByRole('button', { name: 'Really cancel' }).click();
    await refusal.waitFor();
    expect(await hub.store.turn(turn.id)).toMatchObject({ status: 'stuck' });
  });

  it('cancels one with the keyboard alone, after it was asked, for everybody', async () => {
    const turn = await putTurn(hub.store, { ...stuck, ticketId: 'T-22' });
    const [alice, bob] = [
      await enter('alice', { at: '/tickets/T-22' }),
      await enter('bob', { at: '/tickets/T-22' }),
    ];
    const { page } = alice;
    const cancel = line(alice, turn).getByRole('button', { name: 'Cancel' });
    await cancel.focus();
    await page.keyboard.press('Enter');
    await alice.sees('It ends for good, and what it asks is withdrawn.');
    await page.keyboard.press('Escape');
    await page.waitForFunction(`document.activeElement?.textContent?.trim() === 'Cancel'`);
    await page.keyboard.press('Enter');
    await page.waitForFunction(`document.activeElement?.textContent === 'Back'`);
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter');
    await alice.sees('Warren was cancelled');
    await line(alice, turn).waitFor({ state: 'detached' });
    await line(bob, turn).waitFor({ state: 'detached' });
    expect([...alice.complaints, ...bob.complaints]).toEqual([]);
  });

  it('shows stuck ones first, three at once, and the others when asked for', async () => {
    const others = [];
    for (let n = 0; n < 4; n += 1) others.push(await putTurn(hub.store, { ticketId: 'T-23' }));
    const last = await putTurn(hub.store, { ...stuck, ticketId: 'T-23' });
    const alice = await enter('alice', { at: '/tickets/T-23' });
    const lines = alice.page.locator('[data-turn]');
    await line(alice, last).waitFor();
    const shown = () => lines.evaluateAll((all) => all.map((each) => each.getAttribute('data-turn')));
    expect(await shown()).toEqual([last, ...others.slice(0, 2)].map(({ id }) => id));
    await alice.page.getByRole('button', { name: 'Show 2 more' }).click();
    expect(await shown()).toEqual([last, ...others].map(({ id }) => id));
    await alice.page.getByRole('button', { name: 'Show fewer' }).click();
    expect(await lines.count()).toBe(3);
  });

  it('says once and small that one goes on after a restart', async () => {
    const turn = await putTurn(hub.store, {
      ...{ ticketId: 'T-24', status: 'running', continuedAt: Date.now() },
    });
    const alice = await enter('alice', { at: '/tickets/T-24' });
    await line(alice, turn).getByText('goes on after a restart').waitFor();
    expect(await alice.page.getByText('after a restart').count()).toBe(1);
  });

  it('says on the card of an inbox that work waits for the answer, or is stuck', async () => {
    const { turn, requestId } = await waiting('T-25');
    const alice = await enter('alice', { at: `/requests/${requestId}` });
    const card = alice.card(requestId);
    await card.getByText(/The work that asked this waits for the answer, since \w+: isolate ws-17/).waitFor();
    expect(await card.getByText('No program waits').count()).toBe(0);
    const { waitsFor: _waitsFor, ...rest } = turn;
    await putTurn(hub.store, { ...rest, ...stuck });
    await alice.page.reload();
    await card.getByText('The work that asked this is stuck: an answer is stored').waitFor();
  });

  it('follows a durable turn as it waits, and on its way after the answer', async () => {
    const agent = durable(async (turn) => {
      turn.setIntent('find the host');
      const { status } = await turn.ask({ question: 'Which host?' });
      await turn.say(`It is ${status}`);
    });
    const live = await stageHub({ prepare: (hitl) => void hitl.agent(agent) });
    try {
      const alice = await Operator.enter(browser, live.url, 'alice', { at: '/tickets/T-1' });
      operators.push(alice);
      await alice.say('go');
      const bar = alice.page.getByRole('list', { name: 'Work in progress' });
      await bar.getByText('Agent waits for: Which host?, since').waitFor();
      await bar.getByRole('button', { name: 'Which host?' }).click();
      await alice.page.getByRole('textbox', { name: 'Your answer' }).fill('ws-17');
      await alice.page.getByRole('button', { name: 'Answer' }).click();
      await alice.sees('It is answered');
      await bar.waitFor({ state: 'detached' });
      expect(alice.complaints).toEqual([]);
    } finally {
      await live.close();
    }
  });

  it('tries a stuck turn again until its code fits, and then it goes on', async () => {
    const stage = await startStuckHub({ agentName: { id: 'warren', name: 'Warren' } }, stageHub);
    try {
      const alice = await Operator.enter(browser, stage.hub.url, 'alice', { at: '/tickets/T-1' });
      operators.push(alice);
      const again = alice.page.getByRole('button', { name: 'Try again' });
      const stuck = stage.next('turn.stuck');
      await again.click();
      await passUntil(stage.hub, stuck);
      await alice.sees('Warren is stuck: block the address');
      stage.deploy('april');
      await again.click();
      await alice.sees('april: approved');
      await again.waitFor({ state: 'detached' });
      expect(stage.effects).toEqual(['lookup']);
      expect(alice.complaints).toEqual([]);
    } finally {
      await stage.hub.close();
    }
  });

  it.each(['light', 'dark'] as const)(
    'axe finds nothing against it, in %s, nor is it wider than a phone',
    async (colorScheme) => {
      const ticketId = `T-26-${colorScheme}`;
      const problem = {
        ...stuck.problem,
        recorded: 'x'.repeat(300),
        instead: ['y'.repeat(300)],
      } as TurnRecord['problem'];
      const wedged = await putTurn(hub.store, { ...stuck, ticketId, ...(problem && { problem }) });
      const { turn, requestId } = await waiting(ticketId);
      const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
      const alice = await enter('alice', {
        colorScheme,
        at: `/tickets/${ticketId}`,
        viewport: { width: 360, height: 740 },
      });
      await line(alice, wedged).getByRole('button', { name: 'Start over' }).click();
      await line(alice, turn).getByText('isolate_host').waitFor();
      const findings = async () => {
        await alice.page.waitForLoadState('networkidle');
        await alice.page.evaluate(axe);
        const { violations } = (await alice.page.evaluate('axe.run()')) as {
          violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
        };
        const overflow = await alice.page.evaluate(
          'document.documentElement.scrollWidth - document.documentElement.clientWidth',
        );
        return [
          ...violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`),
          overflow,
        ];
      };
      expect(await findings()).toEqual([0]);
      await alice.page.setViewportSize({ width: 1280, height: 800 });
      await alice.page.evaluate(`location.hash = '#/requests/${requestId}'`);
      await alice.sees('The work that asked this waits for the answer');
      expect(await findings()).toEqual([0]);
    },
  );
});
