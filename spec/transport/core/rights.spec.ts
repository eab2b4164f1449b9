/** Who may, at this moment: access is asked for every frame and call, and last of all, after the app's own slow rules; over real sockets and HTTP. */
import request from 'supertest';
import { portOf } from '../../../lib/hub/hub';
import type { TestClient, TestFrame } from '../../../lib/testing/test-client';
import { startTestHub, type TestHub, type TestHubOptions } from '../../../lib/testing/test-hub';
import type { TicketAccess } from '../../../lib/transport/core/auth-options';
import { askIn } from '../asking';

let hub: TestHub;
/** What the ticket callback says of Mallory from now on. */
let verdict: TicketAccess | Promise<TicketAccess>;
afterEach(() => hub.close());

/** A rule of the app that stays pending until the test gives its result. */
function slowRule() {
  let enter = () => {};
  const entered = new Promise<void>((resolve) => {
    enter = resolve;
  });
  let say: (may: boolean) => void = () => {};
  const said = new Promise<boolean>((resolve) => {
    say = resolve;
  });
  const rule = () => {
    enter();
    return said;
  };
  return { rule, entered, say };
}

async function start(options: TestHubOptions = {}): Promise<void> {
  verdict = 'allow';
  hub = await startTestHub({
    ...options,
    auth: {
      authorize: ({ user }) => (user.id === 'mallory' ? verdict : 'allow'),
      ...options.auth,
    },
  });
}

const mallory = { 'x-user': 'mallory' };
const ask = () => askIn(hub);
const recordOf = (id: string) => portOf(hub.hub).hitl.get(id);
const post = (path: string, body: object) => request(hub.server).post(path).set(mallory).send(body);
const answer = (request_id: string) => ({
  type: 'hitl_respond',
  request_id,
  revision: 1,
  status: 'approved',
});

/** Everything that was sent before has been carried out. */
async function carriedOut(client: TestClient): Promise<void> {
  client.send({ type: 'ping' });
  await client.next('pong');
}

