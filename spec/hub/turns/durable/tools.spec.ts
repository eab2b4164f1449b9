/** Tools in durable turns: what a call gives is the same in every process, and is decided, asked and run once. */
import { HubError } from '../../../../lib/errors';
import type { Turn } from '../../../../lib/index';
import { writes } from '../../../models/stopping-store';
import { type Args, allowed, hangs, ToolRig } from '../../../models/tool-rig';
import { gate, idle } from '../../rig';

let rig: ToolRig;
afterEach(() => rig.close());

test('a tool that has run is not run again, and its result is the same in the next process', async () => {
  const after = gate();
  rig = await ToolRig.start({ run: () => ({ rule: 7, at: new Date(0) }) }, async (turn, tool) => {
    await rig.call(turn, tool);
    await turn.ask({ question: 'Done?' });
    after.open();
  });
  const turnId = await rig.say('203.0.113.7');
  const [request] = await rig.asked();
  await rig.approve(String(request?.id));
  await rig.hub.settled();
  const [question] = await rig.asked();
  expect(question?.kind).toBe('question');
  await rig.crash();
  await rig.answer(String(question?.id), 'yes');
  await after.opened;
  await rig.until(turnId, 'completed');
  expect(rig.ran).toEqual([{ ip: '203.0.113.7', key: request?.id }]);
  const result = { rule: 7, at: '1970-01-01T00:00:00.000Z' };
  expect(rig.calls).toEqual([
    expect.objectContaining({ status: 'executed', result }),
    expect.objectContaining({ status: 'executed', result }),
  ]);
  expect(await rig.said(turnId)).toEqual(['executed']);
  expect(await rig.execution(String(request?.id))).toMatchObject({ state: 'executed' });
});

test('an error of a tool is recorded with its request, and is the same in the next process', async () => {
  rig = await ToolRig.start(
    { run: () => Promise.reject(new RangeError('no such host')) },
    async (turn, tool) => {
      await rig.call(turn, tool);
      await turn.ask({ question: 'Done?' });
    },
  );
  await rig.say('203.0.113.7');
  const [request] = await rig.asked();
  await rig.approve(String(request?.id));
  await rig.asked();
  await rig.crash();
  await idle();
  expect(rig.ran).toHaveLength(1);
  expect(rig.calls).toEqual([
    expect.objectContaining({ name: 'RangeError', message: 'no such host' }),
    expect.objectContaining({ name: 'RangeError', message: 'no such host' }),
  ]);
  expect(await rig.execution(String(request?.id))).toMatchObject({ state: 'failed', error: 'no such host' });
});

const largest = 262_144 - '""'.length;

test.each<[string, unknown, unknown]>([
  ['of 256 KiB', 'a'.repeat(largest), { status: 'executed', result: 'a'.repeat(largest) }],
  ['of one byte more', 'a'.repeat(largest + 1), { code: 'too_large' }],
  ['that is no JSON', 7n, { code: 'invalid_request', message: expect.stringContaining('the tool block_ip') }],
  ['that is a function', () => {}, { code: 'invalid_request' }],
  ['that is nothing', undefined, { status: 'executed' }],
])('a result %s is what it says, and counts as executed', async (_what, value, call) => {
  rig = await ToolRig.start({ run: () => value });
  const turnId = await rig.say('203.0.113.7');
  const [request] = await rig.asked();
  await rig.approve(String(request?.id));
  await rig.until(turnId, 'completed');
  expect(rig.calls).toEqual([expect.objectContaining(call)]);
  expect(await rig.execution(String(request?.id))).toMatchObject({ state: 'executed' });
});

