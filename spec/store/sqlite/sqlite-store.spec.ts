/** The SQLite store against the contract, and what it caches of what is only read. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Driver from 'better-sqlite3';
import { storeContract } from '../../../lib/store/contract';
import { sqliteStore } from '../../../lib/store/sqlite/sqlite-store';
import { inboxByChance } from '../inbox-by-chance';
import { chatCommit } from '../records';

storeContract({ describe, it }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hitl-store-'));
  const make = () => sqliteStore(join(folder, 'data', 'hitl.db'));
  return {
    store: make(),
    reopen: async () => make(),
    destroy: async () => rmSync(folder, { recursive: true }),
  };
});

inboxByChance(() => sqliteStore(':memory:'));

describe('a file of its own', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'hitl-reads-'));
    path = join(folder, 'hitl.db');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function query(sql: string): unknown[] {
    const db = new Driver(path);
    try {
      return db.prepare(sql).pluck().all();
    } finally {
      db.close();
    }
  }

  test('has no row of a ticket that was only read, and the same epoch once there is one', async () => {
    const store = sqliteStore(path);
    await store.open();
    const { epoch } = await store.position('T-1');
    await Promise.all([store.log('T-2', 0, 10), store.state('T-3', 10)]);
    expect(query('SELECT id FROM tickets')).toEqual([]);
    await store.commit([chatCommit('T-1', 'first')]);
    expect(query('SELECT epoch FROM tickets')).toEqual([epoch]);
    await store.close();
  });

  test('without its epoch source is refused by name, and released', async () => {
    const store = sqliteStore(path);
    await store.open();
    await store.close();
    const db = new Driver(path);
    db.exec('DELETE FROM epoch_seed');
    db.close();
    const again = sqliteStore(path);
    await expect(again.open()).rejects.toMatchObject({
      code: 'storage_failed',
      details: { table: 'epoch_seed', id: '1' },
    });
    const repaired = new Driver(path);
    repaired.exec("INSERT INTO epoch_seed (id, seed) VALUES (1, 'x')");
    repaired.close();
    await again.open();
    await again.close();
  });
});
