import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { portOf } from '../../lib/hub/hub';
import { TestClient } from '../../lib/testing/test-client';
import { blockingAgent } from './fixtures/blocking-agent';
import { hasSeen, logOf, range, toLine, useStage } from './stage';

const minutes = 60_000;

describe('A restart', () => {
  const stage = useStage();
  const children: ChildProcess[] = [];
  afterEach(async () => {
    for (const child of children.splice(0)) await kill(child);
  });

  async function kill(child: ChildProcess): Promise<void> {
    if (child.signalCode !== null || child.exitCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  /** A hub in a process of its own on this stage's file. */
  async function serve(): Promise<{ child: ChildProcess; connect(user: string): Promise<TestClient> }> {
    const child = spawn(
      process.execPath,
      [
        join(__dirname, '../store/fixtures/run-typescript.js'),
        join(__dirname, 'fixtures/serving-child.ts'),
        stage().path,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    children.push(child);
    const [port] = await once(createInterface({ input: child.stdout }), 'line');
    return {
      child,
      connect: async (user) => {
        const url = `ws://127.0.0.1:${port}/ws/chat/ticket/T-1?tab=${user}`;
        const client = await TestClient.open(url, { headers: { 'x-user': user } });
        if (!(client instanceof TestClient)) throw new Error(`refused with ${client.status}`);
        return client;
      },
    };
  }

  it('after a kill in the middle of a turn: the turn is aborted, the request stays and can be answered', async () => {
    const { child, connect } = await serve();
    const alice = await connect('alice');
    await alice.ask({ type: 'message', content: 'block it' });
    const { hitl, epoch, seq } = await alice.next('hitl_request_pending');
    await kill(child);
    expect((await alice.closed()).code).toBe(1006);

    const hub = await stage().start({ agent: blockingAgent });
    const again = await hub.connect({ user: 'alice', tab: 'alice', after: `${epoch}:${seq}` });
    expect(await again.next()).toMatchObject({ event: 'welcome', resumed: true, epoch, seq: seq + 2 });
    expect(toLine(await again.next('turn_ended'))).toBe('turn_ended aborted crash');
    expect((await again.next('hitl_request_updated')).hitl).toEqual({ ...hitl, asker: 'gone' });
    const bob = await hub.connect({ user: 'bob' });
    expect(await bob.next('snapshot')).toMatchObject({ turns: [], requests: [hitl] });

    // The agent asks the same again and gets the same request, which is still the only one.
    await again.ask({ type: 'message', content: 'block it' });
    await again.next((frame) => frame.message?.content === 'Looking up 203.0.113.7');
    const answer = { type: 'hitl_respond', request_id: hitl.id, revision: 1, status: 'approved' };
    expect(await bob.ask(answer)).toMatchObject({ hitl: { id: hitl.id, status: 'approved' } });
    await again.next((frame) => frame.message?.content === 'It was approved');
    const { seq: top } = await again.next('turn_ended');
    expect(logOf(again).filter(({ event }) => event === 'hitl_request_pending')).toEqual([]);
    expect([...logOf(alice), ...logOf(again)].map((each) => each.seq)).toEqual(range(1, top));
  });

  it('after a kill: who asked for the answer before gets it when the agent asks again after it was given', async () => {
    const { child, connect } = await serve();
    const alice = await connect('alice');
    await alice.ask({ type: 'message', content: 'block it' });
    const { hitl } = await alice.next('hitl_request_pending');
    await kill(child);
    const hub = await stage().start({ agent: blockingAgent });
    const bob = await hub.connect({ user: 'bob' });
    await bob.ask({ type: 'hitl_respond', request_id: hitl.id, revision: 1, status: 'denied' });
    const again = await hub.connect({ user: 'alice', tab: 'alice' });
    await again.ask({ type: 'message', content: 'block it' });
    await again.next((frame) => frame.message?.content === 'It was denied');
    await again.next('turn_ended');
  });

  it('in good order: turns are aborted before the clients are disconnected, and they resume all of it', async () => {
    const hub = await stage().start({ agent: blockingAgent });
    const alice = await hub.connect({ user: 'alice' });
    await alice.ask({ type: 'message', content: 'block it' });
    await alice.ask({ type: 'message', content: 'and then' });
    const { hitl } = await alice.next('hitl_request_pending');
    await hub.hitl.close();
    expect((await alice.closed()).code).toBe(1001);
    await hub.restart();
    const ends = logOf(alice).filter(({ event }) => event === 'turn_ended');
    expect(ends.map(toLine)).toEqual(['turn_ended aborted shutdown', 'turn_ended aborted shutdown']);

    const { epoch, seq } = logOf(alice).at(-1);
    const again = await hub.connect({ user: 'alice', after: `${epoch}:${seq}` });
    // What it missed is that no waiter is left for the answer.
    expect(await again.next()).toMatchObject({ event: 'welcome', resumed: true, seq: seq + 1 });
    const left = { ...hitl, asker: 'gone' };
    expect((await again.next('hitl_request_updated')).hitl).toEqual(left);
    expect((await hub.connect({ user: 'bob' }).then((bob) => bob.next('snapshot'))).requests).toEqual([left]);
    await again.ask({ type: 'message', content: 'once more' });
    await again.next('turn_started');
    await again.ask({ type: 'hitl_respond', request_id: hitl.id, revision: 1, status: 'approved' });
    await again.next((frame) => frame.message?.content === 'It was approved');
  });

  it('sends requests the deadlines that passed while no process was running', async () => {
    const hub = await stage().start({ agent: blockingAgent });
    const alice = await hub.connect();
    await alice.ask({ type: 'message', content: 'block it' });
    const { hitl } = await alice.next('hitl_request_pending');
    await hub.hitl.close();
    const { epoch, seq } = logOf(alice).at(-1);
    hub.clock.jumpTo(hub.clock.now() + 60 * minutes);
    await hub.restart();
    const again = await hub.connect({ after: `${epoch}:${seq}` });
    expect((await again.next('hitl_request_resolved')).hitl).toMatchObject({
      id: hitl.id,
      status: 'expired',
      reason: 'nobody answered in time',
    });
  });

  it('arms the deadlines again that are still to come', async () => {
    const hub = await stage().start({ agent: blockingAgent });
    const alice = await hub.connect();
    await alice.ask({ type: 'message', content: 'block it' });
    const { hitl } = await alice.next('hitl_request_pending');
    hub.clock.advance(10 * minutes);
    await hub.restart();
    const again = await hub.connect();
    await again.next('snapshot');
    await hub.advance(4 * minutes);
    expect(await portOf(hub.hub).hitl.get(hitl.id)).toMatchObject({ status: 'pending' });
    await hub.advance(1 * minutes);
    expect((await again.next('hitl_request_resolved')).hitl).toMatchObject({
      id: hitl.id,
      status: 'expired',
    });
  });

  it('sends a snapshot to clients that reconnect to a log that was cut or is another', async () => {
    const hub = await stage().start({ agent: (turn) => turn.say('noted') });
    const alice = await hub.connect();
    await alice.ask({ type: 'message', content: 'one' });
    const { epoch, seq } = await alice.next('turn_ended');
    await hub.store.trim('T-1', 2, 0);
    await hub.restart();
    const old = await hub.connect({ tab: 'old', after: `${epoch}:1` });
    expect(await old.next()).toMatchObject({ event: 'welcome', resumed: false });
    expect((await old.next()).messages).toHaveLength(2);
    const fresh = await hub.connect({ tab: 'fresh', after: `${epoch}:${seq - 1}` });
    await hasSeen(fresh, seq);
    expect(logOf(fresh).map((each) => each.seq)).toEqual([seq]);
    const foreign = await hub.connect({ tab: 'foreign', after: `another:${seq}` });
    expect(await foreign.next()).toMatchObject({ resumed: false });
  });
});
