/** A durable turn over real sockets and a SQLite file, whose processes are killed with SIGKILL one after another: everything is said, asked, answered and ended once. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { sqliteStore } from '../../lib/store/sqlite/sqlite-store';
import { seededRandom } from '../../lib/testing/seeded-random';
import { TestClient } from '../../lib/testing/test-client';
import { sample } from '../length';
import { seed } from '../seed';
import { useStage } from './stage';

/** Each has other moments at which processes are killed: after so many frames. */
const walks = sample(
  Array.from({ length: 12 }, (_each, n) => seed + n),
  4,
);

describe('A durable turn whose processes are killed', () => {
  const stage = useStage();
  let child: ChildProcess | undefined;
  afterEach(async () => {
    if (child) await kill(child);
  });

  it.each(walks)(
    'goes on in each next process, once (walk %i)',
    async (walk) => {
      const random = seededRandom(walk);
      const effects = `${stage().path}-effects`;
      writeFileSync(effects, '');
      let processes = 0;
      for (let isOver = false; !isOver; ) {
        processes += 1;
        const served = await serve(stage().path, effects);
        child = served.child;
        // At some time one is left alone.
        const frames = processes > 9 ? Number.POSITIVE_INFINITY : Math.floor(random() * 7);
        isOver = await live(served.url, random, frames, processes === 1);
        await kill(child);
      }
      expect(processes).toBeGreaterThan(2);

      const store = sqliteStore(stage().path);
      await store.open();
      const { items } = await store.log('T-1', 0, 1_000);
      const requests = (await store.requests({ ticketId: 'T-1' }, 100)).items;
      await store.close();
      const lines = items.flatMap((each) =>
        each.event === 'session_message_added' && each.message.type !== 'user' ? [each.message.content] : [],
      );
      const done = readFileSync(effects, 'utf8').trim().split('\n');
      const won = new Set(done.filter((each) => each.startsWith('after ')).map((each) => each.slice(6)));
      expect(won.size).toBe(1);
      expect(lines.sort()).toEqual(
        [
          ...['looking', 'isolate host', 'isolate user', 'round 0', 'round 1', 'round 2'],
          `approved,approved ${[...won][0]}`,
        ].sort(),
      );
      expect(requests.map(({ payload }) => JSON.stringify(payload)).sort()).toEqual([
        '{"question":"left","options":["yes","no"]}',
        '{"question":"right","options":["yes","no"]}',
        '{"tool_name":"isolate","tool_args":{"name":"host"}}',
        '{"tool_name":"isolate","tool_args":{"name":"user"}}',
      ]);
      expect(items.filter(({ event }) => event === 'turn_ended')).toMatchObject([{ status: 'completed' }]);
      const times = (what: string) => done.filter((each) => each === what).length;
      for (const what of new Set(done)) expect(times(what)).toBeLessThanOrEqual(processes);
      expect(times('mail')).toBeLessThanOrEqual(1);
    },
    60_000,
  );
});

async function kill(child: ChildProcess): Promise<void> {
  if (child.signalCode !== null || child.exitCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

async function serve(path: string, effects: string): Promise<{ child: ChildProcess; url: string }> {
  const runner = join(__dirname, '../store/fixtures/run-typescript.js');
  const file = join(__dirname, 'fixtures/durable-child.ts');
  const child = spawn(process.execPath, [runner, file, path, effects], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [port] = await once(createInterface({ input: child.stdout }), 'line');
  return { child, url: `ws://127.0.0.1:${port}/ws/chat/ticket/T-1?tab=alice` };
}

/** What Alice sees of one process, and answers: until she was sent so many frames, or the turn has ended; resolves with whether it has. */
async function live(url: string, random: () => number, frames: number, isFirst: boolean): Promise<boolean> {
  const opened = await TestClient.open(url, { headers: { 'x-user': 'alice' } });
  if (!(opened instanceof TestClient)) throw new Error(`refused with ${opened.status}`);
  const { requests, turns, messages } = await opened.next('snapshot');
  if (!isFirst && turns.length === 0 && messages.length > 1) return true;
  const answer = ({ id, type }: { id: string; type: string }) => {
    const said = type === 'question' ? { response: { answer: random() < 0.5 ? 'yes' : 'no' } } : {};
    opened.socket.send(
      JSON.stringify({ type: 'hitl_respond', id, request_id: id, revision: 1, status: 'approved', ...said }),
    );
  };
  if (messages.length === 0)
    opened.socket.send(JSON.stringify({ type: 'message', id: 'm', content: 'isolate it' }));
  for (const request of requests) answer(request);
  for (let seen = 0; seen < frames; seen += 1) {
    const frame = await opened.next();
    if (frame.event === 'turn_ended') return true;
    if (frame.event === 'hitl_request_pending') answer(frame.hitl);
  }
  return false;
}
