import { writes } from '../../../models/stopping-store';
import { allowed, type BlockIp, hangs, ToolRig } from '../../../models/tool-rig';
import { gate, idle } from '../../rig';

let rig: ToolRig;
afterEach(() => rig.close());

/** A call that was approved, and whose process ended while the tool ran. */
async function cutOff(tool: BlockIp = {}, hanging = hangs(1)) {
  const { run, begun } = hanging;
  rig = await ToolRig.start({ run, ...tool });
  const turnId = await rig.say('203.0.113.7');
  const [request] = await rig.asked();
  await rig.approve(String(request?.id));
  await begun;
  await rig.crash();
  return { turnId, requestId: String(request?.id) };
}

test.each(['before', 'after'] as const)(
  'a process that ends %s the approved run is recorded to begin',
  async (when) => {
    rig = await ToolRig.start();
    const turnId = await rig.say('203.0.113.7');
    const [request] = await rig.asked();
    const stopped = rig.stops.at(when, writes('run:', 'begun'));
    await rig.approve(String(request?.id));
    await stopped;
    await rig.crash();
    expect(rig.ran).toEqual([]);
    if (when === 'after') {
      // It may have run: the next process cannot tell.
      await rig.hub.advance('1m');
      const [question] = await rig.asked();
      await rig.answer(String(question?.id), 'do it again');
    }
    await rig.until(turnId, 'completed');
    expect(rig.ran).toHaveLength(1);
    expect(await rig.said(turnId)).toEqual(['executed']);
  },
);

test('a process that ends between the run and its record leaves the question whether it was done', async () => {
  rig = await ToolRig.start();
  const turnId = await rig.say('203.0.113.7');
  const [request] = await rig.asked();
  const stopped = rig.stops.at('before', writes('run:', 'v'));
  await rig.approve(String(request?.id));
  await stopped;
  await rig.crash();
  await rig.hub.advance('1m');
  const [question] = await rig.asked();
  expect(question).toMatchObject({
    kind: 'question',
    payload: {
      question: `The process ended while block_ip was running, so whether it was done is not known. Was it? Approved with request ${request?.id}: {"ip":"203.0.113.7"}`,
      options: ['it was done', 'do it again', 'leave it'],
    },
    display: { title: 'Was block_ip done?' },
  });
  await rig.answer(String(question?.id), 'it was done', 'rule 7');
  await rig.until(turnId, 'completed');
  expect(rig.ran).toHaveLength(1);
  expect(rig.calls).toEqual([
    {
      status: 'confirmed',
      report: 'rule 7',
      message: 'block_ip was done, as bob says: rule 7',
      request: expect.objectContaining({ id: request?.id }),
    },
  ]);
});

test('a process that ends after the record of the run changes nothing', async () => {
  rig = await ToolRig.start();
  const turnId = await rig.say('203.0.113.7');
  const [request] = await rig.asked();
  const stopped = rig.stops.at('after', writes('run:', 'v'));
  await rig.approve(String(request?.id));
  await stopped;
  await rig.crash();
  await rig.until(turnId, 'completed');
  expect(rig.ran).toHaveLength(1);
  expect(rig.calls).toEqual([expect.objectContaining({ status: 'executed', result: 'blocked 203.0.113.7' })]);
});

test('while the lease of a run that was cut off lasts, the turn rests, and no person is asked', async () => {
  const { turnId, requestId } = await cutOff();
  await idle();
  await rig.hub.advance('2s');
  const waiting = await rig.until(turnId, 'waiting');
  const until = (await rig.execution(requestId))?.until;
  expect(waiting.waitsFor).toMatchObject({ requestIds: [], until });
  expect((await rig.hub.hub.requests.list({ status: 'pending' })).items).toEqual([]);
  // Nor does another process change that.
  await rig.crash();
  await rig.hub.advance('1m');
  await rig.asked();
  expect(await rig.execution(requestId)).toMatchObject({ state: 'unknown' });
});

