/** The audit of a ticket over HTTP: pages, and everything as JSON Lines. */
import { get as httpGet, type IncomingMessage } from 'node:http';
import request from 'supertest';
import { portOf } from '../../../lib/hub/hub';
import type { RuleOptions } from '../../../lib/index';
import type { AuditView } from '../../../lib/protocol/audit';
import { startTestHub, type TestHub, type TestHubOptions } from '../../../lib/testing/test-hub';
import { accessEveryMs } from '../../../lib/transport/core/reading';
import { idle } from '../../hub/rig';
import { auditRecord, commitTo } from '../../store/records';

let hub: TestHub;
afterEach(() => hub.close());

async function start(options: TestHubOptions = {}): Promise<void> {
  hub = await startTestHub({
    ...options,
    auth: {
      authorize: ({ user }) => (user.id === 'mallory' ? 'forbidden' : 'allow'),
      ...options.auth,
    },
  });
}
const mayAudit: RuleOptions['mayAudit'] = ({ user }) => user.groups.includes('auditor');
const get = (path: string, user = 'alice') => request(hub.server).get(path).set('x-user', user);

/** A request that Bob has denied over REST. */
async function denied(question = 'Go?'): Promise<string> {
  const { id } = await portOf(hub.hub).hitl.request({
    ticketId: 'T-1',
    sessionId: 's',
    userId: 'agent',
    type: 'question',
    payload: { question },
  });
  const answer = { status: 'denied', response: { comment: 'No' } };
  await request(hub.server)
    .post(`/hitl/requests/${id}/respond`)
    .set('x-user', 'bob')
    .send(answer)
    .expect(200);
  return id;
}
/** Long enough for what waits on the way not to be all there is. */
const comment = 'x'.repeat(10_000);
const addMany = (count: number) =>
  hub.store.commit([
    commitTo('T-1', {
      audit: Array.from({ length: count }, () => auditRecord({ ticketId: 'T-1', comment })),
    }),
  ]);

test('says who did what, when, which way and seeing what', async () => {
  await start();
  const id = await denied();
  const { body, headers } = await get('/tickets/T-1/audit').expect(200);
  const digest = expect.stringMatching(/^sha256:/);
  expect(body).toEqual({
    items: [
      {
        n: 1,
        ticket_id: 'T-1',
        request_id: id,
        at: expect.any(String),
        event: 'requested',
        to_state: 'pending.open',
        status: 'pending',
        by: { user_id: 'agent', display_name: 'agent' },
        via: 'app',
        revision: 1,
        digest,
      },
      {
        n: 2,
        ticket_id: 'T-1',
        request_id: id,
        at: expect.any(String),
        event: 'responded',
        from_state: 'pending.open',
        to_state: 'resolved.denied',
        status: 'denied',
        by: { user_id: 'bob', display_name: 'bob' },
        via: 'rest',
        revision: 1,
        digest,
        verdict: 'denied',
        comment: 'No',
        response: { comment: 'No' },
      },
    ],
  });
  expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
});

test('shows addresses only to users whom the app lets see them, and by default to none', async () => {
  await start({ rules: { mayAudit } });
  await denied();
  const addresses = async (user: string) =>
    (await get('/tickets/T-1/audit', user).expect(200)).body.items.map(({ from }: AuditView) => from);
  expect(await addresses('alice')).toEqual([undefined, undefined]);
  expect(await addresses('alice:auditor')).toEqual([undefined, '127.0.0.1']);
  await hub.close();
  await start();
  await denied();
  expect(await addresses('alice:auditor')).toEqual([undefined, undefined]);
});

test('the address is the one Express believes in behind a proxy', async () => {
  await start({
    rules: { mayAudit },
    app: (app) => app.set('trust proxy', 1),
  });
  const { id } = await portOf(hub.hub).hitl.request({
    ticketId: 'T-1',
    sessionId: 's',
    userId: 'agent',
    type: 'question',
    payload: { question: 'Go?' },
  });
  const bob = await hub.connect({ user: 'bob', headers: { 'x-forwarded-for': '198.51.100.4' } });
  await bob.ask({ type: 'hitl_respond', request_id: id, status: 'denied' });
  const { body } = await get('/tickets/T-1/audit', 'alice:auditor');
  expect(body.items[1].from).toBe('198.51.100.4');
});

test('page by page, of the ticket or of one request', async () => {
  await start();
  const first = await denied('One?');
  await denied('Two?');
  const numbers = async (query: string) => {
    const found: number[][] = [];
    let cursor: string | undefined;
    do {
      const at = cursor ? `&cursor=${encodeURIComponent(cursor)}` : '';
      const { body } = await get(`/tickets/T-1/audit?${query}${at}`).expect(200);
      found.push(body.items.map(({ n }: AuditView) => n));
      cursor = body.next_cursor;
    } while (cursor);
    return found;
  };
  expect(await numbers('limit=3')).toEqual([[1, 2, 3], [4]]);
  expect(await numbers(`limit=1&request_id=${first}`)).toEqual([[1], [2]]);
});

