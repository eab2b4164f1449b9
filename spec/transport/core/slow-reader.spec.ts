/** B1 and B2 end to end: a client that has stopped reading costs itself only. */
import type { Socket } from 'node:net';
import express from 'express';
import type { Turn } from '../../../lib/hub/turns/turn';
import type { TestClient } from '../../../lib/testing/test-client';
import { startTestHub, type TestHub, type TestHubOptions } from '../../../lib/testing/test-hub';
import { closeTimeoutMs, maxQueuedBytes, pressureBytes } from '../../../lib/transport/core/connection';
import { frameOf, RawSocket, ticketPath } from '../raw-socket';
import { localhost, makeHitl, Served } from '../serve';
import { until } from '../until';

let hub: TestHub;
let sockets: Socket[];
afterEach(() => hub?.close());

async function start(options: TestHubOptions = {}): Promise<void> {
  hub = await startTestHub(options);
  sockets = [];
  hub.server.on('connection', (socket) => sockets.push(socket));
}

/** Most that any socket of the server holds for its peer. */
const heldBack = () => Math.max(...sockets.map(({ writableLength }) => writableLength));

/** A client that has joined, and reads nothing more. */
async function stalled(user: string): Promise<TestClient> {
  const client = await hub.connect({ user });
  await client.next('presence_changed');
  client.socket.pause();
  return client;
}

const part = 'x'.repeat(200_000);

test('B1: it is closed with 4508 while the others miss nothing, and it can come back and resume', async () => {
  const most: number[] = [];
  await start({
    agent: async (turn) => {
      for (let n = 0; n < 100; n += 1) {
        await turn.say(part);
        most.push(heldBack());
      }
    },
  });
  const bob = await hub.connect({ user: 'bob' });
  const slow = await stalled('slow');
  const { epoch, seq } = slow.all('welcome')[0];
  await bob.ask({ type: 'message', content: 'a lot, please' });
  await bob.next('turn_ended');
  expect(bob.all('session_message_added').map(({ message }) => message.type)).toEqual([
    'user',
    ...Array(100).fill('response'),
  ]);
  expect(hub.hub.reference.getClientCount('T-1')).toBe(1);
  // What waits for it is the limit and at most the frame that went over it.
  expect(Math.max(...most)).toBeGreaterThan(maxQueuedBytes);
  expect(Math.max(...most)).toBeLessThan(maxQueuedBytes + part.length + 1_000);

  slow.socket.resume();
  expect((await slow.closed()).code).toBe(4508);
  const last = slow.received.findLast((frame) => frame.seq)?.seq ?? seq;
  const again = await hub.connect({ user: 'slow', after: `${epoch}:${last}` });
  expect((await again.next('welcome')).resumed).toBe(true);
  const rest = await again.next('turn_ended');
  expect(again.all('session_message_added').length + slow.all('session_message_added').length).toBe(101);
  expect(rest.status).toBe('completed');
});

test('B1: other tickets, joining and leaving go on as if nothing were', async () => {
  await start({ agent: (turn) => turn.say(part) });
  await stalled('slow');
  const bob = await hub.connect({ user: 'bob' });
  for (let n = 0; n < 60 && hub.hub.reference.getClientCount('T-1') > 1; n += 1) {
    await bob.ask({ type: 'message', content: 'more' });
    await bob.next('turn_ended');
    const other = await hub.connect({ user: 'carol', ticketId: `T-${n + 2}` });
    await other.ask({ type: 'message', content: 'hello' });
    await other.next('turn_ended');
    await other.close();
  }
  expect(hub.hub.reference.getClientCount('T-1')).toBe(1);
  await until(() => hub.hub.reference.getTotalClientCount() === 1, 'all the others have left');
});

test('what may be dropped is dropped first, and then it is not closed at all', async () => {
  await start();
  const bob = await hub.connect({ user: 'bob' });
  const slow = await stalled('slow');
  const most: number[] = [];
  for (let n = 0; n < 200; n += 1) {
    hub.hub.reference.sendStatusToTicket('T-1', part);
    await bob.next('notice');
    most.push(heldBack());
  }
  expect(Math.max(...most)).toBeGreaterThan(pressureBytes);
  expect(Math.max(...most)).toBeLessThan(pressureBytes + 2 * part.length);
  slow.socket.resume();
  slow.send({ type: 'ping' });
  await slow.next('pong');
  expect(slow.all('notice').length).toBeLessThan(200);
  expect(bob.all('notice')).toHaveLength(200);
});

test('B1: one that asks and asks and reads no answer is closed, not answered into memory', async () => {
  await start({ limits: { frames: false } });
  const neighbour = await hub.connect({ user: 'bob' });
  const raw = await RawSocket.open(hub.port);
  await raw.ask({ headers: { 'Sec-WebSocket-Protocol': 'hitl.v1' } });
  await neighbour.next((frame) => frame.event === 'presence_changed' && frame.presence.length === 2);
  raw.socket.pause();
  const garbage = frameOf(1, Buffer.from(JSON.stringify({ type: 'message', id: 'i'.repeat(128) })));
  const much = Buffer.concat(Array(1_000).fill(garbage));
  for (let n = 0; n < 1_000 && hub.hub.reference.getClientCount('T-1') === 2; n += 1) {
    raw.socket.write(much);
    neighbour.send({ type: 'ping' });
    await neighbour.next('pong');
    expect(heldBack()).toBeLessThan(maxQueuedBytes);
  }
  expect(hub.hub.reference.getClientCount('T-1')).toBe(1);
  // It does not answer the close either.
  hub.clock.advance(closeTimeoutMs);
  raw.socket.resume();
  await raw.ended();
}, 20_000);

/** 304 logged frames at once: the session, the turn, the message, 300 steps, the end. */
const steps = async (turn: Turn) => {
  await Promise.all(Array.from({ length: 300 }, (_each, index) => turn.trace(`step ${index}`)));
};

async function readsAll(client: TestClient): Promise<void> {
  await client.ask({ type: 'message', content: 'go' });
  await client.next('turn_ended');
  const logged = client.received.filter(({ event }) => !['welcome', 'snapshot', 'pong'].includes(event));
  expect(logged.flatMap(({ seq }) => seq ?? [])).toEqual(
    Array.from({ length: 304 }, (_each, index) => index + 1),
  );
}

test('A84: a client that does read gets every frame in order, however many come at once', async () => {
  await start({ agent: steps });
  await readsAll(await hub.connect());
});

test('and over TLS, where nothing is ever sent at once', async () => {
  const hitl = makeHitl({ agent: steps });
  const app = express();
  app.use(hitl.router);
  const served = await Served.start(app, localhost);
  hitl.attach(served.server);
  const client = await served.connect(ticketPath, { secure: true, ca: localhost.cert });
  await readsAll(client);
  await hitl.close();
  await served.close();
});
