/** Rows of the SQLite store as what the hub reads, and what goes wrong in the database as `HubError`s. */
import { damaged, HubError, isHubError } from '../../errors';
import type { TextRow } from './statements';

/** @throws HubError `storage_failed`, its details naming the table and the id, if the text is not a JSON object */
export function parseRow<T extends object>(table: string, row: TextRow): T {
  return parseObject(table, row.id, row.text);
}

/** @throws HubError as `parseRow` */
export function parseObject<T extends object>(table: string, id: string, text: string): T {
  const value: T | null = parseJson(table, { id, text });
  if (typeof value === 'object' && value !== null) return value;
  throw damaged(table, id);
}

/** @throws HubError as `parseRow`, if the text is no JSON */
export function parseJson(table: string, row: TextRow) {
  try {
    return JSON.parse(row.text);
  } catch (cause) {
    throw damaged(table, row.id, cause);
  }
}

/** Bytes of a record as JSON. */
export function bytesOf(record: object): number {
  return Buffer.byteLength(JSON.stringify(record));
}

/** Anything thrown while the database was used, as `storage_failed` with SQLite's code in its details and as its cause. */
export function toStorageError(thrown: unknown): HubError {
  if (isHubError(thrown)) return thrown;
  const code = sqliteCode(thrown);
  if (!code) return new HubError('storage_failed', { cause: thrown });
  return new HubError('storage_failed', {
    message: `The database failed with ${code}`,
    details: { code },
    cause: thrown,
  });
}

/** SQLite's extended code, as in `SQLITE_IOERR_WRITE`; undefined for what SQLite did not throw. */
export function sqliteCode(thrown: unknown): string | undefined {
  // Not by class: the driver's binary, loaded once for the process, throws errors of the realm that loaded it first.
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' && thrown.code.startsWith('SQLITE_') ? thrown.code : undefined;
}