test('rules decide once: their functions are not asked in the next process, and what they said then holds', async () => {
  let looks = 0;
  const when = async (_args: Args, turn: Turn) => {
    looks += 1;
    return (await turn.history()).length === 1;
  };
  rig = await ToolRig.start({
    rules: [{ when, decide: 'ask', ask: { display: { reason: 'first' }, remindIn: '5m' } }],
  });
  const turnId = await rig.say('203.0.113.7');
  const [request] = await rig.asked();
  expect(request?.display).toEqual({ reason: 'first' });
  rig.tool = { rules: [{ when, decide: 'deny' }] };
  await rig.crash();
  await rig.approve(String(request?.id));
  await rig.until(turnId, 'completed');
  expect(looks).toBe(1);
  expect(rig.calls).toMatchObject([{ status: 'executed' }]);
});

test('a rule that uses its turn denies, and a tool that does so fails', async () => {
  let say: Promise<unknown> = Promise.resolve();
  rig = await ToolRig.start(
    { rules: [{ when: async (_args, turn) => Boolean(await turn.trace('looking')), decide: 'allow' }] },
    async (turn, tool) => {
      await rig.call(turn, tool);
      say = turn.step('s', () => turn.say('within')).catch((error) => error);
      await say;
    },
  );
  const turnId = await rig.say('203.0.113.7');
  await rig.until(turnId, 'completed');
  expect(rig.calls).toMatchObject([{ status: 'denied', message: expect.stringContaining('failed') }]);
  expect(await rig.said(turnId)).toEqual(['denied']);
  expect(await say).toMatchObject({ code: 'invalid_request' });
});

test('inside of a tool its turn cannot be used', async () => {
  let turnOfTool: Turn | undefined;
  rig = await ToolRig.start({ ...allowed, run: () => turnOfTool?.say('within') }, (turn, tool) => {
    turnOfTool = turn;
    return rig.call(turn, tool);
  });
  await rig.until(await rig.say('203.0.113.7'), 'completed');
  expect(rig.calls).toMatchObject([
    { code: 'invalid_request', message: expect.stringContaining('inside of the tool block_ip') },
  ]);
});

test('two branches that call the same tool with the same arguments are two calls', async () => {
  const { run, begun } = hangs(1);
  rig = await ToolRig.start({ ...allowed, run }, async (turn, tool) => {
    await Promise.all([rig.call(turn, tool), rig.call(turn, tool)]);
  });
  const turnId = await rig.say('203.0.113.7');
  await begun;
  await idle();
  await rig.crash();
  await rig.answer(String((await rig.asked())[0]?.id), 'it was done');
  await rig.until(turnId, 'completed');
  expect(rig.ran).toHaveLength(2);
  expect(
    rig.calls
      .slice(-2)
      .map((call) => 'status' in call && call.status)
      .sort(),
  ).toEqual(['confirmed', 'executed']);
  expect(new Set(rig.ran.map(({ key }) => key)).size).toBe(2);
});

test('two branches that ask for the same call are asked about apart', async () => {
  rig = await ToolRig.start({}, async (turn, tool) => {
    await Promise.all([rig.call(turn, tool), rig.call(turn, tool)]);
  });
  const turnId = await rig.say('203.0.113.7');
  const [first, second] = await rig.asked(2);
  await rig.approve(String(second?.id));
  await rig.crash();
  await rig.bob.answer({ requestId: String(first?.id), status: 'denied' });
  await rig.until(turnId, 'completed');
  expect(rig.ran.map(({ key }) => key)).toEqual([second?.id]);
  expect(await rig.said(turnId)).toEqual(expect.arrayContaining(['executed', 'denied']));
});

test('a tool that lost a race is run once over all processes', async () => {
  rig = await ToolRig.start(allowed, async (turn, tool) => {
    await Promise.race([rig.call(turn, tool), turn.ask({ question: 'Or this?' })]);
    await turn.ask({ question: 'Done?' });
  });
  const { run, begun } = hangs(1);
  rig.tool = { ...allowed, run };
  await rig.restart();
  const turnId = await rig.say('203.0.113.7');
  await begun;
  await rig.answer(String((await rig.asked())[0]?.id), 'this');
  const [done] = await rig.asked();
  expect(done?.payload).toMatchObject({ question: 'Done?' });
  await rig.crash();
  const questions = await rig.asked(2);
  const about = questions.find(({ display }) => display);
  await rig.answer(String(about?.id), 'leave it');
  await rig.answer(String(done?.id), 'yes');
  await rig.until(turnId, 'completed');
  expect(rig.ran).toHaveLength(1);
});

