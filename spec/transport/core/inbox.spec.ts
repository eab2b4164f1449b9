/** The inbox over real sockets: what a client is shown first, what it is sent then, who may join, and that a settled request leaves every inbox at once. */
import type { Socket } from 'node:net';
import type { AnswerPolicy } from '../../../lib';
import { portOf } from '../../../lib/hub/hub';
import { maxInboxesPerUser } from '../../../lib/hub/inbox/inbox';
import type { HitlRequestInput } from '../../../lib/hub/requests/ask';
import type { TestClient, TestFrame } from '../../../lib/testing/test-client';
import { startTestHub, type TestHub, type TestHubOptions } from '../../../lib/testing/test-hub';
import type { TicketAccess } from '../../../lib/transport/core/auth-options';
import { maxQueuedBytes, maxQueuedFrames } from '../../../lib/transport/core/connection';
import { askIn } from '../asking';
import { until } from '../until';

let hub: TestHub;
afterEach(() => hub.close());

async function start(options: TestHubOptions = {}): Promise<void> {
  hub = await startTestHub(options);
}

const ask = (policy?: AnswerPolicy, more?: Partial<HitlRequestInput>) => askIn(hub, policy, more);

const answer = (id: string, user: string, groups: string[] = []) =>
  portOf(hub.hub).hitl.respond(id, { by: { id: user, groups }, status: 'approved', revision: 1 });
const approve = (request_id: string) => ({
  type: 'hitl_respond',
  request_id,
  revision: 1,
  status: 'approved',
});
const ids = (items: TestFrame[]) => items.map(({ id }: TestFrame) => id);

/** What the client was sent of this kind so far: the ids of the requests. */
const told = (client: TestClient, event: string) =>
  client.all(event).map(({ hitl, request_id }) => request_id ?? hitl.id);

/** Everything that was to be sent has been: a ping is answered behind it. */
async function caughtUp(client: TestClient): Promise<number> {
  await hub.settled();
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  client.send({ type: 'ping' });
  return (await client.next('pong')).seq;
}