describe('access that is withdrawn while a rule of the app is asked', () => {
  test('takes no answer over a ticket’s socket, and closes it', async () => {
    const { rule, entered, say } = slowRule();
    await start({ rules: { mayAnswer: rule } });
    const client = await hub.connect({ user: 'mallory' });
    const id = await ask();
    const answered = client.ask(answer(id));
    await entered;
    verdict = 'forbidden';
    say(true);
    expect(await answered).toMatchObject({ event: 'error', code: 'forbidden' });
    expect((await client.closed()).code).toBe(4403);
    expect(await recordOf(id)).toMatchObject({ status: 'pending', verdicts: [] });
  });

  test.each([
    ['hitl_claim', 'mayAnswer', {}],
    ['hitl_cancel', 'mayCancel', { reason: 'over' }],
  ])('does nothing of a %s', async (type, name, more) => {
    const { rule, entered, say } = slowRule();
    await start({ rules: { [name]: rule } });
    const client = await hub.connect({ user: 'mallory' });
    const id = await ask();
    const answered = client.ask({ type, request_id: id, ...more });
    await entered;
    verdict = 'forbidden';
    say(true);
    expect(await answered).toMatchObject({ code: 'forbidden' });
    const record = await recordOf(id);
    expect([record.status, record.claim]).toEqual(['pending', undefined]);
  });

  test('takes no answer from an inbox, where the request is not there any more', async () => {
    const { rule, entered, say } = slowRule();
    await start({ rules: { mayAnswer: rule } });
    const id = await ask();
    const inbox = await hub.connectInbox({ user: 'mallory' });
    const answered = inbox.ask(answer(id));
    await entered;
    verdict = 'forbidden';
    say(true);
    expect(await answered).toMatchObject({ event: 'error', code: 'not_found' });
    expect((await recordOf(id)).status).toBe('pending');
  });

  test.each([
    ['respond', 'mayAnswer', { status: 'approved' }],
    ['cancel', 'mayCancel', { reason: 'over' }],
  ])('takes no %s over REST', async (verb, name, body) => {
    const { rule, entered, say } = slowRule();
    await start({ rules: { [name]: rule } });
    const id = await ask();
    const posted = post(`/hitl/requests/${id}/${verb}`, body).then((res) => res);
    await entered;
    verdict = 'forbidden';
    say(true);
    expect((await posted).status).toBe(404);
    expect((await recordOf(id)).status).toBe('pending');
  });

  test('takes no answer from the page behind a link', async () => {
    const { rule, entered, say } = slowRule();
    await start({
      rules: { mayAnswer: rule },
      auth: { findUser: (id) => ({ id }) },
      links: { secret: 'a secret of at least thirty-two bytes', baseUrl: 'https://app.example.com' },
    });
    const id = await ask();
    const link = String(await hub.hub.links.create({ requestId: id, userId: 'mallory' }));
    const page = request(hub.server).post(new URL(link).pathname).type('form').send({ status: 'approved' });
    const posted = page.then((res) => res);
    await entered;
    verdict = 'forbidden';
    say(true);
    expect((await posted).status).toBe(403);
    expect((await recordOf(id)).status).toBe('pending');
  });

  test.each([
    ['first', 1],
    ['last', 2],
  ])(
    'takes no revocation of a grant that the app’s rule, asked for the %s time, allows too late',
    async (_which, call) => {
      const grants = [{ scope: 'everywhere' as const }];
      await start();
      const id = await askIn(hub, {}, { payload: { tool_name: 'block_ip', tool_args: {}, grants } });
      const { grant } = await portOf(hub.hub).hitl.respond(id, {
        by: { id: 'bob' },
        status: 'approved',
        response: { grant: 0 },
      });
      const { rule, entered, say } = slowRule();
      let calls = 0;
      jest.spyOn(portOf(hub.hub).grants, 'mayManage').mockImplementation(async () => {
        calls += 1;
        return calls === call ? rule() : true;
      });
      const posted = post(`/hitl/grants/${grant?.id}/revoke`, {}).then((res) => res);
      await entered;
      verdict = 'forbidden';
      say(true);
      expect((await posted).status).toBe(404);
      expect((await hub.hub.grants.get(String(grant?.id))).revokedAt).toBeUndefined();
    },
  );

  test('shows no audit of which the app still thinks whether it has addresses', async () => {
    const { rule, entered, say } = slowRule();
    await start({ rules: { mayAudit: rule } });
    await ask();
    const got = request(hub.server)
      .get('/tickets/T-1/audit')
      .set(mallory)
      .then((res) => res);
    await entered;
    verdict = 'forbidden';
    say(true);
    expect(await got).toMatchObject({ status: 403, body: { error: { code: 'forbidden' } } });
  });

  test('takes the answer of a user whose access was never withdrawn', async () => {
    const { rule, entered, say } = slowRule();
    await start({ rules: { mayAnswer: rule } });
    const client = await hub.connect({ user: 'mallory' });
    const id = await ask();
    const answered = client.ask(answer(id));
    await entered;
    say(true);
    expect(await answered).toMatchObject({ event: 'ack', hitl: { status: 'approved' } });
  });

  test('is a no if the app cannot say in ten seconds, so that nothing else of the request waits for it', async () => {
    const { rule, entered, say } = slowRule();
    await start({ rules: { mayAnswer: rule } });
    const client = await hub.connect({ user: 'mallory' });
    const id = await ask();
    const asking: Promise<TestFrame> = client.ask(answer(id));
    await entered;
    verdict = new Promise(() => {});
    say(true);
    const { pending } = hub.clock;
    await carriedOut(client);
    expect(hub.clock.pending).toBe(pending);
    hub.clock.advance(10_000);
    expect(await asking).toMatchObject({ event: 'error', code: 'unavailable' });
    expect(await portOf(hub.hub).hitl.cancel(id, 'over')).toMatchObject({ status: 'cancelled' });
  });
});

