/** Opens the database file of a SQLite store with the driver the app has installed. */
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Database } from 'better-sqlite3';
import { HubError } from '../../errors';
import { bounded } from '../shared/limits';
import { holdLock, lockSuffix } from './lock';
import { migrate } from './migrations';
import type { SqliteStoreOptions } from './options';
import { sqliteCode } from './rows';

const defaultBusyTimeoutMs = 100;
const maxBusyTimeoutMs = 5_000;

/** An open, migrated database. */
export interface Connection {
  db: Database;
  /** Closes the database, then lets go of its file. */
  close(): void;
}

/**
 * Opens the file for this process alone. A folder or file that is missing is made, for its owner only (0700 and 0600).
 * @throws HubError `unavailable` without a usable driver or while another process uses the file, `storage_failed` for a
 *   file we cannot use; anything else that the driver or the file system throws is left to the caller to translate
 */
export function connect(path: string, options: SqliteStoreOptions): Connection {
  // An unset setting arrives as an empty text, which SQLite would take for a file that is deleted when it is closed.
  if (path.trim() === '')
    throw new HubError('unavailable', { message: 'sqliteStore needs the path of a file, or :memory:' });
  const timeout = bounded(options.busyTimeoutMs ?? defaultBusyTimeoutMs, 0, maxBusyTimeoutMs);
  const Driver = loadDriver();
  const opened: Database[] = [];
  const open = (file: string) => {
    const db = construct(() => new Driver(file, { timeout }));
    opened.push(db);
    return db;
  };
  const close = () => {
    for (const db of opened.reverse()) db.close();
  };
  try {
    const file = path === ':memory:' ? path : own(path, (lockFile) => holdLock(open(lockFile), path));
    const db = open(file);
    db.pragma(`synchronous = ${options.synchronous === 'normal' ? 'NORMAL' : 'FULL'}`);
    migrate(db);
    // After the migration, which refuses a file that is not ours: the journal's mode is written into the file.
    db.pragma('journal_mode = WAL');
    return { db, close };
  } catch (thrown) {
    close();
    throw thrown;
  }
}

/** Makes the file where it is missing and takes the lock beside it; returns where it is, since two links to it are one file. */
function own(path: string, lock: (lockFile: string) => void): string {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const file = existsSync(path) ? realpathSync(path) : join(realpathSync(dirname(path)), basename(path));
  makePrivate(`${file}${lockSuffix}`);
  lock(`${file}${lockSuffix}`);
  // Only now: closing a file lets go of every lock this process has on it.
  makePrivate(file);
  return file;
}

/** What SQLite makes beside a file, it makes with the file's own mode. Of one that exists, other users only lose their permissions. */
function makePrivate(file: string): void {
  if (!existsSync(file)) {
    closeSync(openSync(file, 'a', 0o600));
    return;
  }
  const { mode, uid } = statSync(file);
  const isOwn = process.getuid?.() === uid;
  if (isOwn && (mode & 0o007) !== 0) chmodSync(file, mode & 0o770);
}

/** Only here and only now, so that an app with another store needs no driver. */
function loadDriver(): typeof import('better-sqlite3') {
  try {
    return require('better-sqlite3');
  } catch (cause) {
    throw noDriver('could not be loaded; install it beside express-hitl: npm install better-sqlite3', cause);
  }
}

/** The driver looks for its compiled part at its first use; SQLite's own errors are not about that. */
function construct(open: () => Database): Database {
  try {
    return open();
  } catch (cause) {
    if (sqliteCode(cause)) throw cause;
    throw noDriver(
      'has no binary for this Node.js and system; build it with: npm rebuild better-sqlite3',
      cause,
    );
  }
}

function noDriver(what: string, cause: unknown): HubError {
  return new HubError('unavailable', { message: `sqliteStore: the package better-sqlite3 ${what}`, cause });
}
