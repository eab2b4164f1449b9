/** Whether an asker learns the outcome of a request: its asker leaves, returns, and what was approved is or is not run. */
import { z } from 'zod';
import { damaged } from '../../../lib/errors';
import { portOf } from '../../../lib/hub/hub';
import type { HitlRequestInput } from '../../../lib/hub/requests/ask';
import { maxLeftAtStart } from '../../../lib/hub/turns/orphans';
import type { RequestRecord, ToolCall, ToolRule, Turn } from '../../../lib/index';
import { memoryStore } from '../../../lib/store/memory/memory-store';
import { startTestHub, type TestHub, type TestHubOptions } from '../../../lib/testing/test-hub';
import { diskFull, gate, idle, Rig, type Trouble, troubled } from '../rig';

jest.setTimeout(30_000);

let hub: TestHub;
afterEach(() => hub.close());
const start = async (options: TestHubOptions = {}) => {
  hub = await startTestHub(options);
};
const hitl = () => portOf(hub.hub).hitl;
const bob = { id: 'bob', name: 'Bob' };
const block = { tool: 'block_ip', args: { ip: '203.0.113.7' } };
const payload = { tool_name: 'block_ip', tool_args: { ip: '203.0.113.7' } };
const approve = (id: string) => hitl().respond(id, { by: bob, status: 'approved' });
const askerOf = async (id: string) => (await hitl().get(id)).asker;
/** What the audit has of a request, with why. */
const story = async (requestId: string) => {
  const entries: string[] = [];
  for await (const { event, via, reason } of hitl().audit({ ticketId: 'T-1', requestId }))
    entries.push([event, via, ...(reason ? [reason] : [])].join(' '));
  return entries;
};

/** An agent that does what the message names. */
const doing =
  (deeds: Record<string, (turn: Turn) => unknown>) =>
  async (turn: Turn): Promise<void> => {
    await deeds[turn.message.content]?.(turn);
  };
/** Starts what the message names, and hands over the request that it asks. */
async function asked(content = 'ask', user = 'alice'): Promise<RequestRecord> {
  const client = await hub.connect({ user });
  await client.ask({ type: 'message', content });
  return hitl().get((await client.next('hitl_request_pending')).hitl.id);
}

