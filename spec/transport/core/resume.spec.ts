/** Coming back: to the ticket's log by `after`, and to an earlier session by `session_id`; over real sockets. */
import type { TestClient, TestFrame } from '../../../lib/testing/test-client';
import { startTestHub, type TestHub } from '../../../lib/testing/test-hub';

let hub: TestHub;
afterEach(() => hub.close());

beforeEach(async () => {
  hub = await startTestHub({ agent: (turn) => turn.say(`re: ${turn.message.content}`) });
});

/** Says something and waits until its turn is over; gives the ack. */
async function say(client: TestClient, content: string): Promise<TestFrame> {
  const ack = await client.ask({ type: 'message', content });
  await client.next((frame) => frame.event === 'turn_ended' && frame.turn_id === ack.turn_id);
  return ack;
}

const logged = (client: TestClient) =>
  client.received.filter(({ event, epoch }) => epoch && event !== 'welcome' && event !== 'snapshot');

describe('B9: resume by after', () => {
  test('every envelope that was missed comes once and in order, then what is live', async () => {
    const bob = await hub.connect({ user: 'bob' });
    const alice = await hub.connect();
    await say(alice, 'before');
    const seen = logged(alice).at(-1);
    await alice.close();
    await say(bob, 'missed');
    await say(bob, 'missed too');
    const again = await hub.connect({ after: `${seen.epoch}:${seen.seq}` });
    const welcome = await again.next();
    const top = logged(bob).at(-1);
    expect(welcome).toMatchObject({ event: 'welcome', resumed: true, epoch: seen.epoch, seq: top.seq });
    await say(bob, 'live');
    await again.next((frame) => frame.message?.content === 're: live');
    expect(again.all('snapshot')).toEqual([]);
    const missed = logged(bob).filter(({ seq }) => seq > seen.seq);
    const told = logged(again);
    expect(told).toEqual(missed.slice(0, told.length));
    expect(told.map(({ seq }) => seq)).toEqual(told.map((_each, index) => seen.seq + 1 + index));
    expect(told.at(-1).seq).toBeGreaterThan(welcome.seq);
  });

  test('what is committed while the log is read is neither lost nor sent twice', async () => {
    const bob = await hub.connect({ user: 'bob' });
    await say(bob, 'before');
    const { epoch } = logged(bob)[0];
    const { log } = hub.store;
    // The log is read, and before it is handed over another person goes on talking.
    jest.spyOn(hub.store, 'log').mockImplementationOnce(async (...args) => {
      const read = await Reflect.apply(log, hub.store, args);
      await say(bob, 'meanwhile');
      return read;
    });
    const again = await hub.connect({ after: `${epoch}:0` });
    await again.next((frame) => frame.event === 'turn_ended' && frame.seq === logged(bob).at(-1).seq);
    expect(logged(again)).toEqual(logged(bob));
  });

  test('what is committed while the app still thinks about who it is comes with what was missed', async () => {
    await hub.close();
    let asked = () => {};
    let decide = () => {};
    hub = await startTestHub({
      auth: {
        identify: (req) => {
          const user = req.get('x-user');
          if (user !== 'slow') return user;
          asked();
          return new Promise((resolve) => {
            decide = () => resolve(user);
          });
        },
      },
    });
    const bob = await hub.connect({ user: 'bob' });
    const { epoch } = await bob.next('welcome');
    for (let seq = 0; seq < 4; seq += 2) {
      const isAsked = new Promise<void>((resolve) => {
        asked = resolve;
      });
      const opening = hub.connect({ user: 'slow', after: `${epoch}:${seq}` });
      await isAsked;
      await bob.ask({ type: 'message', content: 'while it is not known yet' });
      decide();
      const slow = await opening;
      await bob.ask({ type: 'message', content: 'when it is in' });
      await slow.next((frame) => frame.message?.content === 'when it is in');
      expect(slow.all('welcome')[0].resumed).toBe(true);
      expect(logged(slow)).toEqual(logged(bob).filter((frame) => frame.seq > seq));
    }
  });

  test('the very first envelope of a log is not missed by one who came before it', async () => {
    const bob = await hub.connect({ user: 'bob' });
    const { epoch, seq } = await bob.next('welcome');
    expect(seq).toBe(0);
    await bob.close();
    const alice = await hub.connect();
    await say(alice, 'first');
    const again = await hub.connect({ user: 'bob', after: `${epoch}:0` });
    expect((await again.next()).resumed).toBe(true);
    await again.next('turn_ended');
    expect(logged(again)).toEqual(logged(alice));
    expect(logged(again)[0].seq).toBe(1);
  });

  test('two tabs of one user at different positions are each sent what it has missed itself', async () => {
    const alice = await hub.connect();
    const seen: TestFrame[] = [];
    for (const content of ['one', 'two', 'three']) {
      await say(alice, content);
      seen.push(logged(alice).at(-1));
    }
    const [first, second] = await Promise.all(
      seen.slice(0, 2).map(({ epoch, seq }, n) => hub.connect({ tab: `${n}`, after: `${epoch}:${seq}` })),
    );
    for (const [n, tab] of [first, second].entries()) {
      await tab?.next((frame) => frame.seq === seen[2].seq && frame.event === 'turn_ended');
      expect(tab && logged(tab)).toEqual(logged(alice).filter(({ seq }) => seq > seen[n].seq));
    }
  });

  test.each([
    ['forbidden', 403],
    ['not_found', 404],
  ] as const)(
    'a user who has lost access to the ticket is not sent what was said: %s',
    async (answer, status) => {
      await hub.close();
      let access: 'allow' | typeof answer = 'allow';
      hub = await startTestHub({
        auth: { authorize: ({ user }) => (user.id === 'bob' ? access : 'allow') },
      });
      const alice = await hub.connect();
      const bob = await hub.connect({ user: 'bob' });
      const { epoch } = await bob.next('welcome');
      await bob.close();
      access = answer;
      await alice.ask({ type: 'message', content: 'not for bob' });
      const refused = await hub.tryConnect({ user: 'bob', after: `${epoch}:0` });
      expect(refused).toMatchObject({ status, body: { error: { code: answer } } });
      access = 'allow';
      const again = await hub.connect({ user: 'bob', after: `${epoch}:0` });
      expect((await again.next()).resumed).toBe(true);
    },
  );

  test('a client that has seen everything is sent only who is connected', async () => {
    const alice = await hub.connect();
    await say(alice, 'all');
    const { epoch, seq } = logged(alice).at(-1);
    const again = await hub.connect({ tab: 'two', after: `${epoch}:${seq}` });
    expect((await again.next()).resumed).toBe(true);
    expect(await again.next()).toMatchObject({ event: 'presence_changed' });
    expect(logged(again)).toEqual([]);
  });

  test('it needs no memory: it works after a restart', async () => {
    const alice = await hub.connect();
    await say(alice, 'before');
    const [first] = logged(alice);
    await hub.restart();
    const again = await hub.connect({ after: `${first.epoch}:${first.seq}` });
    expect((await again.next()).resumed).toBe(true);
    await again.next('turn_ended');
    expect(logged(again)).toEqual(logged(alice).slice(1));
  });

  test.each([
    ['another epoch', (_epoch: string) => 'another:1'],
    ['a seq above the top', (epoch: string) => `${epoch}:999`],
  ])('%s: a snapshot instead', async (_what, after) => {
    const alice = await hub.connect();
    await say(alice, 'before');
    const { epoch, seq } = logged(alice).at(-1);
    const again = await hub.connect({ tab: 'two', after: after(epoch) });
    expect(await again.next()).toMatchObject({ event: 'welcome', resumed: false, epoch, seq });
    const snapshot = await again.next();
    expect(snapshot).toMatchObject({ event: 'snapshot', epoch, seq });
    expect(snapshot.messages.map(({ content }: TestFrame) => content)).toEqual(['before', 're: before']);
  });

  test('B28: a snapshot holds what is pending, what runs and who is there', async () => {
    await hub.close();
    hub = await startTestHub({ agent: (turn) => turn.ask({ question: 'Where?' }) });
    const alice = await hub.connect();
    const { turn_id, session_id } = await alice.ask({ type: 'message', content: 'go' });
    const { hitl } = await alice.next('hitl_request_pending');
    const bob = await hub.connect({ user: 'bob' });
    expect(await bob.next('snapshot')).toMatchObject({
      ticket_id: 'T-1',
      requests: [hitl],
      turns: [{ id: turn_id, session_id, status: 'running' }],
      sessions: [{ id: session_id, user_id: 'alice' }],
      presence: [
        { user: { id: 'alice', name: 'alice' }, clients: 1 },
        { user: { id: 'bob', name: 'bob' }, clients: 1 },
      ],
    });
  });

  test('classic gets what was missed in its own form', async () => {
    const alice = await hub.connect({ dialect: 'classic' });
    const bob = await hub.connect({ user: 'bob' });
    alice.send({ type: 'message', content: 'hi' });
    await alice.next('turn_ended');
    await bob.next('turn_ended');
    const { epoch } = logged(bob)[0];
    const again = await hub.connect({ dialect: 'classic', tab: 'two', after: `${epoch}:0` });
    await again.next('turn_ended');
    expect(again.received).toEqual(alice.received);
  });
});

