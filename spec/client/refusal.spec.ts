import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Fetch } from '../../lib/client';
import { ManualClock } from '../../lib/testing/manual-clock';
import { startTestHub, type TestHub } from '../../lib/testing/test-hub';
import type { TicketAccess } from '../../lib/transport/access';
import { Guest, leaveAll } from './guest';

let hub: TestHub;
afterEach(async () => {
  leaveAll();
  await hub.close();
});

/** As a page's `fetch`, which sends the same credentials as the handshake; keeps what it was asked and told. */
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
    ['nobody is logged in', null, 'allow', 4401],
    ['no access', 'alice', 'forbidden', 4403],
    ['no such ticket', 'alice', 'not_found', 4404],
  ];

  test.each(cases)('%s', async (_why, user, access, code) => {
    hub = await startTestHub({ mount: '/soc', ticket: () => access });
    const { fetch, asked } = fetchAs(user);
    const clock = new ManualClock();
    const alice = Guest.start(hub, { user, fetch, clock });
    const sent = alice.client.send('never');
    await alice.state('closed');
    expect(alice.client.ending).toMatchObject({ code });
    expect(asked.map(({ url }) => url)).toEqual([`${hub.url}/tickets/T-1/sessions?limit=1`]);
    expect(clock.pending).toBe(0);
    await expect(sent).rejects.toMatchObject({ code: 'closed', details: { code } });
  });
});

test('a full ticket is tried again until there is room', async () => {
  hub = await startTestHub({ maxClientsPerTicket: 1 });
  const bob = await hub.connect({ user: 'bob' });
  const { fetch, asked } = fetchAs('alice');
  const alice = Guest.start(hub, { fetch });
  await alice.until(() => asked.length > 0, 'question');
  expect(asked[0]?.status).toBe(200);
  await bob.close();
  await alice.state('live');
});

test('where nobody can be asked, the client keeps trying', async () => {
  hub = await startTestHub({ ticket: () => 'forbidden' });
  const alice = Guest.start(hub);
  await alice.until(() => alice.sockets.length > 3, 'fourth try');
  expect(alice.client.state).toBe('connecting');
});

describe('an answer that is not final', () => {
  let proxy: Server | undefined;
  afterEach(() => {
    proxy?.closeAllConnections();
    proxy?.close();
  });

  const answers: Array<[what: string, status: number, body: string]> = [
    ['a proxy that knows no such page', 404, '<h1>Not Found</h1>'],
    ['a proxy that speaks JSON', 404, '{"error":"not found"}'],
    ['a server that is busy', 503, '{"error":{"code":"closing","message":""}}'],
    ['a redirect to the login page', 302, ''],
  ];

  test.each(answers)('%s', async (_what, status, body) => {
    let requests = 0;
    const server = createServer((_req, res) => {
      requests += 1;
      res.writeHead(status, { location: '/login' }).end(body);
    });
    proxy = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    hub = await startTestHub({ ticket: () => 'forbidden' });
    const { fetch } = fetchAs('alice');
    const alice = Guest.start(hub, { fetch: (_url, init) => fetch(`http://127.0.0.1:${port}/`, init) });
    await alice.until(() => alice.sockets.length > 10 && requests > 1, 'many tries');
    expect(alice.client.state).toBe('connecting');
  });
});
