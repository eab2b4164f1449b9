/** What clients of the classic dialect are shown of requests, whose front end has one panel: none is lost, an amended one can be answered, and the prompts of each session can be limited to its own clients. */
import request from 'supertest';
import { portOf } from '../../../lib/hub/hub';
import type { TestClient } from '../../../lib/testing/test-client';
import { startTestHub, type TestHub, type TestHubOptions } from '../../../lib/testing/test-hub';
import { makeHitl } from '../serve';

let hub: TestHub;
afterEach(() => hub?.close());

const classic = (user: string, tab?: string) =>
  hub.connect({ dialect: 'classic', user, ...(tab !== undefined && { tab }) });
const say = (client: TestClient, content: string) => client.send({ type: 'message', content });
/** Answers as the reference's front end does: without a revision, which its dialect does not say. */
const answer = (id: string, user: string, response: object = { answer: 'yes' }) =>
  request(hub.server)
    .post(`/hitl/requests/${id}/respond`)
    .set('x-user', user)
    .send({ status: 'approved', response });

/** What that front end's one panel shows: the prompt that came last, and nothing once any has resolved. */
function panelOf(client: TestClient): string | undefined {
  let shown: string | undefined;
  for (const { event, hitl } of client.received) {
    if (event === 'hitl_request_pending') shown = hitl.id;
    else if (event === 'hitl_request_resolved') shown = undefined;
  }
  return shown;
}

/** Everything that was sent before this has arrived. */
async function caughtUp(...clients: TestClient[]): Promise<void> {
  await hub.settled();
  for (const client of clients) {
    client.send('{"type":"ping"}');
    await client.next('pong');
  }
}

const asking: TestHubOptions = { agent: (turn) => turn.ask({ question: turn.message.content }) };

async function start(options: TestHubOptions = asking): Promise<void> {
  hub = await startTestHub(options);
}

/** A question of this client's turn, with its id. */
async function askedBy(client: TestClient, content: string): Promise<string> {
  hub.clock.advance(1_000);
  say(client, content);
  const { hitl } = await client.next(
    ({ event, hitl }) => event === 'hitl_request_pending' && hitl.payload.question === content,
  );
  return hitl.id;
}

describe.each([
  ['in memory', {}],
  ['in SQLite', { sqlite: true }],
])('With requests %s,', (_where, kept) => {
  test('when a prompt resolves, the oldest one still pending is sent again, until none is left', async () => {
    await start({ ...asking, ...kept });
    const clients = [await classic('alice'), await classic('bob'), await classic('carol')];
    const [alice, bob, carol] = clients as [TestClient, TestClient, TestClient];
    const [one, two, three] = [
      await askedBy(alice, 'one'),
      await askedBy(bob, 'two'),
      await askedBy(carol, 'three'),
    ];
    await caughtUp(...clients);
    expect(clients.map(panelOf)).toEqual([three, three, three]);
    for (const [answered, next] of [
      [three, one],
      [one, two],
      [two, undefined],
    ] as const) {
      await answer(answered, 'bob').expect(200);
      await caughtUp(...clients);
      expect(clients.map(panelOf)).toEqual([next, next, next]);
    }
    const [first] = bob.all('hitl_request_pending').filter(({ hitl }) => hitl.id === one);
    const again = bob.all('hitl_request_pending').filter(({ hitl }) => hitl.id === one)[1];
    expect(again).toEqual(first);
  });
});

test('a client that comes later, and one whose prompt a withdrawal took away, lose none either', async () => {
  await start();
  const alice = await classic('alice');
  const one = await askedBy(alice, 'one');
  const two = await askedBy(await classic('bob'), 'two');
  const late = await classic('dora');
  await caughtUp(alice, late);
  expect(panelOf(late)).toBe(two);
  await portOf(hub.hub).hitl.cancel(two, 'no longer needed');
  await caughtUp(alice, late);
  expect([alice, late].map(panelOf)).toEqual([one, one]);
});

