/**
 * What a client may send wrongly, over real sockets: each with its code, nothing stored, and no other client affected. Jest fails a
 * test during which an exception or a rejection goes uncaught, so every test here also says that none did.
 */
import { portOf } from '../../../lib/hub/hub';
import type { TestClient, TestFrame } from '../../../lib/testing/test-client';
import { startTestHub, type TestHub, type TestHubOptions } from '../../../lib/testing/test-hub';
import { maxFramesInFlight } from '../../../lib/transport/core/seat';
import { RawSocket } from '../raw-socket';

let hub: TestHub;
let neighbour: TestClient;
afterEach(() => hub.close());

async function start(options: TestHubOptions = {}): Promise<void> {
  hub = await startTestHub(options);
  neighbour = await hub.connect({ user: 'bob', tab: 'neighbour' });
  await neighbour.next('presence_changed');
}

async function roundTrip(client: TestClient): Promise<void> {
  client.send({ type: 'ping' });
  await client.next('pong');
}

/** The neighbour has heard only of clients that joined and left, and the ticket holds nothing. */
async function expectNothingHappened(): Promise<void> {
  await roundTrip(neighbour);
  const heard = neighbour.received.map(({ event }) => event);
  expect(new Set(heard)).toEqual(new Set(['welcome', 'snapshot', 'presence_changed', 'pong']));
  const { seq, sessions, messages, requests } = await hub.store.state('T-1', 10);
  expect({ seq, sessions, messages, requests }).toEqual({ seq: 0, sessions: [], messages: [], requests: [] });
}

const deep = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
const long = 'x'.repeat(129);
const answer = (more: object) =>
  JSON.stringify({ type: 'hitl_respond', id: 'f', request_id: 'r', status: 'approved', ...more });

/** `re` is the id that the refusal names. */
type Row = [what: string, frame: string, code: string, re?: string];

