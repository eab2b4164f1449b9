/** The webhook channel against a receiver on a real socket; signatures are judged by the package `standardwebhooks`. */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { portOf } from '../../lib/hub/hub';
import { type HubEvent, type NoTypes, type WebhookOptions, webhookChannel } from '../../lib/index';
import { startTestHub, type TestHub } from '../../lib/testing/test-hub';
import { until } from '../transport/until';

const secret = `whsec_${randomBytes(32).toString('base64')}`;
const judge = new Webhook(secret);

interface Received {
  id: string;
  /** What the judge made of the body; it throws for one that is not signed. */
  body: { type: string; timestamp: string; data: { hitl: { id: string; status: string } } };
  text: string;
  headers: Record<string, string>;
}

let received: Received[];
let answer: (req: IncomingMessage, res: ServerResponse) => void;
let receiver: Server;
let hub: TestHub;

async function listen(port = 0): Promise<number> {
  receiver = createServer(async (req, res) => {
    let text = '';
    for await (const chunk of req) text += chunk;
    const headers = req.headers as Record<string, string>;
    const body = judge.verify(text, headers) as Received['body'];
    received.push({ id: headers['webhook-id'] ?? '', body, text, headers });
    answer(req, res);
  });
  await new Promise<void>((resolve) => receiver.listen(port, '127.0.0.1', resolve));
  return (receiver.address() as AddressInfo).port;
}

async function hangUp(): Promise<void> {
  receiver.closeAllConnections();
  await new Promise((resolve) => receiver.close(resolve));
}

async function start(options: Partial<WebhookOptions> = {}): Promise<number> {
  const port = await listen();
  const url = `http://127.0.0.1:${port}/hook`;
  hub = await startTestHub({
    channels: { hook: webhookChannel({ url, secret, allowHttp: true, ...options }) },
  });
  return port;
}

beforeEach(() => {
  received = [];
  answer = (_req, res) => void res.writeHead(204).end();
});
afterEach(async () => {
  await hub.close();
  if (receiver.listening) await hangUp();
});

const ask = () =>
  portOf(hub.hub).hitl.request({
    ticketId: 'T-1',
    sessionId: 's',
    userId: 'rita',
    type: 'question',
    payload: { question: 'Wirklich? ✓' },
  });
