/** Reading what was said in a session, back to its beginning, whatever the log still holds. */
import request from 'supertest';
import { maxOutputBytes } from '../../../lib/hub/turns/outputs';
import type { TestFrame } from '../../../lib/testing/test-client';
import { startTestHub, type TestHub, type TestHubOptions } from '../../../lib/testing/test-hub';
import { maxPageChars } from '../../../lib/transport/rest/tickets';

let hub: TestHub;
afterEach(() => hub.close());

/** Alice may use every ticket, Mallory none whose name begins with S. */
async function start(options: TestHubOptions = {}): Promise<void> {
  hub = await startTestHub({
    ...options,
    auth: {
      authorize: ({ ticketId, user }) =>
        user.id === 'mallory' && ticketId.startsWith('S') ? 'forbidden' : 'allow',
      ...options.auth,
    },
  });
}

const get = (path: string, user = 'alice') => request(hub.server).get(path).set('x-user', user);
const page = async (sessionId: string, query = '') =>
  (await get(`/tickets/T-1/sessions/${sessionId}/messages${query}`).expect(200)).body;
const contents = (items: TestFrame[]) => items.map(({ content }) => content);

/** Says these lines in one session, whose id it returns. */
async function say(...lines: string[]): Promise<string> {
  const client = await hub.connect();
  let sessionId = '';
  for (const content of lines) sessionId = (await client.ask({ type: 'message', content })).session_id;
  return sessionId;
}

describe.each([
  ['in memory', {}],
  ['in SQLite', { sqlite: true }],
])('With messages %s,', (_where, kept) => {
  test('the last ones come first, each page oldest first, back to the beginning', async () => {
    await start(kept);
    const sessionId = await say('1', '2', '3', '4', '5');
    const first = await page(sessionId, '?limit=2');
    expect(contents(first.items)).toEqual(['4', '5']);
    expect(first.next_before).toBe(first.items[0].id);
    const second = await page(sessionId, `?limit=2&before=${first.next_before}`);
    expect(contents(second.items)).toEqual(['2', '3']);
    const last = await page(sessionId, `?limit=2&before=${second.next_before}`);
    expect([contents(last.items), 'next_before' in last]).toEqual([['1'], false]);
  });

  test('a page that ends at the beginning says that there is no more, and more than a reading takes are one page', async () => {
    await start(kept);
    const lines = Array.from({ length: 25 }, (_, n) => `${n}`);
    const sessionId = await say(...lines);
    const { items, ...rest } = await page(sessionId, '?limit=25');
    expect([contents(items), rest]).toEqual([lines, {}]);
    expect(contents((await page(sessionId, '?limit=24')).items)).toEqual(lines.slice(1));
    expect((await page(sessionId, '?limit=24')).next_before).toBe(items[1].id);
  });

  test('what the log has let go is there still, after a restart too', async () => {
    await start({ ...kept, retention: { log: { envelopes: 1 } } });
    const sessionId = await say('first', 'second', 'third');
    await hub.store.trim('T-1', 1, 0);
    expect((await get('/tickets/T-1/timeline').expect(200)).body.items).toHaveLength(1);
    await hub.restart();
    expect(contents((await page(sessionId)).items)).toEqual(['first', 'second', 'third']);
  });

  test('every message has its revisions, oldest first, and stays at its place', async () => {
    await start({
      ...kept,
      agent: async (turn) => {
        const step = await turn.trace('looking');
        hub.clock.advance(1_000);
        await turn.update(step, 'still looking');
        hub.clock.advance(1_000);
        await turn.update(step, 'found');
        await turn.say('done');
      },
    });
    const client = await hub.connect();
    const { session_id } = await client.ask({ type: 'message', content: 'hi' });
    await client.next('turn_ended');
    const { items } = await page(session_id);
    expect(contents(items)).toEqual(['hi', 'found', 'done']);
    expect(items[1]).toEqual({
      id: expect.any(String),
      session_id,
      turn_id: expect.any(String),
      type: 'trace',
      content: 'found',
      created_at: '2026-01-01T00:00:00.000Z',
      updated_at: '2026-01-01T00:00:02.000Z',
      revisions: [
        { content: 'looking', updated_at: '2026-01-01T00:00:00.000Z' },
        { content: 'still looking', updated_at: '2026-01-01T00:00:01.000Z' },
      ],
    });
    expect(items[2].revisions).toEqual([]);
  });
});

test('a page is bounded by its length, and has one message at least', async () => {
  let long: string[] = [];
  await start({
    agent: async (turn) => {
      const line = await turn.trace(long[0] ?? '');
      for (const content of long.slice(1)) await turn.update(line, content);
    },
  });
  const client = await hub.connect();
  const text = (n: number) => `${n}`.padEnd(maxOutputBytes, '.');
  long = Array.from({ length: 6 }, (_, n) => text(n));
  const { session_id } = await client.ask({ type: 'message', content: 'hi' });
  await client.next('turn_ended');
  const { items, next_before } = await page(session_id);
  expect(items).toHaveLength(1);
  expect(next_before).toBe(items[0].id);
  const said = [items[0].content, ...items[0].revisions.map(({ content }: TestFrame) => content)];
  expect(said.map((content) => content[0])).toEqual(['5', '2', '3', '4']);
  expect(said.join('').length).toBeLessThanOrEqual(maxPageChars);
  expect(contents((await page(session_id, `?before=${next_before}`)).items)).toEqual(['hi']);
});

describe('It is refused', () => {
  test('to a user without access, before anything is said of the session', async () => {
    await start();
    const path = '/tickets/S-1/sessions/unknown/messages';
    expect((await get(path, 'mallory').expect(403)).body.error.code).toBe('forbidden');
    await request(hub.server).get(path).expect(401);
  });

  test('for a session that is not there or of another ticket', async () => {
    await start();
    const sessionId = await say('hi');
    for (const path of [
      '/tickets/T-1/sessions/unknown/messages',
      `/tickets/T-2/sessions/${sessionId}/messages`,
    ])
      expect((await get(path).expect(404)).body.error.code).toBe('not_found');
  });

  test('for a place that is none in this session, and a query that is not acceptable', async () => {
    await start();
    const sessionId = await say('hi');
    const other = await hub.connect({ user: 'bob' });
    const { message_id } = await other.ask({ type: 'message', content: 'there' });
    for (const query of [
      `before=${message_id}`,
      'before=unknown',
      'before=',
      'limit=0',
      'limit=201',
      'befor=x',
    ]) {
      const { body } = await get(`/tickets/T-1/sessions/${sessionId}/messages?${query}`).expect(400);
      expect([query, body.error.code]).toEqual([query, 'invalid_frame']);
    }
  });
});
