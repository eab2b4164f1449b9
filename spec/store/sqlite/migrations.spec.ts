/** Files of the SQLite store from other versions, other programs, and half-way through. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Driver, { type Database } from 'better-sqlite3';
import { seqs } from '../../../lib/store/contract/subject';
import { schemaVersion } from '../../../lib/store/sqlite/migrations';
import { sqliteStore } from '../../../lib/store/sqlite/sqlite-store';
import type { Store } from '../../../lib/store/store';
import { chatCommit, commitTo, requestsCommit, requestWrite } from '../records';

/** The time of everything in the frozen file. */
const noon = Date.UTC(2025, 5, 15, 12);

let folder: string;
let path: string;
let store: Store;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hitl-migrations-'));
  path = join(folder, 'hitl.db');
  store = sqliteStore(path);
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

/** Does something to the file by itself, as no store would. */
function withFile<T>(work: (db: Database) => T): T {
  const db = new Driver(path);
  try {
    return work(db);
  } finally {
    db.close();
  }
}

const writeFrozen = (version: number) =>
  withFile((db) => db.exec(readFileSync(join(__dirname, '../fixtures', `v${version}.sql`), 'utf8')));

/** The tables and indexes, each as it would be made. */
const schema = () =>
  withFile((db) =>
    db
      .prepare<[], { name: string; sql: string | null }>('SELECT name, sql FROM sqlite_schema ORDER BY name')
      .all()
      .map(({ name, sql }) => [name, sql?.replace(/\s+/g, ' ')]),
  );

test.each(Array.from({ length: schemaVersion }, (_, index) => index + 1))(
  'a file of version %i ends with the schema of a new one',
  async (version) => {
    writeFrozen(version);
    await store.open();
    await store.close();
    const migrated = schema();
    rmSync(path);
    store = sqliteStore(path);
    await store.open();
    await store.close();
    expect(migrated).toEqual(schema());
    expect(withFile((db) => db.pragma('user_version', { simple: true }))).toBe(schemaVersion);
  },
);