test('people who say that it shall be done again have it run again, with the same key', async () => {
  const { turnId, requestId } = await cutOff();
  await rig.hub.advance('1m');
  const [question] = await rig.asked();
  await rig.answer(String(question?.id), 'do it again');
  await rig.until(turnId, 'completed');
  expect(rig.ran.map(({ key }) => key)).toEqual([requestId, requestId]);
  expect(await rig.execution(requestId)).toMatchObject({ state: 'executed' });
  expect(rig.calls).toEqual([expect.objectContaining({ status: 'executed', result: 'blocked' })]);
});

test.each(['leave it', undefined])(
  'what people leave or do not answer for (%s) is not run',
  async (answer) => {
    const { turnId, requestId } = await cutOff();
    await rig.hub.advance('1m');
    const [question] = await rig.asked();
    if (answer) await rig.answer(String(question?.id), answer);
    else await rig.bob.answer({ requestId: String(question?.id), status: 'denied' });
    await rig.until(turnId, 'completed');
    expect(rig.ran).toHaveLength(1);
    expect(rig.calls).toEqual([
      {
        status: 'not_run',
        reason: 'left',
        message: expect.stringContaining('block_ip'),
        request: expect.objectContaining({ id: requestId }),
      },
    ]);
  },
);

test('a run that is cut off once more is asked about once more', async () => {
  const hanging = hangs(2);
  const { turnId } = await cutOff({}, hanging);
  await rig.hub.advance('1m');
  const begun = hanging.next();
  await rig.answer(String((await rig.asked())[0]?.id), 'do it again');
  await begun;
  await rig.crash();
  await rig.hub.advance('1m');
  await rig.answer(String((await rig.asked())[0]?.id), 'it was done');
  await rig.until(turnId, 'completed');
  expect(rig.ran).toHaveLength(2);
  expect(rig.calls).toEqual([
    expect.objectContaining({ status: 'confirmed', message: expect.stringContaining('bob') }),
  ]);
});

describe('a tool that a rule allows', () => {
  test('has run once where a process ends after its record', async () => {
    rig = await ToolRig.start(allowed);
    const stopped = rig.stops.at('after', writes('run:', 'v'));
    const turnId = await rig.say('203.0.113.7');
    await stopped;
    await rig.crash();
    await rig.until(turnId, 'completed');
    expect(rig.ran).toHaveLength(1);
    expect(rig.calls).toEqual([{ status: 'executed', result: 'blocked 203.0.113.7' }]);
  });

  test.each([
    ['it was done', 'in the log', { status: 'confirmed', report: 'in the log' }, 1],
    ['do it again', undefined, { status: 'executed', result: 'blocked' }, 2],
    ['leave it', undefined, { status: 'not_run', reason: 'left' }, 1],
  ] as const)(
    'is asked about where its process ends in it, and people say: %s',
    async (answer, comment, call, runs) => {
      const { run, begun } = hangs(1);
      rig = await ToolRig.start({ ...allowed, run });
      const turnId = await rig.say('203.0.113.7');
      await begun;
      await rig.crash();
      const [question] = await rig.asked();
      expect(question?.payload).toMatchObject({ question: expect.stringContaining('203.0.113.7') });
      await rig.answer(String(question?.id), answer, comment);
      await rig.until(turnId, 'completed');
      expect(rig.calls).toEqual([expect.objectContaining(call)]);
      expect(rig.calls[0]).not.toHaveProperty('request');
      expect(rig.ran).toHaveLength(runs);
      expect(new Set(rig.ran.map(({ key }) => key)).size).toBe(1);
    },
  );

  test('is given its call id as the key, in every process', async () => {
    const { run, begun } = hangs(1);
    rig = await ToolRig.start({ ...allowed, run, idempotent: true }, (turn, tool) =>
      rig.call(turn, tool, 'c1'),
    );
    const turnId = await rig.say('203.0.113.7');
    await begun;
    await rig.crash();
    await rig.until(turnId, 'completed');
    expect(rig.ran.map(({ key }) => key)).toEqual(['tool:block_ip:c1', 'tool:block_ip:c1']);
  });
});

