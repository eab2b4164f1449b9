/** Answering a request over HTTP: the way of the classic front end, of links and of other programs. */
import express from 'express';
import request from 'supertest';
import { portOf } from '../../../lib/hub/hub';
import type { TestClient, TestFrame } from '../../../lib/testing/test-client';
import { startTestHub, type TestHub, type TestHubOptions } from '../../../lib/testing/test-hub';

let hub: TestHub;
let alice: TestClient;
let hitl: TestFrame;
afterEach(() => hub.close());

/** Alice's agent has asked for permission to block an address. */
async function start(options: TestHubOptions = {}): Promise<void> {
  hub = await startTestHub({
    agent: async (turn) => {
      const { status } = await turn.approve({ tool: 'block_ip', args: { ip: '203.0.113.7' } });
      await turn.say(status);
    },
    ...options,
    auth: {
      authorize: ({ user }) => (user.id === 'mallory' ? 'forbidden' : 'allow'),
      ...options.auth,
    },
  });
  alice = await hub.connect();
  await alice.ask({ type: 'message', content: 'go' });
  ({ hitl } = await alice.next('hitl_request_pending'));
}

const path = () => `/hitl/requests/${hitl.id}/respond`;
const respond = (user = 'bob') => request(hub.server).post(path()).set('x-user', user);
const statusNow = async () => (await portOf(hub.hub).hitl.get(hitl.id)).status;

test('an answer settles the request, everywhere, and the agent goes on', async () => {
  await start();
  const answer = { revision: 1, status: 'approved', response: { comment: 'Known scanner' } };
  const { body } = await respond().send(answer).expect(200);
  expect(body.hitl).toMatchObject({
    id: hitl.id,
    status: 'approved',
    response: { comment: 'Known scanner' },
    responded_by: { user_id: 'bob', display_name: 'bob' },
  });
  expect((await alice.next('hitl_request_resolved')).hitl).toEqual(body.hitl);
  expect((await alice.next((frame) => frame.message?.type === 'response')).message.content).toBe('approved');
});

test('the revision may be left out where the request was never amended', async () => {
  await start();
  await respond().send({ status: 'denied' }).expect(200);
});

test('B24: the second answer gets 409, which names the person whose answer came first', async () => {
  await start();
  const [first, second] = await Promise.all([
    respond('bob').send({ status: 'approved' }),
    respond('carol').send({ status: 'denied' }),
  ]);
  const [won, lost] = first.status === 200 ? [first, second] : [second, first];
  expect([won.status, lost.status]).toEqual([200, 409]);
  expect(lost.body).toEqual({
    error: { code: 'already_resolved', message: expect.any(String), details: { hitl: won.body.hitl } },
  });
  await alice.next('turn_ended');
  expect(alice.all('hitl_request_resolved')).toHaveLength(1);
});

test('B25: one who may not answer gets 403, and one who may not even see it 404', async () => {
  await start({ rules: { mayAnswer: ({ user }) => user.id !== 'bob' } });
  const { body } = await respond('bob').send({ status: 'approved' }).expect(403);
  expect(body.error).toMatchObject({ code: 'not_allowed', details: { rule: 'app' } });
  expect((await respond('mallory').send({ status: 'approved' }).expect(404)).body.error.code).toBe(
    'not_found',
  );
  expect(await statusNow()).toBe('pending');
});

test('an amended request refuses an answer to what was shown before', async () => {
  await start();
  await portOf(hub.hub).hitl.amend(hitl.id, { tool_name: 'block_ip', tool_args: { ip: '203.0.113.8' } });
  for (const revision of [1, undefined]) {
    const { body } = await respond().send({ status: 'approved', revision }).expect(409);
    expect(body.error).toMatchObject({ code: 'stale_revision', details: { hitl: { revision: 2 } } });
  }
  await respond().send({ status: 'approved', revision: 2 }).expect(200);
});

test('a request without a user gets 401, and a hub that is closing answers 503', async () => {
  await start();
  await request(hub.server).post(path()).send({ status: 'approved' }).expect(401);
  await hub.hitl.close();
  expect((await respond().send({ status: 'approved' }).expect(503)).body.error.code).toBe('closing');
});

