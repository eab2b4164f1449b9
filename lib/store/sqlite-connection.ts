/** Opens the database file of a SQLite store with the driver the app has installed. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Database } from 'better-sqlite3';
import { HubError } from '../errors';
import { bounded } from './limits';
import { migrate } from './sqlite-migrations';
import type { SqliteStoreOptions } from './sqlite-options';
import { sqliteCode } from './sqlite-rows';

const defaultBusyTimeoutMs = 100;
const maxBusyTimeoutMs = 5_000;

/**
 * An open, migrated connection; the parent folder is made if it is missing.
 * @throws HubError `unavailable` without a usable driver, `storage_failed` for a file we cannot use; anything else that
 *   the driver or the file system throws is left to the caller to translate
 */
export function connect(path: string, options: SqliteStoreOptions): Database {
  // An unset setting arrives as an empty text, which SQLite would take for a file that is deleted when it is closed.
  if (path.trim() === '')
    throw new HubError('unavailable', 'sqliteStore needs the path of a file, or :memory:');
  const timeout = bounded(options.busyTimeoutMs ?? defaultBusyTimeoutMs, 0, maxBusyTimeoutMs);
  const Driver = loadDriver();
  if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true });
  const db = construct(() => new Driver(path, { timeout }));
  try {
    db.pragma(`synchronous = ${options.synchronous === 'normal' ? 'NORMAL' : 'FULL'}`);
    migrate(db);
    // After the migration, which refuses a file that is not ours: the journal's mode is written into the file.
    db.pragma('journal_mode = WAL');
    return db;
  } catch (thrown) {
    db.close();
    throw thrown;
  }
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
  return new HubError('unavailable', `sqliteStore: the package better-sqlite3 ${what}`, undefined, { cause });
}
