/** Links over HTTP: one person answers one request from a page without a script; the link alone lets them. */
import fc from 'fast-check';
import request from 'supertest';
import { z } from 'zod';
import { portOf } from '../../../lib/hub/hub';
import { defineKind } from '../../../lib/index';
import '../../seed';
import type { User } from '../../../lib/index';
import { startTestHub, type TestHub, type TestHubOptions } from '../../../lib/testing/test-hub';

const secret = 'a secret of at least thirty-two bytes';
const people: Record<string, User> = {
  ann: { id: 'ann', name: 'Ann <b>', groups: ['lead'] },
  bob: { id: 'bob', name: 'Bob' },
};

let hub: TestHub;
let refused = '';
afterEach(() => hub.close());

async function start(options: TestHubOptions = {}): Promise<void> {
  refused = '';
  hub = await startTestHub({
    links: { secret, baseUrl: 'https://app.example.com/soc/' },
    ...options,
    auth: {
      authorize: ({ user }) => (user.id === refused ? 'forbidden' : 'allow'),
      findUser: (id) => people[id],
      ...options.auth,
    },
  });
}

const ask = (more: object = {}) =>
  portOf(hub.hub).hitl.request({
    ticketId: 'T-1',
    sessionId: 's',
    userId: 'rita',
    type: 'tool_approval',
    payload: { tool_name: 'block_ip', tool_args: { note: '</pre><script>alert(1)</script>' } },
    ...more,
  });

async function linkFor(id: string, userId = 'ann', more: object = {}): Promise<string> {
  const link = await hub.hub.links.create({ requestId: id, userId, ...more });
  expect(link).toMatch(/^https:\/\/app\.example\.com\/soc\/hitl\/links\/[\w-]+\.[\w-]+$/);
  return String(link).replace('https://app.example.com/soc', '');
}

const open = (path: string) => request(hub.server).get(path);
const answer = (path: string, fields: Record<string, string>) =>
  request(hub.server).post(path).type('form').set('origin', 'https://mail.example').send(fields);
const statusOf = async (id: string) => (await portOf(hub.hub).hitl.get(id)).status;

