import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Fetch } from '../../lib/client';
import { connectInbox } from '../../lib/client';
import { answerMs } from '../../lib/client/question';
import { ManualClock } from '../../lib/testing/manual-clock';
import { startTestHub, type TestHub } from '../../lib/testing/test-hub';
import type { TicketAccess } from '../../lib/transport/core/auth-options';
import { until } from '../transport/until';
import { cutAll, Guest, leaveAll, testSocket } from './guest';

let hub: TestHub;
afterEach(async () => {
  leaveAll();
  await hub.close();
});

/** As a page's `fetch`, which sends the same credentials as the handshake; records what it was asked and what it answered. */
function fetchAs(user: string | null) {
  const asked: { url: string; status: number }[] = [];
  const fetch: Fetch = async (url, init) => {
    const headers = { ...init.headers, ...(user && { 'x-user': user }) };
    const answer = await globalThis.fetch(url, { ...init, headers });
    asked.push({ url, status: answer.status });
    return answer;
  };
  return { fetch, asked };
}

describe('a handshake that would never succeed ends the client, with the code of its status', () => {
  const cases: Array<[why: string, user: string | null, access: TicketAccess, code: number]> = [
    ['no user is logged in', null, 'allow', 4401],
    ['no access', 'alice', 'forbidden', 4403],
    ['no such ticket', 'alice', 'not_found', 4404],
  ];

  test.each(cases)('%s', async (_why, user, access, code) => {
    hub = await startTestHub({ mount: '/soc', auth: { authorize: () => access } });
    const { fetch, asked } = fetchAs(user);
    const clock = new ManualClock();
    const alice = Guest.start(hub, { user, fetch, clock, tab: 'one' });
    const sent = alice.client.send('never');
    const refused = expect(sent).rejects.toMatchObject({ code: 'closed', details: { code } });
    await alice.state('closed');
    await refused;
    expect(alice.client.ending).toMatchObject({ code });
    expect(asked.map(({ url }) => url)).toEqual([
      `${hub.url}/ws/chat/ticket/T-1?tab=one&presence=changes&updates=changes`,
    ]);
    expect(clock.pending).toBe(0);
  });

  test('an inbox asks at its own address', async () => {
    hub = await startTestHub({ mount: '/soc' });
    const { fetch, asked } = fetchAs(null);
    const inbox = connectInbox({
      url: hub.url,
      type: 'question',
      WebSocket: testSocket(hub, { user: null }),
      fetch,
    });
    await new Promise<void>((resolve) => inbox.on('state', () => resolve()));
    expect(inbox.ending).toMatchObject({ code: 4401 });
    expect(asked.map(({ url }) => url)).toEqual([
      `${hub.url}/ws/inbox?type=question&order=oldest&limit=50&updates=changes`,
    ]);
  });

  test('what is wrong with the address or the page is said in words', async () => {
    hub = await startTestHub();
    const { fetch } = fetchAs('alice');
    const alice = Guest.start(hub, { fetch, tab: 'x'.repeat(200) });
    await alice.state('closed');
    expect(alice.client.ending).toEqual({ code: 4400, reason: expect.stringContaining('1 to 128') });

    const foreign: Fetch = (url, init) =>
      fetch(url, { ...init, headers: { ...init.headers, origin: 'https://evil.example' } });
    const bob = Guest.start(hub, { fetch: foreign, user: null });
    await bob.state('closed');
    expect(bob.client.ending).toEqual({ code: 4403, reason: expect.stringContaining('Origin') });
  });
});

test('a full ticket is tried again until there is room, and the reason is known in the meantime', async () => {
  hub = await startTestHub({ limits: { clientsPerTicket: 1 } });
  const bob = await hub.connect({ user: 'bob' });
  const { fetch } = fetchAs('alice');
  const alice = Guest.start(hub, { fetch });
  await new Promise((resolve) => alice.client.on('refusal', resolve));
  expect(alice.client.refusal).toMatchObject({ status: 429, code: 'ticket_full' });
  await bob.close();
  await alice.state('live');
  expect(alice.client.refusal).toBeUndefined();
});