describe('B22: hitl.v1 frames that are refused, and the connection stays', () => {
  const rows: Row[] = [
    ['no JSON', 'hello', 'invalid_frame'],
    ['a misspelt field of an answer', answer({ revison: 2 }), 'invalid_frame', 'f'],
    ['nothing', '', 'invalid_frame'],
    ['JSON with something after it', '{"type":"ping"}x', 'invalid_frame'],
    ['an array', '[]', 'invalid_frame'],
    ['a number', '1', 'invalid_frame'],
    ['a string', '"ping"', 'invalid_frame'],
    ['null', 'null', 'unknown_type'],
    ['no type', '{}', 'unknown_type'],
    ['an unknown type', '{"type":"history","id":"f"}', 'unknown_type', 'f'],
    ['a type in capitals', '{"type":"PING"}', 'unknown_type'],
    ['a type that is a number', '{"type":1,"id":"f"}', 'invalid_frame', 'f'],
    ['a type that every object has', '{"type":"constructor","id":"f"}', 'unknown_type', 'f'],
    ['a message without id', '{"type":"message","content":"x"}', 'invalid_frame'],
    ['an id that is a number', '{"type":"message","id":1,"content":"x"}', 'invalid_frame'],
    ['an empty id', '{"type":"message","id":"","content":"x"}', 'invalid_frame'],
    ['an id of 129 characters', `{"type":"message","id":"${long}","content":"x"}`, 'invalid_frame'],
    ['no content', '{"type":"message","id":"f"}', 'invalid_frame', 'f'],
    ['content that is a number', '{"type":"message","id":"f","content":5}', 'invalid_frame', 'f'],
    ['content that is null', '{"type":"message","id":"f","content":null}', 'invalid_frame', 'f'],
    ['an empty message', '{"type":"message","id":"f","content":""}', 'empty_message', 'f'],
    ['a message of white space', '{"type":"message","id":"f","content":" \\n\\t"}', 'empty_message', 'f'],
    ['an object 10,000 deep', deep(10_000), 'invalid_frame'],
    [
      'an object 33 deep beside the type',
      `{"type":"message","id":"f","content":"x","a":${deep(32)}}`,
      'invalid_frame',
      'f',
    ],
    [
      'a key __proto__',
      '{"type":"message","id":"f","content":"x","__proto__":{"admin":true}}',
      'invalid_frame',
      'f',
    ],
    [
      'a key __proto__ inside',
      answer({ response: JSON.parse('{"tool_args":{"__proto__":{}}}') }),
      'invalid_frame',
      'f',
    ],
    [
      'content that is given twice',
      '{"type":"message","id":"f","content":"a","content":"b"}',
      'invalid_frame',
      'f',
    ],
    [
      'the same content twice',
      '{"type":"message","id":"f","content":"a","content":"a"}',
      'invalid_frame',
      'f',
    ],
    [
      'a number that a double cannot carry, in a field that is not read',
      '{"type":"message","id":"f","content":"a","n":9007199254740993}',
      'invalid_frame',
      'f',
    ],
    [
      'an infinite number',
      '{"type":"hitl_claim","id":"f","request_id":"r","n":[1e400]}',
      'invalid_frame',
      'f',
    ],
    ['a number that is none', '{"type":"ping","n":NaN}', 'invalid_frame'],
    ['a request id of 129 characters', answer({ request_id: long }), 'invalid_frame', 'f'],
    ['a status that is no verdict', answer({ status: 'pending' }), 'invalid_frame', 'f'],
    ['a revision of 0', answer({ revision: 0 }), 'invalid_frame', 'f'],
    ['a revision that is a string', answer({ revision: '1' }), 'invalid_frame', 'f'],
    [
      'a comment of 4,001 characters',
      answer({ response: { comment: 'x'.repeat(4_001) } }),
      'invalid_frame',
      'f',
    ],
    ['an answer to no request', answer({}), 'not_found', 'f'],
    [
      'a withdrawal without a reason',
      '{"type":"hitl_cancel","id":"f","request_id":"r"}',
      'invalid_frame',
      'f',
    ],
    [
      'a withdrawal with an empty reason',
      '{"type":"hitl_cancel","id":"f","request_id":"r","reason":" "}',
      'invalid_frame',
      'f',
    ],
    [
      'a withdrawal of no request',
      '{"type":"hitl_cancel","id":"f","request_id":"r","reason":"over"}',
      'not_found',
      'f',
    ],
    ['a claim of no request', '{"type":"hitl_claim","id":"f","request_id":"r"}', 'not_found', 'f'],
    ['a release of no request', '{"type":"hitl_release","id":"f","request_id":"r"}', 'not_found', 'f'],
    ['a cancel of no turn', '{"type":"turn_cancel","id":"f","turn_id":"t"}', 'not_found', 'f'],
  ];
  // All four in every row: where a cell is missing, jest hands over a callback instead.
  const full = rows.map(([what, frame, code, re]) => [what, frame, code, re] as const);
  test.each(full)('%s', async (_what, frame, code, re) => {
    await start();
    const client = await hub.connect();
    await client.next('snapshot');
    client.send(frame);
    const error = await client.next('error');
    expect(error).toEqual({ event: 'error', code, message: expect.any(String), ...(re && { re }) });
    await roundTrip(client);
    await expectNothingHappened();
    expect(Object.hasOwn(Object.prototype, 'admin')).toBe(false);
  });
});

describe('A25, A26: classic frames that are refused, and the connection stays', () => {
  test.each([
    ['no JSON', 'hello', 'Invalid message format'],
    ['nothing', '', 'Invalid message format'],
    ['an array', '[]', 'Invalid message format'],
    ['a number', '1', 'Invalid message format'],
    ['content that is a number', '{"type":"message","content":5}', 'Invalid message format'],
    [
      'a timestamp with a fraction',
      '{"type":"message","content":"x","timestamp":1.5}',
      'Invalid message format',
    ],
    [
      'a timestamp that is a string',
      '{"type":"message","content":"x","timestamp":"1"}',
      'Invalid message format',
    ],
    ['an object 10,000 deep', deep(10_000), 'Invalid message format'],
    ['null', 'null', 'Invalid message type'],
    ['no type', '{}', 'Invalid message type'],
    ['an empty type', '{"type":""}', 'Invalid message type'],
    ['history', '{"type":"history"}', 'Invalid message type'],
    ['an answer, which is of the other dialect', answer({}), 'Invalid message type'],
    ['an empty message', '{"type":"message"}', 'A message needs content'],
  ])('%s', async (_what, frame, content) => {
    await start();
    const client = await hub.connect({ dialect: 'classic' });
    client.send(frame);
    expect(await client.next('error')).toEqual({ type: 'error', content, timestamp: expect.any(Number) });
    client.send('{"type":"ping"}');
    await client.next('pong');
    await expectNothingHappened();
  });
});

