/** A login that says when it ends, ends then: sockets, inboxes, frames under way, REST calls and long polls of programs. */
import request from 'supertest';
import { longestTimerMs } from '../../../lib/hub/commit/clock';
import { portOf } from '../../../lib/hub/hub';
import type { User } from '../../../lib/protocol/records';
import type { TestClientOptions } from '../../../lib/testing/test-client';
import { startTestHub, type TestHub, type TestHubOptions } from '../../../lib/testing/test-hub';
import { askIn } from '../asking';
import { StreamClient } from '../stream-client';

let hub: TestHub;
afterEach(() => hub.close());

/** Alice's login ends, as `end` says of now; Bob's does not. */
async function start(end: (now: number) => unknown, options: TestHubOptions = {}): Promise<void> {
  const begin = Date.UTC(2026, 0, 1);
  hub = await startTestHub({
    ...options,
    auth: {
      identify: (req) => {
        const id = req.get('x-user') ?? '';
        return (id === 'alice' ? { id, expiresAt: end(begin) } : { id }) as { id: string };
      },
      ...options.auth,
    },
  });
}
const inAnHour = (now: number) => now + 3_600_000;
const get = (path: string, user = 'alice') => request(hub.server).get(path).set('x-user', user);

describe('when the login ends', () => {
  const dialects: [dialect: TestClientOptions['dialect'], code: number][] = [
    ['hitl.v1', 4401],
    ['classic', 1000],
  ];
  test.each(dialects)(
    'a ticket’s %s socket is closed with %i, and no other user’s',
    async (dialect, code) => {
      await start(inAnHour);
      const alice = await hub.connect({ ...(dialect && { dialect }) });
      const bob = await hub.connect({ user: 'bob' });
      hub.clock.advance(3_599_999);
      expect(alice.isOpen && hub.hub.reference.getTotalClientCount()).toBe(2);
      hub.clock.advance(1);
      expect((await alice.closed()).code).toBe(code);
      expect(hub.hub.reference.getTotalClientCount()).toBe(1);
      expect(await bob.ask({ type: 'message', content: 'still here' })).toMatchObject({ event: 'ack' });
    },
  );

  test('an inbox is closed with 4401', async () => {
    await start((now) => new Date(inAnHour(now)));
    const alice = await hub.connectInbox();
    await hub.advance('1h');
    expect(await alice.closed()).toEqual({ code: 4401, reason: 'session ended' });
    expect([...portOf(hub.hub).inbox.clients()]).toEqual([]);
  });

  test.each(['/ws/chat/ticket/T-1', '/ws/inbox'])(
    'the stream of events at %s ends with 4401',
    async (path) => {
      await start(inAnHour);
      const alice = await StreamClient.join(hub, { path });
      await hub.advance('1h');
      expect(await alice.closed()).toEqual({ code: 4401, reason: 'session ended' });
      expect((await alice.post({ type: 'ping' })).status).toBe(401);
      expect(hub.hub.reference.getTotalClientCount() + [...portOf(hub.hub).inbox.clients()].length).toBe(0);
    },
  );

  test('no client joins, and REST answers 401', async () => {
    await start(inAnHour);
    await get('/hitl/me').expect(200, {
      user: { id: 'alice', name: 'alice', groups: [] },
      agent: { id: 'agent', name: 'Agent' },
      charts: false,
    });
    hub.clock.advance(3_600_000);
    const refused = { status: 401, body: { error: { code: 'authentication_required' } } };
    expect(await hub.tryConnect()).toMatchObject(refused);
    expect(await hub.tryConnectInbox()).toMatchObject(refused);
    expect(await get('/hitl/me')).toMatchObject(refused);
    await get('/hitl/me', 'bob').expect(200);
  });

  test('a client that is still joining is refused', async () => {
    await start(inAnHour, {
      auth: {
        authorize: () => {
          hub.clock.jumpTo(inAnHour(Date.UTC(2026, 0, 1)));
          return 'allow';
        },
      },
    });
    expect(await hub.tryConnect()).toMatchObject({ status: 401 });
    expect(hub.hub.reference.getTotalClientCount()).toBe(0);
  });

  test('so is a client that is still opening an inbox', async () => {
    await start(inAnHour, {
      auth: {
        inboxTickets: () => {
          hub.clock.jumpTo(inAnHour(Date.UTC(2026, 0, 1)));
          return 'all';
        },
      },
    });
    expect(await hub.tryConnectInbox()).toMatchObject({ status: 401 });
    expect([...portOf(hub.hub).inbox.clients()]).toEqual([]);
  });

  test('what a rule of the app still thinks about is not done, over a socket and over REST', async () => {
    await start(inAnHour, {
      rules: {
        mayAnswer: () => {
          hub.clock.jumpTo(inAnHour(Date.UTC(2026, 0, 1)));
          return true;
        },
      },
    });
    const id = await askIn(hub);
    const alice = await hub.connect();
    const answer = { type: 'hitl_respond', request_id: id, revision: 1, status: 'approved' };
    expect(await alice.ask(answer)).toMatchObject({ event: 'error', code: 'authentication_required' });
    expect((await alice.closed()).code).toBe(4401);
    hub.clock.jumpTo(Date.UTC(2026, 0, 1));
    const posted = request(hub.server).post(`/hitl/requests/${id}/respond`).set('x-user', 'alice');
    expect((await posted.send({ status: 'approved' })).status).toBe(401);
    expect(await portOf(hub.hub).hitl.get(id)).toMatchObject({ status: 'pending', verdicts: [] });
  });

  test('a page that the app still thinks about is 401, and not one with less on it', async () => {
    await start(inAnHour, {
      auth: {
        authorize: () => {
          hub.clock.advance(3_600_000);
          return 'allow';
        },
      },
    });
    await askIn(hub);
    await get('/hitl/requests').expect(401);
  });

  test('a timer of a socket that has gone is gone too', async () => {
    await start(inAnHour);
    const leftBy = async (user: string) => {
      const { pending } = hub.clock;
      const client = await hub.connect({ user });
      await client.next('snapshot');
      await client.close();
      while (hub.hub.reference.getTotalClientCount() > 0)
        await new Promise((resolve) => setImmediate(resolve));
      return hub.clock.pending - pending;
    };
    const withoutEnd = await leftBy('bob');
    expect(await leftBy('alice')).toBe(withoutEnd);
  });

  test('though that is further away than a timer reaches, it is not a moment before', async () => {
    await start((now) => now + 2 * longestTimerMs + 10);
    const alice = await hub.connect();
    // In steps, so that heartbeats are answered on the way.
    for (const step of [longestTimerMs, longestTimerMs, 9]) {
      hub.clock.advance(step);
      await alice.ask({ type: 'message', content: 'still here' });
    }
    expect(hub.hub.reference.getTotalClientCount()).toBe(1);
    hub.clock.advance(1);
    expect((await alice.closed()).code).toBe(4401);
  });
});

