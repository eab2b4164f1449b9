/** The reference's dialect end to end, frame by frame and field by field; the numbers are those of the reference's Part A. */
import request from 'supertest';
import { errorCodes } from '../../../lib/errors';
import type { TestClient, TestFrame } from '../../../lib/testing/test-client';
import { startTestHub, type TestHub, type TestHubOptions } from '../../../lib/testing/test-hub';

let hub: TestHub;
afterEach(() => hub.close());

const now = Date.UTC(2026, 0, 1);
const seconds = now / 1000;
const time = '2026-01-01T00:00:00.000Z';
const id = expect.any(String);
const agent = { id: 'agent', name: 'Agent' };

async function join(options: TestHubOptions = {}): Promise<TestClient> {
  hub = await startTestHub(options);
  return hub.connect({ dialect: 'classic', user: 'alice' });
}

const say = (client: TestClient, content: string) => client.send({ type: 'message', content, timestamp: 1 });

/** A frame with its keys, outer and one level in, in the order in which they came. */
const keysOf = (frame: TestFrame): unknown[] =>
  Object.entries(frame).map(([key, value]) =>
    typeof value === 'object' && value !== null ? [key, ...Object.keys(value)] : key,
  );

test('A8: no subprotocol and no compression is negotiated', async () => {
  const client = await join();
  expect([client.socket.protocol, client.socket.extensions]).toEqual(['', '']);
});

test('A21, A32: the first frame says that one is connected, in seconds', async () => {
  const client = await join();
  expect(await client.next()).toEqual({ type: 'status', content: 'Connected to chat', timestamp: seconds });
});

test('A35–A50: a whole turn, every frame with exactly the reference’s fields in the reference’s order', async () => {
  const client = await join({
    agent: async (turn) => {
      turn.setIntent('triage');
      const step = await turn.trace('Looking it up');
      await turn.update(step, 'Looked it up');
      await turn.plan('Then block it');
      await turn.approve({ tool: 'block_ip', args: { ip: '203.0.113.7' }, message: step });
      await turn.warn('Careful');
      await turn.say('Done');
    },
  });
  say(client, 'block it');
  const { hitl } = await client.next('hitl_request_pending');
  await request(hub.server)
    .post(`/hitl/requests/${hitl.id}/respond`)
    .set('x-user', 'bob')
    .send({ status: 'approved', response: { comment: 'ok' } })
    .expect(200);
  await client.next('turn_ended');

  const [status, created, echo, started, ...more] = client.received;
  const rest = [echo, ...more];
  expect(status.type).toBe('status');
  const { session_id } = created;
  const { turn_id } = started;
  const added = (type: string, content: string, more: object = {}) => ({
    event: 'session_message_added',
    timestamp: time,
    session_id,
    turn_id,
    message: { id, session_id, turn_id, type, ...more, content, created_at: time },
  });
  const chat = (type: string, content: string, user = agent) => ({
    type,
    content,
    timestamp: seconds,
    user,
    message_id: id,
  });
  const view = (more: object) => ({
    id: hitl.id,
    session_id,
    type: 'tool_approval',
    user_id: 'alice',
    payload: { tool_name: 'block_ip', tool_args: { ip: '203.0.113.7' } },
    message_id: id,
    ...more,
  });
  expect(created).toEqual({
    event: 'session_created',
    timestamp: time,
    session_id: id,
    session: {
      id: session_id,
      ticket_id: 'T-1',
      source: 'web',
      user_id: 'alice',
      created_at: time,
      last_active_at: time,
    },
  });
  expect(started).toEqual({
    event: 'turn_started',
    timestamp: time,
    session_id,
    turn_id: id,
    turn: { id: turn_id, session_id, status: 'running', started_at: time },
  });
  expect(rest).toEqual([
    chat('message', 'block it', { id: 'alice', name: 'alice' }),
    added('user', 'block it', { author: { user_id: 'alice', display_name: 'alice' } }),
    added('trace', 'Looking it up'),
    chat('trace', 'Looking it up'),
    { ...added('trace', 'Looked it up'), event: 'session_message_updated' },
    added('plan', 'Then block it'),
    { event: 'hitl_request_pending', timestamp: time, session_id, hitl: view({ status: 'pending' }) },
    {
      event: 'hitl_request_resolved',
      timestamp: time,
      session_id,
      hitl: view({ status: 'approved', response: { comment: 'ok' } }),
    },
    added('warning', 'Careful'),
    chat('warning', 'Careful'),
    added('response', 'Done'),
    chat('message', 'Done'),
    { event: 'turn_ended', timestamp: time, session_id, turn_id, status: 'completed', intent: 'triage' },
  ]);
  // A shown message, its repetition and the request that is shown at it name the same line.
  expect(rest[0].message_id).toBe(rest[1].message.id);
  expect(rest[6].hitl.message_id).toBe(rest[2].message.id);

  const hitlKeys = ['hitl', 'id', 'session_id', 'type', 'status', 'user_id', 'payload'];
  expect(keysOf(created)).toEqual([
    'event',
    'timestamp',
    'session_id',
    ['session', 'id', 'ticket_id', 'source', 'user_id', 'created_at', 'last_active_at'],
  ]);
  expect(keysOf(rest[1])).toEqual([
    'event',
    'timestamp',
    'session_id',
    'turn_id',
    ['message', 'id', 'session_id', 'turn_id', 'type', 'author', 'content', 'created_at'],
  ]);
  expect(keysOf(rest[0])).toEqual(['type', 'content', 'timestamp', ['user', 'id', 'name'], 'message_id']);
  expect(keysOf(rest[6])).toEqual(['event', 'timestamp', 'session_id', [...hitlKeys, 'message_id']]);
  expect(keysOf(rest[7])).toEqual([
    'event',
    'timestamp',
    'session_id',
    [...hitlKeys, 'response', 'message_id'],
  ]);
  expect(keysOf(rest.at(-1))).toEqual(['event', 'timestamp', 'session_id', 'turn_id', 'status', 'intent']);
});

