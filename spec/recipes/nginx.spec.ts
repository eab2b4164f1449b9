/** The recipe for nginx, run by a real one, and what its lines are for. */
import type { AddressInfo } from 'node:net';
import { createLogger, transports } from 'winston';
import { WebSocket } from 'ws';
import { connectTicket, type Fetch } from '../../lib/client';
import { portOf } from '../../lib/hub/hub';
import { TestClient } from '../../lib/testing/test-client';
import { startTestHub, type TestHub, type TestHubOptions } from '../../lib/testing/test-hub';
import { Nginx, nginxBlock, program } from './nginx';

const withNginx = program ? test : test.skip;
if (!program) console.warn('No nginx here: set NGINX to the path of one. Its recipe is left out.');

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function start(block: string, options: TestHubOptions = {}): Promise<{ hub: TestHub; url: string }> {
  const hub = await startTestHub({
    mount: '/soc',
    ...options,
    auth: { identify: () => 'alice', ...options.auth },
  });
  ends.push(() => hub.close());
  const nginx = await Nginx.start(block, (hub.server.address() as AddressInfo).port);
  ends.push(() => nginx.stop());
  return { hub, url: `http://127.0.0.1:${nginx.port}` };
}

/** A page of this address opens a ticket. */
const open = (url: string) =>
  TestClient.open(`${url.replace('http', 'ws')}/soc/ws/chat/ticket/T-1`, { origin: url });

/** The block without the lines that match. */
const without = (pattern: RegExp) =>
  nginxBlock()
    .split('\n')
    .filter((line) => !pattern.test(line))
    .join('\n');

withNginx('the block lets sockets through, and answers over REST, for pages of its own address', async () => {
  const { hub, url } = await start(nginxBlock());
  const client = await open(url);
  if (!(client instanceof TestClient)) throw new Error(`refused with ${client.status}`);
  expect(await client.ask({ type: 'message', content: 'hi' })).toMatchObject({ event: 'ack' });
  const request = await portOf(hub.hub).hitl.request({
    ticketId: 'T-1',
    sessionId: 's-1',
    userId: 'bob',
    type: 'tool_approval',
    payload: { tool_name: 'block_ip', tool_args: {} },
  });
  const answer = await fetch(`${url}/soc/hitl/requests/${request.id}/respond`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url },
    body: JSON.stringify({ revision: request.revision, status: 'approved' }),
  });
  expect(answer.status).toBe(200);
  expect((await client.next('hitl_request_resolved')).hitl.status).toBe('approved');
  await client.close();
});

withNginx('steps of the live charts arrive as they are taken', async () => {
  const { hub, url } = await start(nginxBlock(), { pages: { charts: { maySee: () => true } } });
  const stream = await fetch(`${url}/soc/charts/steps?machine=ticket&id=T-1`);
  const reader = stream.body?.getReader();
  const client = await hub.connect({ origin: hub.url.replace('/soc', '') });
  const first = await reader?.read();
  expect(Buffer.from(first?.value ?? '').toString()).toMatch(/^event: (step|moved)/);
  await reader?.cancel();
  await client.close();
});

withNginx('without the lines for upgrades clients go on over a stream, which is not held back', async () => {
  const { hub, url } = await start(without(/Upgrade|Connection|proxy_buffering/));
  class Socket extends WebSocket {
    constructor(address: string, protocols: string[]) {
      super(address, protocols, { origin: url });
    }
  }
  const post: Fetch = (address, init) =>
    fetch(address, { ...init, headers: { ...init.headers, origin: url } });
  const client = connectTicket({
    ...{ url: `${url}/soc`, ticketId: 'T-1', WebSocket: Socket, fetch: post, random: () => 0 },
  });
  ends.push(async () => client.close());
  expect((await client.send('hi')).message_id).toEqual(expect.any(String));
  expect(client.transport).toBe('sse');
  const heard = new Promise((resolve) => client.on('notice', resolve));
  hub.hub.reference.sendStatusToTicket('T-1', 'at once');
  expect(await heard).toMatchObject({ event: 'notice' });
});

withNginx('with $host, which has no port, every page on another port than 80 is refused', async () => {
  const { url } = await start(nginxBlock().replace('$http_host', '$host'));
  expect(await open(url)).toMatchObject({ status: 403, body: { error: { code: 'origin_refused' } } });
});

withNginx('with $host and `http.origins` they are let in', async () => {
  // The port of nginx is not known before the hub has its own, so that the front end has a name.
  const frontendUrl = 'https://app.example.com';
  const { url } = await start(nginxBlock().replace('$http_host', '$host'), {
    http: { origins: [frontendUrl] },
  });
  const path = `${url.replace('http', 'ws')}/soc/ws/chat/ticket/T-1`;
  const client = await TestClient.open(path, { origin: frontendUrl });
  if (!(client instanceof TestClient)) throw new Error(`refused with ${client.status}`);
  await client.next('welcome');
  await client.close();
});

withNginx('without Upgrade the answer is 426, and the log says where to look, once', async () => {
  const warn = jest.fn();
  const silent = createLogger({ silent: true, transports: [new transports.Console()] });
  const { url } = await start(without(/Upgrade|Connection/), { logger: Object.assign(silent, { warn }) });
  for (const _time of [1, 2]) {
    expect(await open(url)).toMatchObject({ status: 426, body: { error: { code: 'upgrade_required' } } });
  }
  expect(warn.mock.calls).toEqual([[expect.stringContaining('does not pass on Upgrade')]]);
});
