/** How a dead peer is found and a living one is sent where its log stands, over real sockets and a clock in the test's hand. */
import { leaveGraceMs } from '../../../lib/hub/requests/claims';
import { startTestHub, type TestHub, type TestHubOptions } from '../../../lib/testing/test-hub';
import { RawSocket } from '../raw-socket';
import { until } from '../until';

const heartbeat = 30_000;
let hub: TestHub;
afterEach(() => hub.close());

async function start(options: TestHubOptions = {}): Promise<void> {
  hub = await startTestHub({ ...options, http: { heartbeat: heartbeat, ...options.http } });
}

/** A peer that shakes hands and never says anything again, whatever it is asked. */
async function silentPeer(): Promise<RawSocket> {
  const raw = await RawSocket.open(hub.port);
  const before = hub.hub.reference.getTotalClientCount();
  expect((await raw.ask()).status).toBe(101);
  await until(() => hub.hub.reference.getTotalClientCount() === before + 1, 'it is in');
  return raw;
}

test('A83: a peer that never answers a ping is gone with the second heartbeat, and its place is free', async () => {
  await start({ limits: { clientsPerTicket: 1 } });
  const raw = await silentPeer();
  hub.clock.advance(heartbeat);
  expect(hub.hub.reference.getClientCount('T-1')).toBe(1);
  hub.clock.advance(heartbeat);
  await raw.ended();
  await until(() => hub.hub.reference.getClientCount('T-1') === 0, 'it is out');
  await hub.connect();
});

test('one that has just come is given a whole heartbeat', async () => {
  await start();
  const first = await hub.connect({ user: 'bob' });
  await first.next('snapshot');
  hub.clock.advance(heartbeat - 1);
  await silentPeer();
  hub.clock.advance(1);
  expect(hub.hub.reference.getClientCount('T-1')).toBe(2);
});

test('one that answers pings stays, heartbeat after heartbeat', async () => {
  await start();
  const client = await hub.connect();
  for (let beat = 1; beat <= 5; beat += 1) {
    const pinged = new Promise((resolve) => client.socket.once('ping', resolve));
    hub.clock.advance(heartbeat);
    await pinged;
    // Its pong is written before this, and so is read before it.
    client.send({ type: 'ping' });
    await client.next('pong');
    await client.next('pong');
  }
  expect(client.isOpen).toBe(true);
});

test('one that sends frames but cannot answer pings stays too', async () => {
  await start();
  const neighbour = await hub.connect({ user: 'bob' });
  const raw = await silentPeer();
  for (let beat = 1; beat <= 4; beat += 1) {
    raw.sendFrame(1, Buffer.from(`{"type":"message","content":"alive ${beat}"}`));
    await neighbour.next((frame) => frame.message?.content === `alive ${beat}`);
    hub.clock.advance(heartbeat);
    await neighbour.next('pong');
  }
  expect(hub.hub.reference.getClientCount('T-1')).toBe(2);
  raw.destroy();
});

test('with every heartbeat hitl.v1 is sent the top of the log, once, and classic is sent nothing', async () => {
  await start();
  const [one, two] = [await hub.connect({ tab: 'one' }), await hub.connect({ tab: 'two' })];
  const elsewhere = await hub.connect({ ticketId: 'T-2' });
  const classic = await hub.connect({ tab: 'three', dialect: 'classic' });
  await one.ask({ type: 'message', content: 'hello' });
  hub.clock.advance(heartbeat);
  expect(await one.next('pong')).toEqual({ event: 'pong', seq: 2 });
  expect(await two.next('pong')).toEqual({ event: 'pong', seq: 2 });
  expect(await elsewhere.next('pong')).toEqual({ event: 'pong', seq: 0 });
  for (const _ping of [1, 2]) {
    classic.send('{"type":"ping"}');
    await classic.next('pong');
  }
  expect(classic.all('pong')).toHaveLength(2);
  expect(one.all('pong')).toHaveLength(1);
});

test('a store that cannot say where the log stands costs no client the connection', async () => {
  await start();
  const client = await hub.connect();
  await client.next('snapshot');
  const position = jest.spyOn(hub.store, 'position').mockRejectedValueOnce(new Error('locked'));
  hub.clock.advance(heartbeat);
  client.send({ type: 'ping' });
  await client.next('pong');
  expect(position).toHaveBeenCalledTimes(2);
  expect(client.isOpen).toBe(true);
});

test('one timer serves all clients, and none is left without a client', async () => {
  await start({ limits: { clientsPerUserInTicket: 10 } });
  const clients = [];
  for (let n = 1; n <= 10; n += 1) clients.push(await hub.connect({ tab: `tab-${n}` }));
  expect(hub.clock.pending).toBe(1);
  for (const client of clients) await client.close();
  await until(() => hub.hub.reference.getTotalClientCount() === 0, 'everybody is out');
  // For so long they may still come back to what they claimed.
  await hub.advance(leaveGraceMs);
  expect(hub.clock.pending).toBe(0);
});

test('the welcome says how often it beats', async () => {
  await start();
  expect((await (await hub.connect()).next('welcome')).heartbeat_ms).toBe(heartbeat);
});