describe('an inbox that is opened', () => {
  test('is shown as it is, first of all, page by page', async () => {
    await start();
    const asked = [await ask(), await ask({ users: ['alice'] }), await ask({}, { ticketId: 'T-2' })];
    await ask({ users: ['bob'] });
    const alice = await hub.connectInbox({ query: '?limit=2' });
    const snapshot = await alice.next();
    expect(snapshot).toEqual({
      event: 'inbox_snapshot',
      epoch: expect.stringMatching(/^[\w-]{12}$/),
      seq: 0,
      timestamp: '2026-01-01T00:00:04.000Z',
      client_id: expect.stringMatching(/^inbox_alice_\d+_[0-9a-f]{16}$/),
      user: { id: 'alice', name: 'alice' },
      heartbeat_ms: 20 * 24 * 3_600_000,
      items: [expect.objectContaining({ id: asked[0] }), expect.objectContaining({ id: asked[1] })],
      next_cursor: expect.any(String),
      total: 3,
      capped: false,
    });
    const more = await alice.ask({ type: 'inbox_more', cursor: snapshot.next_cursor });
    expect(more).toMatchObject({ event: 'ack', items: [{ id: asked[2] }], total: 3, capped: false });
    expect(more.next_cursor).toBeUndefined();
  });

  test('is filtered and ordered as the address says', async () => {
    await start();
    await ask();
    const late = await ask({}, { type: 'question', payload: { question: 'a' }, expiresIn: '2d' });
    const soon = await ask({}, { type: 'question', payload: { question: 'b' }, expiresIn: '1d' });
    const alice = await hub.connectInbox({ query: '?type=question&order=urgent' });
    expect(ids((await alice.next('inbox_snapshot')).items)).toEqual([soon, late]);
    const tool = await hub.connectInbox({ query: '?tool_name=other&ticket_id=T-2' });
    expect((await tool.next('inbox_snapshot')).items).toEqual([]);
    await ask({}, { payload: { tool_name: 'other', tool_args: {} } });
    const wanted = await ask({}, { payload: { tool_name: 'other', tool_args: {} }, ticketId: 'T-2' });
    expect(await caughtUp(tool)).toBe(1);
    expect(told(tool, 'inbox_added')).toEqual([wanted]);
  });

  test('is sent what is added, changed and removed, and nothing else', async () => {
    await start();
    const alice = await hub.connectInbox({ user: 'alice:analyst' });
    const { epoch } = await alice.next('inbox_snapshot');
    const id = await ask({ groups: ['analyst'], approvals: 2 });
    await ask({ users: ['bob'] });
    expect(await alice.next()).toMatchObject({ event: 'inbox_added', epoch, seq: 1, total: 1, hitl: { id } });
    await portOf(hub.hub).hitl.claim(id, { id: 'bob', groups: ['analyst'] });
    expect(await alice.next()).toMatchObject({
      ...{ event: 'inbox_updated', epoch, seq: 2 },
      hitl: { claimed_by: { user_id: 'bob' } },
    });
    expect(await alice.ask(approve(id))).toMatchObject({ event: 'ack', hitl: { status: 'pending' } });
    expect(await alice.next('inbox_removed')).toMatchObject({
      ...{ request_id: id, seq: 3, total: 0 },
      hitl: { status: 'pending', verdicts: [{ by: { user_id: 'alice' } }] },
    });
    await answer(id, 'bob', ['analyst']);
    expect(await caughtUp(alice)).toBe(3);
    expect(alice.all('inbox_removed')).toHaveLength(1);
  });

  test('says who was faster when a request is settled elsewhere: over REST, in the ticket, by its deadline', async () => {
    await start();
    const alice = await hub.connectInbox();
    const byRest = await ask();
    const expiring = await ask({}, { expiresIn: '1h' });
    await fetch(`${hub.url}/hitl/requests/${byRest}/respond`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-user': 'bob' },
      body: JSON.stringify({ status: 'denied' }),
    });
    expect(await alice.next('inbox_removed')).toMatchObject({
      ...{ request_id: byRest, total: 1 },
      hitl: { status: 'denied', responded_by: { user_id: 'bob' } },
    });
    expect(await alice.ask(approve(byRest))).toMatchObject({
      code: 'already_resolved',
      details: { hitl: { responded_by: { user_id: 'bob' } } },
    });
    await hub.advance('1h');
    expect(await alice.next('inbox_removed')).toMatchObject({
      request_id: expiring,
      hitl: { status: 'expired' },
    });
  });

  test('follows stages, escalation, amendments and supersession', async () => {
    await start();
    const carol = await hub.connectInbox({ user: 'carol' });
    const analyst = await hub.connectInbox({ user: 'alice:analyst' });
    const id = await ask(
      { stages: [{ groups: ['analyst'] }, { groups: ['lead'] }] },
      { key: 'k', escalate: { after: '1h', to: { users: ['carol'] } } },
    );
    expect((await analyst.next('inbox_added')).hitl.id).toBe(id);
    await hub.advance('1h');
    expect((await carol.next('inbox_added')).hitl.id).toBe(id);
    await answer(id, 'alice', ['analyst']);
    expect(await analyst.next('inbox_removed')).toMatchObject({ hitl: { stage: 1 } });
    expect(await carol.next('inbox_updated')).toMatchObject({ hitl: { stage: 1 } });
    await portOf(hub.hub).hitl.amend(id, { tool_name: 'block_net', tool_args: {} });
    expect(await analyst.next('inbox_added')).toMatchObject({ hitl: { revision: 2, stage: 0 } });
    const newer = await ask(
      {},
      { key: 'k', supersede: true, type: 'question', payload: { question: 'Why?' } },
    );
    expect(await carol.next('inbox_removed')).toMatchObject({ hitl: { status: 'superseded' } });
    expect((await carol.next('inbox_added')).hitl.id).toBe(newer);
  });

  test('claims and releases, and each frame is carried out once', async () => {
    await start();
    const id = await ask();
    const alice = await hub.connectInbox();
    const bob = await hub.connectInbox({ user: 'bob' });
    const claim = { type: 'hitl_claim', id: 'c-1', request_id: id };
    expect(await alice.ask(claim)).toMatchObject({
      event: 'ack',
      hitl: { claimed_by: { user_id: 'alice' } },
    });
    expect(await bob.next('inbox_updated')).toMatchObject({ hitl: { claimed_by: { user_id: 'alice' } } });
    expect(await bob.ask({ type: 'hitl_release', request_id: id })).toMatchObject({ code: 'not_claimed' });
    expect(await alice.ask({ type: 'hitl_release', request_id: id })).toMatchObject({ event: 'ack' });
    const again = await hub.connectInbox();
    expect(await again.ask(claim)).toMatchObject({
      event: 'ack',
      hitl: { claimed_by: { user_id: 'alice' } },
    });
    expect((await portOf(hub.hub).hitl.get(id)).claim).toBeUndefined();
  });

  test('is whole again after a connection was cut, a settled request being nowhere', async () => {
    await start({ sqlite: true });
    const [first, second] = [await ask(), await ask()];
    const alice = await hub.connectInbox();
    expect(ids((await alice.next('inbox_snapshot')).items)).toEqual([first, second]);
    await hub.crash();
    await answer(first, 'bob');
    const third = await ask();
    const again = await hub.connectInbox();
    expect(ids((await again.next('inbox_snapshot')).items)).toEqual([second, third]);
  });

  test('is sent everything that happens while it is read, once', async () => {
    await start();
    const reads: (() => void)[] = [];
    const { store } = hub;
    const read = store.inbox.bind(store);
    jest.spyOn(store, 'inbox').mockImplementation(async (...args) => {
      await new Promise<void>((resolve) => reads.push(resolve));
      return read(...args);
    });
    const before = await ask();
    const connecting = hub.connectInbox();
    await until(() => reads.length > 0, 'the inbox is read');
    const asking = ask();
    const settling = answer(before, 'bob');
    for (const go of reads) go();
    const alice = await connecting;
    const { items, total } = await alice.next('inbox_snapshot');
    expect([ids(items), total]).toEqual([[before], 1]);
    const added = await asking;
    await settling;
    expect(await caughtUp(alice)).toBe(2);
    expect([told(alice, 'inbox_added'), told(alice, 'inbox_removed')]).toEqual([[added], [before]]);
    expect(alice.received.at(-2)).toMatchObject({ total: 1 });
  });

  test('counts up to 1,000 and says that there are more', async () => {
    await start();
    await Promise.all(
      Array.from({ length: 1_001 }, () =>
        portOf(hub.hub).hitl.request({
          ticketId: 'T-1',
          sessionId: 's',
          userId: 'agent',
          type: 'question',
          payload: { question: 'Why?' },
        }),
      ),
    );
    const alice = await hub.connectInbox();
    const { items, total, capped, next_cursor: cursor } = await alice.next('inbox_snapshot');
    expect([items.length, total, capped]).toEqual([50, 1_000, true]);
    await portOf(hub.hub).hitl.cancel(items[0].id, 'over');
    expect(await alice.next('inbox_removed')).toMatchObject({ total: 1_000, capped: true });
    const more = await alice.ask({ type: 'inbox_more', cursor });
    expect([more.items.length, more.total, more.capped]).toEqual([50, 1_000, false]);
  }, 30_000);
});