describe.each(['hitl.v1', 'classic'] as const)('%s: frames that end the connection', (dialect) => {
  const ping = (bytes: number) => {
    const frame = '{"type":"ping","pad":""}';
    return `${frame.slice(0, -2)}${'x'.repeat(bytes - frame.length)}"}`;
  };

  test.each([
    ['A30: 65,537 bytes', ping(65_537), 1009],
    ['binary', Buffer.from('{"type":"ping"}'), 1003],
    ['an empty binary frame', Buffer.alloc(0), 1003],
  ])('%s', async (_what, frame, code) => {
    await start();
    const client = await hub.connect({ dialect });
    client.send(frame);
    expect((await client.closed()).code).toBe(code);
    await expectNothingHappened();
  });

  test('A29: text that is not UTF-8 closes 1007', async () => {
    await start();
    const raw = await RawSocket.open(hub.port);
    const headers = dialect === 'classic' ? {} : { 'Sec-WebSocket-Protocol': dialect };
    await raw.ask({ headers });
    raw.sendFrame(1, Buffer.from([0xc3, 0x28]));
    await raw.ended();
    // A close frame, of four bytes or more, with the code first.
    const close = raw.received.lastIndexOf(Buffer.from([0x03, 0xef]));
    expect(raw.received[close - 2]).toBe(0x88);
    await expectNothingHappened();
  });

  test('A30: 65,536 bytes are accepted', async () => {
    await start();
    const client = await hub.connect({ dialect });
    client.send(ping(65_536));
    await client.next('pong');
    expect(client.isOpen).toBe(true);
  });

  test.each([
    ['an unmasked frame', Buffer.from([0x81, 0x02, 0x7b, 0x7d])],
    ['a reserved bit', Buffer.from([0xc1, 0x80, 0, 0, 0, 0])],
    ['an unknown opcode', Buffer.from([0x83, 0x80, 0, 0, 0, 0])],
  ])('%s is against RFC 6455', async (_what, bytes) => {
    await start();
    const raw = await RawSocket.open(hub.port);
    await raw.ask();
    raw.socket.write(bytes);
    await raw.ended();
    expect(raw.received.includes(Buffer.from([0x03, 0xea]))).toBe(true);
    await expectNothingHappened();
  });
});

describe('a frame that comes again', () => {
  const message = { type: 'message', id: 'once', content: 'block it' };

  test('gets the same ack, and is carried out once', async () => {
    await start();
    const client = await hub.connect();
    const first = await client.ask(message);
    client.send(message);
    const again = await client.next((frame) => frame.re === 'once' && frame !== first);
    expect(again).toEqual(first);
    expect((await hub.store.state('T-1', 10)).messages).toHaveLength(1);
  });

  test('on another connection of the same user too, also after a restart', async () => {
    await start();
    const first = await (await hub.connect()).ask(message);
    await hub.restart();
    expect(await (await hub.connect({ tab: 'phone' })).ask(message)).toEqual(first);
    expect((await hub.store.state('T-1', 10)).messages).toHaveLength(1);
  });

  test('gets the same ack though its request has been carried out since, also after a restart: an answer', async () => {
    await start();
    const { hitl } = portOf(hub.hub);
    const payload = { tool_name: 'block_ip', tool_args: {} };
    const ask = { ticketId: 'T-1', sessionId: 's', userId: 'rita', type: 'tool_approval', payload };
    const { id } = await hitl.request({ ...ask, policy: { approvals: 2 } });
    const answer = { type: 'hitl_respond', id: 'yes', request_id: id, revision: 1, status: 'approved' };
    const [first, last] = [
      await (await hub.connect()).ask(answer),
      await (await hub.connect({ user: 'carol' })).ask(answer),
    ];
    expect([first.hitl.status, last.hitl.status]).toEqual(['pending', 'approved']);
    expect((await hitl.execute(id, { runId: 'run', payload })).execution?.state).toBe('executing');
    await hub.restart();
    expect(await (await hub.connect()).ask(answer)).toEqual(first);
    expect(await (await hub.connect({ user: 'carol' })).ask(answer)).toEqual(last);
  });

  test('of another user is another frame', async () => {
    await start();
    const [alice, carol] = [await hub.connect(), await hub.connect({ user: 'carol' })];
    expect(await alice.ask(message)).not.toEqual(await carol.ask(message));
    expect((await hub.store.state('T-1', 10)).messages).toHaveLength(2);
  });

  test('while the first is still under way gets the same ack: a message', async () => {
    await start();
    const client = await hub.connect();
    for (let n = 0; n < 5; n += 1) client.send(message);
    const acks: TestFrame[] = [];
    for (let n = 0; n < 5; n += 1) acks.push(await client.next((frame) => frame.re === 'once'));
    expect(acks).toEqual(Array(5).fill({ ...acks[0], event: 'ack' }));
    expect((await hub.store.state('T-1', 10)).messages).toHaveLength(1);
  });

  test('while the first is still under way gets the same ack: an answer', async () => {
    await start({ agent: (turn) => turn.approve({ tool: 'block_ip', args: {} }) });
    const client = await hub.connect();
    await client.ask({ type: 'message', content: 'go' });
    const { hitl } = await client.next('hitl_request_pending');
    const respond = {
      type: 'hitl_respond',
      id: 'verdict',
      request_id: hitl.id,
      revision: 1,
      status: 'approved',
    };
    for (let n = 0; n < 3; n += 1) client.send(respond);
    const acks: TestFrame[] = [];
    for (let n = 0; n < 3; n += 1) acks.push(await client.next((frame) => frame.re === 'verdict'));
    expect(acks).toEqual(Array(3).fill({ ...acks[0], event: 'ack' }));
    expect(acks[0].hitl.status).toBe('approved');
  });

  test('after a refusal is tried again', async () => {
    await start();
    const client = await hub.connect();
    expect(await client.ask({ ...message, content: ' ' })).toMatchObject({ code: 'empty_message' });
    client.send(message);
    expect(await client.next((frame) => frame.re === 'once' && frame.event === 'ack')).toMatchObject({
      message_id: expect.any(String),
    });
  });
});

