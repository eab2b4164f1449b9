/** Grants, through a guarded tool in a hub: what a yes may free beside the one call, and all that it must not. */
import { z } from 'zod';
import { portOf } from '../../../lib/hub/hub';
import type { Grant, GrantOffer, RequestRecord, ToolCall, ToolRule, Turn, User } from '../../../lib/index';
import { startTestHub, type TestHub, type TestHubOptions } from '../../../lib/testing/test-hub';

type Args = { ip: string; hours?: number | undefined };

interface Call {
  tool?: 'block_ip' | 'open_ip';
  args: Args;
  callId?: string;
}

const ann = { id: 'ann', name: 'Ann', groups: ['lead'] };
const bob = { id: 'bob', name: 'Bob' };
const one = { ip: '203.0.113.1' };
const two = { ip: '203.0.113.2' };

let hub: TestHub;
afterEach(() => hub?.close());

/** A hub whose agent makes the call that a message names. */
async function start(rules: readonly ToolRule<Args>[], options: TestHubOptions = {}) {
  const ran: { tool: string; args: Args }[] = [];
  const outcomes = new Map<number, (outcome: ToolCall<string> | Error) => void>();
  let calls = 0;
  let tools: Record<string, ReturnType<typeof make>> = {};
  const make = (name: string) =>
    hub.hitl.tool({
      name,
      args: z.object({ ip: z.ipv4(), hours: z.number().optional() }),
      run: (args: Args) => {
        ran.push({ tool: name, args });
        return `did ${name} ${args.ip}`;
      },
      rules,
    });
  const agent = async (turn: Turn) => {
    const { n, tool = 'block_ip', args, callId }: Call & { n: number } = JSON.parse(turn.message.content);
    const known = tools[tool];
    if (!known) return;
    const called = turn.callTool(known, args, callId === undefined ? {} : { callId });
    const outcome = await called.catch((error: Error) => error);
    if (outcome) outcomes.get(n)?.(outcome);
  };
  const arm = () => {
    tools = { block_ip: make('block_ip'), open_ip: make('open_ip') };
  };
  hub = await startTestHub({ agent, ...options });
  arm();
  const clients = new Map<string, Awaited<ReturnType<TestHub['connect']>>>();
  const client = async (user: string, ticketId: string) => {
    const known = clients.get(`${user} ${ticketId}`) ?? (await hub.connect({ user, ticketId, tab: user }));
    clients.set(`${user} ${ticketId}`, known);
    return known;
  };
  /** What became of the call; `pending` with the request if a person is asked. */
  const call = async (what: Call, { user = 'alice', ticketId = 'T-1' } = {}) => {
    const before = new Set((await pending()).map(({ id }) => id));
    calls += 1;
    const n = calls;
    const done = new Promise<ToolCall<string> | Error>((resolve) => outcomes.set(n, resolve));
    const speaker = await client(user, ticketId);
    await speaker.ask({ type: 'message', content: JSON.stringify({ n, ...what }) });
    for (let tries = 0; tries < 1_000; tries += 1) {
      const later = new Promise<undefined>((resolve) => setImmediate(resolve, undefined));
      const outcome = await Promise.race([done, later]);
      if (outcome) return { outcome, asked: undefined, done };
      const asked = (await pending()).find(({ id, userId }) => userId === user && !before.has(id));
      if (asked) return { outcome: undefined, asked, done };
    }
    throw new Error(`Nothing came of ${JSON.stringify(what)}`);
  };
  const pending = async () => (await portOf(hub.hub).hitl.list({ status: 'pending' }, 200)).items;
  const approve = async (asked: RequestRecord | undefined, grant?: number, by: User = bob, more = {}) => {
    const response = { ...more, ...(grant !== undefined && { grant }) };
    return portOf(hub.hub).hitl.respond(String(asked?.id), { by, status: 'approved', response });
  };
  /** A call that is asked about and approved with this grant. */
  const granted = async (what: Call, grant = 0, by: User = bob, place = {}): Promise<Grant> => {
    const { asked, done } = await call(what, place);
    const { grant: given } = await approve(asked, grant, by);
    await done;
    return hub.hub.grants.get(String(given?.id));
  };
  return { ran, call, approve, granted, pending, arm, clients };
}

const asking = (grants: GrantOffer[], more: Partial<ToolRule<Args>['ask']> = {}): ToolRule<Args>[] => [
  { decide: 'ask', ask: { grants, ...more } },
];

