import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createApp } from '../../examples/python-worker/app';
import { portOf } from '../../lib/hub/hub';
import { RunningApp } from './running-app';
import { Visitor } from './visitor';

const hasPython = spawnSync('python3', ['--version']).status === 0;
if (!hasPython) console.log('No python3 here: the Python worker is not tried');

(hasPython ? describe : describe.skip)('the worker in Python', () => {
  const script = join(__dirname, '../../examples/python-worker/worker.py');
  const workers: ChildProcess[] = [];
  let example: ReturnType<typeof createApp>;
  let app: RunningApp;
  beforeEach(async () => {
    example = createApp('s3cret');
    app = await RunningApp.start(example);
  });
  afterEach(async () => {
    for (const worker of workers.splice(0)) worker.kill('SIGKILL');
    await app.stop();
  });

  function startWorker(ticketId = 'OPS-1') {
    const child = spawn('python3', [script, `${app.url}/soc`, 's3cret', ticketId, 'ws-17'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    workers.push(child);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return { child, line: async () => (await lines.next()).value as string | undefined };
  }

  it('is killed while it waits, asks again, and does what was approved, once', async () => {
    const first = startWorker();
    const [asked, id = ''] = (await first.line())?.split(' ') ?? [];
    expect(asked).toBe('asked');
    const { hitl } = portOf(example.hitl.hub);
    while (hitl.waiting === 0) await new Promise((resolve) => setImmediate(resolve));
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
    const headers = { 'x-user': 'alice', 'content-type': 'application/json' };
    const answer = { method: 'POST', headers, body: JSON.stringify({ status: 'approved' }) };
    expect((await fetch(`${app.url}/soc/hitl/requests/${id}/respond`, answer)).status).toBe(200);

    const second = startWorker();
    const told = [await second.line(), await second.line(), await second.line()];
    expect(told).toEqual([`found ${id}`, 'approved', 'restarting ws-17']);
    expect(await second.line()).toBeUndefined();
    expect((await hitl.get(id)).execution).toMatchObject({ state: 'executed' });

    // A third finds it done, and does not do it again.
    const third = startWorker();
    expect([await third.line(), await third.line()]).toEqual([`found ${id}`, 'approved']);
    expect(await third.line()).toBeUndefined();
  }, 60_000);

  it('may not ask in a ticket that is not its own', async () => {
    const { child, line } = startWorker('OPS-2');
    const over = once(child, 'exit');
    expect(await line()).toBeUndefined();
    expect(await over).toEqual([1, null]);
  }, 60_000);

  it('may not join a ticket with its token', async () => {
    expect(
      await new Visitor(app, { authorization: 'Bearer s3cret' }).knock('/soc/ws/chat/ticket/OPS-1'),
    ).toMatchObject({
      status: 403,
    });
  });
});
