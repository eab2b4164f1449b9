import { z } from 'zod';
import { portOf } from '../../../lib/hub/hub';
import type { AnswerPolicy, ToolCall, ToolRule, Turn } from '../../../lib/index';
import { startTestHub, type TestHub } from '../../../lib/testing/test-hub';

type Args = { ip: string };

/** A hub whose agent calls `block_ip` once per message; the message is the call's id. */
async function start(options: {
  rules?: readonly ToolRule<Args>[];
  run?: (args: Args, signal: AbortSignal) => Promise<string>;
  timeout?: '10s';
}) {
  const ran: Args[] = [];
  const outcomes: (ToolCall<string> | Error)[] = [];
  let settle = () => {};
  const hub = await startTestHub({ agent: (turn: Turn) => agent(turn) });
  const tool = {
    name: 'block_ip',
    args: z.object({ ip: z.ipv4() }),
    run: async (args: Args, { signal }: { signal: AbortSignal }) => {
      ran.push(args);
      return options.run ? options.run(args, signal) : `blocked ${args.ip}`;
    },
    ...(options.timeout && { timeout: options.timeout }),
  };
  const blockIp = hub.hitl.tool({ ...tool, rules: options.rules ?? [] });
  const agent = async (turn: Turn) => {
    await turn.callTool(blockIp, { ip: '203.0.113.7' }, { callId: turn.message.content }).then(
      (outcome) => outcomes.push(outcome),
      (error: Error) => outcomes.push(error),
    );
    settle();
  };
  const alice = await hub.connect({ user: 'alice' });
  const call = async (callId: string) => {
    const done = new Promise<void>((resolve) => {
      settle = resolve;
    });
    await alice.ask({ type: 'message', content: callId });
    return done;
  };
  const asked = async () => (await alice.next('hitl_request_pending')).hitl;
  const answer = (id: string, status: 'approved' | 'denied', response = {}) =>
    portOf(hub.hub).hitl.respond(id, { by: { id: 'bob', name: 'Bob' }, status, response });
  return { hub, ran, outcomes, call, asked, answer, alice };
}