test('B8: everybody in the ticket sees the turn, in whatever dialect', async () => {
  const alice = await join({ agent: (turn) => turn.say('hello') });
  const [bob, carol] = [
    await hub.connect({ user: 'bob', dialect: 'classic' }),
    await hub.connect({ user: 'carol' }),
  ];
  say(alice, 'hi');
  for (const client of [alice, bob, carol]) await client.next('turn_ended');
  expect(bob.received.slice(1)).toEqual(alice.received.slice(1));
  expect(carol.all('session_message_added').map(({ message }) => message.content)).toEqual(['hi', 'hello']);
});

test('A28: content is neither trimmed nor escaped', async () => {
  const client = await join();
  const content = '  <b>&amp;</b>\u2028 "quoted"\n';
  say(client, content);
  expect((await client.next('message')).content).toBe(content);
});

test('A24, A25: unknown fields are ignored, content and timestamp may be null', async () => {
  const client = await join();
  client.send('{"type":"message","content":"x","timestamp":null,"colour":"red"}');
  expect(await client.next('message')).toMatchObject({ content: 'x' });
  client.send('{"type":"ping","content":null,"extra":[]}');
  await client.next('pong');
});

test('A27: ping is answered by pong, to the one who asked only', async () => {
  const client = await join();
  const other = await hub.connect({ user: 'bob', dialect: 'classic' });
  client.send('{"type":"ping","timestamp":5}');
  const pong = await client.next('pong');
  expect(pong).toEqual({ type: 'pong', content: '', timestamp: seconds });
  expect(keysOf(pong)).toEqual(['type', 'content', 'timestamp']);
  say(client, 'after it');
  await other.next('message');
  expect(other.all('pong')).toEqual([]);
});

test('A31: an error goes to the one who caused it only', async () => {
  const client = await join();
  const other = await hub.connect({ user: 'bob', dialect: 'classic' });
  client.send('nonsense');
  expect(await client.next('error')).toEqual({
    type: 'error',
    content: 'Invalid message format',
    timestamp: seconds,
  });
  say(client, 'after it');
  await other.next('message');
  expect(other.all('error')).toEqual([]);
});

test('A39: a turn that fails ends aborted, and then the legacy error says so', async () => {
  const client = await join({
    agent: () => {
      throw new Error('no model');
    },
  });
  say(client, 'hi');
  const ended = await client.next('turn_ended');
  expect(ended).toEqual({
    event: 'turn_ended',
    timestamp: time,
    session_id: id,
    turn_id: id,
    status: 'aborted',
  });
  expect(await client.next()).toEqual({
    type: 'error',
    content: 'Failed to process message',
    timestamp: seconds,
  });
});

test('A41: without an agent a message is shown and stored, and no turn is sent', async () => {
  const client = await join();
  say(client, 'hi');
  const shown = await client.next('session_message_added');
  expect(shown.message).not.toHaveProperty('turn_id');
  expect(shown).not.toHaveProperty('turn_id');
  expect(client.all('turn_started')).toEqual([]);
});

