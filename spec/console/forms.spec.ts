/** Forms of every control in a real browser: by keyboard, on a phone, under the console's policy, with what the server finds wrong at its field. */
import axe from 'axe-core';
import type { Browser, Locator } from 'playwright-core';
import { z } from 'zod';
import { portOf } from '../../lib/hub/hub';
import type { TestHub } from '../../lib/testing/test-hub';
import { describeInChromium } from '../browser/chromium';
import { kinds } from './every-control';
import { Operator } from './operator';
import { ask, stageHub } from './stage';

jest.setTimeout(60_000);

describeInChromium('spec/console', 'a form in the console', (launch) => {
  let browser: Browser;
  let hub: TestHub;
  const operators: Operator[] = [];
  beforeAll(async () => {
    [browser, hub] = await Promise.all([launch(), stageHub({ kinds })]);
    portOf(hub.hub).hitl.defineTool(
      'block_ip',
      z.strictObject({
        ip: z.ipv4(),
        hours: z.number().max(72),
        mode: z.string().default('drop'),
        why: z.string().optional(),
      }),
    );
  });
  afterEach(async () => {
    for (const operator of operators.splice(0)) {
      expect(operator.complaints).toEqual([]);
      await operator.leave();
    }
    // What a test leaves waiting would be shown in the next one.
    const { items } = await portOf(hub.hub).hitl.list({ status: 'pending' }, 200);
    for (const { id } of items) await portOf(hub.hub).hitl.cancel(id, 'the test is over');
  });
  afterAll(async () => {
    await browser?.close();
    await hub?.close();
  });

  async function open(
    id: string,
    options: Parameters<typeof Operator.enter>[3] = {},
  ): Promise<[Locator, Operator]> {
    const alice = await Operator.enter(browser, hub.url, 'alice', { at: `/requests/${id}`, ...options });
    operators.push(alice);
    const card = alice.card(id);
    await card.getByRole('button', { name: 'Approve' }).waitFor();
    return [card, alice];
  }
  const asked = async (type: string) => (await ask(hub, { type, payload: { title: 'What now?' } })).id;
  const stored = (id: string) => portOf(hub.hub).hitl.get(id);
  const approve = (card: Locator) => card.getByRole('button', { name: 'Approve' }).click();
  const group = (card: Locator, name: string) =>
    card.getByRole('group', { name: new RegExp(`^${name}`) }).first();
  const settled = (card: Locator) => card.getByText('Approved by Alice').waitFor();

  it('takes a value from every control, and the agent is given exactly these', async () => {
    const id = await asked('everything');
    const [card] = await open(id);
    await card.getByRole('textbox', { name: 'Note' }).fill('one\ntwo');
    expect(await card.getByRole('textbox', { name: 'Mode' }).inputValue()).toBe('drop');
    await card.getByRole('textbox', { name: 'Mail' }).fill('a@example.com');
    await card.getByRole('textbox', { name: 'Moment' }).fill('2027-01-31T16:30:00+02:00');
    // What is picked in the browser's calendar is written into the text.
    await card.locator('input[type=date]').fill('2027-02-28');
    expect(await card.getByRole('textbox', { name: 'Day' }).inputValue()).toBe('2027-02-28');
    await card.getByRole('textbox', { name: 'Level' }).fill('4');
    await group(card, 'Urgent').getByText('No').click();
    await group(card, 'Team').getByText('network').click();
    await card.getByRole('combobox', { name: 'Region' }).selectOption('us1');
    await group(card, 'Tags').getByText('None of these').click();
    await group(card, 'Owner').getByText('None').click();
    for (const port of ['80', '443']) {
      await card.getByRole('button', { name: 'Add Ports' }).click();
      await group(card, 'Ports').getByRole('textbox').last().fill(port);
    }
    await card.getByRole('button', { name: 'Move up Item 2, Ports' }).click();
    await card.getByRole('button', { name: 'Fill in Address' }).click();
    await card.getByRole('textbox', { name: 'Street' }).fill('Kirchweg 1');
    await card.getByRole('button', { name: 'Add Labels' }).click();
    await card.getByRole('textbox', { name: 'Name' }).fill('env');
    await card.getByRole('textbox', { name: 'env' }).fill('prod');
    await group(card, 'Action').getByText('watch').click();
    await card.getByRole('textbox', { name: 'Extra' }).fill('{"a": [1, 2]}');
    await card.getByRole('textbox', { name: 'Comment' }).fill('as agreed');
    await approve(card);
    await settled(card);
    expect((await stored(id)).response).toEqual({
      note: 'one\ntwo',
      mode: 'drop',
      mail: 'a@example.com',
      day: '2027-02-28',
      moment: '2027-01-31T16:30:00+02:00',
      level: 4,
      share: 1.5,
      urgent: false,
      team: 'network',
      region: 'us1',
      tags: [],
      owner: null,
      ports: [443, 80],
      address: { street: 'Kirchweg 1' },
      labels: { env: 'prod' },
      action: { do: 'watch' },
      extra: { a: [1, 2] },
      comment: 'as agreed',
    });
  });

  it('has the same element and the focus however long a text gets', async () => {
    const [card, alice] = await open(await asked('everything'));
    const note = card.getByRole('textbox', { name: 'Note' });
    await note.evaluate((element) => element.setAttribute('data-same', ''));
    const text = `${'d a '.repeat(30)}\nj k`;
    await note.focus();
    await alice.page.keyboard.type(text);
    expect(await note.inputValue()).toBe(text);
    expect(await note.getAttribute('data-same')).toBe('');
    expect(await note.evaluate((element) => element === document.activeElement)).toBe(true);
  });

  it('refuses what is not JSON, not exact or emptied at its field, and moves the focus there', async () => {
    const id = await asked('everything');
    const [card, alice] = await open(id);
    const says = (text: string) => card.getByText(text).waitFor();
    await card.getByRole('textbox', { name: 'Extra' }).fill('{"a": 2');
    await card.getByRole('textbox', { name: 'Level' }).fill('9007199254740993');
    await card.getByRole('textbox', { name: 'Share' }).fill('');
    await approve(card);
    await says('Is not JSON.');
    await says(
      'Cannot be carried exactly by a number: use fewer digits, or write it as a text where one is taken.',
    );
    await says('Is empty, and would be filled in with its default. Put in a value.');
    expect(
      await alice.page.evaluate(() =>
        document.activeElement?.closest('[data-path]')?.getAttribute('data-path'),
      ),
    ).toBe('note');
    await card.getByRole('textbox', { name: 'Extra' }).fill('{"a": 1, "a": 2}');
    await says('A: This key is written twice; write it once.');
    expect((await stored(id)).status).toBe('pending');
  });

  it('shows what the server finds at its field, and what has none above the buttons', async () => {
    const id = await asked('severe');
    const [card] = await open(id);
    await card.getByRole('button', { name: 'Add List' }).click();
    await card.getByRole('textbox', { name: 'X' }).fill('A1');
    await card.getByRole('textbox', { name: 'From' }).fill('3');
    await card.getByRole('textbox', { name: 'To' }).fill('2');
    await approve(card);
    const field = card.locator('[data-path="list[0].x"]');
    await field
      .locator('.hitl-issue')
      .getByText(/pattern/)
      .waitFor();
    expect(await field.getByRole('textbox').getAttribute('aria-invalid')).toBe('true');
    expect(await field.getByRole('textbox').evaluate((element) => element === document.activeElement)).toBe(
      true,
    );
    await card.getByRole('textbox', { name: 'X' }).fill('ABC');
    expect(await field.locator('.hitl-issue').count()).toBe(0);
    await approve(card);
    await card.getByRole('alert').getByText('From may not be after to.').waitFor();
    await card.getByRole('textbox', { name: 'To' }).fill('4');
    await approve(card);
    await settled(card);
    expect((await stored(id)).response).toEqual({ from: 3, to: 4, list: [{ x: 'ABC' }] });
  });

  it('sends a comment with an approval of a kind that declares none', async () => {
    const id = await asked('silent');
    const [card] = await open(id);
    await group(card, 'Ok').getByText('Yes').click();
    await card.getByRole('textbox', { name: 'Comment' }).fill('but look at it again');
    await approve(card);
    await card.getByText('Approved by Alice').waitFor();
    expect((await stored(id)).response).toEqual({ ok: true, comment: 'but look at it again' });
  });

  it('says that a comment is too long, and cuts none of it', async () => {
    const [card] = await open(await asked('everything'));
    const text = 'x'.repeat(21);
    await card.getByRole('textbox', { name: 'Comment' }).fill(text);
    await approve(card);
    await card.getByText('Has 21 characters, of which 20 are taken.').waitFor();
    expect(await card.getByRole('textbox', { name: 'Comment' }).inputValue()).toBe(text);
  });

  it('edits arguments with the defaults that the tool would be given', async () => {
    const { id } = await ask(hub, {
      payload: {
        tool_name: 'block_ip',
        tool_args: { ip: '203.0.113.7', hours: 1, why: 'a\r\nb' },
        editable: true,
      },
    });
    const [card] = await open(id);
    await card.getByRole('button', { name: 'Edit' }).click();
    expect(await card.getByRole('textbox', { name: 'mode' }).inputValue()).toBe('drop');
    await card.getByRole('textbox', { name: 'ip' }).fill('home');
    await card.getByRole('textbox', { name: 'why' }).fill('a\nb\nc');
    await approve(card);
    await card.locator('[data-path="tool_args.ip"] .hitl-issue').waitFor();
    await card.getByRole('textbox', { name: 'ip' }).fill('203.0.113.8');
    await approve(card);
    await settled(card);
    expect((await stored(id)).response).toEqual({
      tool_args: { ip: '203.0.113.8', hours: 1, mode: 'drop', why: 'a\r\nb\r\nc' },
    });
  });

  it.each([
    ['light', { viewport: { width: 1_200, height: 900 } }],
    ['dark', { viewport: { width: 1_200, height: 900 }, colorScheme: 'dark' as const }],
    ['on a phone', { viewport: { width: 360, height: 740 } }],
  ])('can be used by everybody, %s', async (_look, options) => {
    const [card, alice] = await open(await asked('everything'), options);
    for (const name of ['Add Ports', 'Fill in Address', 'Fill in Pair', 'Add Labels', 'Fill in Tree']) {
      const button = card.getByRole('button', { name });
      await button.focus();
      await alice.page.keyboard.press('Enter');
    }
    await group(card, 'Owner').getByText('Text').click();
    await group(card, 'Action').getByText('block').click();
    await approve(card);
    await card.getByText('Is required.').first().waitFor();
    await alice.page.evaluate(axe.source);
    const found = (await alice.page.evaluate(
      `axe.run('.hitl-card').then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map((node) => node.html).join(' ')))`,
    )) as string[];
    expect(found).toEqual([]);
    const beyond = await card.evaluate(
      (element) =>
        [...element.querySelectorAll('.hitl-answer-form *')].filter(
          (each) => each.getBoundingClientRect().right > document.documentElement.clientWidth + 1,
        ).length,
    );
    expect(beyond).toBe(0);
  });
});
