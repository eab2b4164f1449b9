import type { Browser, Page } from 'playwright-core';
import { startTestHub, type TestHub } from '../../lib/testing';
import { describeInChromium } from './chromium';

jest.setTimeout(60_000);

describeInChromium('spec/browser', 'the page of the live charts', (launch) => {
  let browser: Browser;
  let hub: TestHub;
  let page: Page;
  const faults: string[] = [];

  beforeAll(async () => {
    browser = await launch();
    hub = await startTestHub({
      mount: '/soc',
      pages: { charts: { maySee: () => true } },
      agent: async (turn) => {
        const approval = {
          tool: '<b>block_ip</b>',
          args: { ip: '203.0.113.7' },
          policy: { approvals: 2 },
        };
        await turn.approve(approval);
      },
    });
  });
  beforeEach(async () => {
    page = await browser.newPage();
    page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
    page.on('pageerror', (error) => faults.push(String(error)));
  });
  afterEach(async () => {
    await page.close();
    expect(faults.splice(0)).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    await hub.close();
  });

  /** The ids of what is marked in the picture. */
  async function marked(): Promise<{ states: string[]; transitions: string[] }> {
    return page.locator('#chart').evaluate((element) => {
      const picture = (element as HTMLObjectElement).contentDocument;
      const active = [...(picture?.querySelectorAll('.active') ?? [])];
      // An arrow may stand for several transitions; their labels distinguish them.
      const labels = active.filter(({ tagName }) => tagName === 'text');
      const transitions = labels.flatMap((each) => each.getAttribute('data-transition')?.split(' ') ?? []);
      return {
        states: active.map(({ id }) => id).filter(Boolean),
        transitions: [...new Set(transitions)],
      };
    });
  }

  async function pending(ticketId: string) {
    const [alice, ben] = [
      await hub.connect({ user: 'alice', ticketId }),
      await hub.connect({ user: 'ben', ticketId }),
    ];
    alice.send({ type: 'message', id: `m-${ticketId}`, content: 'block it' });
    const { hitl } = await ben.next('hitl_request_pending');
    return { alice, ben, id: hitl.id };
  }

  it('marks where a request is, follows it while it moves, and steps back through what it has done', async () => {
    const { alice, ben, id } = await pending('T-follow');
    await page.goto(`${hub.url}/charts/`);
    await page.locator('#requests').getByRole('button', { name: '<b>block_ip</b>' }).click();
    await page.getByText('1 of 1').waitFor();
    expect(await marked()).toEqual({
      states: ['hitlRequest.pending', 'hitlRequest.pending.open'],
      transitions: [],
    });

    const verdict = { type: 'hitl_respond', request_id: id, revision: 1, status: 'approved' };
    await ben.ask({ ...verdict, id: 'r-1' });
    await page.getByText('2 of 2').waitFor();
    await alice.ask({ ...verdict, id: 'r-2' });
    await page.getByText('3 of 3').waitFor();
    const end = await marked();
    expect(end.states).toContain('hitlRequest.resolved.approved');
    expect(end.transitions).toEqual([expect.stringMatching(/^hitlRequest\.pending:respond:\d+$/)]);

    await page.keyboard.press('Home');
    await page.getByText('1 of 3').waitFor();
    expect((await marked()).states).toEqual(['hitlRequest.pending', 'hitlRequest.pending.open']);
    await page.keyboard.press('ArrowRight');
    await page.getByText('2 of 3').waitFor();
    await page.getByRole('button', { name: 'Live' }).click();
    await page.getByText('3 of 3').waitFor();
    expect(await marked()).toEqual(end);
  });

  it('shows people coming into a ticket', async () => {
    const { ben } = await pending('T-people');
    await page.goto(`${hub.url}/charts/#ticket/T-people/T-people`);
    await page.getByText('no steps yet').waitFor();
    await hub.connect({ user: 'carol', ticketId: 'T-people' });
    await page.locator('#steps').getByRole('button', { name: 'join' }).waitFor();
    expect((await marked()).states).toEqual(['ticket.active']);
    await ben.close();
    await page.locator('#steps').getByRole('button', { name: 'leave' }).waitFor();
  });

  it('comes back by itself after a restart, and knows then what it knew', async () => {
    const { id } = await pending('T-restart');
    await page.goto(`${hub.url}/charts/#hitlRequest/${id}/T-restart`);
    await page.getByText('1 of 1').waitFor();
    expect(await page.locator('#title').textContent()).toBe('<b>block_ip</b>');
    await page.reload();
    await page.getByText('1 of 1').waitFor();
    expect((await marked()).states).toEqual(['hitlRequest.pending', 'hitlRequest.pending.open']);
  });
});