test('A77: what the app says to the ticket comes as the chat frame that it is', async () => {
  const client = await join();
  hub.hub.reference.sendStatusToTicket('T-1', 'Back soon');
  hub.hub.reference.sendMessageToTicket('T-1', 'Hello', { id: 'ops', name: 'Ops' });
  hub.hub.reference.sendErrorToTicket('T-1', 'Oh');
  hub.hub.reference.broadcastToTicket('T-1', '{"any":"thing"}');
  expect(await client.next((frame) => frame.content === 'Back soon')).toEqual({
    type: 'status',
    content: 'Back soon',
    timestamp: seconds,
  });
  expect(await client.next()).toMatchObject({ type: 'message', content: 'Hello', user: { id: 'ops' } });
  expect(await client.next()).toMatchObject({ type: 'error', content: 'Oh' });
  expect(await client.next()).toEqual({ any: 'thing' });
});

test('A35: the author’s chat frame comes before the turn that answers it, and the envelopes stay in their order', async () => {
  const client = await join({ agent: (turn) => turn.say('hello') });
  say(client, 'hi');
  await client.next('turn_ended');
  expect(client.received.map(({ event, type }) => event ?? type)).toEqual([
    'status',
    'session_created',
    'message',
    'turn_started',
    'session_message_added',
    'session_message_added',
    'message',
    'turn_ended',
  ]);
});

test('A35: the message of a turn that had to wait is sent when it is said, and once', async () => {
  let finish = () => {};
  const client = await join({
    agent: (turn) => turn.message.content === 'one' && new Promise<void>((resolve) => (finish = resolve)),
  });
  say(client, 'one');
  await client.next('turn_started');
  say(client, 'two');
  await client.next((frame) => frame.type === 'message' && frame.content === 'two');
  finish();
  await client.next('turn_ended');
  await client.next('turn_ended');
  expect(client.all('message').map(({ content }) => content)).toEqual(['one', 'two']);
});

test('presence, typing, acks and a session that goes on are not sent', async () => {
  const client = await join();
  const other = await hub.connect({ user: 'bob' });
  other.send({ type: 'typing' });
  await other.next('typing');
  say(client, 'hi');
  const { session_id } = await client.next('session_message_added');
  const back = await hub.connect({ user: 'alice', tab: 'two', dialect: 'classic', sessionId: session_id });
  back.send('{"type":"ping"}');
  await back.next('pong');
  client.send('{"type":"ping"}');
  await client.next('pong');
  expect(client.received.map(({ event, type }) => event ?? type)).toEqual([
    'status',
    'session_created',
    'message',
    'session_message_added',
    'pong',
  ]);
  expect(back.received.map(({ type }) => type)).toEqual(['status', 'pong']);
});

test('B16: a session that cannot be resumed is an error of the chat, right after the first frame', async () => {
  await join();
  const strange = await hub.connect({ user: 'carol', dialect: 'classic', sessionId: 'unknown' });
  strange.send('{"type":"ping"}');
  await strange.next('pong');
  expect(strange.received).toEqual([
    expect.objectContaining({ type: 'status' }),
    { type: 'error', content: errorCodes.session_resume_failed.message, timestamp: seconds },
    expect.objectContaining({ type: 'pong' }),
  ]);
});

test('A77: a frame of the app’s own retains the message that it names, in both dialects', async () => {
  const client = await join();
  const other = await hub.connect({ user: 'bob' });
  const frame = { type: 'trace', content: 'Still looking', timestamp: seconds, message_id: 'm-7' } as const;
  hub.hub.reference.sendToTicket('T-1', frame);
  expect(await client.next('trace')).toEqual(frame);
  expect(await other.next('notice')).toMatchObject({ kind: 'trace', message_id: 'm-7' });
});

test('B28: pending requests are shown to one who comes later, oldest first', async () => {
  const client = await join({
    agent: (turn) => turn.ask({ question: turn.message.content }),
  });
  const second = await hub.connect({ user: 'carol', dialect: 'classic' });
  say(client, 'one');
  await client.next('hitl_request_pending');
  hub.clock.advance(1_000);
  say(second, 'two');
  await client.next('hitl_request_pending');
  const later = await hub.connect({ user: 'bob', dialect: 'classic' });
  await later.next('status');
  const shown = [await later.next(), await later.next()];
  expect(shown).toEqual(client.all('hitl_request_pending'));
  expect(shown.map(({ timestamp }) => timestamp)).toEqual([time, '2026-01-01T00:00:01.000Z']);
});
