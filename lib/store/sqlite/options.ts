/** The options of the SQLite store; apart from the connection, so that an app without the driver can read the types. */
import { HubError } from '../../errors';
import { unknownFields } from '../../protocol/unknown-field';

/** What `sqliteStore` takes beside the path. */
export interface SqliteStoreOptions {
  /**
   * When a commit counts as persisted. `full` (default): once the disk has it, so that it survives power loss. `normal`: once
   * the operating system has it; about five times the single commits per second, and power loss may take the last ones.
   */
  synchronous?: 'full' | 'normal';
  /**
   * Milliseconds to wait for another process that holds the file's lock before failing with `storage_failed`; default 100,
   * at most 5,000. The whole process waits, since the driver is synchronous.
   */
  busyTimeoutMs?: number;
}

const known = ['synchronous', 'busyTimeoutMs'];

/** @throws HubError `invalid_request` for an option that is not known */
export function assertSqliteOptions(options: SqliteStoreOptions): void {
  const unknown = Object.keys(options).filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new HubError('invalid_request', { message: `sqliteStore: ${unknownFields(unknown, known)}` });
}
