/** Brings a SQLite file to the present tables, whatever version wrote it, and refuses what it cannot read; `connect` calls it. */
import type { Database } from 'better-sqlite3';
import { HubError } from '../../errors';
import { copyEarlier, setEarlierAside } from './earlier-rows';
import { applicationId, earlierSchemas } from './earlier-schemas';
import { sqliteCode } from './rows';
import { schema } from './schema';

/** Step `n` makes version `n + 1` of version `n`; one that was released is never changed, and a change is one more. */
const steps: readonly ((db: Database) => void)[] = [
  ...earlierSchemas.map((sql) => (db: Database) => void db.exec(sql)),
  (db) => {
    setEarlierAside(db);
    db.exec(schema);
    copyEarlier(db);
  },
];

/** The version this code reads and writes, in `PRAGMA user_version`. */
export const schemaVersion = steps.length;

/**
 * Brings a database to `schemaVersion`, one transaction per step, so that a crash leaves it at one of the versions. Writes
 * even if there is nothing to do: a file that cannot be written is noticed at the start and not at the first commit.
 * @throws HubError `storage_failed` for a file of a newer version, one whose tables are not those of its version, and one that
 *   is not ours; none is touched
 */
export function migrate(db: Database): void {
  if (isNew(db)) begin(db);
  while (step(db) < schemaVersion);
  reclaim(db);
}

/** An empty file becomes one of the present version at once. */
function begin(db: Database): void {
  // Only before the first table: later it takes a VACUUM.
  db.pragma('auto_vacuum = INCREMENTAL');
  db.transaction(() => {
    if (!isNew(db)) return;
    db.exec(schema);
    db.exec('INSERT INTO epoch_seed (id, seed) VALUES (1, lower(hex(randomblob(16))))');
    db.pragma(`application_id = ${applicationId}`);
    db.pragma(`user_version = ${schemaVersion}`);
  }).immediate();
}

function isNew(db: Database): boolean {
  const [version, application] = [versionOf(db), db.pragma('application_id', { simple: true })];
  return version === 0 && application === 0 && !db.prepare('SELECT 1 FROM sqlite_schema').get();
}

function step(db: Database): number {
  return db
    .transaction(() => {
      const version = versionOf(db);
      assertOurs(db, version);
      assertShape(db, version);
      steps[version]?.(db);
      const reached = Math.min(version + 1, schemaVersion);
      // Written even if it is the same: SQLite opens a read-only file without a word, and even begins to write to it.
      db.pragma(`user_version = ${reached}`);
      return reached;
    })
    .immediate();
}

function versionOf(db: Database): number {
  return Number(db.pragma('user_version', { simple: true }));
}

function assertOurs(db: Database, version: number): void {
  if (db.pragma('application_id', { simple: true }) !== applicationId || version < 1) {
    throw new HubError('storage_failed', {
      message: 'This database belongs to another program; give the hub a file of its own',
    });
  }
  if (version > schemaVersion) {
    throw new HubError('storage_failed', {
      message: `This database was written by a newer express-hitl (schema ${version}, known here up to ${schemaVersion}); upgrade`,
      details: { found: version, known: schemaVersion },
    });
  }
}

/** The number alone does not say what is in a file: files of four unpublished layouts have the number 1. What was added to the file, an index for example, is no matter. */
function assertShape(db: Database, version: number): void {
  const found = shapeOf(db);
  for (const [name, sql] of expectedShape(db, version)) {
    if (found.get(name) === sql) continue;
    throw new HubError('storage_failed', {
      message: `This database has the number of schema ${version}, but its ${name} is not as there: it was written by an express-hitl that was never published, or changed by hand. It is left as it is; begin with a new file`,
      details: { found: version, table: name },
    });
  }
}

/** The text of every table, index and trigger, by name. */
function shapeOf(db: Database): Map<string, string> {
  const rows = db
    .prepare<[], { name: string; sql: string }>('SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL')
    .all();
  return new Map(rows.map(({ name, sql }) => [name, sql.replace(/\s+/g, ' ')]));
}

/** Of each version that this process has met: making it takes as long as all the rest of an opening. */
const expectedShapes = new Map<number, Map<string, string>>();

function expectedShape(db: Database, version: number): Map<string, string> {
  const shape = expectedShapes.get(version) ?? madeShape(db, version);
  expectedShapes.set(version, shape);
  return shape;
}

function madeShape(db: Database, version: number): Map<string, string> {
  const Driver = db.constructor as new (path: string) => Database;
  const empty = new Driver(':memory:');
  try {
    if (version === schemaVersion) empty.exec(schema);
    else for (const sql of earlierSchemas.slice(0, version)) empty.exec(sql);
    return shapeOf(empty);
  } finally {
    empty.close();
  }
}

/** Gives a file that was brought here the present way of its free pages, and the disk what it needs no more. */
function reclaim(db: Database): void {
  const incremental = 2;
  if (db.pragma('auto_vacuum', { simple: true }) === incremental) return;
  try {
    db.pragma('auto_vacuum = INCREMENTAL');
    db.exec('VACUUM');
  } catch (thrown) {
    // It takes as much disk again for a moment; where that is not there, the next start tries again.
    if (sqliteCode(thrown) !== 'SQLITE_FULL') throw thrown;
  }
}