describe('the ticket callback', () => {
  let forbidden: string[];
  const ticket = (ticketId: string): TicketAccess => (forbidden.includes(ticketId) ? 'forbidden' : 'allow');
  beforeEach(() => {
    forbidden = [];
  });

  test('is asked about what is shown and what is sent; what it forbids is not there', async () => {
    await start({ auth: { authorize: ({ ticketId }) => ticket(ticketId) } });
    forbidden = ['T-2'];
    const shown = await ask();
    await ask({ users: ['alice'] }, { ticketId: 'T-2' });
    const alice = await hub.connectInbox();
    expect(ids((await alice.next('inbox_snapshot')).items)).toEqual([shown]);
    const hidden = await ask({ users: ['alice'] }, { ticketId: 'T-2' });
    const open = await ask();
    expect(await caughtUp(alice)).toBe(1);
    expect(told(alice, 'inbox_added')).toEqual([open]);
    expect(await alice.ask(approve(hidden))).toMatchObject({ code: 'not_found' });
    expect((await portOf(hub.hub).hitl.get(hidden)).status).toBe('pending');
    expect(JSON.stringify(alice.received)).not.toContain('T-2');
  });

  test('hides what it forbids to the end: its changes, its settling and its withdrawal, in snapshot and cursor too', async () => {
    await start({ auth: { authorize: ({ ticketId }) => ticket(ticketId) } });
    forbidden = ['T-2'];
    const hidden = [
      await ask({ users: ['alice'] }, { ticketId: 'T-2' }),
      await ask({ users: ['alice'] }, { ticketId: 'T-2' }),
    ];
    const shown = [await ask(), await ask()];
    const alice = await hub.connectInbox({ query: '?limit=3' });
    const { items, next_cursor: cursor } = await alice.next('inbox_snapshot');
    expect(ids(items)).toEqual([shown[0]]);
    hidden.push(await ask({ users: ['alice'] }, { ticketId: 'T-2' }));
    await portOf(hub.hub).hitl.claim(String(hidden[0]), { id: 'alice' });
    await answer(String(hidden[0]), 'alice');
    for (const id of hidden.slice(1)) await portOf(hub.hub).hitl.cancel(id, 'over');
    expect(await caughtUp(alice)).toBe(0);
    expect(ids((await alice.ask({ type: 'inbox_more', cursor })).items)).toEqual([shown[1]]);
    for (const id of hidden) {
      expect(JSON.stringify(alice.received)).not.toContain(id);
      expect(Buffer.from(cursor, 'base64url').toString('latin1')).not.toContain(id);
    }
  });

  test('that allows a ticket later shows its requests from their next change on, to their end', async () => {
    await start({ auth: { authorize: ({ ticketId }) => ticket(ticketId) } });
    forbidden = ['T-2'];
    const id = await ask({ users: ['alice'] }, { ticketId: 'T-2' });
    const alice = await hub.connectInbox();
    await alice.next('inbox_snapshot');
    forbidden = [];
    await portOf(hub.hub).hitl.claim(id, { id: 'alice' });
    expect(await alice.next('inbox_updated')).toMatchObject({ seq: 1, hitl: { id } });
    forbidden = ['T-2'];
    await portOf(hub.hub).hitl.cancel(id, 'over');
    const gone = await alice.next('inbox_removed');
    expect([gone.request_id, 'hitl' in gone]).toEqual([id, false]);
  });

  test('does not make a cursor of one person one of another', async () => {
    await start();
    await ask();
    await ask();
    const alice = await hub.connectInbox({ query: '?limit=1' });
    const { next_cursor: cursor } = await alice.next('inbox_snapshot');
    const bob = await hub.connectInbox({ user: 'bob', query: '?limit=1' });
    expect(await bob.ask({ type: 'inbox_more', cursor })).toMatchObject({ code: 'invalid_frame' });
    expect((await alice.ask({ type: 'inbox_more', cursor })).items).toHaveLength(1);
  });

  test('that forbids a ticket later takes its requests away at their next change, without a view of them', async () => {
    await start({ auth: { authorize: ({ ticketId }) => ticket(ticketId) } });
    const [changed, settled] = [await ask(), await ask()];
    const alice = await hub.connectInbox();
    await alice.next('inbox_snapshot');
    forbidden = ['T-1'];
    await portOf(hub.hub).hitl.claim(changed, { id: 'bob' });
    await answer(settled, 'bob');
    for (const id of [changed, settled]) {
      const gone = await alice.next('inbox_removed');
      expect([gone.request_id, 'hitl' in gone]).toEqual([id, false]);
    }
  });

  test('that cannot say sends the client away to come back', async () => {
    let works = true;
    await start({
      auth: { authorize: () => (works ? 'allow' : Promise.reject(new Error('database away'))) },
    });
    const alice = await hub.connectInbox();
    await alice.next('inbox_snapshot');
    works = false;
    const id = await ask();
    expect((await alice.closed()).code).toBe(4503);
    expect(told(alice, 'inbox_added')).not.toContain(id);
  });

  test('that takes its time preserves the order, and a client that would be sent too much at once is disconnected', async () => {
    let release = () => {};
    let isHeld = false;
    await start({
      auth: {
        authorize: async (): Promise<TicketAccess> => {
          if (isHeld) await new Promise<void>((resolve) => (release = resolve));
          return 'allow';
        },
      },
    });
    const alice = await hub.connectInbox();
    await alice.next('inbox_snapshot');
    isHeld = true;
    const first = await ask();
    const second = await ask();
    await portOf(hub.hub).hitl.cancel(first, 'over');
    isHeld = false;
    release();
    expect(await caughtUp(alice)).toBe(3);
    expect(alice.received.slice(1, -1).map(({ event, hitl }) => [event, hitl.id])).toEqual([
      ['inbox_added', first],
      ['inbox_added', second],
      ['inbox_removed', first],
    ]);
    isHeld = true;
    for (let n = 0; n < maxQueuedFrames + 2; n += 1) await ask();
    expect((await alice.closed()).code).toBe(4508);
    release();
  });
});

