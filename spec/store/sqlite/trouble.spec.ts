/** The SQLite store when the disk, the file, another process or the driver lets it down. */
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Driver, { type Database } from 'better-sqlite3';
import { hitlRequest } from '../../../lib/protocol/envelopes';
import type { MessageRecord, RequestRecord } from '../../../lib/protocol/records';
import { range } from '../../../lib/store/contract/subject';
import { sqliteStore } from '../../../lib/store/sqlite/sqlite-store';
import { maxWithin } from '../../../lib/store/sqlite/statements';
import type { Store } from '../../../lib/store/store';
import {
  chatCommit,
  commitTo,
  durableTurn,
  messageRecord,
  noon,
  requestRecord,
  requestsCommit,
  requestWrite,
  sessionRecord,
  turnRecord,
} from '../records';

let folder: string;
let path: string;
const opened: { close(): unknown }[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hitl-trouble-'));
  path = join(folder, 'hitl.db');
});
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
  rmSync(folder, { recursive: true });
});

async function openStore(
  ...options: Parameters<typeof sqliteStore> extends [string, ...infer O] ? O : never
): Promise<Store> {
  const store = sqliteStore(path, ...options);
  opened.push(store);
  await store.open();
  return store;
}

/** Another connection to the same file, as another process would have. */
function otherConnection(): Database {
  const db = new Driver(path);
  opened.push(db);
  return db;
}

const failed = (code: string) => ({
  name: 'HubError',
  code: 'storage_failed',
  details: { code },
  cause: { code },
});

test('a full disk refuses the whole call, stores nothing of it, and is forgotten once there is space', async () => {
  const pragma = jest.spyOn(Driver.prototype, 'pragma');
  const store = await openStore();
  const [connection] = pragma.mock.contexts;
  pragma.mockRestore();
  await store.commit([chatCommit('ticket', 'before')]);
  const before = [await store.log('ticket', 0, 10), await store.state('ticket', 10)];
  const call = [
    requestsCommit(requestRecord({ id: 'small' })),
    chatCommit('ticket', 'large'.repeat(50_000)),
    chatCommit('new', 'after'),
  ];

  connection?.pragma(`max_page_count = ${Number(connection.pragma('page_count', { simple: true })) + 3}`);
  await expect(store.commit(call)).rejects.toMatchObject(failed('SQLITE_FULL'));
  await expect(store.commit(call)).rejects.toMatchObject(failed('SQLITE_FULL'));
  expect([await store.log('ticket', 0, 10), await store.state('ticket', 10)]).toEqual(before);
  expect(await store.request('small')).toBeUndefined();
  expect((await store.state('new', 10)).seq).toBe(0);

  connection?.pragma('max_page_count = 1000000');
  expect(await store.commit(call)).toMatchObject([
    { ok: true },
    { ok: true, envelopes: [{ seq: 2 }] },
    { ok: true, envelopes: [{ seq: 1 }] },
  ]);
});

test('a lock that another process holds refuses the call in bounded time, and reading continues', async () => {
  const store = await openStore({ busyTimeoutMs: 20 });
  await store.commit([chatCommit('ticket', 'before')]);
  const other = otherConnection();
  other.exec('BEGIN IMMEDIATE');
  const begun = performance.now();
  await expect(store.commit([chatCommit('ticket', 'locked out')])).rejects.toMatchObject(
    failed('SQLITE_BUSY'),
  );
  await expect(store.trim('ticket', 0, 0)).rejects.toMatchObject(failed('SQLITE_BUSY'));
  expect(performance.now() - begun).toBeLessThan(2_000);
  expect((await store.log('ticket', 0, 10)).items).toHaveLength(1);
  expect(await store.position('new')).toMatchObject({ seq: 0 });
  other.exec('ROLLBACK');
  expect(await store.commit([chatCommit('ticket', 'after')])).toMatchObject([
    { ok: true, envelopes: [{ seq: 2 }] },
  ]);
});

test('a file locked by another process cannot be opened, until it is free', async () => {
  await (await openStore()).close();
  const other = otherConnection();
  other.exec('BEGIN IMMEDIATE');
  const store = sqliteStore(path, { busyTimeoutMs: 0 });
  opened.push(store);
  await expect(store.open()).rejects.toMatchObject(failed('SQLITE_BUSY'));
  other.exec('ROLLBACK');
  await store.open();
  expect(await store.commit([chatCommit('ticket', 'free')])).toMatchObject([{ ok: true }]);
});

