/** The chain of an audit as a SQLite file has it: every record is bound to all before it, and what is personal may be forgotten. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Driver, { type Database } from 'better-sqlite3';
import type { AuditRecord } from '../../../lib/protocol/audit';
import { commitmentOf, headAfter } from '../../../lib/store/shared/audit-chain';
import { sqliteStore } from '../../../lib/store/sqlite/sqlite-store';
import { maxWithin } from '../../../lib/store/sqlite/statements';
import type { Store } from '../../../lib/store/store';
import { commitTo, noon } from '../records';

interface Row {
  n: number;
  at: number;
  request_id: string;
  fixed: string;
  commitment: Buffer;
  head: Buffer;
  salt: Buffer | null;
  personal: string | null;
}

let folder: string;
let store: Store;
let db: Database;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hitl-audit-chain-'));
  const path = join(folder, 'hitl.db');
  store = sqliteStore(path);
  await store.open();
  db = new Driver(path);
});
afterEach(async () => {
  db.close();
  await store.close();
  rmSync(folder, { recursive: true });
});

const said = (requestId: string, comment: string, ticketId = 'ticket'): AuditRecord => ({
  ticketId,
  requestId,
  at: noon,
  event: 'responded',
  status: 'approved',
  via: 'app',
  revision: 1,
  digest: `sha256:${'0'.repeat(64)}`,
  fromState: 'pending.open',
  toState: 'resolved.approved.unexecuted',
  by: { userId: 'ann', displayName: 'Ann Example' },
  from: '203.0.113.9',
  verdict: 'approved',
  comment,
  response: { comment, severity: 'high' },
  reason: 'because',
});
const write = (...records: AuditRecord[]) => store.commit([commitTo('ticket', { audit: records })]);
const rows = (ticket = 1): Row[] =>
  db
    .prepare<[number], Row>(
      `SELECT place & ${maxWithin} AS n, * FROM audit WHERE place / ${maxWithin + 1} = ? ORDER BY place`,
    )
    .all(ticket);

/** The number of the first record that the chain does not hold at; undefined if it holds. */
function brokenAt(of: readonly Row[]): number | undefined {
  let head: Buffer | null = null;
  for (const [index, { n, at, request_id: requestId, fixed, commitment, ...row }] of of.entries()) {
    head = headAfter(head, { n, at, requestId, fixed, commitment });
    const isKept = row.salt !== null && row.personal !== null;
    const isAsSaid =
      !isKept || commitmentOf(row.salt ?? Buffer.alloc(0), row.personal ?? '').equals(commitment);
    if (n !== index + 1 || !head.equals(row.head) || !isAsSaid) return index + 1;
  }
  return undefined;
}

test('The chain holds over commits, tickets of their own and restarts', async () => {
  await write(said('a', 'one'), said('b', 'two'));
  await write(said('a', 'three'), said('c', 'elsewhere', 'other'));
  expect(rows().map(({ n }) => n)).toEqual([1, 2, 3]);
  expect([brokenAt(rows()), brokenAt(rows(2))]).toEqual([undefined, undefined]);
  await store.close();
  store = sqliteStore(join(folder, 'hitl.db'));
  await store.open();
  await write(said('a', 'four'));
  expect(rows()).toHaveLength(4);
  expect(brokenAt(rows())).toBeUndefined();
});

test('The chain goes on where it was after a group of commits that was not stored', async () => {
  await write(said('a', 'one'));
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  const failing = commitTo('ticket', { audit: [said('a', 'lost'), { ...said('a', ''), response: cyclic }] });
  await expect(store.commit([failing])).rejects.toMatchObject({ code: 'storage_failed' });
  await write(said('a', 'two'));
  expect(rows().map(({ personal }) => JSON.parse(personal ?? '').comment)).toEqual(['one', 'two']);
  expect(brokenAt(rows())).toBeUndefined();
});

test('A record that was changed, dropped or put elsewhere is found by the chain', async () => {
  await write(said('a', 'one'), said('a', 'two'), said('a', 'three'));
  const all = rows();
  const with2 = (change: Partial<Row>) => all.map((row) => (row.n === 2 ? { ...row, ...change } : row));
  const [first, second, third] = all;
  if (!first || !second || !third) throw new Error('three were written');
  expect(brokenAt(with2({ fixed: second.fixed.replace('approved', 'denied') }))).toBe(2);
  expect(brokenAt(with2({ personal: second.personal?.replace('two', 'no') ?? null }))).toBe(2);
  expect(brokenAt(with2({ at: noon + 1 }))).toBe(2);
  expect(brokenAt(with2({ request_id: 'b' }))).toBe(2);
  expect(brokenAt([first, third])).toBe(2);
  expect(brokenAt([first, { ...third, n: 2 }, { ...second, n: 3 }])).toBe(2);
});

test('The file lets nothing of a record be changed, but salt and personal part be forgotten together', async () => {
  await write(said('a', 'one'), said('a', 'two'));
  const refused = ['fixed', 'commitment', 'head', 'at', 'request_id'].map((column) => `${column} = 'x'`);
  for (const change of [...refused, 'personal = NULL', 'salt = NULL', "personal = '{}', salt = x'00'"])
    expect(() => db.exec(`UPDATE audit SET ${change}`)).toThrow('append-only');
  expect(() => db.exec('UPDATE audit SET place = place + 1')).toThrow('append-only');
  expect(() => db.exec('DELETE FROM audit')).toThrow('append-only');
  db.exec(`UPDATE audit SET salt = NULL, personal = NULL WHERE place & ${maxWithin} = 1`);
  expect(brokenAt(rows())).toBeUndefined();
});

test('A record whose personal part was forgotten says what happened, and not who or why', async () => {
  await write(said('a', 'Ann says yes'));
  expect((await store.audit({ ticketId: 'ticket' }, 10)).items).toEqual([
    { ...said('a', 'Ann says yes'), n: 1 },
  ]);
  db.exec('UPDATE audit SET salt = NULL, personal = NULL');
  const [left] = (await store.audit({ ticketId: 'ticket' }, 10)).items;
  expect(left).toMatchObject({ n: 1, requestId: 'a', event: 'responded', verdict: 'approved', at: noon });
  expect(JSON.stringify(rows())).not.toMatch(/ann|because|high|203\.0/i);
  expect(Object.keys(left ?? {})).not.toContain('by');
});

test('Two records that say the same are bound by other commitments, since their salts are other', async () => {
  await write(said('a', 'yes'), said('a', 'yes'));
  const [one, two] = rows();
  expect(one?.personal).toBe(two?.personal);
  expect(one?.salt).not.toEqual(two?.salt);
  expect(one?.commitment).not.toEqual(two?.commitment);
});
