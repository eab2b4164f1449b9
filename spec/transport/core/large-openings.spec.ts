/** What new clients are sent about a ticket in which much is pending, over real sockets: all of it, and piece by piece. */
import { connect } from 'node:net';
import { type Envelope, emptyView, reduce } from '../../../lib/client';
import { portOf } from '../../../lib/hub/hub';
import type { TestFrame } from '../../../lib/testing/test-client';
import { startTestHub, type TestHub } from '../../../lib/testing/test-hub';
import { idle } from '../../hub/rig';

const count = 40;
const list = 'x'.repeat(250_000);

let hub: TestHub;
let ids: string[];
beforeEach(async () => {
  hub = await startTestHub();
  ids = [];
  for (let n = 0; n < count; n += 1) {
    const { id } = await portOf(hub.hub).hitl.request({
      ticketId: 'T-1',
      sessionId: 's-1',
      userId: 'agent',
      type: 'tool_approval',
      payload: { tool_name: 'block_ip', tool_args: { list } },
    });
    ids.push(id);
  }
});
afterEach(() => hub.close());

const idsOf = (requests: readonly { id: string }[]) => requests.map(({ id }) => id);

test('a new client has the first in its snapshot and the others in the pages after it, each within its bound', async () => {
  const client = await hub.connect();
  const snapshot = await client.next('snapshot');
  expect(snapshot.more_requests).toBe(true);
  expect(JSON.stringify(snapshot).length).toBeLessThan(1_100_000);
  await client.next((frame) => frame.event === 'snapshot_requests' && frame.more_requests === false);
  const pages = client.all('snapshot_requests');
  for (const page of pages) expect(JSON.stringify(page).length).toBeLessThan(1_100_000);
  const told = [snapshot, ...pages].flatMap(({ requests }) => idsOf(requests));
  expect(told.sort()).toEqual([...ids].sort());
  expect(pages.map(({ more_requests }) => more_requests)).toEqual([...pages.slice(1).map(() => true), false]);
});

test('a classic one has a prompt for each, once', async () => {
  const client = await hub.connect({ dialect: 'classic' });
  for (let n = 0; n < count; n += 1) await client.next('hitl_request_pending');
  client.send({ type: 'ping' });
  await client.next('pong');
  const told = client.all('hitl_request_pending').map(({ hitl }) => hitl.id);
  expect(told.sort()).toEqual([...ids].sort());
});

test('what is settled while the pages are on their way is settled in the end, and what is asked is there', async () => {
  const client = await hub.connect();
  await client.next('snapshot');
  const last = ids.at(-1) ?? '';
  await portOf(hub.hub).hitl.cancel(last, 'no longer');
  await client.next((frame) => frame.event === 'hitl_request_resolved');
  // Either may be the first to come.
  const isLast = (frame: TestFrame) => frame.event === 'snapshot_requests' && frame.more_requests === false;
  if (!client.received.some(isLast)) await client.next(isLast);
  // A page that came later than the end of a request does not have it.
  const after = client.received.slice(
    client.received.findIndex(({ event }) => event === 'hitl_request_resolved'),
  );
  const later = after.filter(({ event }) => event === 'snapshot_requests');
  expect(later.flatMap(({ requests }) => idsOf(requests))).not.toContain(last);
});

test('a new client gets every page in a ticket that never rests, and a request that changed under a page is as it was sent last', async () => {
  const read = hub.store.requests.bind(hub.store);
  let reads = 0;
  jest.spyOn(hub.store, 'requests').mockImplementation(async (...asked) => {
    const page = await read(...asked);
    const [first] = page.items;
    reads += 1;
    // One more line while each page is read, and one of the requests on it is settled.
    await hub.hub.say('T-1', { source: 'slack', content: `line ${reads}`, user: { id: 'ann' } });
    if (first?.status === 'pending') await portOf(hub.hub).hitl.cancel(first.id, 'no longer');
    return page;
  });
  const client = await hub.connect();
  await client.next((frame) => frame.event === 'snapshot_requests' && frame.more_requests === false);
  client.send({ type: 'ping' });
  await client.next('pong');
  // As a client puts it together: whatever comes last about a request counts.
  const statuses = new Map<string, string>();
  for (const { event, requests = [], hitl } of client.received) {
    if (event === 'snapshot' || event === 'snapshot_requests')
      for (const { id, status } of requests) statuses.set(id, status);
    if (event === 'hitl_request_resolved') statuses.set(hitl.id, hitl.status);
  }
  expect([...statuses.keys()].sort()).toEqual([...ids].sort());
  const cancelled = [...statuses.values()].filter((status) => status === 'cancelled');
  expect(cancelled).toHaveLength(reads);
});