describe('who may join', () => {
  test.each([
    [{ user: null }, 401, 'authentication_required'],
    [{ dialect: 'classic' as const }, 400, 'unsupported_subprotocol'],
    [{ origin: 'https://elsewhere.example.com' }, 403, 'origin_refused'],
    [{ query: '?order=best' }, 400, 'invalid_frame'],
    [{ query: '?limit=0' }, 400, 'invalid_frame'],
    [{ query: '?type=' }, 400, 'invalid_frame'],
    [{ query: '?ticket_id=' }, 400, 'invalid_id'],
    [{ query: '?ticket_id=S-1' }, 403, 'forbidden'],
    [{ query: '?ticket_id=X-1' }, 404, 'not_found'],
  ])('%j is refused with %i %s before the handshake', async (options, status, code) => {
    await start({
      auth: {
        authorize: ({ ticketId }) =>
          ticketId.startsWith('S') ? 'forbidden' : ticketId.startsWith('X') ? 'not_found' : 'allow',
      },
    });
    const refused = await hub.tryConnectInbox(options);
    expect(refused).toMatchObject({ status, body: { error: { code } } });
    expect([...portOf(hub.hub).inbox.clients()]).toEqual([]);
    await until(() => hub.clock.pending === 0, 'the handshake leaves no timer behind');
  });

  test('where the app cannot say which tickets, 503', async () => {
    await start({ auth: { inboxTickets: () => Promise.reject(new Error('database away')) } });
    expect(await hub.tryConnectInbox()).toMatchObject({
      status: 503,
      body: { error: { code: 'unavailable' } },
    });
  });

  test('shares what the app says of a person and a ticket with the others that ask in the same moment, and only then', async () => {
    const calls: string[] = [];
    let isOpen = true;
    await start({
      auth: {
        authorize: ({ ticketId, user: { id } }) => {
          calls.push(`${id} ${ticketId}`);
          return isOpen ? 'allow' : 'forbidden';
        },
      },
    });
    const people = ['alice', 'bob', 'carol'];
    const perPerson = 10;
    const owners = people.flatMap((user) => Array.from({ length: perPerson }, () => user));
    const inboxes = await Promise.all(owners.map((user) => hub.connectInbox({ user })));
    for (const inbox of inboxes) await inbox.next('inbox_snapshot');
    calls.length = 0;
    const ask = () =>
      portOf(hub.hub).hitl.request({
        ...{ ticketId: 'T-1', sessionId: 's', userId: 'agent' },
        ...{ type: 'question', payload: { question: 'Why?' } },
      });
    const asked = await Promise.all(Array.from({ length: 10 }, ask));
    for (const inbox of inboxes) for (const _each of asked) await inbox.next('inbox_added');
    expect(calls.sort()).toEqual(people.map((user) => `${user} T-1`));
    // The next moment has answers of its own, and no client that does something is given one of these.
    calls.length = 0;
    inboxes[0]?.send({ type: 'hitl_claim', id: 'c', request_id: asked[0]?.id });
    await inboxes[0]?.next('ack');
    expect(calls.filter((each) => each === 'alice T-1').length).toBeGreaterThan(1);
    isOpen = false;
    await ask();
    isOpen = true;
    const { id } = await ask();
    for (const inbox of inboxes) {
      expect(await inbox.next('inbox_added')).toMatchObject({ hitl: { id } });
    }
  }, 20_000);

  test('one user has ten inboxes at most, and a closed one makes room', async () => {
    await start();
    const open: TestClient[] = [];
    for (let n = 0; n < maxInboxesPerUser; n += 1) open.push(await hub.connectInbox());
    expect(await hub.tryConnectInbox()).toMatchObject({
      status: 429,
      body: { error: { code: 'inbox_limit' } },
    });
    await (await hub.connectInbox({ user: 'bob' })).next('inbox_snapshot');
    await open[0]?.close();
    await until(() => [...portOf(hub.hub).inbox.clients()].length === maxInboxesPerUser, 'one is gone');
    await (await hub.connectInbox()).next('inbox_snapshot');
  });

  test('nothing else on the address is ours', async () => {
    await start();
    expect(await hub.tryConnectInbox({ query: '/other' })).toMatchObject({ status: 404 });
    expect((await fetch(`${hub.url}/ws/inbox`, { headers: { 'x-user': 'alice' } })).status).toBe(426);
  });
});

