/** Tools in durable turns: whatever process ends, and when, a tool is run once, or people are asked. */
import { gate, idle } from '../../rig';
import { writes } from './stopping-store';
import { type BlockIp, ToolRig } from './tool-rig';

let rig: ToolRig;
afterEach(() => rig.close());

/** What a tool runs that never ends the first `times` times. */
function hangs(times: number) {
  let runs = 0;
  let begin = () => {};
  const next = () =>
    new Promise<void>((resolve) => {
      begin = resolve;
    });
  const begun = next();
  const run = () => {
    runs += 1;
    if (runs > times) return 'blocked';
    begin();
    return new Promise(() => {});
  };
  return { run, begun, next };
}

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
    payload: { options: ['it was done', 'do it again', 'leave it'] },
    display: { title: 'Was block_ip done?', description: expect.stringContaining(String(request?.id)) },
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