describe('a user who is disconnected while a rule of the app is asked', () => {
  test('has not answered, though the ticket is open to them', async () => {
    const { rule, entered, say } = slowRule();
    await start({ rules: { mayAnswer: rule } });
    const client = await hub.connect({ user: 'mallory' });
    const id = await ask();
    client.send({ ...answer(id), id: 'a' });
    await entered;
    expect(hub.hub.clients.disconnect({ userId: 'mallory' })).toBe(1);
    expect((await client.closed()).code).toBe(4401);
    say(true);
    // In line behind the answer.
    await portOf(hub.hub).hitl.claim(id, { id: 'bob' });
    expect(await recordOf(id)).toMatchObject({ status: 'pending', verdicts: [] });
  });

  test.each<[string, (client: TestClient) => void]>([
    ['only lost the connection', (client) => client.socket.terminate()],
    ['was asked to come back', () => void hub.hub.clients.disconnect({ where: () => true, code: 'restart' })],
  ])('has answered where the client %s', async (_what, cut) => {
    const { rule, entered, say } = slowRule();
    await start({ rules: { mayAnswer: rule } });
    const client = await hub.connect({ user: 'mallory' });
    const id = await ask();
    client.send({ ...answer(id), id: 'a' });
    await entered;
    cut(client);
    await client.closed();
    say(true);
    expect(await portOf(hub.hub).hitl.wait(id)).toMatchObject({ status: 'approved' });
  });
});

describe('one whose access was withdrawn', () => {
  test.each(['hitl.v1', 'classic'] as const)('says nothing and starts no turn (%s)', async (dialect) => {
    const agent = jest.fn();
    await start({ agent });
    const bob = await hub.connect({ user: 'bob' });
    const client = await hub.connect({ user: 'mallory', dialect });
    verdict = 'forbidden';
    client.send({ type: 'message', id: 'm', content: 'go' });
    expect((await client.closed()).code).toBe(dialect === 'classic' ? 1000 : 4403);
    await bob.ask({ type: 'message', content: 'hello' });
    await bob.next('turn_ended');
    expect(bob.all('session_message_added').map(({ message }) => message.author.user_id)).toEqual(['bob']);
    expect(agent).toHaveBeenCalledTimes(1);
  });

  test('does not see the first ack of a message that is sent again', async () => {
    await start();
    const client = await hub.connect({ user: 'mallory' });
    const message = { type: 'message', id: 'm', content: 'go' };
    expect(await client.ask(message)).toMatchObject({ event: 'ack' });
    verdict = 'forbidden';
    expect(await client.ask(message)).toMatchObject({ event: 'error', code: 'forbidden' });
  });

  test('nor that of an answer, in an inbox', async () => {
    await start();
    const id = await ask();
    const inbox = await hub.connectInbox({ user: 'mallory' });
    const claim = { type: 'hitl_claim', id: 'c', request_id: id };
    expect(await inbox.ask(claim)).toMatchObject({ event: 'ack' });
    verdict = 'forbidden';
    expect(await inbox.ask(claim)).toMatchObject({ event: 'error', code: 'not_found' });
  });

  test('ends no turn', async () => {
    const ended = jest.fn();
    await start({
      agent: (turn) => {
        turn.signal.addEventListener('abort', ended);
        return turn.approve({ tool: 'block_ip', args: {} });
      },
    });
    const alice = await hub.connect();
    const client = await hub.connect({ user: 'mallory' });
    const { turn_id } = await alice.ask({ type: 'message', content: 'go' });
    await alice.next('hitl_request_pending');
    verdict = 'forbidden';
    expect(await client.ask({ type: 'turn_cancel', turn_id })).toMatchObject({ code: 'forbidden' });
    expect((await client.closed()).code).toBe(4403);
    expect(ended).not.toHaveBeenCalled();
    expect(await alice.ask({ type: 'turn_cancel', turn_id })).toMatchObject({ event: 'ack', turn_id });
  });

  test('is not shown as typing', async () => {
    await start();
    const bob = await hub.connect({ user: 'bob' });
    const client = await hub.connect({ user: 'mallory' });
    client.send({ type: 'typing' });
    expect(await bob.next('typing')).toMatchObject({ user: { id: 'mallory' } });
    verdict = 'forbidden';
    client.send({ type: 'typing' });
    expect((await client.closed()).code).toBe(4403);
    await carriedOut(bob);
    expect(bob.all('typing')).toHaveLength(1);
  });

  test('says nothing where the app’s callback fails, and may send it again', async () => {
    await start();
    const client = await hub.connect({ user: 'mallory' });
    verdict = Promise.reject(new Error('database away'));
    const message = { type: 'message', id: 'm', content: 'go' };
    expect(await client.ask(message)).toMatchObject({ event: 'error', code: 'unavailable' });
    verdict = 'allow';
    expect(await client.ask(message)).toMatchObject({ event: 'ack' });
  });
});