test.each([
  ['in a folder that may be written', 0o777],
  ['in a folder that may only be read', 0o555],
])(
  'a file that may only be read, %s, is refused when it is opened and has everything later',
  async (_name, mode) => {
    const store = await openStore();
    await store.commit([chatCommit('ticket', 'kept')]);
    await store.close();
    chmodSync(path, 0o444);
    chmodSync(folder, mode);
    await asSomeoneWithoutRights(async () => {
      await expect(openStore()).rejects.toMatchObject({
        name: 'HubError',
        code: 'storage_failed',
        details: { code: expect.stringMatching(/^SQLITE_(READONLY|CANTOPEN)/) },
      });
    });
    chmodSync(folder, 0o755);
    // SQLite gives the files it puts beside the first the same mode.
    for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o644);
    expect((await (await openStore()).state('ticket', 10)).messages).toMatchObject([{ content: 'kept' }]);
  },
);

/** Root may write whatever the mode of a file says, so it must not be root for a moment. */
async function asSomeoneWithoutRights(work: () => Promise<void>): Promise<void> {
  if (process.geteuid?.() !== 0) return work();
  process.seteuid?.(65_534);
  try {
    await work();
  } finally {
    process.seteuid?.(0);
  }
}

test.each([
  ['a folder that cannot be made', () => join(path, 'below-a-file', 'hitl.db')],
  ['a folder instead of a file', () => folder],
  ['a file that is no database', () => path],
])('%s is refused when it is opened', async (_name, where) => {
  writeFileSync(path, 'This is a letter to the editor, not a database. '.repeat(100));
  const store = sqliteStore(where());
  await expect(store.open()).rejects.toMatchObject({ name: 'HubError', code: 'storage_failed' });
  await store.close();
});

test('a path that is empty, as of a setting that is missing, is refused', async () => {
  await expect(sqliteStore(' ').open()).rejects.toMatchObject({ code: 'unavailable' });
});

