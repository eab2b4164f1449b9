import { startTestHub, type TestHub } from '../lib/testing/test-hub';

describe('a ticket over real sockets', () => {
  let hub: TestHub;
  afterEach(() => hub.close());

  it('takes a message, asks for an approval, and goes on when it is answered', async () => {
    hub = await startTestHub({
      mount: '/soc',
      agent: async (turn) => {
        const decision = await turn.approve({ toolName: 'block_ip', toolArgs: { ip: '203.0.113.7' } });
        await turn.respond(`It was ${decision.status}`);
      },
    });
    const alice = await hub.connect({ user: 'alice' });
    const bob = await hub.connect({ user: 'bob', dialect: 'classic' });
    await alice.next('snapshot');
    expect(await alice.ask({ type: 'message', content: 'block it' })).toMatchObject({ event: 'ack' });
    const { hitl } = await bob.next('hitl_request_pending');
    const ack = await alice.ask({ type: 'hitl_respond', request_id: hitl.id, revision: 1, status: 'approved' });
    expect(ack.hitl.status).toBe('approved');
    expect(await bob.next('turn_ended')).toMatchObject({ status: 'completed' });
    await hub.restart();
    const again = await hub.connect({ user: 'alice' });
    const snapshot = await again.next('snapshot');
    expect(snapshot.messages.map(({ content }: { content: string }) => content)).toEqual(['block it', 'It was approved']);
  });
});
