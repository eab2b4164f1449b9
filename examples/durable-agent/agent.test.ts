/** What a durable agent should be tested for, in Node's own runner: replays, stray calls, crashes, and journals of production. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { crashAfterEachCommit, findStrayCalls, replayEveryPrefix, replayJournal } from 'express-hitl/testing';
import { isolationAgent } from './agent';

const services = {
  findHost: async () => ({ host: 'ws-17', owner: 'Dana' }),
  isolate: async () => {},
  countConnections: async () => 0,
};
const agent = isolationAgent(services);
const run = { message: 'ws-17 talks to 203.0.113.7', answers: [{ status: 'approved' as const }] };

test('does the same each time it is called', async () => {
  const replay = await replayEveryPrefix(agent, run);
  assert.ok(replay.fits, replay.fits ? '' : replay.message);
});

test('takes nothing from outside but in steps', async () => {
  assert.deepEqual(await findStrayCalls(agent, run), []);
});

test('says the same whenever its process ends', async () => {
  const check = await crashAfterEachCommit(agent, run);
  assert.ok(check.same, check.same ? '' : check.message);
});

test('fits the turns that wait in production', async () => {
  const folder = join(__dirname, 'journals');
  for (const name of readdirSync(folder)) {
    const saved = JSON.parse(readFileSync(join(folder, name), 'utf8'));
    assert.deepEqual(await replayJournal(agent, saved), { fits: true }, name);
  }
});
