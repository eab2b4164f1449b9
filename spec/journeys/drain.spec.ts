import { portOf } from '../../lib/hub/hub';
import type { Turn } from '../../lib/index';
import type { TestClient, TestFrame } from '../../lib/testing/test-client';
import { startTestHub, type TestHub } from '../../lib/testing/test-hub';

describe('a hub that is drained', () => {
  let hub: TestHub;
  afterEach(() => hub.close());

  /** An agent that answers when the test says so. */
  const slowAgent = () => {
    const finish: (() => void)[] = [];
    const agent = async (turn: Turn) => {
      await new Promise<void>((resolve) => finish.push(resolve));
      await turn.say('done');
    };
    return { agent, finish };
  };

  /** Ten clients are sent one time in each second of ten. */
  const expectSpread = async (clients: readonly TestClient[]) => {
    const times: number[] = [];
    for (const client of clients) times.push((await client.next('going_away')).retry_after_ms);
    times.sort((a, b) => a - b);
    for (const [n, time] of times.entries()) {
      expect(time).toBeGreaterThanOrEqual(n * 1_000);
      expect(time).toBeLessThanOrEqual((n + 1) * 1_000);
    }
  };

  it('notifies each client when to reconnect, spread over the time it has', async () => {
    hub = await startTestHub({ limits: { clientsPerTicket: 20 }, agent: slowAgent().agent });
    const clients = await Promise.all(Array.from({ length: 10 }, (_each, n) => hub.connect({ tab: `${n}` })));
    await clients[0]?.ask({ type: 'message', content: 'stay' });
    const drained = hub.hitl.drain({ over: '10s' });
    await expectSpread(clients);
    hub.clock.advance(10_000);
    await drained;
    for (const client of clients) expect(await client.closed()).toMatchObject({ code: 1012 });
  });

  it('sends them new times right before it closes, since the first ones have passed', async () => {
    hub = await startTestHub({ limits: { clientsPerTicket: 20 }, agent: slowAgent().agent });
    const clients = await Promise.all(Array.from({ length: 10 }, (_each, n) => hub.connect({ tab: `${n}` })));
    await clients[0]?.ask({ type: 'message', content: 'stay' });
    const drained = hub.hitl.drain({ over: '10s' });
    for (const client of clients) await client.next('going_away');
    hub.clock.advance(10_000);
    await drained;
    await expectSpread(clients);
    for (const client of clients) {
      expect(await client.closed()).toMatchObject({ code: 1012 });
      const last = client.received.at(-1);
      expect(last).toMatchObject({ event: 'going_away', retry_after_ms: expect.any(Number) });
      expect(client.all('going_away')).toHaveLength(2);
    }
  });

  it('notifies them only once where it closes at once', async () => {
    hub = await startTestHub();
    const alice = await hub.connect();
    await hub.hitl.drain({ over: '10s' });
    expect(await alice.closed()).toMatchObject({ code: 1012 });
    expect(alice.all('going_away')).toHaveLength(1);
  });

  it('lets a turn finish, shows its end, and does not wait for longer than that', async () => {
    const { agent, finish } = slowAgent();
    hub = await startTestHub({ agent });
    const alice = await hub.connect();
    await alice.ask({ type: 'message', content: 'work' });
    const drained = hub.hitl.drain({ over: '1h' });
    await alice.next('going_away');
    for (const each of finish) each();
    await drained;
    expect(await alice.next('turn_ended')).toMatchObject({ status: 'completed' });
    expect(await alice.closed()).toMatchObject({ code: 1012 });
  });

  it('aborts what is not done in time, and leaves requests pending for the next start', async () => {
    hub = await startTestHub({ agent: (turn) => turn.approve({ tool: 'block_ip', args: {} }) });
    const alice = await hub.connect();
    await alice.ask({ type: 'message', content: 'block' });
    const { hitl } = await alice.next('hitl_request_pending');
    const drained = hub.hitl.drain({ over: '10s' });
    await alice.next('going_away');
    hub.clock.advance(10_000);
    await drained;
    expect(await alice.next('turn_ended')).toMatchObject({ status: 'aborted', reason: 'shutdown' });
    await hub.restart();
    expect(await portOf(hub.hub).hitl.get(hitl.id)).toMatchObject({ status: 'pending' });
  });

  it('accepts no client and no message, but still an answer that lets a turn finish', async () => {
    hub = await startTestHub({
      agent: async (turn) => {
        const { status } = await turn.approve({ tool: 'block_ip', args: {} });
        await turn.say(status);
      },
    });
    const alice = await hub.connect();
    await alice.ask({ type: 'message', content: 'block' });
    const { hitl } = await alice.next('hitl_request_pending');
    const drained = hub.hitl.drain({ over: '10s' });
    await alice.next('going_away');
    expect(await hub.tryConnect({ user: 'bob' })).toMatchObject({
      status: 503,
      headers: { 'retry-after': expect.any(String) },
      body: { error: { code: 'closing' } },
    });
    expect(await alice.ask({ type: 'message', content: 'more' })).toMatchObject({ code: 'closing' });
    const answer = await alice.ask({
      type: 'hitl_respond',
      request_id: hitl.id,
      revision: 1,
      status: 'approved',
    });
    expect(answer).toMatchObject({ event: 'ack' });
    await drained;
    await alice.closed();
    const contents = alice.all('session_message_added').map((frame: TestFrame) => frame.message.content);
    expect(contents).toEqual(['block', 'approved']);
  });

  it('ends at once when it is closed in the meantime', async () => {
    hub = await startTestHub({ agent: slowAgent().agent });
    const alice = await hub.connect();
    await alice.ask({ type: 'message', content: 'work' });
    const drained = hub.hitl.drain({ over: '1h' });
    await alice.next('going_away');
    await hub.hitl.close();
    await drained;
    expect(await alice.closed()).toMatchObject({ code: 1012 });
  });
});
