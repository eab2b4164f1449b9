/** A claim lasts as long as its holder is there: what renews it, what lets it go, and what does not. */
import { portOf } from '../../../lib/hub/hub';
import type { HitlRequestInput } from '../../../lib/hub/requests/ask';
import { leaveGraceMs, renewEveryMs } from '../../../lib/hub/requests/claims';
import { leaseMs } from '../../../lib/hub/requests/hitl';
import type { RequestRecord } from '../../../lib/index';
import { memoryStore } from '../../../lib/store/memory/memory-store';
import type { TestClient } from '../../../lib/testing/test-client';
import { startTestHub, type TestHub, type TestHubOptions } from '../../../lib/testing/test-hub';
import { diskFull, type Trouble, troubled } from '../rig';

let hub: TestHub;
let bob: TestClient;
afterEach(() => hub.close());

const ask = (input: Partial<HitlRequestInput> = {}) =>
  portOf(hub.hub).hitl.request({
    ticketId: 'T-1',
    sessionId: 's',
    userId: 'agent',
    type: 'question',
    payload: { question: 'Go?' },
    ...input,
  });
const claim = (client: TestClient, { id }: RequestRecord) =>
  client.ask({ type: 'hitl_claim', request_id: id });
const claimOf = async ({ id }: RequestRecord) => (await portOf(hub.hub).hitl.get(id)).claim;
const holder = async (request: RequestRecord) => (await claimOf(request))?.by.userId;
/** How long the claim would last from now on. */
const left = async (request: RequestRecord) => ((await claimOf(request))?.until ?? 0) - hub.clock.now();

async function start(options: TestHubOptions = {}): Promise<void> {
  hub = await startTestHub({ agent: (turn) => turn.trace('On it'), ...options });
  bob = await hub.connect({ user: 'bob' });
}
/** Everything sent to the hub has been carried out. */
async function done(client = bob): Promise<void> {
  client.send({ type: 'ping' });
  await client.next('pong');
  await hub.settled();
}
/** Ends a connection, and waits until the hub knows: it may be notified a moment later. */
async function leave(client: TestClient): Promise<void> {
  const before = hub.hub.reference.getTotalClientCount();
  await client.close();
  while (hub.hub.reference.getTotalClientCount() === before)
    await new Promise((resolve) => setImmediate(resolve));
}
async function typing(client = bob): Promise<void> {
  client.send({ type: 'typing' });
  await done(client);
}

describe('The claim of a person who is at work', () => {
  test.each<[what: string, act: () => unknown]>([
    ['types', () => bob.send({ type: 'typing' })],
    ['writes', () => bob.ask({ type: 'message', content: 'Looking' })],
    ['claims something else', async () => claim(bob, await ask())],
  ])('is renewed when the holder %s', async (_what, act) => {
    await start();
    const request = await ask();
    await claim(bob, request);
    await hub.advance(leaseMs - 1);
    await act();
    await done();
    expect(await left(request)).toBe(leaseMs);
    await hub.advance(leaseMs - 1);
    expect(await holder(request)).toBe('bob');
    await hub.advance(1);
    expect(await holder(request)).toBeUndefined();
  });

  test('is renewed over the classic dialect too', async () => {
    await start();
    const request = await ask();
    await claim(bob, request);
    await hub.advance(60_000);
    const classic = await hub.connect({ user: 'bob', tab: 'other', dialect: 'classic' });
    classic.send({ type: 'message', content: 'Looking' });
    await classic.next((frame) => frame.type === 'trace');
    await hub.settled();
    expect(await left(request)).toBe(leaseMs);
  });

  test('is renewed at most every 30 seconds, however much is done, and every client sees it', async () => {
    await start();
    const alice = await hub.connect({ user: 'alice' });
    const request = await ask();
    await claim(bob, request);
    await alice.next('hitl_request_updated');
    for (let n = 0; n < 20; n += 1) await typing();
    expect(await left(request)).toBe(leaseMs);
    await hub.advance(renewEveryMs - 1);
    await typing();
    expect(await left(request)).toBe(leaseMs - renewEveryMs + 1);
    await hub.advance(1);
    await typing();
    await typing();
    expect(await left(request)).toBe(leaseMs);
    const { hitl } = await alice.next('hitl_request_updated');
    expect(Date.parse(hitl.claimed_by.until)).toBe(hub.clock.now() + leaseMs);
    expect(alice.all('hitl_request_updated')).toHaveLength(2);
    // A renewal is no step of the request.
    const { items } = await hub.store.audit({ ticketId: 'T-1' }, 10);
    expect(items.map(({ event }) => event)).toEqual(['requested', 'claimed']);
  });

  test.each<[what: string, act: () => unknown]>([
    ['pings of the holder', () => bob.send({ type: 'ping' })],
    ['what others do', async () => typing(await hub.connect({ user: 'alice' }))],
    [
      'what the holder does elsewhere',
      async () => typing(await hub.connect({ user: 'bob', ticketId: 'T-2' })),
    ],
    ['frames that are refused', () => bob.ask({ type: 'hitl_claim', request_id: 'none' })],
  ])('is not renewed by %s', async (_what, act) => {
    await start();
    const request = await ask();
    await claim(bob, request);
    await hub.advance(renewEveryMs);
    await act();
    await done();
    expect(await left(request)).toBe(leaseMs - renewEveryMs);
  });

  test('is not taken again by what the holder does after it has ended', async () => {
    await start();
    const request = await ask();
    await claim(bob, request);
    await hub.advance(leaseMs);
    await typing();
    expect(await holder(request)).toBeUndefined();
  });

  test('is renewed after a restart as before', async () => {
    await start();
    const request = await ask();
    await claim(bob, request);
    await hub.restart();
    bob = await hub.connect({ user: 'bob' });
    await hub.advance(60_000);
    await typing();
    expect(await left(request)).toBe(leaseMs);
  });
});