describe('The asker of a request', () => {
  test('is gone once its turn is over and the request stays; page, inbox and REST say so', async () => {
    await start({ agent: doing({ ask: (turn) => void turn.approve({ ...block, detached: true }) }) });
    const inbox = await hub.connectInbox({ user: 'bob' });
    await inbox.next('inbox_snapshot');
    const alice = await hub.connect();
    await alice.ask({ type: 'message', content: 'ask' });
    const { hitl: pending } = await alice.next('hitl_request_pending');
    expect(pending).not.toHaveProperty('asker');
    const updated = await alice.next('hitl_request_updated');
    expect(updated).toMatchObject({
      hitl: { id: pending.id, asker: 'gone' },
      cause: { event: 'asker_left', via: 'turn' },
    });
    await alice.next('turn_ended');
    expect((await inbox.next('inbox_updated')).hitl.asker).toBe('gone');
    for (const path of ['/hitl/inbox', '/hitl/requests', `/hitl/requests/${pending.id}`]) {
      const body = await (await fetch(`${hub.url}${path}`, { headers: { 'x-user': 'bob' } })).json();
      expect((body.items?.[0] ?? body.hitl).asker).toBe('gone');
    }
    expect((await (await hub.connect({ user: 'new' })).next('snapshot')).requests[0].asker).toBe('gone');
    const settled = await approve(pending.id);
    expect(settled).toMatchObject({ status: 'approved', asker: 'gone' });
    expect(settled.execution).toBeUndefined();
    expect(await story(pending.id)).toEqual(['requested turn', 'asker_left turn', 'responded app']);
  });

  test.each([
    ['was cancelled', (turn: Turn) => turn.approve({ ...block, detached: true })],
    [
      'failed',
      async (turn: Turn) =>
        Promise.reject(new Error(`no ${void turn.approve({ ...block, detached: true })}`)),
    ],
  ])('is gone when the turn %s', async (_how, deed) => {
    await start({ agent: doing({ ask: deed }) });
    const { id, turnId = '' } = await asked();
    await hub.hub.turns.cancel({ turnId }).catch(() => {});
    await idle();
    expect(await askerOf(id)).toBe('gone');
  });

  test.each<[string, () => Promise<unknown>]>([
    ['a crash', () => hub.crash()],
    ['a restart', () => hub.restart()],
  ])(
    'is gone after %s, of detached requests and others, and what is answered then says so',
    async (_what, end) => {
      const deeds = {
        ask: (turn: Turn) => turn.approve(block),
        detached: (turn: Turn) => turn.approve({ ...block, detached: true }),
      };
      await start({ sqlite: true, agent: doing(deeds) });
      const ids = [(await asked('ask')).id, (await asked('detached', 'carol')).id];
      await end();
      for (const id of ids) {
        expect(await hitl().get(id)).toMatchObject({ status: 'pending', asker: 'gone', revision: 1 });
        expect(await approve(id)).toMatchObject({ status: 'approved', asker: 'gone' });
      }
      await end();
      expect(await story(ids[0] ?? '')).toEqual(['requested turn', 'asker_left turn', 'responded app']);
    },
  );

  test('is never gone from what no turn asked', async () => {
    await start({ sqlite: true });
    const { id } = await hitl().request({
      ticketId: 'T-1',
      sessionId: 's',
      type: 'tool_approval',
      payload,
      userId: 'u',
    });
    await hub.crash();
    await hitl().leave(id);
    expect(await askerOf(id)).toBeUndefined();
  });

  test('is there while its turn waits, and stays where nothing was left when it ends', async () => {
    await start({ agent: doing({ ask: (turn) => turn.approve({ ...block, detached: true }) }) });
    const { id } = await asked();
    expect(await askerOf(id)).toBeUndefined();
    await approve(id);
    await idle();
    expect(portOf(hub.hub).turns.size).toBe(0);
    expect(await askerOf(id)).toBeUndefined();
    expect(await story(id)).toEqual(['requested turn', 'responded app']);
  });

  test('is back when a turn asks again with its key, and gone once more when that turn ends', async () => {
    const keyed = { ...block, key: 'k', detached: true };
    await start({
      sqlite: true,
      agent: doing({ ask: (turn) => turn.approve(keyed), leave: (turn) => void turn.approve(keyed) }),
    });
    const { id } = await asked();
    await hub.crash();
    expect(await askerOf(id)).toBe('gone');
    const alice = await hub.connect();
    await alice.ask({ type: 'message', content: 'ask' });
    expect(
      (
        await alice.next(
          ({ event, cause }) => event === 'hitl_request_updated' && cause?.event === 'asker_returned',
        )
      ).hitl,
    ).not.toHaveProperty('asker');
    const dora = await hub.connect({ user: 'dora' });
    await dora.ask({ type: 'message', content: 'leave' });
    await dora.next('turn_ended');
    // Another turn still waits.
    expect(await askerOf(id)).toBeUndefined();
    const { turnId = '' } = (await hub.store.unfinishedTurns()).map((turn) => ({ turnId: turn.id }))[0] ?? {};
    await hub.hub.turns.cancel({ turnId });
    await idle();
    expect(await askerOf(id)).toBe('gone');
  });

  test('is back when an approved request is asked again, whose outcome is taken up then', async () => {
    const outcomes: string[] = [];
    const keyed = { ...block, key: 'k' };
    const ask = async (turn: Turn) => void outcomes.push((await turn.approve(keyed)).status);
    await start({ sqlite: true, agent: doing({ ask }) });
    const { id } = await asked();
    await hub.crash();
    expect(await approve(id)).toMatchObject({ asker: 'gone' });
    const alice = await hub.connect();
    await alice.ask({ type: 'message', content: 'ask' });
    await alice.next('turn_ended');
    expect(outcomes).toEqual(['approved']);
    expect(await askerOf(id)).toBeUndefined();
  });

  test('is back when the app asks again, and remains when the turns end', async () => {
    const keyed = { ...block, key: 'k', detached: true };
    await start({ sqlite: true, agent: doing({ ask: (turn) => turn.approve(keyed) }) });
    const { id } = await asked();
    await hub.crash();
    const again = await hitl().request({
      ticketId: 'T-1',
      sessionId: 's',
      type: 'tool_approval',
      payload,
      userId: 'u',
      key: 'k',
    });
    expect(again.id).toBe(id);
    expect(again.asker).toBeUndefined();
    const alice = await hub.connect();
    const { turn_id } = await alice.ask({ type: 'message', content: 'ask' });
    await idle();
    await hub.hub.turns.cancel({ turnId: turn_id });
    await idle();
    expect(await askerOf(id)).toBeUndefined();
  });
});

