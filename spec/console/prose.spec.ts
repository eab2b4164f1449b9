/** Prose typed into every kind of field while others change what is on the page, by chance: it stays text, and only the press at the end decides. */
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Browser, Locator, Page } from 'playwright-core';
import { z } from 'zod';
import { HubError } from '../../lib/errors';
import { portOf } from '../../lib/hub/hub';
import { defineKind } from '../../lib/index';
import type { RequestRecord } from '../../lib/protocol/records';
import type { TestHub } from '../../lib/testing/test-hub';
import { describeInChromium } from '../browser/chromium';
import { seed } from '../seed';
import { Operator } from './operator';
import { ask, stageHub } from './stage';

jest.setTimeout(180_000);

/** Characters typed into each field, and how often; `PROSE=2000` is the long form. */
const length = Number(process.env.PROSE ?? 150);
const rounds = Number(process.env.PROSE_ROUNDS ?? 1);

const bob = { id: 'bob', name: 'Bob' };
/** Every key that was ever a shortcut comes often. */
const signs = 'jkadxoecg/?123  jkad just add a backup, then it is fine;  \nAE.!';

describeInChromium('spec/console/prose.spec.ts', 'prose', (launch) => {
  let browser: Browser;
  let hub: TestHub;
  let alice: Operator;
  let page: Page;
  let chance: () => number;
  beforeAll(async () => {
    const script = await appScript();
    [browser, hub] = await Promise.all([
      launch(),
      stageHub({
        limits: { frames: false },
        kinds: {
          report: defineKind({
            payload: z.looseObject({ title: z.string() }),
            response: z.strictObject({
              summary: z.string().max(4_000),
              host: z.string().max(4_000).optional(),
            }),
          }),
        },
        app: (app) => {
          app.get('/', (_req, res) => void res.type('html').send(appHtml));
          app.get('/page.js', (_req, res) => void res.type('js').send(script));
        },
      }),
    ]);
    portOf(hub.hub).hitl.defineTool('block_ip', z.object({ ip: z.string(), note: z.string().optional() }));
  }, 120_000);
  afterEach(async () => {
    await alice?.leave();
    const { items } = await portOf(hub.hub).hitl.list({ status: 'pending' }, 200);
    for (const { id } of items) await portOf(hub.hub).hitl.cancel(id, 'the test is over');
  });
  afterAll(async () => {
    await browser?.close();
    await hub?.close();
  });

  /** Those that Alice did decide. */
  const pressed = new Set<string>();
  const pick = <T>(all: readonly T[]): T => all[Math.floor(chance() * all.length)] as T;

  /** What others do to a request, and what happens to the page. */
  function happenings({ id }: RequestRecord, { settles = true } = {}): (() => Promise<unknown>)[] {
    const hitl = portOf(hub.hub).hitl;
    const always = [
      () => ask(hub, { ticketId: pick(['T-1', 'T-2']) }),
      async () => hub.hub.clients.disconnect({ userId: 'alice', code: 'restart' }),
      () => page.setViewportSize({ width: pick([500, 700, 1_280]), height: 800 }),
      async () => {
        const { items } = await hitl.list({ status: 'pending' }, 50);
        const other = items.find((each) => each.id !== id);
        if (other) await hitl.respond(other.id, { by: bob, status: 'denied' });
      },
    ];
    if (!settles) return always;
    return [
      ...always,
      async () => hitl.respond(id, { by: bob, status: 'denied', revision: (await hitl.get(id)).revision }),
      () => hitl.cancel(id, 'no longer needed'),
      () => hitl.claim(id, bob),
      async () => {
        const { payload } = await hitl.get(id);
        const args = Object(payload.tool_args);
        await hitl.amend(
          id,
          payload.tool_name === undefined
            ? { ...payload, title: `What happened at ${chance()}?` }
            : { ...payload, tool_args: { ...args, ip: `10.0.0.${Math.floor(chance() * 250)}` } },
        );
      },
    ];
  }

  /** Types as a person does who looks at nothing but their words. */
  async function type(happenings: readonly (() => Promise<unknown>)[]): Promise<string> {
    let text = '';
    while (text.length < length) {
      const chunk = Array.from({ length: 1 + Math.floor(chance() * 24) }, () => pick([...signs])).join('');
      const happening = chance() < 0.4 ? pick(happenings)() : undefined;
      // What comes too late or is claimed by another person is refused, as it should be.
      const happened = happening?.catch((error: unknown) => {
        if (!(error instanceof HubError)) throw error;
      });
      await page.keyboard.type(chunk);
      await happened;
      text += chunk;
    }
    return text;
  }

  /** Everything that the page says was written: in fields, as not sent, and as typed on when the field was gone. */
  const written = (field: Locator) =>
    field.evaluateAll((fields) =>
      [
        ...fields.map((each) =>
          each instanceof HTMLElement && 'value' in each ? String(each.value) : each.textContent,
        ),
        ...[
          ...document.querySelectorAll('.hitl-gone blockquote, .hitl-not-sent dd, .hitl-not-sent .hitl-tree'),
        ].map((each) => each.textContent),
      ].map((each) => each ?? ''),
    );
  const words = (text: string) => text.replace(/\s+/g, ' ').trim();
  const letters = (text: string) => text.replace(/\s+/g, '');

  async function expectNothingDecided() {
    for (const ticketId of ['T-1', 'T-2', 'T-3']) {
      for await (const { by, event, requestId } of portOf(hub.hub).hitl.audit({ ticketId })) {
        if (by?.userId === 'alice' && !pressed.has(requestId))
          expect(event).toMatch(/^(claimed|released|lease_ended)$/);
      }
    }
  }

  interface Kind {
    name: string;
    request?: Parameters<typeof ask>[1];
    /** Puts the cursor where one writes. */
    begin(request: RequestRecord): Promise<Locator>;
    settles?: boolean;
    /** A field of one line takes no line breaks. */
    isLine?: boolean;
  }
  const comment = (id: string) => alice.card(id).getByRole('textbox', { name: 'Comment' });
  const kinds: readonly Kind[] = [
    { name: 'a comment', begin: async ({ id }) => comment(id) },
    {
      name: 'a free answer',
      request: { type: 'question', payload: { question: 'Why?', options: ['a', 'd'], free_text: true } },
      begin: async ({ id }) => {
        await alice.card(id).getByText('Something else').click();
        return alice.card(id).getByRole('textbox', { name: 'Your answer' });
      },
    },
    {
      name: 'a generated field',
      isLine: true,
      request: { type: 'report', payload: { title: 'What happened?' } },
      begin: async ({ id }) => alice.card(id).getByRole('textbox', { name: 'Summary' }),
    },
    {
      name: 'an edited argument',
      isLine: true,
      request: {
        payload: { tool_name: 'block_ip', tool_args: { ip: '203.0.113.7', note: '' }, editable: true },
      },
      begin: async ({ id }) => {
        await alice.card(id).getByRole('button', { name: 'Edit' }).click();
        return alice.card(id).getByRole('textbox', { name: 'note' });
      },
    },
    { name: 'the search', isLine: true, begin: async () => page.getByRole('searchbox') },
    {
      name: 'a comment on several at once',
      settles: false,
      begin: async ({ id }) => {
        const other = await ask(hub);
        for (const each of [id, other.id]) await (await alice.drawnRow(each)).getByRole('checkbox').check();
        return page.locator('.hitl-bulk textarea');
      },
    },
  ];

  for (let round = 0; round < rounds; round += 1) {
    it.each(kinds)(
      `stays text in $name, and what was written is there word for word (${round})`,
      async (kind) => {
        chance = chanceOf(`${seed} ${round} ${kind.name}`);
        const request = await ask(hub, {
          policy: { claim: pick(['exclusive', 'courtesy'] as const) },
          ...kind.request,
        });
        const others = [await ask(hub), await ask(hub, { ticketId: 'T-2' })];
        alice = await Operator.enter(browser, hub.url, 'alice', { at: `/requests/${request.id}` });
        page = alice.page;
        await alice.card(request.id).waitFor();
        const field = await kind.begin(request);
        await field.click();
        const { hash } = new URL(page.url());
        const prose = await type(happenings(request, kind));
        const read = kind.isLine ? letters : words;
        expect((await written(field)).map(read)).toContainEqual(expect.stringContaining(read(prose)));
        expect(new URL(page.url()).hash).toBe(hash);
        await expectNothingDecided();
        for (const { id } of others) expect((await portOf(hub.hub).hitl.get(id)).claim).toBeUndefined();
        expect(alice.complaints.filter((each) => !/409|WebSocket/.test(each))).toEqual([]);
      },
    );
  }

  it('is sent with the one press at the end, on the button that the focus was moved to', async () => {
    chance = chanceOf(`${seed} press`);
    const request = await ask(hub);
    alice = await Operator.enter(browser, hub.url, 'alice', { at: `/requests/${request.id}` });
    page = alice.page;
    await comment(request.id).click();
    const prose = await type(happenings(request, { settles: false }));
    await expectNothingDecided();
    await page.keyboard.press('Control+Enter');
    expect((await portOf(hub.hub).hitl.get(request.id)).status).toBe('pending');
    pressed.add(request.id);
    await page.keyboard.press('Enter');
    // An answer waits for the connection, which may be away for as long as a client's longest wait.
    await alice.row(request.id).waitFor({ state: 'detached', timeout: 90_000 });
    expect(await portOf(hub.hub).hitl.get(request.id)).toMatchObject({
      status: 'approved',
      respondedBy: { userId: 'alice' },
      response: { comment: prose },
    });
    const decided: string[] = [];
    for await (const { by, event, requestId } of portOf(hub.hub).hitl.audit({ ticketId: 'T-1' })) {
      if (by?.userId === 'alice' && event === 'responded') decided.push(requestId);
    }
    expect(decided).toEqual([request.id]);
  });

  it('of a message is said and left in the field, and decides nothing', async () => {
    chance = chanceOf(`${seed} message`);
    const request = await ask(hub, { ticketId: 'T-3' });
    alice = await Operator.enter(browser, hub.url, 'alice', { at: '/tickets/T-3' });
    page = alice.page;
    const field = page.getByRole('textbox', { name: 'Message' });
    await field.click();
    const prose = await type(happenings(request));
    await page.reload();
    const [last, ...lines] = prose.split('\n').reverse();
    if (letters(last ?? '') !== '')
      await page.locator('.hitl-composer [data-text]:not([data-text=" "])').waitFor();
    expect(letters(await field.inputValue())).toBe(letters(last ?? ''));
    // Each line but the last was sent, and is said or offered again.
    const answer = await fetch(`${hub.url}/tickets/T-3/timeline?limit=500`, {
      headers: { cookie: 'user=alice' },
    });
    const { items } = (await answer.json()) as {
      items: { message?: { author?: { user_id: string }; content: string } }[];
    };
    const said = items.flatMap(({ message }) =>
      message?.author?.user_id === 'alice' ? [message.content] : [],
    );
    const offered = await page.locator('.hitl-sending li').allInnerTexts();
    for (const line of lines.filter((each) => letters(each) !== '')) {
      expect([...said, ...offered].map(letters)).toContainEqual(expect.stringContaining(letters(line)));
    }
    await expectNothingDecided();
  });

  it.each([
    ['#rich', 'a rich text'],
    ['#shadow #inner', 'a field in a shadow tree'],
    ['#frame', 'a field in a document of its own'],
  ])('in %s of the app beside the parts is none of theirs, also when that has gone', async (selector) => {
    chance = chanceOf(`${seed} ${selector}`);
    const request = await ask(hub);
    await ask(hub);
    alice = await Operator.at(browser, new URL(hub.url).origin, 'alice');
    page = alice.page;
    await page.locator('.hitl-inbox[data-wide]').waitFor();
    await page.getByRole('list', { name: '2 requests that wait' }).waitFor();
    await alice.open(request.id);
    await alice.card(request.id).waitFor({ timeout: 90_000 });
    const field =
      selector === '#frame' ? page.frameLocator(selector).locator('#inner') : page.locator(selector);
    await field.click();
    const prose = await type(happenings(request));
    // Where its lines end is for the field to say.
    expect(letters((await field.textContent()) ?? '')).toBe(letters(prose));
    await page.evaluate(`document.querySelector('${selector.split(' ')[0]}').remove()`);
    await type(happenings(request));
    expect(await page.locator('[data-row][data-selected]').count()).toBeLessThanOrEqual(1);
    await alice.card(request.id).waitFor();
    await expectNothingDecided();
  });
});

/** The same numbers from 0 to 1 for the same name. */
function chanceOf(name: string): () => number {
  let state = [...name].reduce((sum, sign) => Math.imul(sum ^ sign.charCodeAt(0), 16_777_619), 2_166_136_261);
  return () => {
    state = Math.imul(state ^ (state >>> 15), 2_246_822_519) + 0x9e3779b9;
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
  };
}

const appHtml =
  '<!doctype html><title>soc</title><link rel="icon" href="data:,"><div id="place"></div><script src="/page.js"></script>';

async function appScript(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(__dirname, 'app-page.tsx')],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
  });
  return outputFiles.map(({ text }) => text).join();
}