describe('B30: what is no answer is refused', () => {
  const deep = (levels: number) => JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`);
  test.each<[what: string, body: unknown, status: number, code: string]>([
    ['no status', {}, 400, 'invalid_frame'],
    ['a status that is no verdict', { status: 'expired' }, 400, 'invalid_frame'],
    ['a list', [], 400, 'invalid_frame'],
    ['a revision that is none', { status: 'approved', revision: 0 }, 400, 'invalid_frame'],
    [
      'a comment of 4,001 characters',
      { status: 'denied', response: { comment: 'x'.repeat(4_001) } },
      400,
      'invalid_frame',
    ],
    ['a response 33 deep', { status: 'approved', response: deep(32) }, 400, 'invalid_frame'],
    [
      'arguments that may not be edited',
      { status: 'approved', response: { tool_args: {} } },
      422,
      'invalid_response',
    ],
    [
      'a field that was not asked for',
      { status: 'denied', response: { answer: 'x' } },
      422,
      'invalid_response',
    ],
  ])('%s', async (_what, body, status, code) => {
    await start();
    const refused = await respond()
      .send(body as object)
      .expect(status);
    expect(refused.body.error.code).toBe(code);
    expect(await statusNow()).toBe('pending');
  });

  test.each([
    ['text that is no JSON', '{"status":', 400, 'invalid_frame'],
    ['a bare string', '"approved"', 400, 'invalid_frame'],
    ['nothing', '', 400, 'invalid_frame'],
    ['a key __proto__', '{"status":"approved","__proto__":{}}', 400, 'invalid_frame'],
    [
      '10,000 levels',
      `{"status":"approved","a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`,
      400,
      'invalid_frame',
    ],
    ['64 KiB and a byte', `{"status":"approved","x":"${'x'.repeat(65_537)}"}`, 413, 'too_large'],
  ])('%s', async (_what, text, status, code) => {
    await start();
    const refused = await respond().set('Content-Type', 'application/json').send(text).expect(status);
    expect(refused.body.error.code).toBe(code);
    expect(await statusNow()).toBe('pending');
  });
});

describe('an answer that another site has forged', () => {
  test.each([
    ['from a page of another site', { Origin: 'https://evil.example' }, 403],
    ['from a sandboxed page', { Origin: 'null' }, 403],
    [
      'without Origin, and the browser says that it is from another site',
      { 'Sec-Fetch-Site': 'cross-site' },
      403,
    ],
    ['from the same site', { Origin: 'http://app.example', Host: 'app.example' }, 200],
    ['from a program', {}, 200],
  ])('%s', async (_what, headers, status) => {
    await start();
    const { body } = await respond().set(headers).send({ status: 'approved' }).expect(status);
    if (status === 403) expect(body.error.code).toBe('origin_refused');
    expect(await statusNow()).toBe(status === 200 ? 'approved' : 'pending');
  });

  test('from a page that the app allows, and from no other', async () => {
    await start({ http: { origins: ['https://ops.example.com'] } });
    const from = (origin: string) => respond().set('Origin', origin).send({ status: 'approved' });
    expect((await from(`http://127.0.0.1:${hub.port}`)).status).toBe(403);
    expect((await from('https://ops.example.com')).status).toBe(200);
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'as %s, which a form can send',
    async (type) => {
      await start({ app: (app) => app.use(express.urlencoded({ extended: true }), express.text()) });
      const { body } = await respond().set('Content-Type', type).send('status=approved').expect(400);
      expect(body.error.code).toBe('invalid_frame');
      expect(await statusNow()).toBe('pending');
    },
  );

  test('is refused before the app is asked who it is from', async () => {
    const user = jest.fn(() => 'bob');
    await start();
    await hub.close();
    hub = await startTestHub({ auth: { identify: user } });
    await request(hub.server)
      .post('/hitl/requests/r/respond')
      .set('Origin', 'https://evil.example')
      .send({ status: 'approved' })
      .expect(403);
    expect(user).not.toHaveBeenCalled();
  });
});

describe('in an app that has read the body already', () => {
  test('it is taken as it was read', async () => {
    await start({ app: (app) => app.use(express.json()) });
    await respond().send({ status: 'approved' }).expect(200);
  });

  test('with a larger limit, ours still counts', async () => {
    await start({ app: (app) => app.use(express.json({ limit: '10mb' })) });
    const { body } = await respond()
      .send({ status: 'approved', x: 'x'.repeat(65_536) })
      .expect(413);
    expect(body.error.code).toBe('too_large');
    expect(await statusNow()).toBe('pending');
  });

  test('and let __proto__ and deep things through, they are refused here', async () => {
    await start({ app: (app) => app.use(express.json()) });
    for (const text of [
      '{"status":"approved","__proto__":{}}',
      `{"status":"approved","a":${'['.repeat(5_000)}${']'.repeat(5_000)}}`,
    ]) {
      await respond().set('Content-Type', 'application/json').send(text).expect(400);
    }
  });
});
