/** The client where no upgrade gets through: behind a real proxy that loses it, on the network as it is. */
import { WebSocket } from 'ws';
import { connectInbox, type Fetch, type SocketConstructor, type Transport } from '../../lib/client';
import { maxStreams } from '../../lib/client/event-stream';
import { trialMs } from '../../lib/client/upgrade-trial';
import { portOf } from '../../lib/hub/hub';
import { ManualClock } from '../../lib/testing/manual-clock';
import { startTestHub, type TestHub, type TestHubOptions } from '../../lib/testing/test-hub';
import { FaultProxy } from '../stress/fault-proxy';
import { until } from '../transport/until';
import { Guest, type GuestOptions, leaveAll } from './guest';
import { StrippingProxy } from './stripping-proxy';

let hub: TestHub;
let proxy: StrippingProxy;
afterEach(async () => {
  leaveAll();
  await proxy.close();
  await hub.close();
});

async function start(options: TestHubOptions = {}): Promise<void> {
  hub = await startTestHub(options);
  let { port } = hub;
  proxy = await StrippingProxy.open(() => {
    if (hub.server.listening) port = hub.port;
    return port;
  });
}

function socketOf(user: string | null): SocketConstructor {
  return class extends WebSocket {
    constructor(url: string, protocols: string[]) {
      super(url, protocols, { headers: user === null ? {} : { 'x-user': user } });
    }
  };
}

const fetchOf =
  (user: string | null): Fetch =>
  (url, init) =>
    fetch(url, { ...init, headers: { ...init.headers, ...(user && { 'x-user': user }) } });

/** The user who is logged in is sent with everything. */
const as = (user: string | null, url = proxy.url) => ({
  url,
  WebSocket: socketOf(user),
  fetch: fetchOf(user),
});

/** A client that has joined, over whatever it takes. */
const join = (options: GuestOptions = {}) => Guest.join(hub, { ...as('alice'), ...options });

/** Lets a client whose clock stands still do what is due at once, until it has joined. */
async function liveAt(alice: Guest, clock: ManualClock): Promise<void> {
  await until(() => {
    clock.advance(0);
    return alice.client.state === 'live';
  }, 'it is in');
}

/** The presence that others in the ticket were sent, by the number of people. */
const counts = (frames: { presence: { clients: number }[] }[]) =>
  frames.map(({ presence }) => presence.reduce((sum, { clients }) => sum + clients, 0));

test('it goes on over server-sent events and POST, says so, and does all that it does over a socket', async () => {
  await start({ agent: (turn) => turn.approve({ tool: 'block_ip', args: {} }) });
  const bob = await hub.connect({ user: 'bob' });
  const alice = await join();
  expect(alice.client.transport).toBe<Transport>('sse');
  expect(alice.client.refusal).toBeUndefined();
  const acks = await Promise.all(
    Array.from({ length: 30 }, (_, n) => alice.client.send(`line ${n}`).catch(() => undefined)),
  );
  const said = bob.all('session_message_added').map(({ message }) => message.content);
  expect(said).toEqual(acks.flatMap((ack, n) => (ack ? [`line ${n}`] : [])));
  expect(said.length).toBeGreaterThan(15);
  const { hitl } = await alice.nth('hitl_request_pending');
  const answer = { status: 'approved', revision: hitl.revision } as const;
  expect((await alice.client.respond(hitl.id, answer)).hitl.status).toBe('approved');
  alice.client.typing();
  await bob.next('typing');
});

test('an inbox does so too', async () => {
  await start();
  const inbox = connectInbox({ ...as('alice'), random: () => 0 });
  try {
    const ask = { ticketId: 'T-9', sessionId: 's', userId: 'agent', type: 'question' };
    const { id } = await portOf(hub.hub).hitl.request({ ...ask, payload: { question: 'Where?' } });
    await until(() => inbox.items.length === 1, 'it shows what waits');
    expect(inbox.transport).toBe('sse');
    await inbox.respond(id, { status: 'denied', revision: 1 });
    await until(() => inbox.items.length === 0, 'it is answered');
  } finally {
    inbox.close();
  }
});