describe('an inbox that is open', () => {
  test.each([
    [{ type: 'message', id: 'm', content: 'hi' }, 'unknown_type'],
    [{ type: 'typing' }, 'unknown_type'],
    [{ type: 'turn_cancel', id: 'm', turn_id: 't' }, 'unknown_type'],
    [{ type: 'inbox_more', id: 'm', cursor: 'nonsense' }, 'invalid_frame'],
    [{ type: 'inbox_more', id: 'm' }, 'invalid_frame'],
    [{ type: 'hitl_claim', id: 'm', request_id: 'nobody asked' }, 'not_found'],
    ['no json', 'invalid_frame'],
  ])('refuses the frame %j as %s and stays', async (frame, code) => {
    await start();
    const alice = await hub.connectInbox();
    alice.send(frame);
    expect(await alice.next('error')).toMatchObject({ code });
    expect(await caughtUp(alice)).toBe(0);
  });

  test('has the limits of a ticket on its frames', async () => {
    await start({ limits: { frames: { perConnection: 2 } } });
    const alice = await hub.connectInbox();
    for (let n = 0; n < 5; n += 1) alice.send({ type: 'ping' });
    expect(await alice.next('error')).toMatchObject({ code: 'rate_limited' });
    expect((await alice.closed()).code).toBe(4429);
    const bob = await hub.connectInbox({ user: 'bob' });
    bob.send(Buffer.from('x'));
    expect((await bob.closed()).code).toBe(1003);
    const carol = await hub.connectInbox({ user: 'carol' });
    carol.send('x'.repeat(65_537));
    expect((await carol.closed()).code).toBe(1009);
  });

  test('is sent its position with every heartbeat, and dropped when its peer is silent', async () => {
    await start({ http: { heartbeat: '30s' } });
    const alice = await hub.connectInbox();
    await alice.next('inbox_snapshot');
    await portOf(hub.hub).hitl.request({
      ...{ ticketId: 'T-1', sessionId: 's', userId: 'agent' },
      ...{ type: 'question', payload: { question: 'Why?' } },
    });
    await alice.next('inbox_added');
    hub.clock.advance(30_000);
    expect(await alice.next('pong')).toMatchObject({ seq: 1 });
    alice.socket.pause();
    hub.clock.advance(30_000);
    hub.clock.advance(30_000);
    await until(() => [...portOf(hub.hub).inbox.clients()].length === 0, 'it is gone');
  });

  test('is closed with its user, and when the hub closes or drains', async () => {
    await start();
    const alice = await hub.connectInbox();
    const bob = await hub.connectInbox({ user: 'bob' });
    expect(hub.hub.clients.disconnect({ userId: 'alice' })).toBe(1);
    expect((await alice.closed()).code).toBe(4401);
    const draining = hub.hitl.drain({ over: '1s' });
    expect(await bob.next('going_away')).toMatchObject({ reason: 'restart' });
    expect(await hub.tryConnectInbox()).toMatchObject({ status: 503, body: { error: { code: 'closing' } } });
    hub.clock.advance(1_000);
    await draining;
    expect((await bob.closed()).code).toBe(1012);
    await hub.restart();
    const carol = await hub.connectInbox({ user: 'carol' });
    await carol.next('inbox_snapshot');
    await hub.hitl.close();
    expect((await carol.closed()).code).toBe(1001);
  });
});

