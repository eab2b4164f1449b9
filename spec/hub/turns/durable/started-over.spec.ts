/** A stuck turn that is started over: what people answered to the very same requests is found, and tools that were run are not run again. */
import type { AnyTool, DurableTurn } from '../../../../lib/index';
import { idle } from '../../rig';
import { type BlockIp, ToolRig } from './tool-rig';

let rig: ToolRig;
afterEach(() => rig.close());

/** Runs a tool, waits for an answer, and is given other code there: stuck. */
async function stuck(
  after: (turn: DurableTurn, tool: AnyTool) => unknown,
  tool: BlockIp = {},
): Promise<string> {
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

const allowed: BlockIp = { rules: [{ decide: 'allow' }] };

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
