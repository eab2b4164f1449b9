/** What a person may do is asked of the app again at the moment of the answer, and taken away at once; over real sockets. */
import { portOf } from '../../../lib/hub/hub';
import type { TestFrame } from '../../../lib/testing/test-client';
import { startTestHub, type TestHub, type TestHubOptions } from '../../../lib/testing/test-hub';
import type { TicketAccess } from '../../../lib/transport/core/auth-options';

let hub: TestHub;
/** What the ticket callback says of Mallory from now on. */
let verdict: () => TicketAccess | Promise<TicketAccess>;
afterEach(() => hub.close());

/** Alice has asked, and the request is pending; Mallory has joined too. */
async function start(options: TestHubOptions = {}) {
  verdict = () => 'allow';
  hub = await startTestHub({
    agent: (turn) => turn.approve({ tool: 'block_ip', args: {} }),
    ...options,
    auth: {
      authorize: ({ user }) => (user.id === 'mallory' ? verdict() : 'allow'),
      ...options.auth,
    },
  });
  const alice = await hub.connect();
  const mallory = await hub.connect({ user: 'mallory' });
  const { turn_id } = await alice.ask({ type: 'message', content: 'go' });
  const { hitl }: TestFrame = await mallory.next('hitl_request_pending');
  return { alice, mallory, hitl, turn_id };
}

const isPending = async (id: string) => (await portOf(hub.hub).hitl.get(id)).status === 'pending';

describe.each(['hitl_respond', 'hitl_claim', 'hitl_release', 'hitl_cancel'])(
  'B19: %s after access was withdrawn',
  (type) => {
    const frame = (id: string) => ({
      type,
      request_id: id,
      revision: 1,
      status: 'approved',
      reason: 'over',
    });

    test('is refused as forbidden, closes with 4403, and the request stays as it was', async () => {
      const { alice, mallory, hitl } = await start();
      verdict = () => 'forbidden';
      expect(await mallory.ask(frame(hitl.id))).toMatchObject({ event: 'error', code: 'forbidden' });
      expect((await mallory.closed()).code).toBe(4403);
      expect((await portOf(hub.hub).hitl.get(hitl.id)).revision).toBe(1);
      expect(await isPending(hitl.id)).toBe(true);
      expect(await hub.tryConnect({ user: 'mallory' })).toMatchObject({ status: 403 });
      expect(await alice.ask({ ...frame(hitl.id), type: 'hitl_respond' })).toMatchObject({ event: 'ack' });
    });

    test('because the ticket is gone closes with 4404', async () => {
      const { mallory, hitl } = await start();
      verdict = () => 'not_found';
      expect(await mallory.ask(frame(hitl.id))).toMatchObject({ code: 'not_found' });
      expect((await mallory.closed()).code).toBe(4404);
    });

    test.each([
      [
        'throws',
        () => {
          throw new Error('database away');
        },
      ],
      ['rejects', () => Promise.reject(new Error('database away'))],
      ['gives nonsense', () => 'yes' as never],
    ])('where the app %s is refused as unavailable, and the connection stays', async (_what, says) => {
      const { mallory, hitl } = await start();
      verdict = says;
      expect(await mallory.ask(frame(hitl.id))).toEqual({
        event: 'error',
        re: expect.any(String),
        code: 'unavailable',
        message: expect.not.stringContaining('database'),
      });
      verdict = () => 'allow';
      expect(await mallory.ask({ ...frame(hitl.id), type: 'hitl_claim' })).toMatchObject({ event: 'ack' });
    });
  },
);

test('a frame sent again after access was withdrawn does not show its first ack', async () => {
  const { mallory, hitl } = await start();
  const claim = { type: 'hitl_claim', id: 'c', request_id: hitl.id };
  expect(await mallory.ask(claim)).toMatchObject({ event: 'ack' });
  verdict = () => 'forbidden';
  mallory.send(claim);
  expect((await mallory.closed()).code).toBe(4403);
});