describe('a file of version 1', () => {
  beforeEach(async () => {
    writeFrozen(1);
    await store.open();
  });

  test('is read to the last field', async () => {
    const log = await store.log('ticket-1', 0, 10);
    expect(log).toMatchObject({ epoch: 'epoch-v1-abc', seq: 4, first: 2 });
    expect(seqs(log.items)).toEqual([2, 3, 4]);
    expect(log.items).toMatchObject([
      { event: 'turn_started', ticket_id: 'ticket-1', epoch: 'epoch-v1-abc' },
      { event: 'session_message_added' },
      { event: 'hitl_request_pending', hitl: { id: 'request-2', payload: { tool_name: 'block_ip' } } },
    ]);
    const session = { id: 'session-1', source: 'web', userId: 'ann', tabId: 'tab', lastActiveAt: noon };
    const turn = { id: 'turn-1', sessionId: 'session-1', status: 'running', queuedAt: noon };
    const message = {
      id: 'message-1',
      turnId: 'turn-1',
      content: 'Please look at this host',
      createdAt: noon,
    };
    const request = { id: 'request-2', key: 'block', status: 'pending', expiresAt: noon + 60_000 };
    const stored = {
      record: request,
      snapshot: { version: 1, snapshot: { value: 'pending' } },
      version: 1,
      dueAt: noon + 60_000,
    };
    expect(await store.state('ticket-1', 10)).toMatchObject({
      sessions: [session],
      turns: [turn],
      messages: [message],
      requests: [request],
    });
    expect(await store.sessionByTab('ticket-1', 'ann', 'tab')).toMatchObject(session);
    expect(await store.unfinishedTurns()).toEqual([{ id: turn.id, ticketId: 'ticket-1' }]);
    expect(await store.messages('session-1', 10)).toMatchObject([message]);
    expect(await store.requestByKey('ticket-1', 'block')).toMatchObject(stored);
    expect(await store.requestsOfTurn('turn-1')).toMatchObject([stored]);
    expect(await store.dueRequests(noon + 60_000, 10)).toMatchObject([{ id: stored.record.id }]);
    expect((await store.requests({}, 10)).items).toMatchObject([
      { id: 'request-1', status: 'superseded' },
      request,
    ]);
    const inbox = (userId: string) =>
      store.inbox({ userId, groups: [], tickets: ['ticket-1'] }, { toolName: 'block_ip' }, 'urgent', 10);
    expect((await inbox('ann')).items).toMatchObject([request]);
    expect((await inbox('bob')).items).toEqual([]);
    expect(await store.processedFrame('ann', 'frame-1')).toEqual({ message_id: 'message-1' });
    expect(await store.deliveries('mail', 10)).toEqual([
      {
        channel: 'mail',
        requestId: 'request-2',
        event: 'present',
        version: 1,
        attempts: 2,
        dueAt: 1_749_988_900_000,
      },
    ]);
    expect(await store.audit({ ticketId: 'ticket-1' }, 10)).toMatchObject({
      items: [{ n: 1, requestId: 'request-2', event: 'requested', via: 'turn', toState: 'pending.open' }],
    });
  });

  test('continues where it was', async () => {
    const stored = await store.request('request-2');
    if (!stored) throw new Error('the frozen file has it');
    const answer = requestWrite({ ...stored.record, status: 'approved' }, { version: stored.version });
    const results = await store.commit([
      chatCommit('ticket-1', 'next'),
      commitTo('ticket-1', { requests: [answer] }),
      requestsCommit({ ...stored.record, id: 'request-3' }),
      chatCommit('ticket-1', 'again', { frame: { userId: 'ann', frameId: 'frame-1', ack: {} } }),
    ]);
    expect(results).toMatchObject([
      { ok: true, envelopes: [{ epoch: 'epoch-v1-abc', seq: 5 }] },
      { ok: true },
      { ok: false, code: 'key_conflict' },
      { ok: false, code: 'duplicate_id', ack: { message_id: 'message-1' } },
    ]);
  });
});

test('a file of version 3 has what its envelopes share', async () => {
  writeFrozen(3);
  await store.open();
  const payload = { tool_name: 'block_ip', tool_args: { list: '203.0.113.7 '.repeat(30) } };
  const { items } = await store.log('ticket-9', 0, 10);
  expect(items).toMatchObject([
    { event: 'hitl_request_pending', hitl: { id: 'request-9', payload } },
    { event: 'hitl_request_updated', hitl: { id: 'request-9', payload } },
  ]);
});

test('a file of version 3 has its turns in every list', async () => {
  writeFrozen(3);
  await store.open();
  const turn = { id: 'turn-1', status: 'running' };
  expect(await store.openTurns('session-1')).toMatchObject([turn]);
  expect((await store.turns({ ticketId: 'ticket-1', status: 'running' }, 10)).items).toMatchObject([turn]);
  expect((await store.state('ticket-1', 10)).turns).toMatchObject([turn]);
  expect(await store.turnVersions()).toEqual([]);
});

test('a file of version 3 is opened though the record of a turn is damaged', async () => {
  writeFrozen(3);
  withFile((db) => db.exec(`UPDATE turns SET record = '{"id":'`));
  await store.open();
  await expect(store.turn('turn-1')).rejects.toMatchObject({ details: { table: 'turns', id: 'turn-1' } });
  expect(await store.unfinishedTurns()).toMatchObject([{ id: 'turn-1' }]);
});

