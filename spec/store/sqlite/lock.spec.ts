/** The SQLite store restricts its file to one process, and to the user that process runs as. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { sqliteStore } from '../../../lib/store/sqlite/sqlite-store';
import type { Store } from '../../../lib/store/store';
import { chatCommit } from '../records';

type Child = ChildProcessByStdio<null, Readable, null>;

let folder: string;
let path: string;
const stores: Store[] = [];
const children: Child[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hitl-lock-'));
  path = join(folder, 'hitl.db');
});
afterEach(async () => {
  for (const child of children.splice(0)) await kill(child);
  for (const store of stores.splice(0)) await store.close();
  rmSync(folder, { recursive: true });
});

function newStore(file = path): Store {
  const store = sqliteStore(file, { busyTimeoutMs: 20 });
  stores.push(store);
  return store;
}

/** Another process, and the first thing it says: `open`, or why it could not. */
async function otherProcess(): Promise<[child: Child, said: string]> {
  const fixture = (name: string) => join(__dirname, '../fixtures', name);
  const args = [fixture('run-typescript.js'), fixture('holding-child.ts'), path];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const [said] = await once(child.stdout, 'data');
  return [child, String(said).trim()];
}

async function kill(child: Child): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

test('a second process is refused, with the process and host of the first, and the first continues', async () => {
  const store = newStore();
  await store.open();
  const [, said] = await otherProcess();
  expect(said).toContain(`in use by process ${process.pid} on host ${hostname()}`);
  expect(await store.commit([chatCommit('ticket', 'on it goes')])).toMatchObject([{ ok: true }]);
});

test('a file whose process was killed is free at once, and its store opens on the next try', async () => {
  const [child, said] = await otherProcess();
  expect(said).toBe('open');
  const store = newStore();
  await expect(store.open()).rejects.toMatchObject({
    name: 'HubError',
    code: 'unavailable',
    message: expect.stringContaining(`process ${child.pid} on host ${hostname()}`),
  });
  await kill(child);
  await store.open();
  expect(await store.commit([chatCommit('ticket', 'free')])).toMatchObject([{ ok: true }]);
});

test('a second store of the same process is refused too, by whatever path it opens the file, until the first is closed', async () => {
  const first = newStore();
  await first.open();
  symlinkSync(path, join(folder, 'link.db'));
  mkdirSync(join(folder, 'deep'));
  symlinkSync(folder, join(folder, 'deep', 'back'));
  for (const way of [path, join(folder, 'link.db'), join(folder, 'deep', 'back', 'hitl.db')]) {
    await expect(newStore(way).open()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('this process'),
    });
  }
  await first.close();
  await newStore().open();
});

test('a refused store does not take the lock from the one that holds it', async () => {
  const first = newStore();
  await first.open();
  for (let tries = 0; tries < 3; tries += 1) await expect(newStore().open()).rejects.toThrow('in use');
  const [, said] = await otherProcess();
  expect(said).toContain('in use');
});

test('stores in memory are each their own', async () => {
  await newStore(':memory:').open();
  await newStore(':memory:').open();
});

describe('files and folders', () => {
  const modeOf = (name: string) => (statSync(join(folder, name)).mode & 0o777).toString(8);

  test('that the store makes are for their owner only', async () => {
    const before = process.umask(0);
    try {
      const store = newStore(join(folder, 'a', 'b', 'hitl.db'));
      await store.open();
      await store.commit([chatCommit('ticket', 'private')]);
    } finally {
      process.umask(before);
    }
    const names = ['a', 'a/b', ...['', '-wal', '-shm', '-lock'].map((suffix) => `a/b/hitl.db${suffix}`)];
    expect(names.map(modeOf)).toEqual(['700', '700', '600', '600', '600', '600']);
  });

  test('that exist retain the permissions of their owner and group, and the file loses those of all others', async () => {
    writeFileSync(path, '');
    chmodSync(path, 0o664);
    chmodSync(folder, 0o755);
    const store = newStore();
    await store.open();
    await store.commit([chatCommit('ticket', 'shared with a group')]);
    expect(['', 'hitl.db', 'hitl.db-wal'].map(modeOf)).toEqual(['755', '660', '660']);
  });
});
