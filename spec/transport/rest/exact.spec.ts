/** The numbers and keys of a REST body: as they were written, or refused, whichever parser reads it. */
import { gzipSync } from 'node:zlib';
import express, { type Express } from 'express';
import request from 'supertest';
import { portOf } from '../../../lib/hub/hub';
import { startTestHub, type TestHub } from '../../../lib/testing/test-hub';

let hub: TestHub;
afterEach(() => hub.close());

const start = async (app: (app: Express) => void = () => {}) => {
  hub = await startTestHub({
    auth: { identifyService: (req) => (req.get('authorization') ? { id: 'worker', tickets: 'all' } : null) },
    app,
  });
};
const post = (body: string | Buffer, type = 'application/json') => {
  const call = request(hub.server)
    .post('/hitl/requests')
    .set('authorization', 'Bearer x')
    .set('Content-Type', type);
  // Superagent would serialize an object again; these bytes are sent as they are.
  return call.serialize((given) => given).send(body as string);
};
const asking = (args: string) =>
  `{"ticket_id": "T-1", "type": "tool_approval", "payload": {"tool_name": "pay", "tool_args": ${args}}}`;
const listed = async () => (await request(hub.server).get('/hitl/requests').set('x-user', 'bob')).body.items;

const inexact: [string, string][] = [
  [
    '{"account": 9007199254740993}',
    'payload.tool_args.account: 9007199254740993 cannot be carried exactly by a number; write it as text, "9007199254740993"',
  ],
  [
    '{"to": [{"n": 1e400}]}',
    'payload.tool_args.to.0.n: 1e400 cannot be carried exactly by a number; write it as text, "1e400"',
  ],
  ['{"to": "a", "to": "b"}', 'payload.tool_args.to: This key is written twice; write it once'],
  ['{"to": "a", "to": "a"}', 'payload.tool_args.to: This key is written twice; write it once'],
];
const exact = '{"a": 1.0, "b": 1e3, "c": -12.50, "d": 9007199254740991, "e": "9007199254740993"}';
const arrived = { a: 1, b: 1000, c: -12.5, d: 9007199254740991, e: '9007199254740993' };

/** Parsers of the app's own that leave the text, or the bytes. */
const before: [string, (app: Express) => void][] = [
  ['nothing', () => {}],
  ['express.raw', (app) => app.use(express.raw({ type: 'application/json' }))],
  ['express.text', (app) => app.use(express.text({ type: 'application/json' }))],
];

describe.each(before)('Behind %s', (_name, app) => {
  test.each(inexact)('%s is refused, and nothing is asked', async (args, message) => {
    await start(app);
    const { body } = await post(asking(args)).expect(400);
    expect(body).toEqual({ error: { code: 'invalid_frame', message } });
    expect(await listed()).toEqual([]);
  });

  test('what a number can carry arrives', async () => {
    await start(app);
    const { body } = await post(asking(exact)).expect(201);
    expect(body.hitl.payload.tool_args).toEqual(arrived);
  });

  test.each([
    ['a text that is no JSON', '{"ticket_id":', 400, 'invalid_frame'],
    ['an empty body', '', 400, 'invalid_frame'],
    ['a list', '[]', 400, 'invalid_frame'],
    ['too many bytes', asking(`{"x":"${'x'.repeat(65_536)}"}`), 413, 'too_large'],
    ['nothing but brackets', '['.repeat(60_000), 400, 'invalid_frame'],
  ])('%s is refused as ever', async (_what, text, status, code) => {
    await start(app);
    const { body } = await post(text).expect(status);
    expect(body.error.code).toBe(code);
  });

  test('a compressed body is read, and one in UTF-16 where its charset says so', async () => {
    await start(app);
    const compressed = post(gzipSync(asking(exact))).set('Content-Encoding', 'gzip');
    expect((await compressed.expect(201)).body.hitl.payload.tool_args).toEqual(arrived);
    const wide = post(Buffer.from(asking('{"a": "ä"}'), 'utf16le'), 'application/json; charset=utf-16le');
    expect((await wide.expect(201)).body.hitl.payload.tool_args).toEqual({ a: 'ä' });
    const hidden = Buffer.from(asking('{"a": 1e400}'), 'utf16le');
    await post(hidden, 'application/json; charset=utf-16le').expect(400);
  });

  test('an unknown charset is refused', async () => {
    await start(app);
    const { body, status } = await post(asking('{}'), 'application/json; charset=klingon');
    // Behind `express.text` the app itself refuses it.
    expect([400, 415]).toContain(status);
    if (status === 400) expect(body.error.code).toBe('invalid_frame');
    expect(await listed()).toEqual([]);
  });
});

describe('Behind express.json, where the text is gone,', () => {
  const app = (made: Express) => made.use(express.json());

  test.each([
    ['9007199254740993', '9007199254740992'],
    ['9007199254740992', '9007199254740992'],
    ['1e400', 'Infinity'],
    ['-12345678901234567890', '-12345678901234567000'],
  ])('%s may have been another number and is refused', async (number, seen) => {
    await start(app);
    const { body } = await post(asking(`{"n": [${number}]}`)).expect(400);
    expect(body.error).toEqual({
      code: 'invalid_frame',
      message: `payload.tool_args.n.0: ${seen} cannot be carried exactly by a number; write it as text, "${seen}"`,
    });
    expect(await listed()).toEqual([]);
  });

  test('what a number can carry arrives', async () => {
    await start(app);
    expect((await post(asking(exact)).expect(201)).body.hitl.payload.tool_args).toEqual(arrived);
  });
});

test('A number is refused only after the user has been identified', async () => {
  await start();
  await request(hub.server)
    .post('/hitl/requests/r/respond')
    .set('x-user', '')
    .set('Content-Type', 'application/json')
    .send('{"status":"approved","n":1e400}')
    .expect(401);
});

test('An answer is read in the same way', async () => {
  await start();
  const { id } = (await post(asking('{}')).expect(201)).body.hitl;
  const respond = (text: string) =>
    request(hub.server)
      .post(`/hitl/requests/${id}/respond`)
      .set('x-user', 'bob')
      .set('Content-Type', 'application/json')
      .send(text);
  for (const text of [
    '{"status":"denied","status":"approved"}',
    '{"status":"approved","response":{"tool_args":{"n":9007199254740993}}}',
    '{"status":"approved","revision":1.00000000000000000001}',
  ]) {
    expect((await respond(text).expect(400)).body.error.code).toBe('invalid_frame');
  }
  expect((await portOf(hub.hub).hitl.get(id)).status).toBe('pending');
  await respond('{"status":"approved","revision":1.0}').expect(200);
});

test.each(['1e400', 'NaN', 'Infinity', '9007199254740993', '-1'])(
  'No list takes a limit of %s',
  async (limit) => {
    await start();
    for (const path of ['/hitl/requests', '/hitl/inbox', '/hitl/grants']) {
      const { body } = await request(hub.server)
        .get(`${path}?limit=${limit}`)
        .set('x-user', 'bob')
        .expect(400);
      expect(body.error.code).toBe('invalid_frame');
    }
  },
);