describe('a tool', () => {
  let hub: TestHub | undefined;
  afterEach(() => hub?.close());

  it('asks a human where no rule fits, runs what was approved, and records that it ran', async () => {
    const test = await start({});
    hub = test.hub;
    const done = test.call('c1');
    const { id } = await test.asked();
    expect(test.ran).toEqual([]);
    await test.answer(id, 'approved');
    await done;
    expect(test.outcomes).toEqual([
      expect.objectContaining({ status: 'executed', result: 'blocked 203.0.113.7' }),
    ]);
    expect((await portOf(hub.hub).hitl.get(id)).execution).toMatchObject({ state: 'executed' });
  });

  it('returns a denial as text that a model can read, and does not run', async () => {
    const test = await start({});
    hub = test.hub;
    const done = test.call('c1');
    await test.answer((await test.asked()).id, 'denied', { comment: 'it is our own proxy' });
    await done;
    expect(test.outcomes).toEqual([
      expect.objectContaining({
        status: 'denied',
        message: 'block_ip was not run: denied by Bob: it is our own proxy',
      }),
    ]);
    expect(test.ran).toEqual([]);
  });

  it.each<[string, ToolRule<Args>[], string, number]>([
    [
      'allow without asking',
      [{ tool: 'block_*', when: ({ ip }) => ip.startsWith('203.'), decide: 'allow' }],
      'executed',
      1,
    ],
    ['deny without asking', [{ tool: 'block_ip', decide: 'deny', because: 'change freeze' }], 'denied', 0],
    [
      'take the first that fits',
      [{ tool: 'other', decide: 'deny' }, { decide: 'allow' }, { decide: 'deny' }],
      'executed',
      1,
    ],
    [
      'deny when their predicate throws',
      [
        {
          when: () => {
            throw new Error('no data');
          },
          decide: 'allow',
        },
      ],
      'denied',
      0,
    ],
  ])('has rules that %s', async (_what, rules, status, runs) => {
    const test = await start({ rules });
    hub = test.hub;
    await test.call('c1');
    expect(test.outcomes).toEqual([expect.objectContaining({ status })]);
    expect(test.ran).toHaveLength(runs);
    expect((await portOf(hub.hub).hitl.list()).items).toEqual([]);
  });

  it('runs exactly the arguments a human has edited, and the record says what was approved', async () => {
    const test = await start({ rules: [{ decide: 'ask', ask: { editable: true } }] });
    hub = test.hub;
    const done = test.call('c1');
    const { id, digest } = await test.asked();
    await expect(test.answer(id, 'approved', { tool_args: { ip: 'not an address' } })).rejects.toMatchObject({
      code: 'invalid_response',
    });
    const record = await test.answer(id, 'approved', { tool_args: { ip: '198.51.100.9' } });
    await done;
    expect(test.ran).toEqual([{ ip: '198.51.100.9' }]);
    expect(record.approvedDigest).toMatch(/^sha256:/);
    expect(record.approvedDigest).not.toBe(digest);
  });

  it('refuses edited arguments where the request does not allow editing', async () => {
    const test = await start({});
    hub = test.hub;
    void test.call('c1');
    const { id } = await test.asked();
    await expect(test.answer(id, 'approved', { tool_args: { ip: '198.51.100.9' } })).rejects.toMatchObject({
      code: 'invalid_response',
    });
  });

  it('does not run the same call again, however often it is made', async () => {
    const test = await start({});
    hub = test.hub;
    const done = test.call('c1');
    await test.answer((await test.asked()).id, 'approved');
    await done;
    await test.call('c1');
    expect(test.ran).toHaveLength(1);
    expect(test.outcomes[1]).toMatchObject({ status: 'not_run', reason: 'done' });
  });

  it('rejects with what the tool threw, and runs it again only when someone says so', async () => {
    let fails = true;
    const test = await start({
      run: async () => {
        if (fails) throw new Error('firewall unreachable');
        return 'blocked';
      },
    });
    hub = test.hub;
    const done = test.call('c1');
    const { id } = await test.asked();
    await test.answer(id, 'approved');
    await done;
    expect(test.outcomes[0]).toEqual(new Error('firewall unreachable'));
    expect((await portOf(hub.hub).hitl.get(id)).execution).toMatchObject({
      state: 'failed',
      error: 'firewall unreachable',
    });
    await test.call('c1');
    expect(test.outcomes[1]).toMatchObject({ status: 'not_run', reason: 'needs_retry' });
    fails = false;
    await portOf(hub.hub).hitl.retry(id);
    await test.call('c1');
    expect(test.outcomes[2]).toMatchObject({ status: 'executed', result: 'blocked' });
    expect(test.ran).toHaveLength(2);
  });

  it('shows a run that was never heard of again as unknown', async () => {
    const test = await start({});
    hub = test.hub;
    const session = await test.alice.ask({ type: 'message', content: 'c0' });
    const { id, payload } = await test.asked();
    await test.answer(id, 'approved');
    const other = await portOf(hub.hub).hitl.request({
      ticketId: 'T-1',
      sessionId: session.session_id,
      type: 'tool_approval',
      payload: { tool_name: 'reboot', tool_args: {} },
      userId: 'worker',
    });
    await test.answer(other.id, 'approved');
    await portOf(hub.hub).hitl.execute(other.id, { runId: 'gone', payload: other.payload });
    await hub.advance(61_000);
    const lost = await portOf(hub.hub).hitl.get(other.id);
    expect(lost.execution).toMatchObject({ state: 'unknown' });
    await expect(
      portOf(hub.hub).hitl.execute(other.id, { runId: 'again', payload: other.payload }),
    ).rejects.toMatchObject({ code: 'not_executable', details: { rule: 'needs_retry' } });
    await expect(
      portOf(hub.hub).hitl.execute(id, { runId: 'x', payload: { ...payload, tool_args: {} } }),
    ).rejects.toMatchObject({
      code: 'not_executable',
    });
  });

  it('stops a run that takes longer than the tool allows, and does not count the wait for the human', async () => {
    const aborted: unknown[] = [];
    const test = await start({
      timeout: '10s',
      run: (_args, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            aborted.push(signal.reason.code);
            reject(signal.reason);
          });
          started();
        }),
    });
    let started = () => {};
    const running = new Promise<void>((resolve) => {
      started = resolve;
    });
    hub = test.hub;
    const done = test.call('c1');
    const { id } = await test.asked();
    await hub.advance(3_600_000);
    await test.answer(id, 'approved');
    await running;
    await hub.advance(10_000);
    await done;
    expect(aborted).toEqual(['tool_timeout']);
    expect(test.outcomes[0]).toMatchObject({ code: 'tool_timeout' });
  });

  it('waits for as many people as its rule asks for', async () => {
    const policy: AnswerPolicy = { approvals: 2, excludeRequester: true };
    const test = await start({ rules: [{ decide: 'ask', ask: { policy } }] });
    hub = test.hub;
    const done = test.call('c1');
    const { id } = await test.asked();
    await test.answer(id, 'approved');
    expect(test.ran).toEqual([]);
    await expect(test.answer(id, 'approved')).rejects.toMatchObject({ code: 'already_answered' });
    await expect(
      portOf(hub.hub).hitl.respond(id, { by: { id: 'alice' }, status: 'approved' }),
    ).rejects.toMatchObject({ code: 'not_allowed', details: { rule: 'four_eyes' } });
    await portOf(hub.hub).hitl.respond(id, { by: { id: 'carol' }, status: 'approved' });
    await done;
    expect(test.ran).toHaveLength(1);
  });
});