const settle = (id: string) => portOf(hub.hub).hitl.cancel(id, 'not needed');
const waits = () => hub.store.deliveries('hook', 10);
/** Waits for the tries that have failed. */
async function failed(attempts: number): Promise<void> {
  for (;;) {
    const [delivery] = await waits();
    if (delivery?.attempts === attempts) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('Every delivery is signed so that another implementation takes it, and says what it is of', async () => {
  await start();
  const { id } = await ask();
  await until(() => received.length === 1, 'it is presented');
  await portOf(hub.hub).hitl.claim(id, { id: 'ann', name: 'Ann' });
  await until(() => received.length === 2, 'it is updated');
  await settle(id);
  await until(() => received.length === 3, 'it is settled');
  expect(received.map(({ body }) => [body.type, body.data.hitl.id, body.data.hitl.status])).toEqual([
    ['hitl_request.present', id, 'pending'],
    ['hitl_request.update', id, 'pending'],
    ['hitl_request.settle', id, 'cancelled'],
  ]);
  expect(new Set(received.map((each) => each.id)).size).toBe(3);
  expect(received[0]?.headers['content-type']).toBe('application/json');
  expect(Object.keys(received[0]?.body ?? {})).toEqual(['type', 'timestamp', 'data']);
});

test('The judge refuses the same body with one letter changed', async () => {
  await start();
  await ask();
  await until(() => received.length === 1, 'it is presented');
  const { text = '', headers = {} } = received[0] ?? {};
  expect(() => judge.verify(text, headers)).not.toThrow();
  expect(() => judge.verify(text.replace('rita', 'rite'), headers)).toThrow('No matching signature found');
});

test('A receiver that is down is tried until it is up, with one id', async () => {
  const port = await start();
  await hangUp();
  const { id } = await ask();
  await failed(1);
  hub.clock.advance(1_000);
  await failed(2);
  await listen(port);
  hub.clock.advance(2_000);
  await until(() => received.length === 1, 'it is presented');
  expect(received[0]?.body.data.hitl.id).toBe(id);
});

test.each([500, 404, 429])('An answer with %i is tried again by the same id', async (status) => {
  await start();
  answer = (_req, res) => void res.writeHead(status).end('no');
  await ask();
  await failed(1);
  answer = (_req, res) => void res.writeHead(202).end();
  hub.clock.advance(1_000);
  await until(() => received.length === 2, 'it is tried again');
  expect(received[1]?.id).toBe(received[0]?.id);
});

test('An answer with 410 gives the delivery up', async () => {
  await start();
  answer = (_req, res) => void res.writeHead(410).end();
  await ask();
  await until(() => received.length === 1, 'it is presented');
  for (;;) {
    const dead = await hub.hub.channels.failed();
    if (dead?.length) {
      expect(dead).toMatchObject([{ channel: 'hook', error: expect.stringContaining('410') }]);
      break;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await waits()).toEqual([]);
});

test('Each try that fails is an event with what it failed with, and the last one says that there is no further', async () => {
  await start();
  const seen: HubEvent<NoTypes, 'delivery.failed'>[] = [];
  hub.hub.on('delivery.failed', (event) => void seen.push(event));
  answer = (_req, res) => void res.writeHead(503).end('not now');
  const { id } = await ask();
  await until(() => seen.length === 1, 'the first try has failed');
  // It is published when it is stored, and not before.
  expect(await waits()).toMatchObject([{ attempts: 1 }]);
  hub.clock.advance(1_000);
  await until(() => seen.length === 2, 'the second try has failed');
  answer = (_req, res) => void res.writeHead(410).end();
  hub.clock.advance(2_000);
  await until(() => seen.length === 3, 'it is given up');
  const delivery = { channel: 'hook', requestId: id, event: 'present' };
  const busy = 'unavailable: The webhook was answered with 503';
  const gone = 'DeliveryRefused: The webhook was answered with 410';
  expect(seen).toEqual([
    expect.objectContaining({
      ticketId: 'T-1',
      delivery: { ...delivery, attempts: 1, error: busy, failedAt: seen[0]?.at },
      willRetry: true,
    }),
    expect.objectContaining({
      ticketId: 'T-1',
      delivery: { ...delivery, attempts: 2, error: busy, failedAt: seen[1]?.at },
      willRetry: true,
    }),
    expect.objectContaining({
      ticketId: 'T-1',
      delivery: { ...delivery, attempts: 3, error: gone, failedAt: seen[2]?.at },
      willRetry: false,
    }),
  ]);
  expect(await hub.hub.channels.failed()).toEqual([seen[2]?.delivery]);
  answer = (_req, res) => void res.writeHead(204).end();
  await settle(id);
  await until(() => received.length === 4, 'its end is delivered');
  await hub.settled();
  expect(seen).toHaveLength(3);
});

test('A redirect is not followed', async () => {
  await start();
  answer = (_req, res) => void res.writeHead(307, { location: '/elsewhere' }).end();
  await ask();
  await failed(1);
  expect(received).toHaveLength(1);
});

test('A receiver that does not answer in time has failed', async () => {
  await start({ timeout: 20 });
  answer = () => {};
  await ask();
  await failed(1);
  expect(received).toHaveLength(1);
});

test('An answer without end is cut off, and its status counts', async () => {
  await start();
  let isCut = false;
  answer = (_req, res) => {
    res.writeHead(200);
    res.on('close', () => {
      isCut = true;
    });
    const pour = () => {
      while (!isCut && res.write('x'.repeat(65_536)));
      if (!isCut) res.once('drain', pour);
    };
    pour();
  };
  await ask();
  await until(() => isCut, 'the answer is cut');
  while ((await waits()).length > 0) await new Promise((resolve) => setImmediate(resolve));
  expect(received).toHaveLength(1);
});

describe('Options that cannot be are refused:', () => {
  beforeEach(() => start());
  test.each<[string, Partial<WebhookOptions>]>([
    ['no address', { url: 'hook' }],
    ['http', { url: 'http://example.com' }],
    ['another scheme', { url: 'file:///etc/passwd', allowHttp: true }],
    ['a user in the address', { url: 'https://user:word@example.com' }],
    ['a secret without its prefix', { secret: secret.slice(6) }],
    ['a short secret', { secret: 'whsec_c2hvcnQ=' }],
    ['a secret that is not base64', { secret: `whsec_${'ß'.repeat(40)}` }],
    ['a long timeout', { timeout: '31s' }],
    ['no timeout', { timeout: 0 }],
  ])('%s', (_what, options) => {
    const good = { url: 'https://example.com/hook', secret };
    expect(() => webhookChannel(good)).not.toThrow();
    expect(() => webhookChannel({ ...good, ...options })).toThrow(
      expect.objectContaining({ code: 'invalid_request' }),
    );
  });
});