describe('The claim of a person who leaves', () => {
  test('is released when the last tab has been disconnected for ten seconds, all claims of the ticket at once', async () => {
    await start();
    const [first, second, elsewhere] = [await ask(), await ask(), await ask({ ticketId: 'T-2' })];
    const other = await hub.connect({ user: 'bob', ticketId: 'T-2' });
    await claim(bob, first);
    await claim(bob, second);
    await claim(other, elsewhere);
    const alice = await hub.connect({ user: 'alice' });
    await leave(bob);
    await hub.advance(leaveGraceMs - 1);
    expect([await holder(first), await holder(second)]).toEqual(['bob', 'bob']);
    await hub.advance(1);
    expect([await holder(first), await holder(second)]).toEqual([undefined, undefined]);
    expect(await holder(elsewhere)).toBe('bob');
    const { hitl, cause } = await alice.next('hitl_request_updated');
    expect(hitl.claimed_by).toBeUndefined();
    expect(cause).toEqual({ event: 'released', by: { user_id: 'bob', display_name: 'bob' }, via: 'socket' });
    const { items } = await hub.store.audit({ ticketId: 'T-1', requestId: first.id }, 10);
    expect(items.at(-1)).toMatchObject({ event: 'released', reason: 'left the ticket', via: 'socket' });
  });

  test('outlasts a reload of the page, also one that is slow to reconnect', async () => {
    await start();
    const request = await ask();
    await claim(bob, request);
    for (let reload = 0; reload < 3; reload += 1) {
      await leave(bob);
      await hub.advance(leaveGraceMs - 1);
      bob = await hub.connect({ user: 'bob' });
    }
    await hub.advance(leaveGraceMs);
    expect(await holder(request)).toBe('bob');
    const { items } = await hub.store.audit({ ticketId: 'T-1' }, 10);
    expect(items.map(({ event }) => event)).toEqual(['requested', 'claimed']);
  });

  test('stays when the same tab takes its own place, and as long as another tab is connected', async () => {
    await start();
    const request = await ask();
    await claim(bob, request);
    const again = await hub.connect({ user: 'bob' });
    const tab = await hub.connect({ user: 'bob', tab: 'second' });
    await hub.advance(leaveGraceMs);
    expect(await holder(request)).toBe('bob');
    await leave(again);
    await hub.advance(leaveGraceMs);
    expect(await holder(request)).toBe('bob');
    await leave(tab);
    await hub.advance(leaveGraceMs);
    expect(await holder(request)).toBeUndefined();
  });

  test('counts from the last tab that left', async () => {
    await start();
    const request = await ask();
    await claim(bob, request);
    const tab = await hub.connect({ user: 'bob', tab: 'second' });
    await leave(bob);
    await hub.advance(leaveGraceMs - 1);
    await leave(tab);
    await hub.advance(leaveGraceMs - 1);
    expect(await holder(request)).toBe('bob');
    await hub.advance(1);
    expect(await holder(request)).toBeUndefined();
  });

  test('leaves the claims of others alone', async () => {
    await start();
    const alice = await hub.connect({ user: 'alice' });
    const request = await ask();
    await claim(alice, request);
    await leave(bob);
    await hub.advance(leaveGraceMs);
    expect(await holder(request)).toBe('alice');
  });

  test('stays when the hub disconnects every client: they reconnect to the next one', async () => {
    await start({ sqlite: true });
    const request = await ask();
    await claim(bob, request);
    await hub.restart();
    bob = await hub.connect({ user: 'bob' });
    await hub.advance(leaveGraceMs);
    expect(await holder(request)).toBe('bob');
  });

  test('ends with its lease where it could not be let go', async () => {
    const trouble: Trouble = {};
    await start({ store: troubled(memoryStore(), trouble) });
    const request = await ask();
    await claim(bob, request);
    trouble.claims = diskFull;
    await leave(bob);
    await hub.advance(leaveGraceMs);
    expect(await holder(request)).toBe('bob');
    await hub.advance(leaseMs);
    expect(await holder(request)).toBeUndefined();
  });
});