test('a claim that is sent while a page is read is not undone by the page, and a classic client is prompted all the same', async () => {
  const { store } = hub;
  const read = store.requests.bind(store);
  let claims = 0;
  let isClaim = true;
  const reads = jest.spyOn(store, 'requests').mockImplementation(async (...args) => {
    // More often than there are pages: who reads again each time never comes to an end.
    const page = await read(...args);
    const first = page.items[0];
    if (reads.mock.calls.length <= 4 * count && first) {
      claims += 1;
      await hub.hub.say('T-1', { content: `line ${claims}` });
      if (isClaim) await portOf(hub.hub).hitl.claim(first.id, { id: 'cem' });
      else if (first.claim) await portOf(hub.hub).hitl.release(first.id, { id: 'cem' });
      // Until it has been sent to the connected clients.
      await idle();
    }
    return page;
  });
  const client = await hub.connect();
  await client.next((frame) => frame.event === 'snapshot_requests' && frame.more_requests === false);
  // What was said last may come after the last page.
  client.send({ type: 'ping' });
  await client.next('pong');
  expect(claims).toBeGreaterThan(5);
  expect(claims).toBeLessThan(count);
  const view = (client.received as Envelope[]).reduce(reduce, emptyView());
  expect(idsOf(view.pending).sort()).toEqual([...ids].sort());
  // What was sent about a request while its page was read is not undone by the page.
  expect(view.pending.filter(({ claimed_by }) => claimed_by).length).toBe(claims);
  isClaim = false;
  const classic = await hub.connect({ user: 'dan', dialect: 'classic' });
  for (let n = 0; n < count; n += 1) await classic.next('hitl_request_pending');
  reads.mockRestore();
  expect(idsOf(classic.all('hitl_request_pending').map(({ hitl }) => hitl)).sort()).toEqual([...ids].sort());
});

test('one that does not read is written the first piece and no more', async () => {
  const socket = connect(hub.port);
  socket.pause();
  const handshake = [
    'GET /ws/chat/ticket/T-1?tab=deaf HTTP/1.1',
    'Host: x',
    'x-user: deaf',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Protocol: hitl.v1',
  ];
  const accepted = new Promise<import('node:net').Socket>((resolve) =>
    hub.server.once('connection', (each) => resolve(each)),
  );
  socket.write(`${handshake.join('\r\n')}\r\n\r\n`);
  const served = await accepted;
  const reader = await hub.connect({ user: 'reader' });
  await reader.next((frame) => frame.event === 'snapshot_requests' && frame.more_requests === false);
  // The reader has come to the end: had the deaf one been written all, ten megabytes would wait for it.
  expect(served.bytesWritten).toBeGreaterThan(1_000_000);
  expect(served.bytesWritten).toBeLessThan(7_000_000);
  socket.destroy();
});

test('a page of a list or an inbox ends after four megabytes, of a timeline after a quarter of one, and all pages have everything', async () => {
  const get = async (path: string, most = 4_300_000) => {
    const response = await fetch(`http://127.0.0.1:${hub.port}${path}`, { headers: { 'x-user': 'alice' } });
    const text = await response.text();
    expect(text.length).toBeLessThan(most);
    return JSON.parse(text);
  };
  for (const path of ['/hitl/requests?limit=200', '/hitl/inbox?limit=200']) {
    const told: string[] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined; ) {
      const page = await get(`${path}${cursor && `&cursor=${cursor}`}`);
      told.push(...idsOf(page.items));
      cursor = page.next_cursor;
    }
    expect(told.sort()).toEqual([...ids].sort());
  }
  let after = 0;
  for (let page = await get('/tickets/T-1/timeline?limit=500', 300_000); after < page.seq; ) {
    after = page.items.at(-1).seq;
    page = await get(`/tickets/T-1/timeline?limit=500&after=${after}`, 300_000);
  }
  expect(after).toBe(count);
});