test('a call that a grant covers is run once, and the grant is used once', async () => {
  const grants = [{ scope: 'ticket', args: 'exact', expiresIn: '1h', uses: 2 }] as const;
  rig = await ToolRig.start({ rules: [{ decide: 'ask', ask: { grants } }] });
  await rig.say('203.0.113.7');
  const [first] = await rig.asked();
  await rig.bob.answer({ requestId: String(first?.id), status: 'approved', grant: 0 });
  await rig.until(String(first?.turnId), 'completed');
  const stopped = rig.stops.at('after', writes('run:', 'v'));
  const turnId = await rig.say('203.0.113.7');
  await stopped;
  await rig.crash();
  await rig.until(turnId, 'completed');
  expect(rig.ran).toHaveLength(2);
  expect(rig.calls.at(-1)).toMatchObject({
    status: 'executed',
    request: { usedGrant: { givenBy: [{ userId: 'bob' }] } },
  });
  const { items } = await rig.hub.hub.grants.list({ ticketId: 'T-1' });
  expect(items).toMatchObject([{ used: 1 }]);
});

test.each<[string, (id: string) => Promise<unknown>]>([
  ['denied', (requestId) => rig.bob.answer({ requestId, status: 'denied' })],
  ['expired', () => rig.hub.advance('1h')],
  ['cancelled', (requestId) => rig.hub.hub.requests.cancel({ requestId, reason: 'not needed' })],
])('a call whose request is %s while no process has the turn is not run', async (status, end) => {
  rig = await ToolRig.start({ rules: [{ decide: 'ask', ask: { expiresIn: '1h' } }] });
  const turnId = await rig.say('203.0.113.7');
  const [request] = await rig.asked();
  await rig.hub.advance('2s');
  await rig.crash();
  await end(String(request?.id));
  await rig.until(turnId, 'completed');
  expect(rig.ran).toEqual([]);
  expect(rig.calls).toMatchObject([{ status }]);
});

test('a timeout is an error of the call, which the next process has too, and no question', async () => {
  rig = await ToolRig.start({ run: () => new Promise(() => {}), timeout: '10s' }, async (turn, tool) => {
    await rig.call(turn, tool);
    await turn.ask({ question: 'Done?' });
  });
  await rig.say('203.0.113.7');
  const [request] = await rig.asked();
  await rig.approve(String(request?.id));
  await idle();
  await rig.hub.advance('10s');
  await rig.asked();
  await rig.crash();
  await idle();
  expect(rig.ran).toHaveLength(1);
  expect(rig.calls).toMatchObject([{ code: 'tool_timeout' }, { code: 'tool_timeout' }]);
  expect(await rig.execution(String(request?.id))).toMatchObject({ state: 'unknown' });
});

test('of an error the first 2,000 characters are recorded, and details that JSON cannot represent are not', async () => {
  const errors = [new Error('x'.repeat(2_001)), new HubError('conflict', { details: { of: 1n } as never })];
  rig = await ToolRig.start({ ...allowed, run: () => Promise.reject(errors.shift()) }, async (turn, tool) => {
    await rig.call(turn, tool);
    await rig.call(turn, tool);
  });
  await rig.until(await rig.say('203.0.113.7'), 'completed');
  expect(rig.calls).toMatchObject([{ message: 'x'.repeat(2_000) }, { code: 'conflict' }]);
  expect(rig.calls[1]).not.toHaveProperty('details.of');
});
