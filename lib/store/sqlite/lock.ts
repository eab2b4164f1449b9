/** The lock that excludes a second process from a SQLite file; `connect` takes it before it looks into the file. */
import { hostname } from 'node:os';
import type { Database } from 'better-sqlite3';
import { HubError } from '../../errors';
import { sqliteCode } from './rows';

/** Of the file beside the database that is locked; it stays there, and who holds it is written into it. */
export const lockSuffix = '-lock';

/**
 * Holds the lock until the connection is closed or the process ends, however it ends: it is a lock of the operating
 * system on the open file, so nothing of a dead process has to be cleaned up.
 * @param lock a connection to the side file, with a busy timeout
 * @throws HubError `unavailable` if another process, or another store of this one, holds it; what SQLite throws otherwise
 */
export function holdLock(lock: Database, path: string): void {
  const owner = thisProcess();
  begin(lock, path);
  lock.exec('CREATE TABLE IF NOT EXISTS owner (name TEXT NOT NULL)');
  lock.exec('DELETE FROM owner');
  lock.prepare('INSERT INTO owner VALUES (?)').run(owner);
  // Others can read the name only after a commit, and that ends the lock; who takes it in between has it.
  lock.exec('COMMIT');
  begin(lock, path);
  if (ownerOf(lock) !== owner) throw inUse(lock, path);
}

/** A transaction that writes nothing: it prevents others from beginning one, and lets them read. */
function begin(lock: Database, path: string): void {
  try {
    lock.exec('BEGIN IMMEDIATE');
  } catch (thrown) {
    throw sqliteCode(thrown) === 'SQLITE_BUSY' ? inUse(lock, path) : thrown;
  }
}

function inUse(lock: Database, path: string): HubError {
  const by = ownerOf(lock) ?? 'another process';
  const advice =
    by === thisProcess()
      ? 'that is this process: close the other store of it first'
      : 'one process may use it at a time: stop that one, or give this one a file of its own';
  return new HubError('unavailable', { message: `The database ${path} is in use by ${by}; ${advice}` });
}

function thisProcess(): string {
  return `process ${process.pid} on host ${hostname()}`;
}

function ownerOf(lock: Database): string | undefined {
  try {
    return lock.prepare<[], { name: string }>('SELECT name FROM owner').get()?.name;
  } catch {
    // The holder is about to write its name.
    return undefined;
  }
}