test.each([[undefined], [null]])('a login with expiresAt %j does not end by itself', async (end) => {
  await start(() => end);
  const alice = await hub.connect();
  hub.clock.advance(15 * 86_400_000);
  expect(await alice.ask({ type: 'message', content: 'still here' })).toMatchObject({ event: 'ack' });
});

test.each([
  ['a text', '2026-02-01'],
  ['no number', Number.NaN],
  ['no date', new Date('never')],
  ['infinite', Number.POSITIVE_INFINITY],
])('an expiresAt that is %s refuses with 503', async (_what, end) => {
  await start(() => end);
  expect(await hub.tryConnect()).toMatchObject({ status: 503, body: { error: { code: 'unavailable' } } });
  await get('/hitl/me').expect(503);
});

test('seconds in the place of milliseconds refuse every client', async () => {
  await start((now) => inAnHour(now) / 1000);
  await get('/hitl/me').expect(401);
});

test('a user’s other fields are the app’s own, and one that looks like expiresAt is said once in the log', async () => {
  const warn = jest.fn();
  const logger = { error: jest.fn(), warn, info: jest.fn(), debug: jest.fn() } as never;
  hub = await startTestHub({
    logger,
    auth: { identify: () => ({ id: 'alice', email: 'a@example.com', expires_at: 7 }) as User },
  });
  await get('/hitl/me').expect(200);
  await get('/hitl/me').expect(200);
  const said = warn.mock.calls.map(([text]) => text).filter((text) => text.includes('did you mean'));
  expect(said).toEqual(['auth.identify gave expires_at, which ends nothing: did you mean expiresAt?']);
});

describe('a program whose credential ends', () => {
  const startService = (expiresAt: unknown) =>
    start(inAnHour, {
      auth: {
        identifyService: (req) =>
          req.get('authorization') ? ({ id: 'worker', tickets: 'all', expiresAt } as never) : null,
      },
    });
  const asWorker = (path: string) => request(hub.server).get(path).set('authorization', 'Bearer x');

  test('waits no longer', async () => {
    await startService(Date.UTC(2026, 0, 1) + 20_000);
    const id = await askIn(hub, {}, { userId: 'worker' });
    // So that the login ends between the asking and the outcome, 19 seconds from now.
    const held = asWorker(`/hitl/requests/${id}/wait?timeout=60s`).then((res) => res);
    while (portOf(hub.hub).hitl.waiting === 0) await new Promise((resolve) => setImmediate(resolve));
    hub.clock.advance(19_000);
    expect(await held).toMatchObject({ status: 401, body: { error: { code: 'authentication_required' } } });
    await asWorker(`/hitl/requests/${id}`).expect(401);
  });

  test('is not authenticated if it has already ended, and gets 503 if its end is not a number', async () => {
    await startService(1);
    await asWorker('/hitl/requests/x').expect(401);
    await hub.close();
    await startService('tomorrow');
    await asWorker('/hitl/requests/x').expect(503);
  });
});

test('a program that has lost access to its ticket while it waited does not receive the outcome', async () => {
  const tickets = new Set(['T-1']);
  hub = await startTestHub({
    auth: {
      identifyService: (req) =>
        req.get('authorization') ? { id: 'worker', tickets: (ticketId) => tickets.has(ticketId) } : null,
    },
  });
  const id = await askIn(hub, {}, { userId: 'worker' });
  const wait = request(hub.server).get(`/hitl/requests/${id}/wait`).set('authorization', 'Bearer x');
  const held = wait.then((res) => res);
  while (portOf(hub.hub).hitl.waiting === 0) await new Promise((resolve) => setImmediate(resolve));
  tickets.clear();
  await portOf(hub.hub).hitl.respond(id, { by: { id: 'bob' }, status: 'approved' });
  expect((await held).status).toBe(404);
});