test('a page is sent however long it is; a client that asks for another and reads none is disconnected', async () => {
  await start();
  const sockets: Socket[] = [];
  hub.server.on('connection', (socket) => sockets.push(socket));
  const payload = { tool_name: 'block_ip', tool_args: { list: 'x'.repeat(250_000) } };
  for (let n = 0; n < 24; n += 1) await ask({}, { payload });
  const alice = await hub.connectInbox({ query: '?limit=12' });
  const { next_cursor: cursor } = await alice.next('inbox_snapshot');
  const { items } = await alice.ask({ type: 'inbox_more', cursor });
  expect(items).toHaveLength(12);
  alice.socket.pause();
  const most: number[] = [];
  for (let n = 0; n < 20 && [...portOf(hub.hub).inbox.clients()].length > 0; n += 1) {
    alice.send({ type: 'inbox_more', id: `p-${n}`, cursor });
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    most.push(...sockets.map(({ writableLength }) => writableLength));
  }
  await until(() => [...portOf(hub.hub).inbox.clients()].length === 0, 'it is sent away');
  expect(Math.max(...most)).toBeLessThan(maxQueuedBytes + 13 * 250_000);
  alice.socket.resume();
  expect((await alice.closed()).code).toBe(4508);
}, 30_000);

test('of fifty people who answer one request at once, over sockets of tickets and inboxes and over REST, exactly one wins; every inbox loses it and says who', async () => {
  await start({ sqlite: true, limits: { clientsPerTicket: 50 } });
  const people = Array.from({ length: 50 }, (_, n) => `user-${n}`);
  const inboxes = await Promise.all(people.map((user) => hub.connectInbox({ user })));
  const clients = await Promise.all(people.map((user) => hub.connect({ user })));
  for (let round = 0; round < 3; round += 1) {
    const id = await ask();
    await Promise.all(inboxes.map((inbox) => inbox.next('inbox_added')));
    const outcomes = await Promise.all(
      people.map(async (user, n): Promise<TestFrame> => {
        if (n % 3 === 0) return inboxes[n]?.ask(approve(id));
        if (n % 3 === 1) return clients[n]?.ask(approve(id));
        const answered = await fetch(`${hub.url}/hitl/requests/${id}/respond`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'x-user': user },
          body: JSON.stringify({ status: 'approved', revision: 1 }),
        });
        const body: TestFrame = await answered.json();
        return body.error ?? { event: 'ack', ...body };
      }),
    );
    const winner = (await portOf(hub.hub).hitl.get(id)).respondedBy?.userId;
    const won = people.filter((_user, n) => outcomes[n]?.event === 'ack');
    expect(won).toEqual([winner]);
    for (const lost of outcomes.filter(({ event }) => event !== 'ack')) {
      expect(lost).toMatchObject({
        code: 'already_resolved',
        details: { hitl: { responded_by: { user_id: winner } } },
      });
    }
    for (const inbox of inboxes) {
      expect(await inbox.next('inbox_removed')).toMatchObject({
        ...{ request_id: id, total: 0 },
        hitl: { responded_by: { user_id: winner } },
      });
    }
    hub.clock.advance(20_000);
  }
}, 60_000);

test('a thousand requests in one ticket are all in its snapshot, and an inbox goes through them page by page', async () => {
  await start();
  const asked: string[] = [];
  for (let n = 0; n < 1_000; n += 1) asked.push(await ask());
  const inTicket = await hub.connect();
  expect(ids((await inTicket.next('snapshot')).requests)).toEqual(asked);
  const alice = await hub.connectInbox({ query: '?limit=200' });
  const snapshot = await alice.next('inbox_snapshot');
  expect([snapshot.total, snapshot.capped]).toEqual([1_000, false]);
  const seen = [...snapshot.items];
  let cursor = snapshot.next_cursor;
  while (cursor) {
    const { items, next_cursor } = await alice.ask({ type: 'inbox_more', cursor });
    seen.push(...items);
    cursor = next_cursor;
  }
  expect(ids(seen)).toEqual(asked);
}, 30_000);