describe('A start', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = new Rig();
    await rig.hub.start();
  });
  afterEach(() => rig.hub.close());
  const ask = (n: number, more: Partial<HitlRequestInput> = {}) =>
    rig.hub.hitl.request({
      ...{ ticketId: 'T', sessionId: 's', turnId: `t${n}`, userId: 'u' },
      ...{ type: 'tool_approval', payload },
      ...more,
    });
  const restart = async (downFor = 0) => {
    await rig.hub.close();
    rig.clock.jumpTo(rig.clock.now() + downFor);
    await rig.newHub().start();
  };
  const gone = async () => {
    const ids: string[] = [];
    for (let cursor: string | undefined, isFirst = true; isFirst || cursor; isFirst = false) {
      const page = await rig.kept.requests({}, 200, cursor);
      ids.push(...page.items.filter(({ asker }) => asker === 'gone').map(({ id }) => id));
      cursor = page.nextCursor;
    }
    return ids;
  };

  it('notes whose asker is gone before silence answers for them', async () => {
    const { id } = await ask(1, { expiresIn: '1h', onExpiry: 'approved' });
    await restart(2 * 3_600_000);
    expect(await rig.kept.request(id)).toMatchObject({ record: { status: 'approved', asker: 'gone' } });
  });

  it('skips a request that cannot be read, and logs it', async () => {
    const [bad, good] = [await ask(1), await ask(2)];
    rig.trouble.request = (id) => {
      if (id === bad.id) throw damaged('requests', id);
    };
    await restart();
    expect(await gone()).toEqual([good.id]);
    expect(rig.errors).toMatchObject([{ requestId: bad.id }]);
  });

  it('is repeated at the next start, where the store failed', async () => {
    const { id } = await ask(1);
    await rig.hub.close();
    rig.newHub();
    rig.trouble.requests = diskFull;
    await expect(rig.hub.start()).rejects.toMatchObject({ code: 'storage_failed' });
    delete rig.trouble.requests;
    await rig.hub.start();
    expect(await gone()).toEqual([id]);
  });

  it(`does not wait for more than ${maxLeftAtStart} requests to be noted`, async () => {
    const many = maxLeftAtStart + 100;
    for (let i = 0; i < many; i += 100) await Promise.all(Array.from({ length: 100 }, (_, j) => ask(i + j)));
    const later = gate();
    let pages = 0;
    rig.trouble.requests = () => {
      pages += 1;
      return pages > maxLeftAtStart / 50 ? later.opened : undefined;
    };
    await restart();
    expect(await gone()).toHaveLength(maxLeftAtStart);
    later.open();
    while ((await gone()).length < many) await idle();
    expect(rig.errors).toEqual([]);
  });

  it('is over when the hub closes, whether or not everything is noted', async () => {
    for (let i = 0; i < maxLeftAtStart + 100; i += 100)
      await Promise.all(Array.from({ length: 100 }, (_, j) => ask(i + j)));
    await restart();
    await rig.hub.close();
    const noted = await gone();
    await idle();
    expect(await gone()).toEqual(noted);
    expect(rig.errors).toEqual([]);
  });
});