test('a file of version 4 has the journal, the state and the wait of its durable turn', async () => {
  writeFrozen(4);
  await store.open();
  expect(await store.openTurns('session-8')).toMatchObject([
    { id: 'turn-8', status: 'waiting', user: { groups: ['analyst'] }, run: { generation: 2, leg: 1 } },
  ]);
  expect(await store.journal('turn-8', 0, 10)).toEqual([
    { turnId: 'turn-8', n: 1, at: noon, call: 'say', body: { m: 'message-8' } },
    { turnId: 'turn-8', n: 2, at: noon, call: 'step:plan', body: { v: 'both' } },
    { turnId: 'turn-8', n: 3, at: noon, call: 'answer:request-7', body: null },
  ]);
  expect(await store.turnState('turn-8')).toEqual({ at: 1 });
  expect(await store.turnVersions()).toEqual([{ version: 'may', turns: 1, since: noon }]);
  expect(await store.dueTurns(noon, 10)).toEqual([{ id: 'turn-8', ticketId: 'ticket-8' }]);
  const stored = await store.request('request-8');
  if (!stored) throw new Error('the frozen file has it');
  const answer = requestWrite({ ...stored.record, status: 'denied' }, { version: stored.version });
  expect(await store.commit([commitTo('ticket-8', { requests: [answer] })])).toMatchObject([
    { ok: true, journal: [{ turnId: 'turn-8', n: 4, call: 'answer:request-8' }] },
  ]);
});

test('a file of version 4 has the revisions of its messages, wherever they were stored', async () => {
  writeFrozen(4);
  withFile((db) =>
    db.exec(`INSERT INTO messages (id, ticket_id, session_id, record)
    VALUES ('message-9', 'ticket-8', 'session-9', '{"revisions":[{')`),
  );
  await store.open();
  const revisions = [
    { content: 'begun "\ud83d', updatedAt: noon + 1 },
    { content: '50 %', updatedAt: noon + 2 },
  ];
  expect(await store.messages('session-8', 10)).toMatchObject([
    { id: 'message-8', content: 'done', revisions },
  ]);
  const message = await store.message('message-8');
  if (!message) throw new Error('the frozen file has it');
  expect(message).toMatchObject({ content: 'done', updatedAt: noon + 3, revisions: [] });
  const next = { content: 'done', updatedAt: noon + 3 };
  await store.commit([
    commitTo('ticket-8', { messages: [{ ...message, content: 'all done', revisions: [next] }] }),
  ]);
  expect(await store.messages('session-8', 10)).toMatchObject([
    { content: 'all done', revisions: [...revisions, next] },
  ]);
  const damaged = { details: { table: 'messages', id: 'message-9' } };
  await expect(store.messages('session-9', 10)).rejects.toMatchObject(damaged);
});

test('a file of version 6 has the envelopes that its rows complete, also those of what was asked before', async () => {
  writeFrozen(6);
  await store.open();
  const ip = (address: string) => ({ tool_name: 'block_ip', tool_args: { ip: `203.0.113.${address}` } });
  const ann = { user_id: 'ann', display_name: 'Ann' };
  expect((await store.log('ticket-10', 0, 10)).items).toMatchObject([
    { event: 'session_message_added', message: { author: ann, content: 'Block it' } },
    { event: 'hitl_request_pending', hitl: { revision: 1, status: 'pending', payload: ip('7') } },
    { event: 'hitl_request_updated', hitl: { revision: 2, status: 'pending', payload: ip('8') } },
    { event: 'hitl_request_resolved', hitl: { status: 'approved', responded_by: ann, payload: ip('8') } },
  ]);
  expect(await store.request('request-10')).toMatchObject({ version: 3, record: { status: 'approved' } });
});

test('a file of a newer version is refused by both numbers and left as it is', async () => {
  writeFrozen(1);
  withFile((db) => db.pragma(`user_version = ${schemaVersion + 1}`));
  const before = readFileSync(path);
  const pragma = jest.spyOn(Driver.prototype, 'pragma');
  await expect(store.open()).rejects.toMatchObject({
    name: 'HubError',
    code: 'storage_failed',
    message: expect.stringContaining(
      `newer express-hitl (schema ${schemaVersion + 1}, known here up to ${schemaVersion})`,
    ),
    details: { found: schemaVersion + 1, known: schemaVersion },
  });
  expect(new Set(pragma.mock.contexts.map((db) => db.open))).toEqual(new Set([false]));
  pragma.mockRestore();
  expect(readFileSync(path).equals(before)).toBe(true);
});

