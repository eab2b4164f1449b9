/** Payloads that have nothing but what is decided, and what people are shown beside them. */
import { z } from 'zod';
import { portOf } from '../../../lib/hub/hub';
import { digestOf } from '../../../lib/hub/kinds/kinds';
import type { HitlRequestInput } from '../../../lib/hub/requests/ask';
import type { AuditEntry, Delivery, Outcome, RequestView, Turn, User } from '../../../lib/index';
import { defineKind } from '../../../lib/index';
import type { Display } from '../../../lib/protocol/records';
import { startTestHub, type TestHub, type TestHubOptions } from '../../../lib/testing/test-hub';
import { idle } from '../rig';

let hub: TestHub;
afterEach(() => hub.close());
const start = async (options: TestHubOptions = {}) => {
  hub = await startTestHub(options);
};
const hitl = () => portOf(hub.hub).hitl;
const bob = { id: 'bob', name: 'Bob' };
const payload = { tool_name: 'block_ip', tool_args: { ip: '203.0.113.7' } };
const display: Display = {
  title: 'Block a host',
  description: 'The scanner of last night',
  reason: '4,000 passwords in an hour',
  risk: 'high',
  links: [{ url: 'https://siem.example.com/4711', label: 'The alert' }, { url: 'http://siem.example.com/' }],
};
const ask = (input: Partial<HitlRequestInput> = {}) =>
  hitl().request({
    ticketId: 'T-1',
    sessionId: 's1',
    type: 'tool_approval',
    payload,
    userId: 'agent',
    ...input,
  });
const refusal = async (asked: Promise<unknown>) => {
  const { code, message } = await asked.then(
    () => ({ code: 'none', message: 'not refused' }),
    (error) => error,
  );
  return `${code}: ${message}`;
};
const trail = async () => {
  const entries: AuditEntry[] = [];
  for await (const entry of hitl().audit({ ticketId: 'T-1' })) entries.push(entry);
  return entries;
};

describe('A payload of a built-in kind', () => {
  const advice = 'put what is only shown into display';
  const known = 'tool_name, tool_args, editable, grants';
  const question = { question: 'Which office?' };

  test.each<[string, object, string]>([
    [
      'tool_approval',
      { ...payload, environment: 'PRODUCTION' },
      `Unrecognized key: "environment" (known: ${known}); ${advice}`,
    ],
    [
      'tool_approval',
      { ...payload, edit_able: true },
      `Unrecognized key: "edit_able"; did you mean editable? (known: ${known}); ${advice}`,
    ],
    [
      'tool_approval',
      { ...payload, grant: [] },
      `Unrecognized key: "grant"; did you mean grants? (known: ${known}); ${advice}`,
    ],
    [
      'question',
      { ...question, freeText: true },
      `Unrecognized key: "freeText"; did you mean free_text? (known: question, options, free_text); ${advice}`,
    ],
    [
      'question',
      { ...question, context: 'x' },
      `Unrecognized key: "context" (known: question, options, free_text); ${advice}`,
    ],
  ])('of %s has no field beyond those that are known: %j', async (type, beyond, message) => {
    await start();
    expect(await refusal(ask({ type, payload: { ...beyond } }))).toBe(
      `invalid_request: The content: ${message}`,
    );
    const { id } = await ask({ type, payload: type === 'question' ? question : payload });
    expect(await refusal(hitl().amend(id, { ...beyond }))).toBe(`invalid_request: The content: ${message}`);
    expect(await hitl().get(id)).toMatchObject({ revision: 1, status: 'pending' });
    expect((await hitl().list({})).items).toHaveLength(1);
  });

  test('that an older version asked with more is answered, edited, granted and run as it is', async () => {
    const schema = z.object({ ip: z.string() });
    await start();
    hitl().defineTool('block_ip', schema);
    const grants = [{ args: 'exact' as const }];
    const { id } = await ask({ payload: { ...payload, editable: true, grants } });
    const older = { environment: 'PRODUCTION' };
    await rewrite(id, older);
    const settled = await hitl().respond(id, {
      by: bob,
      status: 'approved',
      response: { tool_args: { ip: '198.51.100.1' }, grant: 0 },
    });
    const run = { ...settled.payload, tool_args: { ip: '198.51.100.1' } };
    expect(settled.approvedDigest).toBe(digestOf('tool_approval', run));
    expect((await hitl().execute(id, { runId: 'r', payload: run })).execution?.state).toBe('executing');
    // What no client shows today is not covered by it either.
    const again = await ask({
      payload: { ...payload, tool_args: { ip: '198.51.100.1' }, editable: true, grants },
    });
    expect(again.status).toBe('pending');
  });

  test('of a question that an older version asked with more is answered', async () => {
    await start();
    const { id } = await ask({ type: 'question', payload: { ...question, options: ['Berlin', 'Lyon'] } });
    await rewrite(id, { hint: 'west' });
    const answered = hitl().respond(id, { by: bob, status: 'approved', response: { answer: 'Lyon' } });
    expect((await answered).response).toEqual({ answer: 'Lyon' });
  });

  /** Puts more into the payload of a request as it is stored. */
  async function rewrite(id: string, more: object) {
    const stored = await hub.store.request(id);
    if (!stored) throw new Error('It is not there');
    const { record, snapshot, version } = structuredClone(stored);
    const whole = { ...record.payload, ...more };
    const digest = digestOf(record.type, whole);
    await hub.store.commit([
      {
        ticketId: 'T-1',
        at: 0,
        requests: [{ record: { ...record, payload: whole, digest }, snapshot, version }],
        envelopes: [],
      },
    ]);
    await hub.restart();
    hitl().defineTool('block_ip', z.object({ ip: z.string() }));
  }
});

