/** A stuck turn that is started over: what people answered to the very same requests is found, and tools that were run are not run again. */
import { z } from 'zod';
import type { AnyTool, DurableTurn, NoTypes, Turn } from '../../../../lib/index';
import { allowed, type BlockIp, ToolRig } from '../../../models/tool-rig';
import { gate, idle } from '../../rig';

let rig: ToolRig;
afterEach(() => rig.close());

/** Runs a tool, waits for an answer, and is given other code there: stuck. */
async function stuck(after: (turn: Turn, tool: AnyTool) => unknown, tool: BlockIp = {}): Promise<string> {
  rig = await ToolRig.start(tool, async (turn, made) => {
    await turn.step('before', () => 1);
    await rig.call(turn, made);
    await turn.ask({ question: 'Go on?' });
  });
  const turnId = await rig.say('203.0.113.7');
  if (!tool.rules) await rig.approve(String((await rig.asked())[0]?.id));
  const questions = await rig.asked();
  expect(questions).toMatchObject([{ payload: { question: 'Go on?' } }]);
  rig.agent = async (turn, made) => {
    await turn.step('other', () => 2);
    await rig.call(turn, made);
    await after(turn, made);
  };
  await rig.restart();
  await rig.answer(String(questions[0]?.id), 'yes');
  await idle();
  await rig.hub.advance('2s');
  await rig.until(turnId, 'stuck');
  return turnId;
}

test.each<[string, BlockIp]>([
  ['people approved', {}],
  ['a rule allows', allowed],
])('a tool that %s is not run again, and gives the same result', async (_what, tool) => {
  const turnId = await stuck((turn) => turn.ask({ question: 'Go on?' }), tool);
  await rig.hub.hub.turns.startOver({ turnId });
  await rig.until(turnId, 'completed');
  expect(rig.ran).toHaveLength(1);
  expect(rig.calls).toEqual([
    expect.objectContaining({ status: 'executed', result: 'blocked 203.0.113.7' }),
    expect.objectContaining({ status: 'executed', result: 'blocked 203.0.113.7' }),
  ]);
  // Neither is asked a second time: the approval of the tool where people give it, and the question.
  expect((await rig.hub.hub.requests.list()).items).toHaveLength(tool.rules ? 1 : 2);
});

test('a tool that threw throws the same, and is not run again', async () => {
  const run = () => Promise.reject(Object.assign(new TypeError('no route'), { name: 'RouteError' }));
  const turnId = await stuck(() => {}, { run });
  await rig.hub.hub.turns.startOver({ turnId });
  await rig.until(turnId, 'completed');
  expect(rig.ran).toHaveLength(1);
  expect(rig.calls.map(String)).toEqual(['RouteError: no route', 'RouteError: no route']);
});

test('a turn that gets stuck again, and is started over again, runs it no more often', async () => {
  const turnId = await stuck(() => {}, allowed);
  rig.agent = async (turn, tool) => {
    await rig.call(turn, tool);
    await turn.ask({ question: 'Sure?' });
  };
  await rig.hub.hub.turns.startOver({ turnId });
  const [sure] = await rig.asked();
  rig.agent = (turn, tool) => rig.call(turn, tool).then(() => turn.say('over'));
  await rig.restart();
  await rig.answer(String(sure?.id), 'yes');
  await idle();
  await rig.hub.advance('2s');
  await rig.until(turnId, 'stuck');
  await rig.hub.hub.turns.startOver({ turnId });
  await rig.until(turnId, 'completed');
  expect(rig.ran).toHaveLength(1);
  expect(rig.calls.at(-1)).toMatchObject({ status: 'executed', result: 'blocked 203.0.113.7' });
});

test.each<[string, (turn: Turn) => unknown]>([
  ['with other words', (turn) => turn.ask({ question: 'Go on now?' })],
  ['under other terms', (turn) => turn.ask({ question: 'Go on?', policy: { users: ['carol'] } })],
])('a request that is asked %s is a new one', async (_what, ask) => {
  const turnId = await stuck(ask, allowed);
  await rig.hub.hub.turns.startOver({ turnId });
  expect(await rig.asked()).toHaveLength(1);
  expect(await rig.hub.store.turn(turnId)).toMatchObject({ status: 'running' });
});

test('a request that was withdrawn is asked anew, and one that is pending is found', async () => {
  rig = await ToolRig.start({}, async (turn) => {
    await turn.step('before', () => 1);
    await Promise.all([turn.ask({ question: 'One?' }), turn.ask({ question: 'Two?' })]);
  });
  const turnId = await rig.say('x');
  const asked = await rig.asked(2);
  const [one, two] = ['One?', 'Two?'].map((each) =>
    asked.find(({ payload }) => 'question' in payload && payload.question === each),
  );
  rig.agent = async (turn) => {
    await Promise.all([turn.ask({ question: 'One?' }), turn.ask({ question: 'Two?' })]);
  };
  await rig.restart();
  await rig.hub.hub.requests.cancel({ requestId: String(one?.id), reason: 'not needed' });
  await idle();
  await rig.hub.advance('2s');
  await rig.until(turnId, 'stuck');
  await rig.hub.hub.turns.startOver({ turnId });
  await idle();
  const pending = await rig.asked(2);
  const idOf = (question: string) =>
    pending.find(({ payload }) => 'question' in payload && payload.question === question)?.id;
  expect(idOf('Two?')).toBe(two?.id);
  expect([one?.id, undefined]).not.toContain(idOf('One?'));
});

test('a run whose process ended before the turn was started over is asked about, not done again', async () => {
  const begun = gate();
  rig = await ToolRig.start(
    { ...allowed, run: () => new Promise(() => begun.open()) },
    async (turn, tool) => {
      await turn.step('before', () => 1);
      await rig.call(turn, tool);
    },
  );
  const turnId = await rig.say('203.0.113.7');
  await begun.opened;
  rig.agent = async (turn, tool) => {
    await turn.step('other', () => 1);
    await rig.call(turn, tool);
  };
  await rig.crash();
  await idle();
  await rig.hub.advance('2s');
  await rig.until(turnId, 'stuck');
  await rig.hub.hub.turns.startOver({ turnId });
  await rig.answer(String((await rig.asked())[0]?.id), 'leave it');
  await rig.until(turnId, 'completed');
  expect(rig.ran).toHaveLength(1);
  expect(rig.calls).toMatchObject([{ status: 'not_run', reason: 'left' }]);
});

test('the next leg of a turn asks and runs anew', async () => {
  rig = await ToolRig.start(
    allowed,
    async (turn: DurableTurn<NoTypes, number>, tool) => {
      await rig.call(turn, tool);
      return turn.state === undefined ? turn.again(1) : undefined;
    },
    { state: z.number() },
  );
  const turnId = await rig.say('203.0.113.7');
  await rig.until(turnId, 'completed');
  expect(rig.ran).toHaveLength(2);
  expect(new Set(rig.ran.map(({ key }) => key)).size).toBe(2);
});