test('it resumes: what happened while its stream was cut is sent once, in order', async () => {
  await start();
  const alice = await join();
  const bob = await hub.connect({ user: 'bob' });
  for (let n = 0; n < 5; n += 1) {
    await bob.ask({ type: 'message', content: `before ${n}` });
    const before = alice.all('welcome').length;
    proxy.cutAll();
    await bob.ask({ type: 'message', content: `meanwhile ${n}` });
    await alice.nth('welcome', before);
  }
  await alice.client.send('last');
  await alice.until(() => alice.contents().includes('last'), 'the last');
  expect(alice.contents()).toHaveLength(11);
  expect(new Set(alice.contents()).size).toBe(11);
  expect(alice.client.transport).toBe('sse');
  expect(alice.all('welcome').map(({ resumed }) => resumed)).toEqual([false, ...Array(5).fill(true)]);
});

test('over connections that break anywhere, also in the middle of an event, nothing is lost and nothing done twice', async () => {
  await start();
  let connections = 0;
  const faults = await FaultProxy.open(Number(new URL(proxy.url).port), () => {
    connections += 1;
    // Now one direction, now the other, later and later, until they hold.
    const direction = connections % 2 === 0 ? 'up' : 'down';
    return connections > 60 ? {} : { fault: { kind: 'cut', direction, afterBytes: connections * 37 } };
  });
  try {
    const alice = await Guest.join(hub, as('alice', `http://127.0.0.1:${faults.port}`));
    const bob = await hub.connect({ user: 'bob' });
    const sent = Array.from({ length: 12 }, (_, n) => alice.client.send(`mine ${n}`));
    for (let n = 0; n < 12; n += 1) await bob.ask({ type: 'message', content: `theirs ${n}` });
    await Promise.all(sent);
    await alice.until(() => alice.contents().length === 24, 'all that was said');
    expect(faults.counts.cut).toBeGreaterThan(5);
    const mine = alice.contents().filter((content) => content.startsWith('mine'));
    expect(mine).toEqual(Array.from({ length: 12 }, (_, n) => `mine ${n}`));
    expect(alice.seqs()).toEqual(alice.seqs().toSorted((a, b) => a - b));
    expect(new Set(alice.seqs()).size).toBe(alice.seqs().length);
  } finally {
    await faults.close();
  }
});

test('a frame whose answer is lost on the way is sent again, and carried out once', async () => {
  await start();
  const alice = await join();
  proxy.losesAnswer = (answers) => answers === 1;
  const ack = await alice.client.send('once');
  expect(ack.message_id).toEqual(expect.any(String));
  expect(proxy.passed.filter((method) => method === 'POST').length).toBeGreaterThan(1);
  expect((await hub.store.state('T-1', 10)).messages).toHaveLength(1);
});

test('it is a server that is restarted which it waits for, and not a WebSocket', async () => {
  await start();
  const alice = await join();
  await hub.restart();
  await alice.nth('welcome', 1);
  await alice.client.send('after');
  expect(alice.client.transport).toBe('sse');
});

test.each([
  ['logged out', 'session_ended', 4401],
  ['without access', 'forbidden', 4403],
  ['replaced', 'replaced', 4409],
] as const)('a stream of a user who is %s ends with its code', async (_what, name, code) => {
  await start();
  const alice = await join({ tab: 'one' });
  hub.hub.clients.disconnect({ where: () => true, code: name });
  await alice.state('closed');
  expect(alice.client.ending).toMatchObject({ code });
});

test('a user who is logged out in the meantime learns it with the next frame', async () => {
  let user: string | null = 'alice';
  await start({ auth: { identify: () => user } });
  const alice = await join();
  user = null;
  const sent = alice.client.send('who am I');
  await expect(sent).rejects.toMatchObject({ code: 'closed', details: { code: 4401 } });
});

test('where the server is away altogether nothing says that it is the upgrade which fails', async () => {
  await start();
  proxy.setUpgrades(true);
  const alice = await join();
  expect(alice.client.transport).toBe('websocket');
  await hub.hitl.close();
  proxy.cutAll();
  await new Promise((resolve) => alice.client.on('refusal', resolve));
  await new Promise((resolve) => alice.client.on('refusal', resolve));
  await new Promise((resolve) => alice.client.on('refusal', resolve));
  await hub.restart();
  await alice.nth('welcome', 1);
  expect(alice.client.transport).toBe('websocket');
});