describe('What is shown beside a payload', () => {
  test('is on the request, in its view and in the audit, frozen, and still there after a restart', async () => {
    await start({ sqlite: true });
    const given = structuredClone(display);
    const alice = await hub.connect();
    const { id, digest } = await ask({ display: given });
    Object.assign(given, { title: 'Something else' });
    expect((await alice.next('hitl_request_pending')).hitl.display).toEqual(display);
    expect(digest).toBe((await ask()).digest);
    await hub.crash();
    expect((await hitl().get(id)).display).toEqual(display);
    const { requests } = await (await hub.connect()).next('snapshot');
    expect(requests.find((each: RequestView) => each.id === id).display).toEqual(display);
    const settled = await hitl().respond(id, { by: bob, status: 'approved' });
    expect(settled.display).toEqual(display);
    expect((await hitl().execute(id, { runId: 'r', payload })).execution?.state).toBe('executing');
    const [requested, plain] = await trail();
    expect(requested).toMatchObject({ event: 'requested', display });
    expect(plain).not.toHaveProperty('display');
  });

  test('reaches the inbox and channels with the request', async () => {
    const told: object[] = [];
    const channel = { present: ({ request: view }: Delivery) => void told.push(view), settle: () => {} };
    await start({ channels: { chat: channel }, auth: { inboxTickets: () => 'all' } });
    const inbox = await hub.connectInbox({ user: 'alice' });
    await inbox.next('inbox_snapshot');
    await ask({ display });
    expect((await inbox.next('inbox_added')).hitl.display).toEqual(display);
    while (told.length === 0) await idle();
    expect(told).toMatchObject([{ display }]);
  });

  test('is accepted by approve, ask and request of a turn, and returned with the decision', async () => {
    const decisions: Outcome<{ status: string }>[] = [];
    const kinds = {
      fact: defineKind({
        payload: z.strictObject({}),
      }),
    };
    const agent = async (turn: Turn<{ kinds: typeof kinds; user: User }>) => {
      decisions.push(await turn.approve({ tool: 'block_ip', args: {}, display }));
      decisions.push(await turn.ask({ question: 'Why?', display }));
      decisions.push(await turn.request('fact', {}, { display }));
    };
    await start({ agent, kinds });
    const alice = await hub.connect();
    await alice.ask({ type: 'message', content: 'go' });
    for (const response of [{}, { answer: 'So' }, {}]) {
      const { hitl: view } = await alice.next('hitl_request_pending');
      expect(view.display).toEqual(display);
      await alice.ask({ type: 'hitl_respond', request_id: view.id, status: 'approved', response });
    }
    await alice.next('turn_ended');
    for (const { request } of decisions) {
      expect(request.display).toEqual(display);
      expect(Object.isFrozen(request.display)).toBe(true);
    }
  });

  test('may be built from the arguments of a guarded tool; where that fails no request is opened', async () => {
    let fails = false;
    const results: unknown[] = [];
    const agent = async (turn: Turn) => {
      results.push(await turn.callTool(blockIp, { ip: '203.0.113.7' }).catch((error: unknown) => error));
    };
    await start({ agent });
    const ran: object[] = [];
    const blockIp = hub.hitl.tool({
      name: 'block_ip',
      args: z.object({ ip: z.string() }),
      run: (args) => ran.push(args),
      rules: [
        {
          decide: 'ask',
          ask: {
            display: ({ ip }) => {
              if (fails) throw new Error('no title');
              return { title: `Block ${ip}` };
            },
          },
        },
      ],
    });
    const alice = await hub.connect();
    await alice.ask({ type: 'message', content: 'go' });
    const { hitl: view } = await alice.next('hitl_request_pending');
    expect(view.display).toEqual({ title: 'Block 203.0.113.7' });
    await alice.ask({ type: 'hitl_respond', request_id: view.id, status: 'approved' });
    await alice.next('turn_ended');
    expect(ran).toEqual([{ ip: '203.0.113.7' }]);
    fails = true;
    await alice.ask({ type: 'message', content: 'go' });
    await alice.next('turn_ended');
    expect(results.at(-1)).toEqual(new Error('no title'));
    expect(ran).toHaveLength(1);
    expect((await hitl().list({})).items).toHaveLength(1);
  });

  test('is not what a key compares: the existing request is left with its own', async () => {
    await start();
    const first = await ask({ key: 'k', display });
    const again = await ask({ key: 'k', display: { title: 'Another' } });
    expect(again).toMatchObject({ id: first.id, display, revision: 1 });
  });

  test.each<[string, unknown, string]>([
    [
      'an unknown field',
      { titel: 'x' },
      'display: Unrecognized key: "titel"; did you mean title? (known: title, description, reason, risk, links)',
    ],
    ['an unknown field of a link', { links: [{ URL: 'https://x.example' }] }, 'display.links.0.url'],
    [
      'another scheme',
      { links: [{ url: 'javascript:alert(1)' }] },
      'display.links.0.url: A link begins with',
    ],
    [
      'a link without one',
      { links: [{ url: '//evil.example/' }] },
      'display.links.0.url: A link begins with',
    ],
    ['a level of risk that is none', { risk: 'extreme' }, 'display.risk: '],
    ['an empty title', { title: '' }, 'display.title: '],
    ['a long title', { title: 'x'.repeat(201) }, 'display.title: '],
    ['a long description', { description: 'x'.repeat(10_001) }, 'display.description: '],
    ['a long reason', { reason: 'x'.repeat(2_001) }, 'display.reason: '],
    ['many links', { links: Array(21).fill({ url: 'https://x.example' }) }, 'display.links: '],
    ['a long link', { links: [{ url: `https://x.example/${'x'.repeat(2_000)}` }] }, 'display.links.0.url: '],
    ['something else than an object', 'Block it', 'display: '],
    ['nothing at all', null, 'display: '],
    [
      'an object that throws',
      {
        get title() {
          throw new Error('boom');
        },
      },
      'display: ',
    ],
  ])('is refused with %s', async (_what, wrong, message) => {
    await start();
    expect(await refusal(ask({ display: wrong as Display }))).toContain(`invalid_request: ${message}`);
    const { id } = await ask();
    if (wrong !== null)
      expect(await refusal(hitl().amend(id, undefined, { display: wrong as Display }))).toContain(
        `invalid_request: ${message}`,
      );
    expect(await hitl().list({})).toMatchObject({ items: [{ revision: 1 }] });
  });

  test('changes with an amendment: a new revision, whatever has changed, and earlier answers are gone', async () => {
    await start();
    const policy = { approvals: 2 };
    const { id, digest } = await ask({ display, policy });
    const answer = (revision: number, who = 'bob') =>
      hitl().respond(id, { by: { id: who }, status: 'approved', revision });
    await answer(1);
    const risky: Display = { ...display, risk: 'critical' };
    expect(await hitl().amend(id, undefined, { display: risky, by: bob, via: 'rest' })).toMatchObject({
      revision: 2,
      payload,
      digest,
      display: risky,
      verdicts: [],
    });
    expect(await refusal(answer(1, 'carol'))).toContain('stale_revision');
    await answer(2);
    const other = { ...payload, tool_args: { ip: '203.0.113.8' } };
    expect(await hitl().amend(id, other)).toMatchObject({
      revision: 3,
      payload: other,
      display: risky,
      verdicts: [],
    });
    const bare = await hitl().amend(id, payload, { display: null });
    expect(bare).toMatchObject({ revision: 4, digest });
    expect(bare.display).toBeUndefined();
    expect((await hitl().amend(id, undefined, { display: {} })).display).toBeUndefined();
    expect(await refusal(hitl().amend(id, undefined))).toContain('invalid_request: An amendment has');
    const amended = (await trail()).filter(({ event }) => event === 'amended');
    expect(
      amended.map(({ revision, display: shown, by, via }) => [revision, shown?.risk, by?.userId, via]),
    ).toEqual([
      [2, 'critical', 'bob', 'rest'],
      [3, 'critical', undefined, 'app'],
      [4, undefined, undefined, 'app'],
      [5, undefined, undefined, 'app'],
    ]);
  });

  test('an amended payload is answered by a form of its own', async () => {
    await start();
    const { id } = await ask({
      type: 'question',
      payload: { question: 'Where?', options: ['Berlin', 'Lyon'] },
    });
    const amended = await hitl().amend(id, { question: 'Where?', options: ['Oslo'] });
    expect(amended.responseSchema).toMatchObject({ properties: { answer: { enum: ['Oslo'] } } });
    const shown = await hitl().amend(id, undefined, { display });
    expect(shown.responseSchema).toEqual(amended.responseSchema);
  });
});
