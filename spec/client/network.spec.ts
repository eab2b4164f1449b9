import type { Envelope } from '../../lib/client';
import { firstWaitMs, longestWaitMs } from '../../lib/client/back-off';
import { verifyMs } from '../../lib/client/heartbeat';
import { ManualClock } from '../../lib/testing/manual-clock';
import { startTestHub, type TestHub } from '../../lib/testing/test-hub';
import { cutAll, Guest, leaveAll, sendAway } from './guest';

let hub: TestHub;
afterEach(async () => {
  leaveAll();
  await hub.close();
});

const heartbeat = 30_000;

/** A client whose network can be switched off without its socket noticing. */
async function onWire() {
  const clock = new ManualClock();
  const events = new EventTarget();
  const wire = { isDead: false };
  const loses = (_envelope: Envelope) => wire.isDead;
  const alice = await Guest.join(hub, { clock, events, loses, random: () => 0.5 });
  const tell = (type: string) => events.dispatchEvent(new Event(type));
  return { alice, clock, wire, tell };
}

test('every heartbeat is a ping, and its pong holds the connection open', async () => {
  hub = await startTestHub({ http: { heartbeat: heartbeat } });
  const { alice, clock } = await onWire();
  for (let beat = 0; beat < 5; beat += 1) {
    clock.advance(heartbeat);
    await alice.nth('pong', beat);
  }
  expect(alice.states).toEqual(['live']);
  expect(alice.sockets).toHaveLength(1);
});

test('a peer that is silent for two heartbeats is dead, and the client comes back', async () => {
  hub = await startTestHub({ http: { heartbeat: heartbeat } });
  const { alice, clock, wire } = await onWire();
  wire.isDead = true;
  clock.advance(2 * heartbeat - 1);
  expect(alice.states).toEqual(['live']);
  clock.advance(1);
  expect(alice.states).toEqual(['live', 'resuming']);
  wire.isDead = false;
  clock.advance(firstWaitMs / 2);
  await alice.state('live');
});

test('after a sleep during which no heartbeat was counted, the client comes back at once', async () => {
  hub = await startTestHub({ http: { heartbeat: heartbeat } });
  const { alice, clock } = await onWire();
  clock.jumpTo(clock.now() + 8 * 3_600_000);
  clock.advance(0);
  expect(alice.states).toEqual(['live', 'resuming']);
});

test('while it waits, online means: now, or almost', async () => {
  hub = await startTestHub({ http: { heartbeat: heartbeat } });
  const { alice, clock, tell } = await onWire();
  cutAll(hub);
  await alice.state('resuming');
  tell('offline');
  clock.advance(longestWaitMs / 2 - 1);
  expect(alice.sockets).toHaveLength(1);
  tell('online');
  clock.advance(firstWaitMs / 2 - 1);
  expect(alice.sockets).toHaveLength(1);
  clock.advance(1);
  expect(alice.sockets).toHaveLength(2);
  await alice.state('live');
});

test.each(['visibilitychange', 'resume', 'pageshow'])(
  'a client that waits to come back is quick about it when its page is seen again: %s',
  async (type) => {
    hub = await startTestHub({ http: { heartbeat: heartbeat } });
    const { alice, clock, tell } = await onWire();
    for (let tries = 1; tries <= 4; tries += 1) {
      cutAll(hub);
      await alice.until(() => alice.client.state === 'resuming', 'the loss');
      if (tries === 4) break;
      clock.advance((firstWaitMs * 2 ** (tries - 1)) / 2);
      await alice.state('live');
    }
    tell(type);
    clock.advance(firstWaitMs / 2 - 1);
    expect(alice.sockets).toHaveLength(4);
    clock.advance(1);
    expect(alice.sockets).toHaveLength(5);
    await alice.state('live');
  },
);

test('a page that goes has no socket, timer or question left, and is back at once when it is shown again', async () => {
  hub = await startTestHub({ http: { heartbeat: heartbeat } });
  const { alice, clock, tell } = await onWire();
  tell('pagehide');
  expect(alice.client.state).toBe('resuming');
  expect(clock.pending).toBe(0);
  for (const type of ['online', 'offline', 'visibilitychange', 'resume']) tell(type);
  expect(clock.pending).toBe(0);
  const bob = await hub.connect({ user: 'bob' });
  await bob.ask({ type: 'message', content: 'meanwhile' });
  const sent = alice.client.send('kept');
  tell('pageshow');
  await alice.state('live');
  await sent;
  expect(alice.sockets).toHaveLength(2);
  await alice.until(() => alice.contents().join() === 'meanwhile,kept', 'both');

  cutAll(hub);
  await alice.state('resuming');
  tell('pagehide');
  expect(clock.pending).toBe(0);
  alice.client.close();
  tell('pageshow');
  expect(alice.sockets).toHaveLength(2);
});

test('offline is not believed for ever: a server on the same machine is found all the same', async () => {
  hub = await startTestHub({ http: { heartbeat: heartbeat } });
  const { alice, clock, tell } = await onWire();
  tell('offline');
  cutAll(hub);
  await alice.state('resuming');
  clock.advance(longestWaitMs / 2);
  await alice.state('live');
});

test('online does not make it come back before the server wants it', async () => {
  hub = await startTestHub({ http: { heartbeat: heartbeat } });
  const { alice, clock, tell } = await onWire();
  sendAway(hub, 1_730);
  await alice.state('resuming');
  tell('online');
  clock.advance(1_729);
  expect(alice.sockets).toHaveLength(1);
  clock.advance(1);
  expect(alice.sockets).toHaveLength(2);
});

test.each(['offline', 'online', 'visibilitychange', 'resume', 'pageshow'])(
  'a live client asks at %s whether its peer is there, once',
  async (type) => {
    hub = await startTestHub({ http: { heartbeat: heartbeat } });
    const { alice, clock, wire, tell } = await onWire();
    tell(type);
    tell(type);
    await alice.nth('pong');
    clock.advance(verifyMs);
    expect(alice.states).toEqual(['live']);
    expect(alice.all('pong')).toHaveLength(1);

    wire.isDead = true;
    tell(type);
    clock.advance(verifyMs - 1);
    expect(alice.states).toEqual(['live']);
    clock.advance(1);
    expect(alice.states).toEqual(['live', 'resuming']);
  },
);