describe('B19: an app that ends the login of a user', () => {
  test('closes all of that user’s sockets with 4401, and no other user’s', async () => {
    hub = await startTestHub();
    const [tab, phone] = [
      await hub.connect({ tab: 'tab' }),
      await hub.connect({ tab: 'phone', ticketId: 'T-2' }),
    ];
    const classic = await hub.connect({ tab: 'old', dialect: 'classic' });
    const bob = await hub.connect({ user: 'bob' });
    expect(hub.hub.clients.disconnect({ userId: 'alice' })).toBe(3);
    expect(await tab.closed()).toEqual({ code: 4401, reason: 'session ended' });
    expect((await phone.closed()).code).toBe(4401);
    expect((await classic.closed()).code).toBe(1000);
    expect(hub.hub.reference.getTotalClientCount()).toBe(1);
    expect(await bob.ask({ type: 'message', content: 'still here' })).toMatchObject({ event: 'ack' });
  });

  test('may give the reason', async () => {
    hub = await startTestHub();
    const client = await hub.connect();
    hub.hub.clients.disconnect({ where: () => true, code: 'forbidden' });
    expect((await client.closed()).code).toBe(4403);
  });
});

describe('an app whose callbacks fail harms only the client that asked', () => {
  const fail = (): never => {
    throw new Error('s3cret');
  };
  /** Winston hands a line to its transports as it is logged, and what they throw comes back to the one who logs. */
  const brokenLogger = { error: fail, warn: fail, info: fail, debug: fail, log: fail } as never;

  test.each<[string, () => Promise<boolean>]>([
    ['throws', fail],
    ['rejects', () => Promise.reject(new Error('s3cret'))],
  ])('B25: mayRespond %s, and so no person may answer', async (_what, mayRespond) => {
    const { mallory, hitl } = await start({
      rules: { mayAnswer: mayRespond },
      logger: brokenLogger,
    });
    const answer = { type: 'hitl_respond', request_id: hitl.id, revision: 1, status: 'approved' };
    expect(await mallory.ask(answer)).toMatchObject({ code: 'not_allowed', details: { rule: 'app' } });
    expect(await isPending(hitl.id)).toBe(true);
  });

  test.each<[string, () => unknown]>([
    ['throws', fail],
    ['rejects', () => Promise.reject(new Error('s3cret'))],
    ['rejects with nothing', () => Promise.reject()],
  ])('B13: the agent %s, and its turn is aborted', async (_what, agent) => {
    hub = await startTestHub({ agent, logger: brokenLogger });
    const client = await hub.connect();
    await client.ask({ type: 'message', content: 'go' });
    expect(await client.next('turn_ended')).toMatchObject({ status: 'aborted', reason: 'error' });
    expect(JSON.stringify(client.received)).not.toContain('s3cret');
    await client.ask({ type: 'message', content: 'again' });
    await client.next('turn_ended');
  });

  test('the logger throws wherever something is logged, and everything goes on', async () => {
    hub = await startTestHub({ logger: brokenLogger, auth: { authorize: () => verdict() } });
    verdict = fail;
    expect(await hub.tryConnect()).toMatchObject({ status: 503 });
    verdict = () => 'forbidden';
    expect(await hub.tryConnect()).toMatchObject({ status: 403 });
    verdict = () => 'allow';
    const client = await hub.connect();
    await client.next('snapshot');
    jest.spyOn(hub.store, 'sessionByTab').mockRejectedValueOnce(new Error('s3cret'));
    expect(await client.ask({ type: 'message', content: 'x' })).toMatchObject({ code: 'internal' });
    client.send('x'.repeat(65_537));
    expect((await client.closed()).code).toBe(1009);
    expect(await hub.tryConnect({ origin: 'https://evil.example' })).toMatchObject({ status: 403 });
    jest.spyOn(hub.store, 'state').mockRejectedValueOnce(new Error('s3cret'));
    expect((await (await hub.connect()).closed()).code).toBe(4503);
  });
});