describe('A54, B16: resume by session_id', () => {
  const answers = (client: TestClient) =>
    client.received.filter(({ event }) => event === 'session_resumed' || event === 'error');

  test('the own one goes on, and the client is sent its id', async () => {
    const alice = await hub.connect({ tab: 'one' });
    const { session_id } = await say(alice, 'first');
    const phone = await hub.connect({ tab: 'phone', sessionId: session_id });
    await phone.next('welcome');
    expect(await phone.next()).toEqual({
      event: 'session_resumed',
      timestamp: expect.any(String),
      ticket_id: 'T-1',
      session_id,
    });
    expect((await say(phone, 'second')).session_id).toBe(session_id);
    expect(phone.all('session_created')).toEqual([]);
  });

  test('B16c: without one, the same tab finds its session again and another tab begins its own', async () => {
    const { session_id } = await say(await hub.connect({ tab: 'one' }), 'first');
    expect((await say(await hub.connect({ tab: 'one' }), 'second')).session_id).toBe(session_id);
    expect((await say(await hub.connect({ tab: 'two' }), 'third')).session_id).not.toBe(session_id);
  });

  test('B16b: one who says nothing has no session', async () => {
    const client = await hub.connect();
    await client.next('snapshot');
    await client.close();
    expect((await hub.store.state('T-1', 1)).sessions).toEqual([]);
  });

  describe.each([
    ['not_found', async () => 'no-such-session'],
    ['other_user', async () => (await say(await hub.connect({ user: 'bob' }), 'mine')).session_id],
    ['other_ticket', async () => (await say(await hub.connect({ ticketId: 'T-2' }), 'there')).session_id],
    [
      'other_source',
      async () => {
        const session = {
          id: 'slack_1',
          ticketId: 'T-1',
          source: 'slack' as const,
          userId: 'alice',
          tabId: 'default',
          createdAt: 1,
          lastActiveAt: 1,
        };
        await hub.store.commit([{ ticketId: 'T-1', at: 1, sessions: [session], envelopes: [] }]);
        return session.id;
      },
    ],
  ])('one that is not to be resumed: %s', (reason, make) => {
    test('a hitl.v1 client is notified, and its first message begins a session of its own', async () => {
      const sessionId = await make();
      const client = await hub.connect({ tab: 'new', sessionId });
      await client.next('welcome');
      expect(await client.next()).toEqual({
        event: 'error',
        code: 'session_resume_failed',
        message: expect.any(String),
        details: { reason },
      });
      expect((await say(client, 'mine')).session_id).not.toBe(sessionId);
    });

    test('a classic client is not notified, and its first message begins a session of its own', async () => {
      const sessionId = await make();
      const client = await hub.connect({ dialect: 'classic', tab: 'new', sessionId });
      client.send({ type: 'message', content: 'mine' });
      expect((await client.next('session_created')).session_id).not.toBe(sessionId);
      expect(answers(client)).toEqual([]);
    });
  });

  test('A54: classic goes on with its own without a word', async () => {
    const { session_id } = await say(await hub.connect({ tab: 'one' }), 'first');
    const client = await hub.connect({ dialect: 'classic', tab: 'two', sessionId: session_id });
    client.send({ type: 'message', content: 'second' });
    expect((await client.next('turn_started')).session_id).toBe(session_id);
    expect([...answers(client), ...client.all('session_created')]).toEqual([]);
  });
});

test('B7: the welcome is always the first frame, however busy the ticket is', async () => {
  const bob = await hub.connect({ user: 'bob' });
  let stop = false;
  const talk = (async () => {
    for (let n = 0; !stop; n += 1) await say(bob, `${n}`);
  })();
  for (let n = 0; n < 20; n += 1) {
    const client = await hub.connect({ tab: `tab-${n % 5}` });
    expect(await client.next()).toMatchObject({ event: 'welcome' });
    const { seq } = await client.next('snapshot');
    const live = await client.next((frame) => frame.seq > seq);
    expect(live.seq).toBe(seq + 1);
  }
  stop = true;
  await talk;
});