test.each(['audit', 'audit.jsonl'])('%s is refused to whom the ticket is, coded', async (name) => {
  await start();
  const refused = async (path: string, user: string) => (await get(path, user)).body.error.code;
  expect(await refused(`/tickets/T-1/${name}`, 'mallory')).toBe('forbidden');
  expect(await refused(`/tickets/T-1/${name}`, '')).toBe('authentication_required');
  expect(await refused(`/tickets/${'x'.repeat(129)}/${name}`, 'alice')).toBe('invalid_id');
  expect(await refused(`/tickets/T-1/${name}?request_id=`, 'alice')).toBe('invalid_frame');
});

test('a mayAudit that throws is no yes: 503', async () => {
  await start({
    rules: {
      mayAudit: () => {
        throw new Error('no directory');
      },
    },
  });
  expect((await get('/tickets/T-1/audit').expect(503)).body.error.code).toBe('unavailable');
});

describe('as JSON Lines', () => {
  const lines = (text: string): AuditView[] =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));

  async function read(query = ''): Promise<{ type: string | null; text: string }> {
    const answer = await fetch(`${hub.url}/tickets/T-1/audit.jsonl${query}`, {
      headers: { 'x-user': 'alice' },
    });
    return { type: answer.headers.get('content-type'), text: await answer.text() };
  }

  /** Resolves, with how often the store was asked, when it is asked no more. */
  async function standstill(reads: jest.SpyInstance): Promise<number> {
    let before = -1;
    while (before !== reads.mock.calls.length) {
      before = reads.mock.calls.length;
      await idle();
    }
    return before;
  }

  test('every record is a line, and nothing is no line', async () => {
    await start();
    expect(await read()).toEqual({ type: 'application/x-ndjson', text: '' });
    await denied('One?');
    const id = await denied('Two?');
    const { text } = await read();
    const { body } = await get('/tickets/T-1/audit');
    expect(lines(text)).toEqual(body.items);
    const one = await read(`?request_id=${id}`);
    expect(lines(one.text).map(({ n }) => n)).toEqual([3, 4]);
  });

  test('a large one comes whole, and is read no faster than the peer takes it', async () => {
    await start();
    await addMany(2_000);
    const reads = jest.spyOn(hub.store, 'audit');
    const answer = await slowly('/tickets/T-1/audit.jsonl');
    // It has sent its head and waits: what fits into the buffers on the way has been read, and no more.
    expect(await standstill(reads)).toBeLessThan(10);
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk);
    // Only begun to be read, since it is long.
    const numbers = [
      ...Buffer.concat(chunks)
        .toString()
        .matchAll(/^\{"n":(\d+),/gm),
    ].map(([, n]) => Number(n));
    expect(numbers).toEqual(Array.from({ length: 2_000 }, (_, index) => index + 1));
    expect(reads).toHaveBeenCalledTimes(10);
  });

  test('a peer that hangs up ends the reading', async () => {
    await start();
    await addMany(2_000);
    const reads = jest.spyOn(hub.store, 'audit');
    const answer = await slowly('/tickets/T-1/audit.jsonl');
    answer.destroy();
    expect(await standstill(reads)).toBeLessThan(10);
  });

  test('a reader who loses the ticket while reading gets no more than a few seconds of it', async () => {
    let access: 'allow' | 'forbidden' = 'allow';
    await start({ auth: { authorize: () => access } });
    await addMany(2_000);
    const reads = jest.spyOn(hub.store, 'audit');
    const answer = await slowly('/tickets/T-1/audit.jsonl');
    const read = await standstill(reads);
    access = 'forbidden';
    hub.clock.advance(accessEveryMs);
    const end = await new Promise((resolve) => {
      answer.on('error', resolve);
      answer.on('end', () => resolve('ended'));
      answer.resume();
    });
    expect(end).toMatchObject({ code: 'ECONNRESET' });
    expect(reads.mock.calls.length).toBeLessThanOrEqual(read + 1);
  });

  test('a store that fails at once is a coded refusal, and one that fails later cuts the answer off', async () => {
    await start();
    await addMany(1_000);
    const audit = hub.store.audit.bind(hub.store);
    const reads = jest.spyOn(hub.store, 'audit').mockRejectedValueOnce(new Error('s3cret'));
    expect((await get('/tickets/T-1/audit.jsonl').expect(500)).text).not.toContain('s3cret');
    reads.mockImplementation((filter, limit, cursor) =>
      cursor === undefined ? audit(filter, limit) : Promise.reject(new Error('s3cret')),
    );
    const answer = await slowly('/tickets/T-1/audit.jsonl');
    const end = await new Promise((resolve) => {
      answer.on('error', resolve);
      answer.on('end', () => resolve('ended'));
      answer.resume();
    });
    expect(end).toMatchObject({ code: 'ECONNRESET' });
  });
});

/** An HTTP response whose body has not begun to be read. */
function slowly(path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    httpGet(`${hub.url}${path}`, { headers: { 'x-user': 'alice' }, agent: false }, resolve).on(
      'error',
      reject,
    );
  });
}