describe('a damaged row', () => {
  /** Makes one column of one row unreadable. */
  const damage = (table: string, column: string, text: string, id: string, idColumn = 'id') =>
    otherConnection()
      .prepare(`UPDATE ${table} SET ${column} = ? WHERE (${idColumn}) || '' = ?`)
      .run(text, id);
  const damaged = (table: string, id: string) => ({
    name: 'HubError',
    code: 'storage_failed',
    details: { table, id },
    message: `The row ${id} of ${table} is damaged`,
  });

  test.each<[table: string, column: string, read: (store: Store, id: string) => Promise<unknown>]>([
    ['sessions', 'record', (store, id) => store.session(id)],
    ['turns', 'record', (store, id) => store.turn(id)],
    ['messages', 'record', (store, id) => store.message(id)],
    ['requests', 'base', (store, id) => store.request(id)],
    ['requests', 'state', (store, id) => store.request(id)],
  ])(
    'of %s, in its %s, is named to the reader, the others stay readable and writable',
    async (table, column, read) => {
      const store = await openStore();
      const both = {
        ...chatCommit('ticket', 'a'),
        sessions: range(1, 2).map((n) => sessionRecord({ id: `${n}` })),
      };
      const commit = commitTo('ticket', {
        ...both,
        turns: range(1, 2).map((n) => turnRecord({ id: `${n}` })),
        messages: range(1, 2).flatMap((n) =>
          (both.messages ?? []).map((message) => ({ ...message, id: `${n}` })),
        ),
        requests: range(1, 2).map((n) => requestWrite(requestRecord({ id: `${n}` }))),
      });
      await store.commit([commit]);
      for (const text of ['{"id":"1"', '', 'null', '7']) {
        damage(table, column, text, '1');
        await expect(read(store, '1')).rejects.toMatchObject(damaged(table, '1'));
        await expect(store.state('ticket', 10)).rejects.toMatchObject(damaged(table, '1'));
        expect(await read(store, '2')).toBeDefined();
      }
      // Those that are to be ended after a crash are named all the same.
      expect(await store.unfinishedTurns()).toMatchObject([{ id: '1' }, { id: '2' }]);
      const { requests: _requests, ...again } = commit;
      expect(await store.commit([again])).toMatchObject([{ ok: true }]);
    },
  );

  test('of a request may be written again, and what the log says of it before stays damaged alone', async () => {
    const store = await openStore();
    const request = requestRecord({ id: 'r' });
    const asked = (record: RequestRecord, version: number) =>
      commitTo('ticket', {
        requests: [requestWrite(record, { version })],
        envelopes: [hitlRequest('hitl_request_updated', record, noon)],
      });
    await store.commit([asked(request, 0)]);
    damage('requests', 'base', '{', 'r');
    const amended = { ...request, revision: 2, payload: { tool_name: 'isolate_host' } };
    expect(await store.commit([asked(amended, 1)])).toMatchObject([{ ok: true }]);
    expect(await store.request('r')).toMatchObject({ record: amended, version: 2 });
    expect((await store.log('ticket', 1, 10)).items).toMatchObject([{ hitl: { revision: 2 } }]);
    await expect(store.log('ticket', 0, 10)).rejects.toMatchObject(damaged('requests', 'r'));
  });

  test('of the log is named by its ticket and place; the log is readable behind it', async () => {
    const store = await openStore();
    await store.commit(range(1, 3).map((n) => chatCommit('ticket', `${n}`)));
    damage('log', 'body', '{', '2', `place & ${maxWithin}`);
    await expect(store.log('ticket', 0, 10)).rejects.toMatchObject(damaged('log', 'ticket:2'));
    expect((await store.log('ticket', 2, 10)).items).toMatchObject([{ seq: 3 }]);
    expect((await store.state('ticket', 10)).messages).toHaveLength(3);
  });

  test('of requests may be its snapshot; lists, which do not need it, stay readable', async () => {
    const store = await openStore();
    const request = requestRecord({ id: 'r' });
    await store.commit([commitTo('ticket', { requests: [requestWrite(request, { dueAt: noon })] })]);
    damage('requests', 'snapshot', '{', 'r');
    await expect(store.request('r')).rejects.toMatchObject(damaged('requests', 'r'));
    // Its deadline is still found, and so are those of the others.
    expect(await store.dueRequests(noon, 10)).toMatchObject([{ id: 'r' }]);
    expect((await store.requests({}, 10)).items).toEqual([request]);
    expect((await store.state('ticket', 10)).requests).toEqual([request]);
  });

  test('of revisions is named to who reads them; their message stays readable and writable', async () => {
    const store = await openStore();
    const said = (content: string, ...before: string[]) =>
      messageRecord({
        id: 'm',
        content,
        revisions: before.map((each) => ({ content: each, updatedAt: noon })),
      });
    const put = (message: MessageRecord) => store.commit([commitTo('ticket', { messages: [message] })]);
    await put(said('b', 'a'));
    damage('message_revisions', 'revision', '{', '1', 'message');
    await expect(store.messages('session', 10)).rejects.toMatchObject(damaged('message_revisions', 'm:1'));
    expect(await store.message('m')).toMatchObject({ content: 'b' });
    expect(await put(said('c', 'b'))).toMatchObject([{ ok: true }]);
  });

  test('of a journal or a state is named to who goes on with the turn', async () => {
    const store = await openStore();
    const turn = durableTurn({ id: 't' });
    const journal = ['say', 'ask'].map((call) => ({ turnId: 't', call, body: 1 }));
    await store.commit([commitTo('ticket', { turns: [turn], journal, state: { turnId: 't', state: 1 } })]);
    damage('turn_journal', 'body', '{', '2', 'n');
    damage('turn_states', 'state', '{', '1', 'turn');
    await expect(store.journal('t', 0, 10)).rejects.toMatchObject(damaged('turn_journal', 't:2'));
    await expect(store.turnState('t')).rejects.toMatchObject(damaged('turn_states', 't'));
    expect(await store.journal('t', 0, 1)).toMatchObject([{ call: 'say' }]);
    const end = commitTo('ticket', { turns: [{ ...turn, status: 'aborted' }] });
    expect(await store.commit([end])).toMatchObject([{ ok: true }]);
  });

  test('of frames is named to the client that asks or repeats the frame', async () => {
    const store = await openStore();
    const framed = chatCommit('ticket', 'a', { frame: { userId: 'ann', frameId: 'f', ack: {} } });
    await store.commit([framed]);
    damage('frames', 'ack', '{', 'f', 'frame_id');
    await expect(store.processedFrame('ann', 'f')).rejects.toMatchObject(damaged('frames', 'f'));
    await expect(store.commit([framed])).rejects.toMatchObject(damaged('frames', 'f'));
    expect(await store.commit([chatCommit('ticket', 'b')])).toMatchObject([
      { ok: true, envelopes: [{ seq: 2 }] },
    ]);
  });
});

test('damaged pages are reported as such', async () => {
  const store = await openStore();
  await store.commit(range(1, 500).map((n) => chatCommit('ticket', `${n}`.repeat(100))));
  await store.close();
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.fill(0xff, (3 * bytes.length) / 4));
  await expect((await openStore()).log('ticket', 0, 1_000)).rejects.toMatchObject(failed('SQLITE_CORRUPT'));
});

describe('the driver', () => {
  afterEach(() => {
    jest.dontMock('better-sqlite3');
    jest.resetModules();
  });

  test.each([
    [
      'that is not installed',
      'npm install better-sqlite3',
      () => {
        throw Object.assign(new Error("Cannot find module 'better-sqlite3'"), { code: 'MODULE_NOT_FOUND' });
      },
    ],
    [
      'without its binary',
      'npm rebuild better-sqlite3',
      () =>
        function NoBinary() {
          throw new Error('Could not locate the bindings file');
        },
    ],
  ])('%s is asked for by name, and only when the store is opened', async (_name, hint, factory) => {
    jest.resetModules();
    jest.doMock('better-sqlite3', factory);
    const store = sqliteStore(path);
    await expect(store.open()).rejects.toMatchObject({
      name: 'HubError',
      code: 'unavailable',
      message: expect.stringContaining(hint),
      cause: expect.anything(),
    });
  });
});
