/** The question and the agent, tested with jest, 29 or 30. */
const { crashAfterEachCommit, findStrayCalls, replayEveryPrefix } = require('express-hitl/testing');
const { agent, run } = require('./agent.js');
const { model, source } = require('./question.js');

test('a question is answered once, with one of its options, or it expires', async () => {
  await model.test(source);
  model.assertCoverage();
});

test('a durable agent does the same after every restart, and takes nothing from outside but in steps', async () => {
  const replay = await replayEveryPrefix(agent, run);
  if (!replay.fits) throw new Error(replay.message);
  const [stray] = await findStrayCalls(agent, run);
  if (stray) throw new Error(`${stray.call} at ${stray.file}:${stray.line}`);
  const check = await crashAfterEachCommit(agent, run);
  if (!check.same) throw new Error(check.message);
});
