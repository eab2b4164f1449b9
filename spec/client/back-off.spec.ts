import fc from 'fast-check';
import '../seed';
import { BackOff, firstWaitMs, longestWaitMs } from '../../lib/client/back-off';
import { connectMs, steadyMs } from '../../lib/client/link';
import { ManualClock } from '../../lib/testing/manual-clock';
import { startTestHub, type TestHub } from '../../lib/testing/test-hub';
import { announceEnd, cutAll, Guest, leaveAll, sendAway } from './guest';

let hub: TestHub;
afterEach(async () => {
  leaveAll();
  await hub.close();
});

/** The largest wait that chance can choose. */
const almostOne = 1 - 2 ** -53;

/** Brings an attempt to its failure: the socket is closed and the next wait has begun. */
async function failed(guest: Guest, attempt: number): Promise<void> {
  await guest.until(() => guest.sockets[attempt - 1]?.readyState === WebSocketState.closed, 'a failure');
}
const WebSocketState = { closed: 3 };

test('a wait is random as a whole, and its limit doubles up to half a minute', async () => {
  hub = await startTestHub();
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: almostOne, noNaN: true }), { minLength: 1, maxLength: 80 }),
      (chances) => {
        const left = [...chances];
        const backOff = new BackOff(() => left.shift() ?? 0);
        chances.forEach((chance, tries) => {
          const limit = Math.min(longestWaitMs, firstWaitMs * 2 ** tries);
          expect(backOff.next()).toBe(chance * limit);
        });
      },
    ),
  );
});

test('the client tries after exactly these waits and not before', async () => {
  hub = await startTestHub();
  const clock = new ManualClock();
  const alice = Guest.start(hub, { clock, random: () => 0.5, user: null });
  for (const [attempt, limit] of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000].entries()) {
    await failed(alice, attempt + 1);
    expect(clock.pending).toBe(1);
    clock.advance(limit / 2 - 1);
    expect(alice.sockets).toHaveLength(attempt + 1);
    clock.advance(1);
    expect(alice.sockets).toHaveLength(attempt + 2);
  }
  expect(alice.client.state).toBe('connecting');
});

test('a server that says when to come back is taken at its word, once', async () => {
  hub = await startTestHub();
  const clock = new ManualClock();
  const alice = await Guest.join(hub, { clock, random: () => 0.5 });
  sendAway(hub, 1_730);
  await alice.state('resuming');
  clock.advance(1_729);
  expect(alice.sockets).toHaveLength(1);
  clock.advance(1);
  expect(alice.sockets).toHaveLength(2);
  await alice.state('live');

  cutAll(hub);
  await alice.state('resuming');
  clock.advance(firstWaitMs / 2);
  await alice.state('live');
});

test('a server that says it twice is taken at its later word, be it sooner or later', async () => {
  hub = await startTestHub();
  const clock = new ManualClock();
  const alice = await Guest.join(hub, { clock, random: () => almostOne });
  for (const [first, last] of [
    [5_000, 1_730],
    [500, 4_000],
  ] as const) {
    const before = alice.sockets.length;
    announceEnd(hub, first);
    await alice.nth('going_away', alice.all('going_away').length);
    clock.advance(2_000);
    sendAway(hub, last);
    await alice.state('resuming');
    clock.advance(last - 1);
    expect(alice.sockets).toHaveLength(before);
    clock.advance(1);
    expect(alice.sockets).toHaveLength(before + 1);
    await alice.state('live');
  }
});

test('a server that is drained is left when it closes, and its successor is found', async () => {
  hub = await startTestHub();
  const clock = new ManualClock();
  const alice = await Guest.join(hub, { clock });
  const drained = hub.hitl.drain({ over: '10s' });
  const { retry_after_ms } = await alice.nth('going_away');
  await drained;
  await alice.state('resuming');
  await hub.restart();
  clock.advance(Math.max(retry_after_ms - 1, 0));
  clock.advance(1);
  await alice.state('live');
  expect(alice.sockets).toHaveLength(2);
});

test('after a connection that lasted the waits begin again, after one that did not they go on growing', async () => {
  hub = await startTestHub();
  const clock = new ManualClock();
  const alice = await Guest.join(hub, { clock, random: () => almostOne });
  const lose = async (wait: number) => {
    const before = alice.sockets.length;
    cutAll(hub);
    await alice.state('resuming');
    clock.advance(wait - 1);
    expect(alice.sockets).toHaveLength(before);
    clock.advance(1);
    expect(alice.sockets).toHaveLength(before + 1);
    await alice.state('live');
  };
  await lose(firstWaitMs);
  await lose(2 * firstWaitMs);
  await lose(4 * firstWaitMs);
  clock.advance(steadyMs);
  await lose(firstWaitMs);
});

test('a server that takes the connection and says nothing is given up', async () => {
  hub = await startTestHub();
  const clock = new ManualClock();
  const alice = Guest.start(hub, { clock, loses: () => true });
  await alice.until(() => alice.sockets[0]?.readyState === 1, 'an open socket');
  clock.advance(connectMs - 1);
  expect(alice.sockets[0]?.readyState).toBe(1);
  clock.advance(1);
  await failed(alice, 1);
  clock.advance(0);
  expect(alice.sockets).toHaveLength(2);
});
