/** What happens when the same tab comes again, over real sockets. */
import { memoryStore } from '../../../lib/store/memory/memory-store';
import { startTestHub, type TestHub, type TestHubOptions } from '../../../lib/testing/test-hub';
import { RawSocket, ticketPath } from '../raw-socket';

let hub: TestHub;
afterEach(() => hub.close());

const start = async (options: TestHubOptions = {}) => {
  hub = await startTestHub(options);
};

test('B4: the older client is closed with 4409 and has left at once', async () => {
  await start();
  const older = await hub.connect({ tab: 'one' });
  await older.next('snapshot');
  const newer = await hub.connect({ tab: 'one' });
  expect(await older.closed()).toEqual({ code: 4409, reason: 'replaced by the same tab' });
  expect(hub.hub.reference.getClientCount('T-1')).toBe(1);
  expect(await newer.ask({ type: 'message', content: 'mine' })).toMatchObject({ event: 'ack' });
});

test('B4: a classic one is closed with 1000, after which its front end stays away', async () => {
  await start();
  const older = await hub.connect({ dialect: 'classic' });
  await older.next('status');
  await hub.connect({ dialect: 'classic' });
  expect((await older.closed()).code).toBe(1000);
});

test('B4: it works at the cap too, and the count stays', async () => {
  await start({ limits: { clientsPerTicket: 2 } });
  const first = await hub.connect({ tab: 'one' });
  await hub.connect({ tab: 'two' });
  await hub.connect({ tab: 'one' });
  expect((await first.closed()).code).toBe(4409);
  expect(hub.hub.reference.getClientCount('T-1')).toBe(2);
  expect(await hub.tryConnect({ tab: 'three' })).toMatchObject({ status: 429 });
});

test('B4: frames that the older one still sends do nothing', async () => {
  const store = memoryStore();
  await start({ store });
  const older = await RawSocket.open(hub.port);
  const headers = { 'Sec-WebSocket-Protocol': 'hitl.v1' };
  expect((await older.ask({ path: `${ticketPath}?tab=one`, headers })).status).toBe(101);
  const newer = await hub.connect({ tab: 'one' });
  await newer.next('snapshot');
  // It has been sent the close, and does not react.
  older.sendFrame(1, Buffer.from('{"type":"message","id":"late","content":"a ghost"}'));
  older.sendFrame(1, Buffer.from('{"type":"typing"}'));
  older.sendFrame(8, Buffer.from([3, 232]));
  await older.ended();
  newer.send({ type: 'ping' });
  await newer.next('pong');
  expect((await store.state('T-1', 10)).messages).toEqual([]);
  expect(newer.all('typing')).toEqual([]);
});

test('the older one is sent nothing more', async () => {
  await start();
  const older = await hub.connect({ tab: 'one' });
  await older.next('presence_changed');
  await hub.connect({ tab: 'one' });
  hub.hub.reference.sendStatusToTicket('T-1', 'for those who are in');
  await older.closed();
  expect(older.all('notice')).toEqual([]);
});

test('A18: another tab of the same user, another user and another ticket stay', async () => {
  await start();
  const others = [
    await hub.connect({ tab: 'two' }),
    await hub.connect({ tab: 'one', user: 'bob' }),
    await hub.connect({ tab: 'one', ticketId: 'T-2' }),
  ];
  await hub.connect({ tab: 'one' });
  await hub.connect({ tab: 'one' });
  for (const other of others) {
    other.send({ type: 'ping' });
    await other.next('pong');
  }
  expect(hub.hub.reference.getClientCount('T-1')).toBe(3);
});

test('a takeover is no change of presence: the others are sent nothing, the new client is sent who is connected', async () => {
  await start();
  const bob = await hub.connect({ user: 'bob' });
  await hub.connect({ tab: 'one' });
  await bob.next((frame) => frame.event === 'presence_changed' && frame.presence.length === 2);
  const newer = await hub.connect({ tab: 'one' });
  const people = [
    { user: { id: 'bob', name: 'bob' }, clients: 1 },
    { user: { id: 'alice', name: 'alice' }, clients: 1 },
  ];
  expect((await newer.next('snapshot')).presence).toEqual(expect.arrayContaining(people));
  bob.send({ type: 'ping' });
  await bob.next('pong');
  expect(bob.all('presence_changed')).toHaveLength(2);
});