test('messages stay in their order, however long the app takes to say who may send them', async () => {
  const answers: ((access: TicketAccess) => void)[] = [];
  await start({ auth: { authorize: () => new Promise<TicketAccess>((resolve) => answers.push(resolve)) } });
  const connecting = hub.connect();
  const next = async () => {
    while (answers.length === 0) await new Promise((resolve) => setImmediate(resolve));
    answers.shift()?.('allow');
  };
  await next();
  const client = await connecting;
  const said = ['one', 'two', 'three'].map((content) => client.ask({ type: 'message', content }));
  for (const _each of said) await next();
  await Promise.all(said);
  await carriedOut(client);
  expect(client.all('session_message_added').map(({ message }) => message.content)).toEqual([
    'one',
    'two',
    'three',
  ]);
});

describe('who ends a turn', () => {
  const longTurn: TestHubOptions = {
    agent: (turn) => turn.approve({ tool: 'block_ip', args: {} }),
  };
  async function turnOf(alice: TestClient): Promise<string> {
    const { turn_id } = await alice.ask({ type: 'message', content: 'go' });
    await alice.next('hitl_request_pending');
    return turn_id;
  }

  test('is everybody with access to the ticket, unless the app says otherwise', async () => {
    await start(longTurn);
    const alice = await hub.connect();
    const bob = await hub.connect({ user: 'bob' });
    const turn_id = await turnOf(alice);
    expect(await bob.ask({ type: 'turn_cancel', turn_id })).toMatchObject({ event: 'ack' });
    expect(await alice.next('turn_ended')).toMatchObject({ reason: 'cancelled' });
  });

  test('is a user whom mayCancelTurn allows, and the turn goes on for the others', async () => {
    const mayCancelTurn = jest.fn((user, turn) => user.id === turn.userId);
    await start({ ...longTurn, rules: { mayCancelTurn: ({ user, turn }) => mayCancelTurn(user, turn) } });
    const alice = await hub.connect();
    const bob = await hub.connect({ user: 'bob:lead' });
    const turn_id = await turnOf(alice);
    expect(await bob.ask({ type: 'turn_cancel', turn_id })).toMatchObject({
      event: 'error',
      code: 'not_allowed',
      details: { rule: 'app' },
    });
    expect(mayCancelTurn).toHaveBeenLastCalledWith(
      expect.objectContaining({ id: 'bob', groups: ['lead'] }),
      expect.objectContaining({ id: turn_id, ticketId: 'T-1', userId: 'alice', status: 'running' }),
    );
    expect(await bob.ask({ type: 'message', content: 'still here' })).toMatchObject({ event: 'ack' });
    expect(await alice.ask({ type: 'turn_cancel', turn_id })).toMatchObject({ event: 'ack', turn_id });
  });

  test.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('s3cret');
      },
    ],
    ['rejects', () => Promise.reject(new Error('s3cret'))],
    ['says anything but true', () => 'yes'],
  ])('is only the app’s own code where the rule %s', async (_what, mayCancelTurn) => {
    await start({
      ...longTurn,
      rules: { mayCancelTurn: mayCancelTurn as () => boolean },
    });
    const alice = await hub.connect();
    const turn_id = await turnOf(alice);
    expect(await alice.ask({ type: 'turn_cancel', turn_id })).toMatchObject({ code: 'not_allowed' });
    await hub.hub.turns.cancel({ turnId: turn_id });
    expect(await alice.next('turn_ended')).toMatchObject({ reason: 'cancelled' });
  });

  test('is no user whose access was withdrawn while the rule was asked', async () => {
    const { rule, entered, say } = slowRule();
    await start({ ...longTurn, rules: { mayCancelTurn: rule } });
    const alice = await hub.connect();
    const client = await hub.connect({ user: 'mallory' });
    const turn_id = await turnOf(alice);
    const cancelled = client.ask({ type: 'turn_cancel', turn_id });
    await entered;
    verdict = 'forbidden';
    say(true);
    expect(await cancelled).toMatchObject({ code: 'forbidden' });
    expect(portOf(hub.hub).turns.size).toBe(1);
  });
});
