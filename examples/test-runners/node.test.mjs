/** The question and the agent, tested with Node's own runner. */
import { test } from 'node:test';
import { crashAfterEachCommit, findStrayCalls, replayEveryPrefix } from 'express-hitl/testing';
import durable from './agent.js';
import question from './question.js';

const { agent, run } = durable;

test('a question is answered once, with one of its options, or it expires', async () => {
  await question.model.test(question.source);
  question.model.assertCoverage();
});

test('a durable agent does the same after every restart, and takes nothing from outside but in steps', async () => {
  const replay = await replayEveryPrefix(agent, run);
  if (!replay.fits) throw new Error(replay.message);
  const [stray] = await findStrayCalls(agent, run);
  if (stray) throw new Error(`${stray.call} at ${stray.file}:${stray.line}`);
  const check = await crashAfterEachCommit(agent, run);
  if (!check.same) throw new Error(check.message);
});