describe('A grant', () => {
  it('lets the same call run again without asking, and each use is a request of its own', async () => {
    const test = await start(asking([{ uses: 2 }]));
    const grant = await test.granted({ args: one });
    expect(grant).toMatchObject({
      tool: 'block_ip',
      scope: 'ticket',
      ticketId: 'T-1',
      covers: 'exact',
      args: one,
      givenBy: [{ userId: 'bob', displayName: 'Bob' }],
      uses: 2,
      used: 0,
    });
    const { outcome, asked } = await test.call({ args: one });
    expect(asked).toBeUndefined();
    expect(outcome).toMatchObject({ status: 'executed', result: 'did block_ip 203.0.113.1' });
    expect(test.ran).toHaveLength(2);
    const { items } = await hub.hub.grants.uses({ grantId: grant.id });
    expect(items).toMatchObject([
      {
        status: 'approved',
        turnId: expect.any(String),
        payload: { tool_args: one },
        usedGrant: { id: grant.id, givenBy: [{ userId: 'bob' }] },
        execution: { state: 'executed' },
      },
    ]);
    expect(items[0]?.respondedBy).toBeUndefined();
    expect(await hub.hub.grants.get(grant.id)).toMatchObject({ used: 1, lastUsedAt: items[0]?.createdAt });
  });

  it('is seen by every client: in the request that gave it, in each that it approved, and when it is revoked', async () => {
    const test = await start(asking([{}]));
    const grant = await test.granted({ args: one });
    const alice = test.clients.get('alice T-1');
    expect((await alice?.next('hitl_request_resolved'))?.hitl).toMatchObject({
      status: 'approved',
      grant: { id: grant.id, scope: 'ticket', args: 'exact' },
      verdicts: [{ grant: 0 }],
    });
    await test.call({ args: one });
    const used = await alice?.next('hitl_request_resolved');
    expect(used?.hitl).toMatchObject({
      status: 'approved',
      used_grant: { id: grant.id, given_by: [{ user_id: 'bob', display_name: 'Bob' }] },
    });
    expect(alice?.all('hitl_request_pending')).toHaveLength(1);
    await hub.hub.grants.revoke({ grantId: grant.id, by: ann });
    const revoked = await alice?.next((frame) => frame.hitl?.grant?.revoked_at !== undefined);
    expect(revoked).toMatchObject({
      event: 'hitl_request_updated',
      hitl: { id: grant.requestId, grant: { revoked_by: { user_id: 'ann', display_name: 'Ann' } } },
    });
  });

  it.each<[string, GrantOffer, Call, { user?: string; ticketId?: string }, 'asked' | 'executed']>([
    ['of these arguments covers no others', {}, { args: two }, {}, 'asked'],
    [
      'of these arguments covers no others that begin the same',
      {},
      { args: { ...one, hours: 1 } },
      {},
      'asked',
    ],
    ['of any arguments covers others', { args: 'any' }, { args: two }, {}, 'executed'],
    ['of any arguments covers no other tool', { args: 'any' }, { tool: 'open_ip', args: one }, {}, 'asked'],
    ['covers a call of another person in its ticket', {}, { args: one }, { user: 'carol' }, 'executed'],
    ['of a ticket covers no other ticket', { args: 'any' }, { args: one }, { ticketId: 'T-2' }, 'asked'],
    [
      'of everywhere covers another ticket',
      { scope: 'everywhere' },
      { args: one },
      { ticketId: 'T-2' },
      'executed',
    ],
    [
      'of everywhere covers no other arguments',
      { scope: 'everywhere' },
      { args: two },
      { ticketId: 'T-2' },
      'asked',
    ],
  ])('%s', async (_what, offer, call, place, expected) => {
    const test = await start(asking([offer]));
    await test.granted({ args: one });
    const { outcome, asked } = await test.call(call, place);
    expect(asked ? 'asked' : (outcome as ToolCall<string>).status).toBe(expected);
  });

  it('frees nothing that another rule decides, though its arguments are any (docker-agent #4376)', async () => {
    const grants: GrantOffer[] = [{ args: 'any' }];
    const test = await start([
      {
        when: ({ ip }) => ip.startsWith('10.'),
        decide: 'ask',
        ask: { grants, policy: { groups: ['lead'] } },
      },
      { when: ({ ip }) => ip.startsWith('172.'), decide: 'ask', ask: { grants: [{ args: 'any', uses: 5 }] } },
      { when: ({ ip }) => ip.startsWith('192.'), decide: 'ask' },
      { when: ({ ip }) => ip.startsWith('127.'), decide: 'deny' },
      { decide: 'ask', ask: { grants } },
    ]);
    await test.granted({ args: one });
    // Stricter people, another offer, none at all: each is asked for itself.
    for (const ip of ['10.0.0.1', '172.16.0.1', '192.168.0.1'])
      expect((await test.call({ args: { ip } }, { user: ip })).asked?.payload).toMatchObject({
        tool_args: { ip },
      });
    expect((await test.call({ args: { ip: '127.0.0.1' } })).outcome).toMatchObject({ status: 'denied' });
    expect((await test.call({ args: two })).outcome).toMatchObject({ status: 'executed' });
  });

  it('is never of any arguments everywhere, for ever, or for more than 90 days', async () => {
    const offers: [GrantOffer, string][] = [
      [{ scope: 'everywhere', args: 'any' }, 'A grant of any arguments holds in one ticket only'],
      [{ expiresIn: '91d' }, 'expires_in_ms'],
      [{ uses: 0 }, 'uses'],
      [{ uses: 10_001 }, 'uses'],
      [{ uses: 1.5 }, 'uses'],
      [{ tools: '*' } as GrantOffer, 'tools'],
    ];
    for (const [offer, words] of offers) {
      const test = await start(asking([offer]));
      expect((await test.call({ args: one })).outcome).toMatchObject({
        code: 'invalid_request',
        message: expect.stringContaining(words),
      });
      await hub.close();
    }
    const test = await start(asking(Array.from({ length: 11 }, () => ({}))));
    expect((await test.call({ args: one })).outcome).toMatchObject({ code: 'invalid_request' });
  });

  it('is shown in full before it is given: what the agent left out is filled in, and is in the digest', async () => {
    const test = await start(asking([{}, { args: 'any', expiresIn: '1h', uses: 3 }]));
    const { asked } = await test.call({ args: one });
    expect(asked?.payload.grants).toEqual([
      { scope: 'ticket', args: 'exact', expires_in_ms: 86_400_000 },
      { scope: 'ticket', args: 'any', expires_in_ms: 3_600_000, uses: 3 },
    ]);
    expect(asked?.responseSchema).toMatchObject({
      properties: { grant: { type: 'integer', minimum: 0, maximum: 1 } },
    });
    await hub.close();
    const other = await start(asking([{}, { args: 'any', expiresIn: '2h', uses: 3 }]));
    expect((await other.call({ args: one })).asked?.digest).not.toBe(asked?.digest);
  });

  it.each<[string, object]>([
    ['one that is not offered', { status: 'approved', response: { grant: 1 } }],
    [
      'one that is no number',
      { status: 'approved', response: { grant: { scope: 'everywhere', args: 'any' } } },
    ],
    ['one below the first', { status: 'approved', response: { grant: -1 } }],
    ['one beside a denial', { status: 'denied', response: { grant: 0 } }],
  ])('is refused: %s', async (_what, answer) => {
    const test = await start(asking([{}]));
    const { asked } = await test.call({ args: one });
    await expect(
      portOf(hub.hub).hitl.respond(String(asked?.id), { by: bob, ...answer } as never),
    ).rejects.toMatchObject({ code: 'invalid_response' });
    expect((await hub.hub.grants.list()).items).toEqual([]);
  });

  it('is refused where none is offered', async () => {
    const test = await start([{ decide: 'ask' }]);
    const { asked } = await test.call({ args: one });
    await expect(test.approve(asked, 0)).rejects.toMatchObject({ code: 'invalid_response' });
  });

  it('is for the arguments that a human has edited, not for those that were asked about', async () => {
    const test = await start(asking([{}, { args: 'any' }], { editable: true }));
    const { asked, done } = await test.call({ args: one });
    await expect(test.approve(asked, 1, bob, { tool_args: two })).rejects.toMatchObject({
      code: 'invalid_response',
      message: expect.stringContaining('exactly these arguments only'),
    });
    await test.approve(asked, 0, bob, { tool_args: two });
    await done;
    expect(test.ran.map(({ args }) => args)).toEqual([two]);
    expect((await test.call({ args: two })).outcome).toMatchObject({ status: 'executed' });
    expect((await test.call({ args: one })).asked).toBeDefined();
  });

  it('does not arise from silence that means yes', async () => {
    const test = await start(asking([{}], { expiresIn: '1m', onExpiry: 'approved' }));
    const { done } = await test.call({ args: one });
    await hub.advance('1m');
    await done;
    expect(test.ran).toHaveLength(1);
    expect((await hub.hub.grants.list()).items).toEqual([]);
    expect((await test.call({ args: one })).asked).toBeDefined();
  });

  it('covers no more calls than it is for, and no call after its time', async () => {
    const test = await start(asking([{ uses: 1 }, { expiresIn: '1h' }]));
    await test.granted({ args: one });
    expect((await test.call({ args: one })).outcome).toMatchObject({ status: 'executed' });
    const { asked, done } = await test.call({ args: one });
    await test.approve(asked, 1);
    await done;
    await hub.advance(3_599_999);
    expect((await test.call({ args: one })).outcome).toMatchObject({ status: 'executed' });
    await hub.advance(1);
    expect((await test.call({ args: one })).asked).toBeDefined();
  });

  it('gives its last use to one of two calls that come at the same moment, and the other is asked about', async () => {
    const test = await start(asking([{ uses: 1 }]));
    const grant = await test.granted({ args: one });
    const [first, second] = await Promise.all([
      test.call({ args: one }, { user: 'alice' }),
      test.call({ args: one }, { user: 'carol' }),
    ]);
    expect([first, second].filter(({ asked }) => asked)).toHaveLength(1);
    expect(test.ran).toHaveLength(2);
    expect(await hub.hub.grants.get(grant.id)).toMatchObject({ used: 1 });
    expect((await hub.hub.grants.uses({ grantId: grant.id })).items).toHaveLength(1);
  });

  it('covers nothing from the moment on at which it is revoked, not even a call that it approved and that has not begun', async () => {
    const test = await start(asking([{ args: 'any' }]));
    const grant = await test.granted({ args: one });
    const used = await portOf(hub.hub).hitl.request({
      ticketId: 'T-1',
      sessionId: 's',
      userId: 'alice',
      type: 'tool_approval',
      key: 'tool:block_ip:c9',
      payload: { tool_name: 'block_ip', tool_args: two, grants: [{ args: 'any' }] },
    });
    expect(used).toMatchObject({ status: 'approved', usedGrant: { id: grant.id } });
    const revoked = await hub.hub.grants.revoke({ grantId: grant.id, by: ann });
    expect(revoked).toMatchObject({ revokedBy: { userId: 'ann' }, used: 1 });
    expect(await hub.hub.grants.revoke({ grantId: grant.id, by: bob })).toEqual(revoked);
    const { outcome } = await test.call({ args: two, callId: 'c9' });
    expect(outcome).toMatchObject({ status: 'not_run', reason: 'grant_revoked' });
    expect((await test.call({ args: two })).asked).toBeDefined();
    expect(test.ran).toHaveLength(1);
    await expect(hub.hub.grants.revoke({ grantId: 'nothing', by: ann })).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  it('does not run one call twice: the same call, made again, learns that it has run', async () => {
    const test = await start(asking([{}]));
    await test.granted({ args: one });
    expect((await test.call({ args: one, callId: 'c1' })).outcome).toMatchObject({ status: 'executed' });
    expect((await test.call({ args: one, callId: 'c1' })).outcome).toMatchObject({
      status: 'not_run',
      reason: 'done',
    });
    expect(test.ran).toHaveLength(2);
  });

  it.each(['crash', 'restart'] as const)('holds over a %s, in a file too', async (end) => {
    const test = await start(asking([{ uses: 2 }]), { sqlite: true });
    const grant = await test.granted({ args: one });
    await test.call({ args: one });
    await hub[end]();
    test.arm();
    test.clients.clear();
    expect(await hub.hub.grants.get(grant.id)).toMatchObject({ used: 1 });
    expect((await test.call({ args: one })).outcome).toMatchObject({ status: 'executed' });
    expect((await test.call({ args: one })).asked).toBeDefined();
  });
});

describe('Where several have to agree, a grant', () => {
  const policy = { approvals: 2 };

  it('arises if all of them name it, and is given by all of them', async () => {
    const test = await start(asking([{}, { args: 'any' }], { policy }));
    const { asked, done } = await test.call({ args: one });
    expect((await test.approve(asked, 1, bob)).grant).toBeUndefined();
    expect((await hub.hub.grants.list()).items).toEqual([]);
    await test.approve(asked, 1, ann);
    await done;
    const { items } = await hub.hub.grants.list();
    expect(items).toMatchObject([{ covers: 'any', givenBy: [{ userId: 'bob' }, { userId: 'ann' }] }]);
  });

  it.each([
    ['another', 0],
    ['none', undefined],
  ])('does not arise if one of them names %s; the call alone is approved', async (_what, last) => {
    const test = await start(asking([{}, { args: 'any' }], { policy }));
    const { asked, done } = await test.call({ args: one });
    await test.approve(asked, 1, bob);
    expect(await test.approve(asked, last, ann)).toMatchObject({ status: 'approved' });
    await done;
    expect((await hub.hub.grants.list()).items).toEqual([]);
    expect((await test.call({ args: one })).asked).toBeDefined();
  });

  it('does not outlive an amendment of what was answered', async () => {
    const test = await start(asking([{}, { args: 'any' }], { policy }));
    const { asked } = await test.call({ args: one });
    await test.approve(asked, 1, bob);
    const payload = { tool_name: 'block_ip', tool_args: two, grants: [{ uses: 7 }] };
    const { revision } = await portOf(hub.hub).hitl.amend(String(asked?.id), payload);
    const answer = { status: 'approved' as const, revision, response: { grant: 0 } };
    await portOf(hub.hub).hitl.respond(String(asked?.id), { by: bob, ...answer });
    await portOf(hub.hub).hitl.respond(String(asked?.id), { by: ann, ...answer });
    expect((await hub.hub.grants.list()).items).toMatchObject([{ covers: 'exact', args: two, uses: 7 }]);
  });
});

describe('Four eyes', () => {
  it('are not bypassed by a grant: a grant given to others covers no call of the granter', async () => {
    const test = await start(asking([{}], { policy: { excludeRequester: true } }));
    await test.granted({ args: one }, 0, { id: 'carol' });
    expect((await test.call({ args: one }, { user: 'carol' })).asked).toBeDefined();
    expect((await test.call({ args: one }, { user: 'dave' })).outcome).toMatchObject({ status: 'executed' });
  });
});

describe('An escalation', () => {
  it('lets more people answer, and what they give holds for calls asked in the same way', async () => {
    const escalate = { escalate: { after: '1m', to: { users: ['ann'] } } } as const;
    const test = await start(asking([{}], { policy: { users: ['bob'] }, ...escalate }));
    const { asked, done } = await test.call({ args: one });
    await expect(test.approve(asked, 0, ann)).rejects.toMatchObject({ code: 'not_allowed' });
    await hub.advance('1m');
    await test.approve(asked, 0, ann);
    await done;
    expect((await test.call({ args: one })).outcome).toMatchObject({ status: 'executed' });
  });
});

describe("The app's own rule about grants", () => {
  const everywhere: GrantOffer[] = [{ scope: 'everywhere' }, {}];

  it('decides who may give one that holds everywhere, and the approval waits for another answer', async () => {
    const asked: object[] = [];
    const mayGrant = (user: User, grant: object) => {
      asked.push(grant);
      return user.id === 'ann';
    };
    const test = await start(asking(everywhere), {
      rules: { mayGrant: ({ user, grant }) => mayGrant(user, grant) },
    });
    const { asked: request } = await test.call({ args: one });
    await expect(test.approve(request, 0, bob)).rejects.toMatchObject({
      code: 'not_allowed',
      details: { rule: 'grant', hitl: { status: 'pending' } },
    });
    expect(asked).toEqual([
      {
        requestId: request?.id,
        ticketId: 'T-1',
        tool: 'block_ip',
        scope: 'everywhere',
        covers: 'exact',
        args: one,
        expiresAt: hub.clock.now() + 86_400_000,
        policy: {},
      },
    ]);
    expect(await test.approve(request, 0, ann)).toMatchObject({ grant: { scope: 'everywhere' } });
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('directory down');
      },
    ],
    ['says something else', () => 'yes' as unknown as boolean],
    ['rejects', () => Promise.reject(new Error('directory down'))],
  ])('says no when it %s', async (_what, mayGrant) => {
    const test = await start(asking(everywhere), {
      rules: { mayGrant: mayGrant },
    });
    const { asked } = await test.call({ args: one });
    await expect(test.approve(asked, 0, ann)).rejects.toMatchObject({ code: 'not_allowed' });
    // In one ticket it is not asked.
    expect(await test.approve(asked, 1, ann)).toMatchObject({ grant: { scope: 'ticket' } });
  });
});

it('A grant that ended long ago is dropped when the next is given; what it approved stays', async () => {
  const test = await start(asking([{ expiresIn: '1h' }]));
  const old = await test.granted({ args: one });
  await test.call({ args: one });
  await hub.advance('91d');
  // No peer has answered a heartbeat in all that time.
  test.clients.clear();
  await test.granted({ args: two });
  await hub.settled();
  await expect(hub.hub.grants.get(old.id)).rejects.toMatchObject({ code: 'not_found' });
  const { items } = await hub.hub.grants.uses({ grantId: old.id });
  expect(items).toMatchObject([{ status: 'approved', usedGrant: { id: old.id } }]);
  expect((await hub.hub.grants.list()).items).toHaveLength(1);
});