test('many that resolve at once leave the oldest pending one on the panel', async () => {
  await start();
  const alice = await classic('alice');
  const others = await Promise.all(['b', 'c', 'd', 'e'].map((user) => classic(user)));
  const ids: string[] = [];
  for (const [index, client] of [alice, ...others].entries()) ids.push(await askedBy(client, `q${index}`));
  const [oldest, second, ...rest] = ids as [string, string, ...string[]];
  await Promise.all([oldest, ...rest].map((id) => portOf(hub.hub).hitl.cancel(id, 'over')));
  await caughtUp(alice, ...others);
  expect([alice, ...others].map(panelOf)).toEqual(Array(5).fill(second));
});

test('hitl.v1 clients are sent nothing again', async () => {
  await start();
  const alice = await classic('alice');
  const full = await hub.connect({ user: 'dora' });
  const one = await askedBy(alice, 'one');
  const two = await askedBy(await classic('bob'), 'two');
  await answer(two, 'bob').expect(200);
  await caughtUp(alice);
  full.send({ type: 'ping' });
  await full.next('pong');
  expect(panelOf(alice)).toBe(one);
  expect(full.all('hitl_request_pending').map(({ hitl }) => hitl.id)).toEqual([one, two]);
});

describe('An amended request', () => {
  const amended = { question: 'And now?', options: ['yes', 'no'] };

  test('is sent as superseded and pending, and is answered from where it was shown, without a revision', async () => {
    await start();
    const alice = await classic('alice');
    const id = await askedBy(alice, 'one');
    await portOf(hub.hub).hitl.amend(id, amended);
    await caughtUp(alice);
    const [, gone, shown] = alice.received.filter(({ hitl }) => hitl?.id === id);
    const { session_id } = gone;
    const fields = { id, session_id, type: 'question', user_id: 'alice' };
    expect(gone).toEqual({
      event: 'hitl_request_resolved',
      timestamp: expect.any(String),
      session_id,
      hitl: { ...fields, status: 'superseded' },
    });
    expect(shown).toEqual({
      event: 'hitl_request_pending',
      timestamp: gone.timestamp,
      session_id,
      hitl: { ...fields, status: 'pending', payload: amended },
    });
    await answer(id, 'alice').expect(200);
  });

  test('that was amended before a client came is answered by it all the same', async () => {
    await start();
    const alice = await classic('alice');
    const id = await askedBy(alice, 'one');
    await portOf(hub.hub).hitl.amend(id, amended);
    await portOf(hub.hub).hitl.amend(id, { ...amended, question: 'Really?' });
    await classic('bob').then((bob) => caughtUp(bob));
    await answer(id, 'bob').expect(200);
  });

  test('is stale for a user without a classic client in the ticket, and a revision that is given counts', async () => {
    await start();
    const alice = await classic('alice');
    const id = await askedBy(alice, 'one');
    await portOf(hub.hub).hitl.amend(id, amended);
    await caughtUp(alice);
    const { body } = await answer(id, 'bob').expect(409);
    expect(body.error.code).toBe('stale_revision');
    await request(hub.server)
      .post(`/hitl/requests/${id}/respond`)
      .set('x-user', 'alice')
      .send({ status: 'approved', response: { answer: 'yes' }, revision: 1 })
      .expect(409);
    const full = await hub.connect({ user: 'alice', tab: 'full' });
    const frame = { type: 'hitl_respond', request_id: id, status: 'approved', response: { answer: 'yes' } };
    expect(await full.ask(frame)).toMatchObject({ event: 'error', code: 'stale_revision' });
  });

  test('does not take another prompt’s turn: what resolves later shows the oldest again', async () => {
    await start();
    const alice = await classic('alice');
    const one = await askedBy(alice, 'one');
    const two = await askedBy(await classic('bob'), 'two');
    await portOf(hub.hub).hitl.amend(two, amended);
    await caughtUp(alice);
    expect(panelOf(alice)).toBe(two);
    await answer(two, 'alice').expect(200);
    await caughtUp(alice);
    expect(panelOf(alice)).toBe(one);
  });
});