test('Opening shows what is asked, escaped, under a policy that lets nothing run, and answers nothing', async () => {
  await start();
  const { id } = await ask();
  const path = await linkFor(id);
  const { text, headers } = await open(path).expect(200).expect('content-type', /html/);
  expect(text).toContain('May block_ip run?');
  expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  expect(text).toContain('Ann &lt;b&gt;');
  expect(text).not.toContain('<script');
  expect(headers['content-security-policy']).toMatch(
    /^default-src 'none'; style-src 'sha256-[\w+/=]+'; form-action 'self'/,
  );
  expect(headers).toMatchObject({
    'referrer-policy': 'no-referrer',
    'x-robots-tag': 'noindex',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  await request(hub.server).head(path).expect(200);
  expect(await statusOf(id)).toBe('pending');
});

test('The form answers as that person, which the audit records, and a second time changes nothing', async () => {
  await start();
  const { id } = await ask();
  const path = await linkFor(id);
  const bobs = await linkFor(id, 'bob');
  const { text } = await answer(path, { status: 'approved', comment: 'Go <on>' }).expect(200);
  expect(text).toContain('It is settled: approved by Ann &lt;b&gt;');
  expect(await portOf(hub.hub).hitl.get(id)).toMatchObject({
    status: 'approved',
    respondedBy: { userId: 'ann' },
    response: { comment: 'Go <on>' },
  });
  for (const each of [path, bobs]) {
    await answer(each, { status: 'denied' }).expect(409, /settled: approved by Ann/);
    await open(each).expect(200, /settled: approved by Ann/);
  }
  const { items } = await hub.store.audit({ ticketId: 'T-1', requestId: id }, 10);
  expect(items.map(({ event, via }) => [event, via])).toEqual([
    ['requested', 'app'],
    ['responded', 'link'],
  ]);
});

test('A question is answered with one of its options, and with nothing else', async () => {
  await start();
  const { id } = await ask({
    type: 'question',
    payload: { question: 'Which "office"?', options: ['Berlin', 'Lyon'] },
  });
  const path = await linkFor(id);
  await open(path).expect(200, /Which &quot;office&quot;\?[\s\S]*value="Lyon"/);
  await answer(path, { status: 'approved', answer: 'Paris' }).expect(422);
  await answer(path, { status: 'perhaps' }).expect(400, /Choose one/);
  await answer(path, { status: 'approved', answer: 'Lyon' }).expect(200);
  expect((await portOf(hub.hub).hitl.get(id)).response).toEqual({ answer: 'Lyon' });
});

test('A link to what was amended since is stale, and answers nothing', async () => {
  await start();
  const { id } = await ask();
  const path = await linkFor(id);
  await portOf(hub.hub).hitl.amend(id, { tool_name: 'block_ip', tool_args: { ip: '203.0.113.9' } });
  await open(path).expect(409, /has changed/);
  await answer(path, { status: 'approved' }).expect(409, /has changed/);
  expect(await statusOf(id)).toBe('pending');
});

test('One of several answers is counted once', async () => {
  await start();
  const { id } = await ask({ policy: { approvals: 2 } });
  const path = await linkFor(id);
  await answer(path, { status: 'approved' }).expect(200, /counted/);
  await answer(path, { status: 'approved' }).expect(200, /counted/);
  await open(path).expect(200, /counted/);
  expect((await portOf(hub.hub).hitl.get(id)).verdicts).toHaveLength(1);
});

test('An exclusive claim of another person is shown, and may be over later', async () => {
  await start();
  const { id } = await ask({ policy: { claim: 'exclusive' } });
  const path = await linkFor(id);
  await portOf(hub.hub).hitl.claim(id, { id: 'bob' });
  await answer(path, { status: 'approved' }).expect(409, /Someone else is on it/);
  await portOf(hub.hub).hitl.release(id, { id: 'bob' });
  await answer(path, { status: 'approved' }).expect(200, /settled/);
});

test('Every change of a token, an old one and one of another secret are refused alike', async () => {
  await start();
  const { id } = await ask();
  const path = await linkFor(id);
  const [body = '', signature = ''] = path.replace('/hitl/links/', '').split('.');
  const other = Buffer.from(Buffer.from(body, 'base64url').toString().replace('ann', 'bob')).toString(
    'base64url',
  );
  const flipped = signature.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'));
  for (const token of [
    `${other}.${signature}`,
    `${body}.${flipped}`,
    body,
    `${body}.`,
    `${body}.${signature}.x`,
    'x',
  ]) {
    await open(`/hitl/links/${token}`).expect(404, /does not work/);
    await answer(`/hitl/links/${token}`, { status: 'approved' }).expect(404);
  }
  const short = await linkFor(id, 'ann', { expiresIn: '1m' });
  hub.clock.advance(60_000);
  await open(short).expect(404);
  await answer(short, { status: 'approved' }).expect(404);
  expect(await statusOf(id)).toBe('pending');
});

test('The person is looked up again: a user who is gone, has lost access or may not answer changes nothing', async () => {
  await start();
  const { id } = await ask({ policy: { groups: ['lead'] } });
  const [anns, bobs, nobodys] = [await linkFor(id), await linkFor(id, 'bob'), await linkFor(id, 'carol')];
  refused = 'ann';
  await open(anns).expect(403);
  await answer(anns, { status: 'approved' }).expect(403);
  await answer(bobs, { status: 'approved' }).expect(403);
  await answer(nobodys, { status: 'approved' }).expect(403);
  expect(await statusOf(id)).toBe('pending');
});

test('A person who cannot be looked up now is asked to come back', async () => {
  await start({ auth: { findUser: () => Promise.reject(new Error('directory down')) } });
  const { id } = await ask();
  await answer(await linkFor(id), { status: 'approved' }).expect(503);
  expect(await statusOf(id)).toBe('pending');
});

test('Secrets are changed by putting the new one first; one that is too short is none', async () => {
  const links = { baseUrl: 'https://app.example.com/soc' };
  const newer = 'another secret of more than thirty-two';
  await start({ links: { ...links, secret: [newer, secret] } });
  const { id } = await ask();
  await open(await linkFor(id)).expect(200);
  for (const bad of ['short', [], [secret, 'short']])
    await expect(startTestHub({ links: { ...links, secret: bad } })).rejects.toMatchObject({
      code: 'invalid_request',
    });
});

test('Everything that is digested is on the page: fields beside the arguments, whether they may be edited, grants in words', async () => {
  await start();
  const payload = {
    tool_name: 'block_ip',
    tool_args: { ip: '203.0.113.7', tags: [], more: {}, note: '', count: '7' },
    editable: true,
    grants: [{ scope: 'ticket', args: 'exact', expires_in_ms: 5_400_000, uses: 3 }],
  };
  portOf(hub.hub).hitl.defineTool('block_ip', z.looseObject({ ip: z.string() }));
  const { id } = await ask({ payload });
  const { text } = await open(await linkFor(id)).expect(200);
  for (const shown of ['203.0.113.7', 'tags', '[]', '{}', '&quot;7&quot;', 'may be edited'])
    expect(text).toContain(shown);
  expect(text).toContain('this very call, in this ticket, for 90 minutes, 3 times');
  expect(text).toContain('Approving here gives none');
});

test('Signs that are hidden or turn the direction are named, in names, values and titles', async () => {
  await start();
  const { id } = await ask({
    payload: { tool_name: 'pay\u200b', tool_args: { 'to\u202e': 'a\u2066b' } },
  });
  const { text } = await open(await linkFor(id)).expect(200);
  for (const sign of ['U+200B', 'U+202E', 'U+2066']) expect(text).toContain(`<mark>${sign}</mark>`);
  expect(text).not.toMatch(/[\u200b\u202e\u2066]/);
});

test('Options are shown where free text is allowed too, and either is taken; both at once are asked about', async () => {
  await start();
  const payload = { question: 'Which office?', options: ['Berlin', 'Lyon'], free_text: true };
  const [one, two, three] = await Promise.all([1, 2, 3].map(() => ask({ type: 'question', payload })));
  const path = await linkFor(String(one?.id));
  await open(path).expect(200, /value="Berlin"[\s\S]*value="Lyon"[\s\S]*name="other"/);
  const both = await answer(path, { status: 'approved', answer: 'Lyon', other: 'Rome', comment: 'Mine' });
  expect(both.status).toBe(422);
  expect(both.text).toMatch(/value="Lyon" checked[\s\S]*>Rome<[\s\S]*>Mine</);
  await answer(path, { status: 'approved', answer: 'Lyon', other: '' }).expect(200);
  await answer(await linkFor(String(two?.id)), { status: 'approved', answer: '', other: 'Rome' }).expect(200);
  await answer(await linkFor(String(three?.id)), { status: 'approved', answer: 'Oslo' }).expect(200);
  const answers = await Promise.all(
    [one, two, three].map(async (each) => (await portOf(hub.hub).hitl.get(String(each?.id))).response),
  );
  expect(answers).toEqual([{ answer: 'Lyon' }, { answer: 'Rome' }, { answer: 'Oslo' }]);
});

test('A field that is sent twice is refused, since only one of the two could be taken', async () => {
  await start();
  const { id } = await ask();
  const path = await linkFor(id);
  for (const twice of ['comment=a&comment=b&status=approved', 'status=denied&status=approved']) {
    const { text } = await open(path).then(() =>
      request(hub.server)
        .post(path)
        .set('origin', 'https://mail.example')
        .type('form')
        .send(twice)
        .expect(400),
    );
    expect(text).toContain('sent twice');
  }
  expect(await statusOf(id)).toBe('pending');
});

test('Whatever is typed into a link arrives as it was typed, or it is refused and nothing has been decided', async () => {
  await start();
  // A lone surrogate has no form in UTF-8, so that no browser can send one.
  const typed = fc.string({ unit: 'grapheme', maxLength: 40 });
  const options = fc.uniqueArray(
    typed.filter((each) => each.length > 0),
    { minLength: 1, maxLength: 4 },
  );
  const browser = (text: string) => text.replaceAll(/\r\n?|\n/g, '\r\n');
  let approved = 0;
  await fc.assert(
    fc.asyncProperty(options, typed, typed, fc.boolean(), async (choices, own, comment, isOwn) => {
      const payload = { question: 'Which?', options: choices, free_text: isOwn };
      const { id } = await ask({ type: 'question', payload });
      const said = isOwn ? { other: browser(own) } : { answer: browser(String(choices[0])) };
      const { status } = await answer(await linkFor(id), {
        ...said,
        comment: browser(comment),
        status: 'approved',
      });
      const record = await portOf(hub.hub).hitl.get(id);
      if (status !== 200) return expect([status, record.status]).toEqual([422, 'pending']);
      approved += 1;
      const lines = (text: string) => text.replaceAll(/\r\n?/g, '\n');
      expect(lines(String(record.response?.answer))).toBe(lines(isOwn ? own : String(choices[0])));
      expect(record.response?.comment).toBe(comment === '' ? undefined : lines(comment));
    }),
    { numRuns: 60 },
  );
  expect(approved).toBeGreaterThan(30);
});

test('What was typed is there again after every refusal, letter by letter', async () => {
  await start();
  const comment = '\n  "Go" <on> & on\nand on';
  const field = '\n\n  &quot;Go&quot; &lt;on&gt; &amp; on\nand on</textarea>';
  const { id } = await ask({
    type: 'question',
    payload: { question: 'Why?' },
    policy: { claim: 'exclusive' },
  });
  const path = await linkFor(id);
  const sent = { comment: comment.replaceAll('\n', '\r\n') };
  expect((await answer(path, { ...sent, status: 'approved' }).expect(422)).text).toContain(field);
  expect((await answer(path, { ...sent, status: 'perhaps' }).expect(400)).text).toContain(field);
  await portOf(hub.hub).hitl.claim(id, { id: 'bob' });
  const { text } = await answer(path, { ...sent, status: 'approved', answer: 'So' }).expect(409);
  expect(text).toContain(field);
  expect(text).toMatch(/name="answer"[^>]*>So</);
  await portOf(hub.hub).hitl.release(id, { id: 'bob' });
  await answer(path, { ...sent, status: 'approved', answer: 'So\r\nit is' }).expect(200);
  expect((await portOf(hub.hub).hitl.get(id)).response).toEqual({ comment, answer: 'So\nit is' });
});

test('A comment, an option and an answer of 4,000 characters that take three bytes each fit', async () => {
  await start();
  const long = '字'.repeat(4_000);
  const { id } = await ask({ type: 'question', payload: { question: 'Why?' } });
  await answer(await linkFor(id), { status: 'approved', answer: long, comment: long }).expect(200);
  expect((await portOf(hub.hub).hitl.get(id)).response).toEqual({ answer: long, comment: long });
});

test('Where an approval has to say more than the page takes there is no Approve, and Deny stays', async () => {
  await start({
    kinds: {
      severity: defineKind({
        payload: z.looseObject({ title: z.string() }),
        response: z.strictObject({ level: z.number(), comment: z.string().optional() }),
      }),
    },
  });
  const { id } = await ask({ type: 'severity', payload: { title: 'How bad?', host: { name: 'web-1' } } });
  const path = await linkFor(id);
  const { text } = await open(path).expect(200);
  expect(text).toMatch(/cannot be approved here[\s\S]*level[\s\S]*console/);
  expect(text).toContain('web-1');
  expect(text).not.toContain('value="approved"');
  await answer(path, { status: 'approved' }).expect(422);
  await answer(path, { status: 'denied', comment: 'Not bad' }).expect(200);
  expect(await portOf(hub.hub).hitl.get(id)).toMatchObject({
    status: 'denied',
    response: { comment: 'Not bad' },
  });
});

test('Policy, deadline and what others have said are on the page', async () => {
  await start();
  const { id } = await ask({
    type: 'question',
    payload: { question: 'Open the gate?' },
    policy: { approvals: 2 },
    expiresIn: '90m',
  });
  await portOf(hub.hub).hitl.respond(id, {
    by: { id: 'bob', name: 'Bob' },
    status: 'approved',
    response: { answer: 'No', comment: 'Not yet' },
  });
  const { text } = await open(await linkFor(id)).expect(200);
  expect(text).toMatch(/takes 2 approvals[\s\S]*have to say the same/);
  expect(text).toMatch(/until 2026-01-01 01:30 UTC, 90 minutes from/);
  expect(text).toMatch(/Bob<\/bdi> approved[\s\S]*Not yet/);
});

test.each([
  [true, '203.0.113.50'],
  [false, /127\.0\.0\.1$/],
])(
  'With trust proxy %s the audit has the same address of a link, of REST and of a socket',
  async (trust, address) => {
    await start({ app: (app) => app.set('trust proxy', trust) });
    const [one, two] = [await ask(), await ask()];
    await answer(await linkFor(one.id), { status: 'approved' })
      .set('x-forwarded-for', '203.0.113.50')
      .expect(200);
    await request(hub.server)
      .post(`/hitl/requests/${two.id}/respond`)
      .set({ 'x-user': 'ann', 'x-forwarded-for': '203.0.113.50' })
      .send({ status: 'approved', revision: 1 })
      .expect(200);
    const three = await ask();
    const socket = await hub.connect({ user: 'ann', headers: { 'x-forwarded-for': '203.0.113.50' } });
    await socket.ask({ type: 'hitl_respond', request_id: three.id, revision: 1, status: 'approved' });
    socket.socket.close();
    for (const { id } of [one, two, three]) {
      const { items } = await hub.store.audit({ ticketId: 'T-1', requestId: id }, 10);
      const { from } = items.find(({ event }) => event === 'responded') ?? {};
      if (typeof address === 'string') expect(from).toBe(address);
      else expect(from).toMatch(address);
    }
  },
);
