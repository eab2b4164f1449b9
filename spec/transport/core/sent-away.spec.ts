/** A client that is disconnected during its handshake does not join: handshakes of tickets and inboxes, over every transport. */
import { createServer } from 'node:http';
import express from 'express';
import expressWs from 'express-ws';
import { maxDisconnects } from '../../../lib/hub/disconnects';
import { portOf } from '../../../lib/hub/hub';
import { TestClient } from '../../../lib/testing/test-client';
import type { TestHub, TestHubOptions } from '../../../lib/testing/test-hub';
import type { TicketAccess } from '../../../lib/transport/core/auth-options';
import { endedAfterEach, Served } from '../serve';
import { StreamClient } from '../stream-client';

const { ends, startHub, hitlOf } = endedAfterEach();

/** A hub at whose callback of this name everybody waits until `open`. */
async function gated(name: 'identify' | 'authorize' | 'inboxTickets', more: TestHubOptions = {}) {
  let come = () => {};
  const waiting: (() => void)[] = [];
  const wait = async <T>(value: T): Promise<T> => {
    await new Promise<void>((resolve) => {
      waiting.push(resolve);
      come();
    });
    return value;
  };
  const callbacks = {
    identify: (req: { get(name: string): string | undefined }) => wait(req.get('x-user')),
    authorize: () => wait<TicketAccess>('allow'),
    inboxTickets: () => wait<'all'>('all'),
  };
  const hub = await startHub({ ...more, auth: { [name]: callbacks[name] } });
  return {
    hub,
    open: () => {
      for (const go of waiting.splice(0)) go();
    },
    /** Resolves when so many wait. */
    at: (count: number) =>
      new Promise<void>((resolve) => {
        come = () => void (waiting.length === count && resolve());
        come();
      }),
  };
}

type Comes = (
  hub: TestHub,
  user: string,
  tab: string,
) => Promise<TestClient | StreamClient | { status: number }>;
const ways: [what: string, callback: 'identify' | 'authorize' | 'inboxTickets', comes: Comes][] = [
  ['into a ticket while identify is asked', 'identify', (hub, user, tab) => hub.tryConnect({ user, tab })],
  ['into a ticket while authorize is asked', 'authorize', (hub, user, tab) => hub.tryConnect({ user, tab })],
  ['at an inbox while identify is asked', 'identify', (hub, user) => hub.tryConnectInbox({ user })],
  ['at an inbox while inboxTickets is asked', 'inboxTickets', (hub, user) => hub.tryConnectInbox({ user })],
  [
    'into a ticket by a stream of events',
    'authorize',
    (hub, user, tab) => StreamClient.open(hub, { user, query: `?tab=${tab}` }),
  ],
  [
    'at an inbox by a stream of events',
    'inboxTickets',
    (hub, user) => StreamClient.open(hub, { user, path: '/ws/inbox' }),
  ],
];

describe.each(ways)('who logs out on the way %s', (_what, callback, comes) => {
  test('is refused with 401, every time, and no other user is', async () => {
    const { hub, open, at } = await gated(callback);
    const coming = Array.from({ length: 10 }, (_each, n) => comes(hub, 'alice', `${n}`));
    const bob = comes(hub, 'bob', 'tab');
    await at(11);
    expect(hub.hub.clients.disconnect({ userId: 'alice' })).toBe(0);
    open();
    for (const refused of await Promise.all(coming))
      expect(refused).toMatchObject({ status: 401, body: { error: { code: 'authentication_required' } } });
    expect(await bob).not.toHaveProperty('status');
    expect(hub.hub.reference.getTotalClientCount() + [...portOf(hub.hub).inbox.clients()].length).toBe(1);
  });
});

test.each([
  ['forbidden', 403, 'forbidden'],
  ['not_found', 404, 'not_found'],
  ['restart', 503, 'unavailable'],
] as const)(
  'a client that is disconnected as %s during its handshake is refused with %i',
  async (name, status, code) => {
    const { hub, open, at } = await gated('authorize');
    const coming = hub.tryConnect();
    await at(1);
    hub.hub.clients.disconnect({ where: () => true, code: name });
    open();
    expect(await coming).toMatchObject({ status, body: { error: { code } } });
  },
);

test('a client that joins after the logout, logged in again, is accepted', async () => {
  const { hub, open, at } = await gated('authorize');
  hub.hub.clients.disconnect({ userId: 'alice' });
  const coming = hub.tryConnect();
  await at(1);
  open();
  expect(await coming).toBeInstanceOf(TestClient);
});

test('a logout during the app’s own middleware counts, since what it has read may be old', async () => {
  let go = () => {};
  let come = () => {};
  const entered = new Promise<void>((resolve) => {
    come = resolve;
  });
  const hub = await startHub({
    app: (app) =>
      app.use((_req, _res, next) => {
        go = next;
        come();
      }),
  });
  const coming = hub.tryConnect();
  await entered;
  hub.hub.clients.disconnect({ userId: 'alice' });
  go();
  expect(await coming).toMatchObject({ status: 401 });
});

test('a `where` callback of the app that throws refuses every handshake under way', async () => {
  const { hub, open, at } = await gated('authorize');
  const coming = hub.tryConnect();
  await at(1);
  let calls = 0;
  hub.hub.clients.disconnect({
    where: () => {
      calls += 1;
      throw new Error('s3cret');
    },
  });
  open();
  expect(await coming).toMatchObject({ status: 401 });
  expect(calls).toBe(1);
});

test('more logouts during one handshake than are remembered refuse the client with a code to come back', async () => {
  const { hub, open, at } = await gated('authorize');
  const coming = hub.tryConnect();
  await at(1);
  for (let n = 0; n <= maxDisconnects; n += 1) hub.hub.clients.disconnect({ where: () => false });
  open();
  expect(await coming).toMatchObject({ status: 503, body: { error: { code: 'unavailable' } } });
  const again = hub.tryConnect();
  await at(1);
  for (let n = 0; n < maxDisconnects; n += 1) hub.hub.clients.disconnect({ where: () => false });
  open();
  expect(await again).toBeInstanceOf(TestClient);
});

test('under an app’s own express-ws the socket that is open already is closed with 4401', async () => {
  let go = (_access: TicketAccess) => {};
  let come = () => {};
  const asked = new Promise<void>((resolve) => {
    come = resolve;
  });
  const hitl = hitlOf({
    auth: {
      authorize: () =>
        new Promise<TicketAccess>((resolve) => {
          go = resolve;
          come();
        }),
    },
  });
  const app = express();
  const server = createServer(app);
  expressWs(app, server).app.ws('/chat/:ticketId', hitl.sockets.ticket);
  const served = await Served.listen(server);
  ends.push(() => served.close());
  const client = await served.connect('/chat/T-1');
  await asked;
  expect(hitl.hub.clients.disconnect({ userId: 'alice' })).toBe(0);
  go('allow');
  expect((await client.closed()).code).toBe(4401);
  expect(client.received).toEqual([]);
});