describe('With the scope session', () => {
  const scoped = (options: TestHubOptions = {}): TestHubOptions => ({
    classic: { scope: 'session' },
    agent: async (turn) => {
      await turn.trace(`looking at ${turn.message.content}`);
      const outcome = await turn.ask({ question: turn.message.content });
      await turn.say(`${outcome.status === 'answered' ? outcome.answer : outcome.status}`);
    },
    ...options,
  });

  test('a client is sent its own session’s output and prompts, and of the others what people write (A35, A38)', async () => {
    await start(scoped());
    const [alice, bob] = [await classic('alice'), await classic('bob')];
    const one = await askedBy(alice, 'one');
    const two = await askedBy(bob, 'two');
    await answer(one, 'bob').expect(200);
    await alice.next('turn_ended');
    await caughtUp(alice, bob);
    const told = (client: TestClient) =>
      client.received
        .map(({ event, type, content }) => event ?? `${type} ${content}`)
        .filter((line) => !line.startsWith('pong'));
    expect(told(alice)).toEqual([
      'status Connected to chat',
      'session_created',
      'message one',
      'turn_started',
      'session_message_added',
      'session_message_added',
      'trace looking at one',
      'hitl_request_pending',
      'message two',
      'hitl_request_resolved',
      'session_message_added',
      'message yes',
      'turn_ended',
    ]);
    expect(bob.all('hitl_request_pending').map(({ hitl }) => hitl.id)).toEqual([two]);
    expect(bob.all('hitl_request_resolved')).toEqual([]);
    expect(bob.all('turn_started')).toHaveLength(1);
    expect(panelOf(bob)).toBe(two);
  });

  test('a prompt that resolves brings back the oldest of the same session only', async () => {
    await start(
      scoped({
        agent: (turn) =>
          Promise.all([1, 2].map((n) => turn.ask({ question: `${turn.message.content} ${n}` }))),
      }),
    );
    const [alice, bob] = [await classic('alice'), await classic('bob')];
    say(alice, 'a');
    await alice.next('hitl_request_pending');
    await alice.next('hitl_request_pending');
    hub.clock.advance(1_000);
    say(bob, 'b');
    await bob.next('hitl_request_pending');
    await bob.next('hitl_request_pending');
    const [first, second] = bob.all('hitl_request_pending').map(({ hitl }) => hitl.id);
    await answer(second, 'bob').expect(200);
    await caughtUp(alice, bob);
    expect(panelOf(bob)).toBe(first);
    expect(alice.all('hitl_request_pending')).toHaveLength(2);
  });

  test('a tab that comes back finds the prompts of its session, another tab of the person does not', async () => {
    await start(scoped());
    const alice = await classic('alice', 'one');
    const id = await askedBy(alice, 'one');
    const back = await classic('alice', 'one');
    const other = await classic('alice', 'two');
    await caughtUp(back, other);
    expect([panelOf(back), panelOf(other)]).toEqual([id, undefined]);
  });

  test('what the app says to the ticket reaches everybody', async () => {
    await start(scoped());
    const bob = await classic('bob');
    hub.hub.reference.sendStatusToTicket('T-1', 'Back soon');
    await hub.hub.say('T-1', { content: 'Shift change' });
    await bob.next((frame) => frame.content === 'Back soon');
    expect(await bob.next()).toMatchObject({
      type: 'trace',
      content: 'Shift change',
      user: { id: 'system' },
    });
    await caughtUp(bob);
    expect(bob.all('session_message_added')).toEqual([]);
  });

  test('hitl.v1 clients are sent everything', async () => {
    await start(scoped());
    const full = await hub.connect({ user: 'dora' });
    await askedBy(await classic('alice'), 'one');
    await full.next('hitl_request_pending');
  });
});

test('another scope, and a misspelt option, are refused at the start', () => {
  const wrong = (classicOptions: object) => () => makeHitl({ classic: classicOptions });
  expect(wrong({ scope: 'room' })).toThrow(/classic: scope/);
  expect(wrong({ scop: 'ticket' })).toThrow(/did you mean scope\?/);
  expect(() => makeHitl({ clasic: {} } as never)).toThrow(/did you mean classic\?/);
});