test('a question that is never answered is given up, and asked again', async () => {
  hub = await startTestHub({ auth: { authorize: () => 'forbidden' } });
  const { fetch } = fetchAs('alice');
  let questions = 0;
  const silentOnce: Fetch = (url, init) => {
    questions += 1;
    if (questions > 1) return fetch(url, init);
    return new Promise((_resolve, reject) => init.signal.addEventListener('abort', reject));
  };
  const clock = new ManualClock();
  const alice = Guest.start(hub, { clock, fetch: silentOnce });
  await until(() => questions === 1, 'it has asked');
  clock.advance(answerMs - 1);
  await until(() => alice.sockets[1]?.readyState === 3, 'another try has failed');
  expect(questions).toBe(1);
  clock.advance(1);
  await alice.state('closed');
  expect(questions).toBe(2);
  expect(clock.pending).toBe(0);
});

test('where no hub can be asked, the client goes on trying', async () => {
  hub = await startTestHub({ auth: { authorize: () => 'forbidden' } });
  const alice = Guest.start(hub);
  await alice.until(() => alice.sockets.length > 3, 'fourth try');
  expect(alice.client.state).toBe('connecting');
});

/** Something in front of the hub that answers all by itself, for as long as it is there. */
async function inFront(
  status: number,
  body: string,
): Promise<{ url: string; requests: number; server: Server }> {
  const front = { url: '', requests: 0, server: createServer() };
  front.server.on('request', (_req, res) => {
    front.requests += 1;
    res.writeHead(status, { location: '/login' }).end(body);
  });
  await new Promise<void>((resolve) => front.server.listen(0, '127.0.0.1', resolve));
  front.url = `http://127.0.0.1:${(front.server.address() as AddressInfo).port}/`;
  return front;
}

describe('an answer that is not the hub’s own', () => {
  let front: Awaited<ReturnType<typeof inFront>>;
  afterEach(() => {
    front.server.closeAllConnections();
    front.server.close();
  });

  const answers: Array<[what: string, status: number, body: string, code?: string]> = [
    ['a login page', 401, '<h1>Log in</h1>'],
    ['a guard that says so in one word', 401, 'Unauthorized'],
    ['a firewall', 403, '<h1>Forbidden</h1>'],
    ['a gateway with codes of its own', 403, '{"error":{"code":403,"message":"no"}}'],
    ['a gateway with other words', 401, '{"error":{"code":"invalid_token"}}', 'invalid_token'],
    ['an error that is text', 403, '{"error":"forbidden"}'],
    ['nothing but null', 403, 'null'],
    ['a proxy that knows no such page', 404, '<h1>Not Found</h1>'],
    ['a proxy that speaks JSON', 404, '{"error":"not found"}'],
    ['one page for all addresses', 200, '<!doctype html>'],
    ['a balancer without a server', 502, ''],
    ['a server that is busy', 503, '{"error":{"code":"closing","message":""}}', 'closing'],
  ];

  test.each(answers)(
    '%s ends nothing: the client is back as soon as it is gone',
    async (...[_what, status, body, code]) => {
      hub = await startTestHub();
      front = await inFront(status, body);
      const { fetch } = fetchAs('alice');
      let isThere = false;
      // While something is in front, handshakes fail as in a browser: without a word.
      class Behind extends testSocket(hub) {
        constructor(url: string, protocols: string[]) {
          super(isThere ? url.replace('/ws/', '/nowhere/') : url, protocols);
        }
      }
      const alice = await Guest.join(hub, {
        WebSocket: Behind,
        fetch: (url, init) => fetch(isThere ? front.url : url, init),
      });
      const refused = new Promise<void>((resolve) => {
        let times = 0;
        alice.client.on('refusal', () => {
          times += 1;
          if (times === 3) resolve();
        });
      });
      isThere = true;
      cutAll(hub);
      await refused;
      expect(alice.client.state).toBe('resuming');
      expect(alice.client.refusal).toMatchObject({ status, ...(code && { code }) });
      isThere = false;
      await alice.state('live');
      expect(alice.client.transport).toBe('websocket');
    },
  );

  test('a redirect to the login page is a logout', async () => {
    hub = await startTestHub();
    front = await inFront(302, '');
    const { fetch } = fetchAs('alice');
    const alice = await Guest.join(hub, {
      fetch: (_url, init) => fetch(front.url, init),
      loses: () => false,
    });
    await hub.hitl.close();
    await alice.state('closed');
    expect(alice.client.ending).toEqual({ code: 4401, reason: 'session ended' });
  });
});