describe('What was approved and is not run', () => {
  type Args = { ip: string };
  const isIp = z.object({ ip: z.string() });
  let outcomes: (ToolCall<string> | Error)[];
  let ran: Args[];
  /** A hub whose agent calls `block_ip`, the message being the id of the call. */
  async function guarded(
    rules: () => ToolRule<Args>[] = () => [],
    schema: z.ZodType<Args> = isIp,
    more: TestHubOptions = {},
  ) {
    outcomes = [];
    ran = [];
    const agent = async (turn: Turn) => {
      const blockIp = hub.hitl.tool({
        name: 'block_ip',
        args: schema,
        run: (args) => `ran ${ran.push(args)}`,
        rules: rules(),
      });
      const call = turn.callTool(blockIp, { ip: '203.0.113.7' }, { callId: turn.message.content });
      outcomes.push(await call.catch((error: Error) => error));
    };
    await start({ agent, ...more });
  }
  const executionOf = async (id: string) => (await hitl().get(id)).execution;
  const settled = async () => {
    while (portOf(hub.hub).turns.size > 0) await idle();
  };

  test('since its turn was cancelled in that moment says so, and the same call may still run it', async () => {
    await guarded();
    const request = await asked('c1');
    const alice = await hub.connect({ user: 'watching' });
    const approved = approve(request.id);
    const ended = hub.hub.turns.cancel({ turnId: request.turnId ?? '' });
    await Promise.all([approved, ended]);
    await settled();
    const why = 'The turn has ended';
    expect(await executionOf(request.id)).toMatchObject({ state: 'not_run', error: why });
    expect(ran).toEqual([]);
    const updated = await alice.next('hitl_request_updated');
    expect(updated).toMatchObject({
      hitl: { status: 'approved', execution: { state: 'not_run', error: why, ended_at: expect.any(String) } },
      cause: { event: 'not_run', via: 'turn' },
    });
    expect(await story(request.id)).toEqual(['requested turn', 'responded app', `not_run turn ${why}`]);
    await alice.ask({ type: 'message', content: 'c1' });
    await settled();
    expect(ran).toHaveLength(1);
    expect(await executionOf(request.id)).toMatchObject({ state: 'executed' });
  });

  test('since its turn was cancelled while the beginning was being stored says so', async () => {
    const beginning = gate();
    const reached = gate();
    const trouble: Trouble = {};
    await guarded(undefined, undefined, { makeStore: () => troubled(memoryStore(), trouble) });
    const request = await asked('c1');
    trouble.commit = (commits) => {
      if (!commits.some(({ audit }) => audit?.some(({ event }) => event === 'executing'))) return undefined;
      reached.open();
      return beginning.opened;
    };
    await approve(request.id);
    await reached.opened;
    const ended = hub.hub.turns.cancel({ turnId: request.turnId ?? '' });
    await idle();
    beginning.open();
    await ended;
    await settled();
    expect(ran).toEqual([]);
    expect(await executionOf(request.id)).toMatchObject({ state: 'not_run', error: 'The turn has ended' });
  });

  test('since the grant that approved it was revoked says so', async () => {
    await guarded(() => [{ decide: 'ask', ask: { grants: [{}] } }]);
    const first = await asked('c1');
    const { grant } = await hitl().respond(first.id, { by: bob, status: 'approved', response: { grant: 0 } });
    await settled();
    const original = hitl().execute.bind(hitl());
    // Revoked between the approval by the grant and the run.
    jest.spyOn(hitl(), 'execute').mockImplementationOnce(async (...args) => {
      await hub.hub.grants.revoke({ grantId: String(grant?.id), by: bob });
      return original(...args);
    });
    const alice = await hub.connect({ user: 'dora' });
    await alice.ask({ type: 'message', content: 'c2' });
    await settled();
    expect(outcomes.at(-1)).toMatchObject({ status: 'not_run', reason: 'grant_revoked' });
    const { items } = await hub.hub.grants.uses({ grantId: String(grant?.id) });
    expect(items).toMatchObject([
      { execution: { state: 'not_run', error: 'the grant that approved it has been revoked' } },
    ]);
  });

  test('since the tool takes the arguments no more says so', async () => {
    let isClosed = false;
    const schema = z.object({ ip: z.string().refine(() => !isClosed, 'closed') });
    await guarded(undefined, schema);
    const { id } = await asked('c1');
    isClosed = true;
    await approve(id);
    await settled();
    expect(outcomes.at(-1)).toMatchObject({ code: 'invalid_request' });
    expect(await executionOf(id)).toMatchObject({
      state: 'not_run',
      error: 'The arguments do not fit block_ip: ip: closed',
    });
  });

  test('since a rule denies the same call now says so', async () => {
    let denies = false;
    await guarded(() => (denies ? [{ decide: 'deny', because: 'maintenance' }] : []));
    const request = await asked('c1');
    await Promise.all([approve(request.id), hub.hub.turns.cancel({ turnId: request.turnId ?? '' })]);
    await settled();
    denies = true;
    const alice = await hub.connect({ user: 'dora' });
    await alice.ask({ type: 'message', content: 'c1' });
    await settled();
    expect(await executionOf(request.id)).toMatchObject({
      state: 'not_run',
      error: 'a rule denies it now: maintenance',
    });
    expect(outcomes.at(-1)).toMatchObject({ status: 'denied' });
  });

  test('says nothing of a call that has run, or that only was asked about', async () => {
    await guarded();
    const { id } = await asked('c1');
    await approve(id);
    await settled();
    expect(await hitl().notRun(id, 'r2', 'x')).toMatchObject({ execution: { state: 'executed' } });
    const pending = await hitl().request({
      ticketId: 'T-1',
      sessionId: 's',
      type: 'tool_approval',
      payload,
      userId: 'u',
    });
    expect((await hitl().notRun(pending.id, 'r', 'x')).execution).toBeUndefined();
    const plain = await approve(pending.id);
    expect(plain.execution).toBeUndefined();
    const running = await hitl().execute(pending.id, { runId: 'r1', payload });
    await expect(hitl().notRun(pending.id, 'r2', 'x')).rejects.toMatchObject({ code: 'not_executable' });
    expect(running.execution?.state).toBe('executing');
  });
});
