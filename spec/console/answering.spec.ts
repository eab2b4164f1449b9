/** Requests answered in the console, by one person and by several at once, in a real browser. */
import type { Browser } from 'playwright-core';
import { z } from 'zod';
import type { RequestRecord } from '../../lib';
import { portOf } from '../../lib/hub/hub';
import type { TestHub } from '../../lib/testing/test-hub';
import { describeInChromium } from '../browser/chromium';
import { Operator } from './operator';
import { ask, stageHub } from './stage';

jest.setTimeout(60_000);

describeInChromium('spec/console', 'answering in the console', (launch) => {
  let browser: Browser;
  let hub: TestHub;
  const operators: Operator[] = [];
  beforeAll(async () => {
    [browser, hub] = await Promise.all([launch(), stageHub()]);
    portOf(hub.hub).hitl.defineTool(
      'block_ip',
      z.object({ ip: z.string(), hours: z.number().min(1).max(72) }),
    );
  });
  afterEach(async () => {
    for (const operator of operators.splice(0)) {
      expect(operator.complaints.filter((each) => !each.includes('409'))).toEqual([]);
      await operator.leave();
    }
    // What a test leaves waiting would wait in the next one's inbox.
    const { items } = await portOf(hub.hub).hitl.list({ status: 'pending' }, 200);
    for (const { id } of items) await portOf(hub.hub).hitl.cancel(id, 'the test is over');
  });
  afterAll(async () => {
    await browser?.close();
    await hub?.close();
  });

  async function enter(user: string, options: Parameters<typeof Operator.enter>[3] = {}): Promise<Operator> {
    const operator = await Operator.enter(browser, hub.url, user, options);
    operators.push(operator);
    return operator;
  }

  const stored = (id: string) => portOf(hub.hub).hitl.get(id);

  it('shows what waits, and settles it for everybody with the first answer', async () => {
    const { id } = await ask(hub);
    const [alice, bob] = [await enter('alice', { at: '/tickets/T-1' }), await enter('bob')];
    await bob.open(id);
    await bob.card(id).getByRole('textbox', { name: 'Comment' }).fill('go ahead');
    await alice.card(id).getByText('Bob is answering').waitFor();
    await bob.card(id).getByRole('button', { name: 'Approve' }).click();
    await alice.card(id).getByText('Approved by Bob').waitFor();
    await alice.card(id).getByText('go ahead').waitFor();
    await bob.row(id).waitFor({ state: 'detached' });
    expect(await stored(id)).toMatchObject({ status: 'approved', respondedBy: { userId: 'bob' } });
  });

  it('says kindly whose answer came second', async () => {
    const { id } = await ask(hub);
    const alice = await enter('alice', { at: `/requests/${id}` });
    // What others decide is late on its way to Alice.
    await alice.page.routeWebSocket(/ws/, (page) => {
      const server = page.connectToServer();
      server.onMessage((frame) => {
        const { event } = JSON.parse(String(frame));
        if (event !== 'hitl_request_resolved' && event !== 'inbox_removed') page.send(frame);
      });
    });
    await alice.page.reload();
    await alice.card(id).getByRole('button', { name: 'Approve' }).waitFor();
    await portOf(hub.hub).hitl.respond(id, { by: { id: 'bob', name: 'Bob' }, status: 'denied' });
    await alice.card(id).getByRole('button', { name: 'Approve' }).click();
    await alice
      .card(id)
      .getByText(/Bob denied this .*Your answer came second and was not counted/)
      .waitFor();
    await alice.card(id).getByText('Denied by Bob').waitFor();
    expect((await stored(id)).status).toBe('denied');
  });

  it('retains what was filled in for its request, and never shows it in another', async () => {
    const [one, two] = [await ask(hub), await ask(hub, { ticketId: 'T-2' })];
    const alice = await enter('alice');
    const comment = () => alice.page.getByRole('textbox', { name: 'Comment' });
    await alice.open(one.id);
    await comment().fill('about the first');
    await alice.open(two.id);
    await alice.card(two.id).waitFor();
    expect(await comment().inputValue()).toBe('');
    await alice.open(one.id);
    await alice.card(one.id).waitFor();
    expect(await comment().inputValue()).toBe('about the first');
  });

  it('edits arguments, finds a wrong one before it is sent, and shows what was changed', async () => {
    const args = { ip: '203.0.113.7', hours: 48 };
    const { id } = await ask(hub, { payload: { tool_name: 'block_ip', tool_args: args, editable: true } });
    const alice = await enter('alice');
    await alice.open(id);
    const card = alice.card(id);
    await card.getByRole('button', { name: 'Edit' }).click();
    await card.getByRole('textbox', { name: 'hours' }).fill('99');
    await card.getByText('Has to be at most 72.').waitFor();
    await card.getByRole('button', { name: 'Approve' }).click();
    expect((await stored(id)).status).toBe('pending');
    await card.getByRole('textbox', { name: 'hours' }).fill('12');
    await card.getByRole('button', { name: 'Approve' }).click();
    await alice.row(id).waitFor({ state: 'detached' });
    expect((await stored(id)).response).toEqual({ tool_args: { ...args, hours: 12 } });
    const bob = await enter('bob', { at: `/requests/${id}` });
    await bob.card(id).getByText('What was approved').waitFor();
    expect(await bob.card(id).locator('[data-changed]').innerText()).toMatch(/12\s*was 48/);
  });

  it('draws the form of a kind of the app’s own, and sends what it asks for', async () => {
    const { id } = await ask(hub, { type: 'severity', payload: { title: 'How severe is A-17?' } });
    const alice = await enter('alice');
    await alice.open(id);
    const card = alice.card(id);
    await card.getByRole('button', { name: 'Approve' }).click();
    await card.getByText('Is required.').first().waitFor();
    await card.getByRole('textbox', { name: 'Severity' }).fill('4');
    await card.getByText('network').click();
    await card
      .getByRole('group', { name: /Notify/ })
      .getByText('Yes')
      .click();
    await card.getByRole('button', { name: 'Approve' }).click();
    await alice.row(id).waitFor({ state: 'detached' });
    expect((await stored(id)).response).toEqual({ level: 4, team: 'network', notify: true });
  });

  it('takes an option of a question, or a text where that is allowed', async () => {
    const options = ['True positive', 'False positive'];
    const payload = { question: 'How do you classify this?', options, free_text: true };
    const [one, two] = [
      await ask(hub, { type: 'question', payload }),
      await ask(hub, { type: 'question', payload }),
    ];
    const alice = await enter('alice');
    await alice.open(one.id);
    await alice.card(one.id).getByRole('button', { name: 'Answer' }).click();
    await alice.card(one.id).getByText('Choose an answer first.').waitFor();
    await alice.card(one.id).getByText('False positive').click();
    await alice.card(one.id).getByRole('button', { name: 'Answer' }).click();
    await alice.row(one.id).waitFor({ state: 'detached' });
    await alice.open(two.id);
    await alice.card(two.id).getByText('Something else').click();
    await alice.card(two.id).getByRole('textbox', { name: 'Your answer' }).fill('A drill');
    await alice.card(two.id).getByRole('button', { name: 'Answer' }).click();
    await alice.row(two.id).waitFor({ state: 'detached' });
    expect((await stored(one.id)).response).toEqual({ answer: 'False positive' });
    expect((await stored(two.id)).response).toEqual({ answer: 'A drill' });
  });

  it('counts the answers of a quorum, and says what is still missing', async () => {
    const policy = { groups: ['analyst'], approvals: 2, excludeRequester: true };
    const { id } = await ask(hub, { policy });
    const alice = await enter('alice:analyst', { at: `/requests/${id}` });
    const bob = await enter('bob:analyst', { at: `/requests/${id}` });
    const dana = await enter('dana:analyst', { at: `/requests/${id}` });
    await dana.card(id).getByText('You asked for this, so another person has to answer.').waitFor();
    expect(await dana.card(id).getByRole('button', { name: 'Approve' }).isDisabled()).toBe(true);
    await alice.card(id).getByRole('button', { name: 'Approve' }).click();
    await bob.card(id).getByText('Alice approved').waitFor();
    await alice.card(id).getByText('You approved this. It waits for others now.').waitFor();
    await bob.card(id).getByRole('button', { name: 'Approve' }).click();
    await dana.card(id).getByText('Approved by Bob').waitFor();
    expect((await stored(id)).verdicts).toHaveLength(2);
  });

  it('says that time is up while one looks', async () => {
    const { id } = await ask(hub, { expiresIn: '2s' });
    const alice = await enter('alice', { at: `/requests/${id}` });
    await alice.card(id).getByText('Expired').first().waitFor();
    expect(await alice.card(id).getByRole('button', { name: 'Approve' }).count()).toBe(0);
  });

  it('grants what is offered if that is chosen, lists it, and takes it back', async () => {
    const payload = {
      tool_name: 'block_ip',
      tool_args: { ip: '203.0.113.7', hours: 48 },
      grants: [{ scope: 'ticket', args: 'exact', expires_in_ms: 3_600_000 }],
    };
    const { id } = await ask(hub, { payload });
    const alice = await enter('alice', { at: `/requests/${id}` });
    await alice.card(id).getByText('This very call, in this ticket, for').click();
    await alice.card(id).getByRole('button', { name: 'Approve' }).click();
    await alice.row(id).waitFor({ state: 'detached' });
    expect((await stored(id)).response).toEqual({ grant: 0 });
    await alice.page.getByRole('link', { name: 'Grants' }).click();
    await alice.page.getByRole('cell', { name: 'block_ip' }).waitFor();
    await alice.page.getByRole('button', { name: 'Take back' }).click();
    await alice.page.getByRole('button', { name: 'Really take back?' }).click();
    await alice.sees('Nothing is allowed beyond once.');
  });

  it('asks to read again what was amended under one’s eyes', async () => {
    const { id } = await ask(hub);
    const alice = await enter('alice', { at: `/requests/${id}` });
    await alice.card(id).getByRole('button', { name: 'Approve' }).waitFor();
    await portOf(hub.hub).hitl.amend(id, { tool_name: 'block_ip', tool_args: { ip: '198.51.100.1' } });
    await alice.card(id).getByText('This has changed since you looked.').waitFor();
    expect(await alice.card(id).getByRole('button', { name: 'Approve' }).isDisabled()).toBe(true);
    await alice.card(id).getByRole('button', { name: 'I have read it' }).click();
    await alice.card(id).getByRole('button', { name: 'Approve' }).click();
    await alice.card(id).getByText('Approved by Alice').waitFor();
  });

  it('answers fifty of the same tool at once, each of them once', async () => {
    const asked = await Promise.all(
      Array.from({ length: 50 }, (_, at) =>
        ask(hub, {
          ticketId: `T-${1 + (at % 3)}`,
          payload: { tool_name: 'block_ip', tool_args: { ip: `203.0.113.${at}` } },
        }),
      ),
    );
    const alice = await enter('alice');
    await alice.page.locator('.hitl-count').getByText('50').first().waitFor();
    const first = await alice.drawnRow(asked[0]?.id ?? '');
    await first.hover();
    await first.getByRole('checkbox').check();
    await alice.page.getByRole('button', { name: 'Choose all 50 block_ip' }).click();
    await alice.page.getByRole('button', { name: 'Approve 50' }).click();
    await alice.sees('Nothing waits for you.');
    const all = await Promise.all(asked.map(({ id }) => stored(id)));
    expect(
      all.every(({ status, respondedBy }) => status === 'approved' && respondedBy?.userId === 'alice'),
    ).toBe(true);
  });

  it('can be worked through with the keyboard alone', async () => {
    // Of two that were asked in the same millisecond the id says which comes first.
    const asked = [await ask(hub), await ask(hub, { ticketId: 'T-2' })];
    const [one, two] = asked.toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1)) as [
      RequestRecord,
      RequestRecord,
    ];
    const alice = await enter('alice');
    const { keyboard } = alice.page;
    await alice.card(one.id).waitFor();
    await keyboard.press('j');
    await alice.card(two.id).waitFor();
    await keyboard.press('c');
    await keyboard.type('a and d are letters here');
    // Neither a letter, nor the chord that moves to a button, decides: what is pressed there does.
    await keyboard.press('Control+Shift+Enter');
    await alice.card(two.id).locator('[data-decide=denied]:focus').waitFor();
    for (const key of ['a', 'd', '1']) await keyboard.press(key);
    expect((await stored(two.id)).status).toBe('pending');
    await keyboard.press('Enter');
    await alice.row(two.id).waitFor({ state: 'detached' });
    await alice.card(one.id).waitFor();
    await keyboard.press('Control+Enter');
    await keyboard.press('Space');
    await alice.row(one.id).waitFor({ state: 'detached' });
    expect(await stored(two.id)).toMatchObject({
      status: 'denied',
      response: { comment: 'a and d are letters here' },
    });
    expect((await stored(one.id)).status).toBe('approved');
    await keyboard.press('?');
    const help = alice.page.getByRole('dialog', { name: 'Keys' });
    await help.waitFor();
    await keyboard.press('Escape');
    await help.waitFor({ state: 'hidden' });
    await keyboard.press('/');
    await keyboard.type('nowhere');
    expect(await alice.page.getByRole('searchbox').inputValue()).toBe('nowhere');
  });

  it('shows a hostile payload as what it is, bounded, and runs none of it', async () => {
    const script = '<script>window.pwned = 1</script><img src=x onerror="window.pwned = 1">';
    const { id } = await ask(hub, {
      payload: {
        tool_name: script,
        tool_args: {
          [script]: script,
          link: 'javascript:window.pwned=1',
          file: 'invoice\u202Efdp.exe',
          nested: [{ '\u200b': null }],
          long: 'x'.repeat(250_000),
        },
      },
    });
    const alice = await enter('alice', { at: `/requests/${id}` });
    await alice.card(id).getByText('javascript:window.pwned=1').waitFor();
    const text = await alice.card(id).innerText();
    expect(text).toContain('invoiceU+202Efdp.exe');
    expect(text).toContain('U+200B');
    expect(text).not.toMatch(/[\u202e\u200b]/);
    expect(text.split(script).length).toBeGreaterThan(3);
    expect(text.length).toBeLessThan(10_000);
    expect(await alice.card(id).locator('script, img, iframe, a[href^=javascript]').count()).toBe(0);
    expect(await alice.page.evaluate('window.pwned')).toBeUndefined();
  });
});