describe('what belongs to another ticket', () => {
  test('cannot be answered, claimed, released or cancelled from here, even by one who may go there', async () => {
    await start({ agent: (turn) => turn.approve({ tool: 'block_ip', args: {} }) });
    const there = await hub.connect({ ticketId: 'T-2' });
    await there.ask({ type: 'message', content: 'go' });
    const { hitl } = await there.next('hitl_request_pending');
    const here = await hub.connect({ ticketId: 'T-1' });
    for (const frame of [
      { type: 'hitl_respond', request_id: hitl.id, revision: 1, status: 'approved' },
      { type: 'hitl_claim', request_id: hitl.id },
      { type: 'hitl_release', request_id: hitl.id },
      { type: 'hitl_cancel', request_id: hitl.id, reason: 'over' },
      { type: 'turn_cancel', turn_id: hitl.turn_id },
    ]) {
      expect(await here.ask(frame)).toMatchObject({ event: 'error', code: 'not_found' });
    }
    expect((await hub.store.request(hitl.id))?.record).toMatchObject({ status: 'pending', revision: 1 });
    await expectNothingHappened();
  });
});

test(`${maxFramesInFlight} frames may be under way, one more is busy, and there is room again when they are answered`, async () => {
  let letGo: (access: 'allow') => void = () => {};
  let access: () => 'allow' | Promise<'allow'> = () => 'allow';
  await start({ auth: { authorize: () => access() } });
  const client = await hub.connect();
  await client.next('snapshot');
  const slow = new Promise<'allow'>((resolve) => {
    letGo = resolve;
  });
  access = () => slow;
  for (let n = 1; n <= maxFramesInFlight; n += 1)
    client.send({ type: 'hitl_claim', id: `f${n}`, request_id: 'r' });
  expect(await client.ask({ type: 'hitl_claim', request_id: 'r' })).toMatchObject({ code: 'busy' });
  letGo('allow');
  await client.next((frame) => frame.re === `f${maxFramesInFlight}`);
  expect(await client.ask({ type: 'hitl_claim', request_id: 'r' })).toMatchObject({ code: 'not_found' });
});

test('a pong never runs ahead of the envelopes it counts', async () => {
  await start();
  const client = await hub.connect();
  await client.next('snapshot');
  for (let n = 1; n <= 20; n += 1) {
    client.send({ type: 'message', id: `m${n}`, content: 'x' });
    client.send({ type: 'ping' });
  }
  await client.next((frame) => frame.re === 'm20');
  await roundTrip(client);
  let seen = 0;
  for (const frame of client.received) {
    if (frame.event === 'pong') expect(frame.seq).toBeLessThanOrEqual(seen);
    else if (frame.event !== 'snapshot' && frame.event !== 'welcome') seen = frame.seq ?? seen;
  }
  expect(seen).toBe(21);
});
