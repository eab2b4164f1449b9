/** An answer that grows, in the console: drawn as it comes, with a caret, and said to screen readers twice. */
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import type { TestHub } from '../../lib/testing/test-hub';
import { describeInChromium } from '../browser/chromium';
import { Tap } from '../hub/turns/tap';
import { Operator } from './operator';
import { stageHub } from './stage';

jest.setTimeout(60_000);

describeInChromium('spec/console', 'an answer that grows in the console', (launch) => {
  let browser: Browser;
  let hub: TestHub;
  /** What the model writes, and what it does beside. */
  let [answer, steps] = [new Tap(), new Tap()];
  const operators: Operator[] = [];
  beforeAll(async () => {
    const agent = async ({ stream }: { stream: (source: Tap, options?: object) => Promise<unknown> }) => {
      await Promise.all([stream(steps, { type: 'trace' }), stream(answer)]);
    };
    [browser, hub] = await Promise.all([
      launch(),
      stageHub({
        agent: (turn) => agent({ stream: turn.stream.bind(turn) }),
        agentName: { id: 'warren', name: 'Warren' },
      }),
    ]);
  });
  beforeEach(() => {
    [answer, steps] = [new Tap(), new Tap()];
  });
  afterEach(async () => {
    for (const operator of operators.splice(0)) {
      expect(operator.complaints).toEqual([]);
      await operator.leave();
    }
  });
  afterAll(async () => {
    await browser?.close();
    await hub?.close();
  });

  async function enter(user: string, options: Parameters<typeof Operator.enter>[3]): Promise<Operator> {
    const operator = await Operator.enter(browser, hub.url, user, options);
    operators.push(operator);
    return operator;
  }
  const growing = (page: Page) => page.locator('[data-streaming][aria-busy="true"]');
  async function shoot(page: Page, name: string) {
    if (process.env.SCREENSHOTS)
      await page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}.png`) });
  }

  it.each(['light', 'dark'] as const)(
    'is read along, in %s, and joined in the middle',
    async (colorScheme) => {
      const at = `/tickets/T-grow-${colorScheme}`;
      const alice = await enter('alice', { at, colorScheme });
      await alice.say('What do we know of 203.0.113.7?');
      steps.give('Searched dns');
      answer.give('The address is a known scanner. ');
      await alice.sees('known scanner.');
      steps.give(', vpn');
      answer.give('It has tried 4,000 passwords in the last hour, ');
      await alice.sees('4,000 passwords');
      await alice.sees('Searched dns, vpn');
      expect(await growing(alice.page).count()).toBe(2);
      const note = alice.page.getByRole('status').filter({ hasText: 'Warren is writing' });
      expect(await note.count()).toBe(1);
      await shoot(alice.page, `growing-${colorScheme}`);

      const bob = await enter('bob', { at, colorScheme });
      await bob.sees('The address is a known scanner. It has tried 4,000 passwords in the last hour,');
      answer.give('all of them against one account.');
      await Promise.all([alice, bob].map((each) => each.sees('all of them against one account.')));
      steps.end();
      answer.end();
      await alice.page.getByText('Warren has finished writing').waitFor({ state: 'attached' });
      for (const { page } of [alice, bob]) {
        await growing(page).first().waitFor({ state: 'detached' });
        expect(await growing(page).count()).toBe(0);
      }
      await shoot(alice.page, `grown-${colorScheme}`);
    },
  );

  it('stays at its end while it gets longer than the screen, and leaves who has scrolled away alone', async () => {
    const alice = await enter('alice', { at: '/tickets/T-long', viewport: { width: 900, height: 600 } });
    await alice.say('Tell me all');
    steps.end();
    const isSeen = async (text: string) => {
      const line = alice.page.getByText(text);
      await line.waitFor();
      const box = await alice.page.locator('.hitl-scroll').boundingBox();
      const last = await alice.page.locator('.hitl-row').last().boundingBox();
      return box && last ? last.y + last.height <= box.y + box.height + 24 : undefined;
    };
    for (let n = 1; n <= 60; n += 1) {
      answer.give(`Line ${n} of what was found.\n`);
      if (n % 20 === 0) expect(await isSeen(`Line ${n} of`)).toBe(true);
    }
    await shoot(alice.page, 'growing-long');
    await alice.page.locator('.hitl-scroll').hover();
    await alice.page.mouse.wheel(0, -400);
    await alice.page.getByRole('button', { name: 'To the end' }).waitFor();
    const scrolled = await alice.page.locator('.hitl-scroll').evaluate((each) => each.scrollTop);
    answer.give('One more line.\n');
    await alice.page.getByText('One more line.').waitFor({ state: 'attached' });
    const later = await alice.page.locator('.hitl-scroll').evaluate((each) => each.scrollTop);
    expect(Math.abs(later - scrolled)).toBeLessThan(2);
    answer.end();
    await growing(alice.page).first().waitFor({ state: 'detached' });
  });
});