test.each([
  [1, 'a table that is missing', 'DROP TABLE inbox_except', 'inbox_except'],
  [1, 'a column that is missing', 'ALTER TABLE requests DROP COLUMN session_id', 'requests'],
  [3, 'an index over something else', 'DROP INDEX log_parts_by_use', 'log_parts_by_use'],
  [schemaVersion, 'a trigger that is missing', 'DROP TRIGGER audit_is_not_changed', 'audit_is_not_changed'],
])(
  'a file that says version %i, with %s, is refused by the name of what differs and left as it is',
  async (version, _what, sql, table) => {
    writeFrozen(version);
    withFile((db) => db.exec(sql));
    const before = readFileSync(path);
    await expect(store.open()).rejects.toMatchObject({
      code: 'storage_failed',
      message: expect.stringContaining(
        `has the number of schema ${version}, but its ${table} is not as there`,
      ),
      details: { found: version, table },
    });
    expect(readFileSync(path).equals(before)).toBe(true);
  },
);

test('what somebody has added to a file is no matter', async () => {
  writeFrozen(schemaVersion);
  withFile((db) =>
    db.exec('CREATE INDEX mine ON requests (created_at); CREATE TABLE notes (text TEXT); ANALYZE'),
  );
  await store.open();
  expect(await store.commit([chatCommit('ticket', 'first')])).toMatchObject([{ ok: true }]);
});

test.each([0, ...Array.from({ length: schemaVersion }, (_, index) => index + 1)])(
  'a file that began at version %i (0: a new one) can give back the pages of what is deleted, and is whole',
  async (version) => {
    if (version > 0) writeFrozen(version);
    await store.open();
    await store.commit([chatCommit('ticket', 'first')]);
    await store.close();
    expect(withFile((db) => db.pragma('auto_vacuum', { simple: true }))).toBe(2);
    expect(withFile((db) => db.pragma('integrity_check', { simple: true }))).toBe('ok');
  },
);

test.each([
  ['with tables', 'CREATE TABLE sessions (id TEXT)'],
  ['with a version', 'PRAGMA user_version = 1'],
  ['with a name', 'PRAGMA application_id = 7'],
])('a database of another program, %s, is refused and left as it is', async (_name, sql) => {
  withFile((db) => db.exec(sql));
  const before = readFileSync(path);
  await expect(store.open()).rejects.toMatchObject({
    code: 'storage_failed',
    message: expect.stringContaining('belongs to another program'),
  });
  expect(readFileSync(path).equals(before)).toBe(true);
});

test('the audit cannot be changed or shortened, not even by another program with the file', async () => {
  writeFrozen(1);
  for (const sql of ["UPDATE audit SET record = '{}'", 'DELETE FROM audit']) {
    expect(() => withFile((db) => db.exec(sql))).toThrow('the audit is append-only');
  }
});

test('an empty file is taken as a new one', async () => {
  withFile((db) => db.exec('VACUUM'));
  await store.open();
  expect(await store.commit([chatCommit('ticket', 'first')])).toMatchObject([{ ok: true }]);
});

test('the settings that make a commit survive power loss are switched on, unless it was asked to be faster', async () => {
  const pragma = jest.spyOn(Driver.prototype, 'pragma');
  const fast = sqliteStore(join(folder, 'fast.db'), { synchronous: 'normal' });
  try {
    await store.open();
    await fast.open();
    const settings = [...new Set(pragma.mock.contexts)].map((db) => [
      db.pragma('journal_mode', { simple: true }),
      db.pragma('synchronous', { simple: true }),
      db.pragma('busy_timeout', { simple: true }),
    ]);
    expect(settings).toEqual([
      ['wal', 2, 100],
      ['wal', 1, 100],
    ]);
  } finally {
    pragma.mockRestore();
    await fast.close();
  }
});