test.each<[string, BlockIp]>([
  ['a rule allows', allowed],
  ['people approved', {}],
])(
  'an idempotent tool that %s is run again at once, with the same key, and no person is asked',
  async (_what, tool) => {
    const { run, begun } = hangs(1);
    rig = await ToolRig.start({ ...tool, run, idempotent: true });
    const turnId = await rig.say('203.0.113.7');
    if (!tool.rules) await rig.approve(String((await rig.asked())[0]?.id));
    await begun;
    await rig.crash();
    await rig.until(turnId, 'completed');
    expect(rig.calls).toMatchObject([{ status: 'executed', result: 'blocked' }]);
    expect(rig.ran).toHaveLength(2);
    expect(new Set(rig.ran.map(({ key }) => key)).size).toBe(1);
    const { items } = await rig.hub.hub.requests.list({ kind: 'question' });
    expect(items).toEqual([]);
  },
);

test('those are asked whether it was done who may approve it', async () => {
  const { requestId, turnId } = await cutOff({
    rules: [{ decide: 'ask', ask: { policy: { users: ['bob'] } } }],
  });
  await rig.hub.advance('1m');
  const [question] = await rig.asked();
  expect(question?.id).not.toBe(requestId);
  const answer = { requestId: String(question?.id), status: 'answered', answer: 'leave it' } as const;
  await expect(rig.alice.answer(answer)).rejects.toThrow('not_allowed');
  await rig.bob.answer(answer);
  await rig.until(turnId, 'completed');
});

test('a hub that closes in good order leaves no lease to wait for', async () => {
  const { run, begun } = hangs(1);
  rig = await ToolRig.start({ run });
  const turnId = await rig.say('203.0.113.7');
  const [request] = await rig.asked();
  await rig.approve(String(request?.id));
  await begun;
  await rig.restart();
  const [question] = await rig.asked();
  await rig.answer(String(question?.id), 'do it again');
  await rig.until(turnId, 'completed');
  expect(rig.calls).toMatchObject([{ status: 'executed', result: 'blocked' }]);
});

test('the store is away when a tool has run: its result is stored when it is back, and it is not run again', async () => {
  rig = await ToolRig.start();
  const turnId = await rig.say('203.0.113.7');
  const [request] = await rig.asked();
  rig.stops.fail(1, writes('run:', 'v'));
  await rig.approve(String(request?.id));
  await idle();
  expect(await rig.hub.store.turn(turnId)).toMatchObject({ status: 'running' });
  await rig.hub.advance('1s');
  await rig.until(turnId, 'completed');
  expect(rig.ran).toHaveLength(1);
  expect(await rig.execution(String(request?.id))).toMatchObject({ state: 'executed' });
});

test('a lease that ended while the store was away leaves the request unknown, and the call its result', async () => {
  rig = await ToolRig.start();
  const turnId = await rig.say('203.0.113.7');
  const [request] = await rig.asked();
  rig.stops.fail(1, writes('run:', 'v'));
  await rig.approve(String(request?.id));
  await idle();
  await rig.hub.advance('3m');
  await rig.until(turnId, 'completed');
  expect(rig.ran).toHaveLength(1);
  expect(rig.calls).toMatchObject([{ status: 'executed', result: 'blocked 203.0.113.7' }]);
  expect(await rig.execution(String(request?.id))).toMatchObject({ state: 'unknown' });
});

test.each([
  ['returns', { status: 'confirmed', message: 'block_ip was done, and its result is not there' }, 'executed'],
  ['throws', { message: 'no route' }, 'failed'],
] as const)(
  'a process that has lost the turn while its tool ran still says how it went: the tool %s',
  async (how, call, state) => {
    const begun = gate();
    const end = gate();
    const run = async () => {
      begun.open();
      await end.opened;
      if (how === 'throws') throw new Error('no route');
      return 'blocked';
    };
    rig = await ToolRig.start({ run });
    const turnId = await rig.say('203.0.113.7');
    const [request] = await rig.asked();
    await rig.approve(String(request?.id));
    await begun.opened;
    const other = await rig.another();
    try {
      for (let looks = 0; (await rig.hub.store.turn(turnId))?.run?.generation !== 2; looks += 1) {
        expect(looks).toBeLessThan(50);
        await idle();
      }
      end.open();
      await idle();
      expect(await rig.execution(String(request?.id))).toMatchObject({ state });
      await rig.pass('1m');
      await rig.until(turnId, 'completed');
      expect(rig.ran).toHaveLength(1);
      expect(rig.calls).toEqual([expect.objectContaining(call)]);
    } finally {
      await other.close();
    }
  },
);
