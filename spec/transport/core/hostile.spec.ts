/**
 * Whatever a peer sends, before and after the handshake: it is answered or cut off, and its neighbour goes on. Jest fails a
 * test during which an exception or a rejection goes uncaught.
 */
import fc from 'fast-check';
import type { TestClient } from '../../../lib/testing/test-client';
import { startTestHub, type TestHub } from '../../../lib/testing/test-hub';
import { type RawRequest, RawSocket, ticketPath } from '../raw-socket';
import { until } from '../until';

const runs = { numRuns: 150, seed: 20260203 };
let hub: TestHub;
let neighbour: TestClient;

beforeEach(async () => {
  hub = await startTestHub({
    limits: { frames: false },
    agent: (turn) => turn.ask({ question: turn.message.content }),
  });
  neighbour = await hub.connect({ user: 'bob', ticketId: 'quiet' });
  await neighbour.next('snapshot');
});
afterEach(() => hub.close());

async function neighbourIsWell(): Promise<void> {
  neighbour.send({ type: 'ping' });
  expect(await neighbour.next('pong')).toEqual({ event: 'pong', seq: 0 });
}

const word = fc.oneof(
  fc.constantFrom(
    '',
    '13',
    'websocket',
    'hitl.v1',
    'null',
    '*',
    ',',
    'http://localhost',
    '%00',
    '%E0%A4%A',
    '__proto__',
  ),
  fc.string({ maxLength: 40 }).map((text) => text.replace(/[^\x20-\x7e]/g, '~')),
);
const path = fc.oneof(
  fc.constantFrom(
    ticketPath,
    '/',
    '//',
    '*',
    '/ws/chat/ticket/',
    `//a:b${ticketPath}`,
    `http://x${ticketPath}`,
  ),
  fc
    .tuple(word, word, word)
    .map(([ticket, key, value]) =>
      `/ws/chat/ticket/${ticket}?${key}=${value}&tab=${value}&after=${key}`.replaceAll(' ', '+'),
    ),
);
const handshake: fc.Arbitrary<RawRequest> = fc.record({
  method: fc.constantFrom('GET', 'GET', 'GET', 'POST', 'OPTIONS', 'HEAD'),
  path,
  headers: fc.dictionary(
    fc.constantFrom(
      'Origin',
      'Host',
      'Cookie',
      'Content-Length',
      'Sec-WebSocket-Key',
      'Sec-WebSocket-Version',
      'Sec-WebSocket-Protocol',
      'Sec-WebSocket-Extensions',
      'X-User',
    ),
    word,
    { maxKeys: 4 },
  ),
});

test('handshakes of any kind are answered, one way or the other', async () => {
  const statuses = new Set<number>();
  await fc.assert(
    fc.asyncProperty(handshake, async (request) => {
      const raw = await RawSocket.open(hub.port);
      raw.request(request);
      const { status } = await raw.answer();
      statuses.add(status);
      expect([101, 400, 401, 403, 404, 429]).toContain(status);
      raw.destroy();
    }),
    runs,
  );
  expect(statuses.size).toBeGreaterThan(3);
  await neighbourIsWell();
  await until(() => hub.hub.reference.getTotalClientCount() === 1, 'all of them are out again');
}, 30_000);

const field = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.constant(null),
  fc.constant({}),
  fc.constant([]),
  fc.boolean(),
);
const frame = fc.oneof(
  fc
    .record(
      {
        type: fc.constantFrom(
          'message',
          'ping',
          'typing',
          'hitl_respond',
          'hitl_claim',
          'hitl_release',
          'hitl_cancel',
          'turn_cancel',
          'x',
        ),
        id: fc.oneof(fc.string(), fc.constantFrom('a', 'b', '__proto__', 'constructor')),
        content: field,
        request_id: field,
        turn_id: field,
        reason: field,
        status: fc.oneof(field, fc.constantFrom('approved', 'denied')),
        revision: field,
        response: fc.oneof(
          field,
          fc.record({ comment: field, answer: field, tool_args: field }, { requiredKeys: [] }),
        ),
      },
      { requiredKeys: ['type'] },
    )
    .map((each) => JSON.stringify(each)),
  fc.json(),
  fc.string(),
);

test('frames of any kind are answered, or ignored, and the connection stays', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(frame, { maxLength: 10 }),
      fc.constantFrom('classic' as const, 'hitl.v1' as const),
      async (frames, dialect) => {
        const client = await hub.connect({ dialect });
        for (const each of frames) client.send(each);
        client.send({ type: 'ping' });
        await client.next('pong');
        expect(client.isOpen).toBe(true);
        expect(client.received.filter(({ code }) => code === 'internal')).toEqual([]);
        client.socket.terminate();
      },
    ),
    runs,
  );
  await neighbourIsWell();
}, 30_000);

test('bytes of any kind end the connection at worst', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), async (bytes) => {
      const raw = await RawSocket.open(hub.port);
      await raw.ask();
      raw.socket.write(bytes);
      // A close of its own, which whatever came before may have made unreadable.
      raw.sendFrame(8, Buffer.from([3, 232]));
      raw.socket.end();
      await raw.ended();
    }),
    runs,
  );
  await neighbourIsWell();
  await until(() => hub.hub.reference.getTotalClientCount() === 1, 'all of them are out again');
}, 30_000);