describe('a WebSocket is tried again', () => {
  const onStream = async () => {
    await start();
    const clock = new ManualClock();
    const events = new EventTarget();
    const alice = Guest.start(hub, { ...as('alice'), clock, events });
    await liveAt(alice, clock);
    expect(alice.client.transport).toBe('sse');
    const bob = await hub.connect({ user: 'bob' });
    await bob.next('snapshot');
    return { alice, clock, events, bob };
  };

  test('after a while, and once it gets through it takes the place of the stream; no other client sees it', async () => {
    const { alice, clock, bob } = await onStream();
    proxy.setUpgrades(true);
    clock.advance(trialMs);
    await bob.ask({ type: 'message', content: 'meanwhile' });
    const sent = alice.client.send('on the way');
    await alice.until(() => alice.client.transport === 'websocket', 'another transport');
    await alice.state('live');
    await sent;
    await bob.ask({ type: 'message', content: 'after' });
    await alice.until(() => alice.contents().length === 3, 'all that was said');
    expect(alice.client.state).toBe('live');
    expect(hub.hub.reference.getClientCount('T-1')).toBe(2);
    expect(counts(bob.all('presence_changed'))).toEqual([2]);
    clock.advance(trialMs);
    expect(alice.states).toEqual(['live', 'resuming', 'live']);
  });

  test('when the network has come back', async () => {
    const { alice, events } = await onStream();
    proxy.setUpgrades(true);
    events.dispatchEvent(new Event('online'));
    await alice.until(() => alice.client.transport === 'websocket', 'another transport');
    await alice.state('live');
  });

  test('in vain, and then the stream stays as it is', async () => {
    const { alice, clock } = await onStream();
    for (let n = 0; n < 3; n += 1) {
      const before = proxy.passed.length;
      clock.advance(trialMs);
      await until(() => proxy.passed.length > before, 'it was tried');
      await alice.client.send(`still here ${n}`);
    }
    expect(alice.states).toEqual(['live']);
    expect(alice.all('welcome')).toHaveLength(1);
  });

  test('and is ended with the client', async () => {
    const { alice, clock } = await onStream();
    proxy.setUpgrades(true);
    clock.advance(trialMs);
    alice.client.close();
    expect(clock.pending).toBe(0);
    await until(() => hub.hub.reference.getClientCount('T-1') === 1, 'only bob is there');
  });
});

test('a stream that is silent for two heartbeats is dead, and the client comes back', async () => {
  await start({ http: { heartbeat: 30_000 } });
  const clock = new ManualClock();
  const alice = Guest.start(hub, { ...as('alice'), clock });
  await liveAt(alice, clock);
  clock.advance(30_000);
  hub.clock.advance(30_000);
  await alice.nth('pong', 1);
  clock.advance(59_999);
  expect(alice.states).toEqual(['live']);
  clock.advance(1);
  expect(alice.states).toEqual(['live', 'resuming']);
  await liveAt(alice, clock);
});

test('a stream answers the pings of the server by itself, whatever its own clock does', async () => {
  await start({ http: { heartbeat: 30_000 } });
  const clock = new ManualClock();
  const alice = Guest.start(hub, { ...as('alice'), clock });
  await liveAt(alice, clock);
  for (let beat = 0; beat < 4; beat += 1) {
    const before = proxy.passed.length;
    hub.clock.advance(30_000);
    await until(() => proxy.passed.length > before, 'it has answered');
    await alice.nth('pong', beat);
    // The answer has come to the hub before this frame.
    await alice.client.send(`here ${beat}`);
  }
  expect(alice.states).toEqual(['live']);
});

test('a browser has no more streams open than leave it connections; one more waits, and says why', async () => {
  await start({ limits: { clientsPerTicket: 20 } });
  const guests = await Promise.all(Array.from({ length: maxStreams }, () => join()));
  const late = Guest.start(hub, as('alice'));
  await new Promise((resolve) => late.client.on('refusal', resolve));
  expect(late.client.refusal).toEqual({
    status: 0,
    message: `This browser has ${maxStreams} streams open already`,
  });
  expect(late.client.state).toBe('connecting');
  guests[0]?.client.close();
  await late.state('live');
  expect(late.client.transport).toBe('sse');
});

test('close ends the stream and what is under way', async () => {
  await start();
  const alice = await join();
  const sent = expect(alice.client.send('never')).rejects.toMatchObject({ code: 'closed' });
  alice.client.close();
  await sent;
  await until(() => hub.hub.reference.getClientCount('T-1') === 0, 'it is out');
});
