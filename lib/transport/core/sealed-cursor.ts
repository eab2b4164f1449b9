/** Seals the cursors that leave the process: where a page ends may be a request that its reader may not know of; lists over REST and inboxes do it here. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { HubError } from '../../errors';

/** Of this process: a cursor of an earlier one is refused, and its reader begins the list again. */
const key = randomBytes(32);
const algorithm = 'aes-256-gcm';
const bytes = { iv: 12, tag: 16 };
/** What is sealed is filled up to a multiple of this, so that its length says nothing. */
const block = 64;
/** Before it stands how long it is. */
const lengthBytes = 2;
/** Characters of a sealed cursor; a longer one is none. */
export const maxCursorLength = 512;

/** Whose place in which list it is; with another it does not open. */
export interface CursorOf {
  list: string;
  userId: string;
}

/** An opaque text that only this process can read or make. */
export function sealCursor(of: CursorOf, cursor: string): string {
  const iv = randomBytes(bytes.iv);
  const cipher = createCipheriv(algorithm, key, iv).setAAD(nameOf(of));
  const plain = Buffer.from(cursor);
  const filled = Buffer.alloc(Math.ceil((plain.length + lengthBytes) / block) * block);
  plain.copy(filled, filled.writeUInt16BE(plain.length));
  const sealed = [iv, cipher.update(filled), cipher.final(), cipher.getAuthTag()];
  return Buffer.concat(sealed).toString('base64url');
}

/**
 * What was sealed; nothing for no cursor.
 * @throws HubError `invalid_frame` for anything that this process did not seal for this list and user
 */
export function openCursor(of: CursorOf, sealed: string | undefined): string | undefined {
  if (sealed === undefined) return undefined;
  const all = Buffer.from(sealed, 'base64url');
  const end = all.length - bytes.tag;
  try {
    const decipher = createDecipheriv(algorithm, key, all.subarray(0, bytes.iv), {
      authTagLength: bytes.tag,
    });
    decipher.setAAD(nameOf(of)).setAuthTag(all.subarray(end));
    const plain = Buffer.concat([decipher.update(all.subarray(bytes.iv, end)), decipher.final()]);
    return plain.toString('utf8', lengthBytes, lengthBytes + plain.readUInt16BE());
  } catch (cause) {
    const advice =
      'The cursor was not given by this list, or by an earlier start of the server: begin without one';
    throw new HubError('invalid_frame', { message: advice, cause });
  }
}

function nameOf({ list, userId }: CursorOf): Buffer {
  return Buffer.from(`${list} of ${userId}`);
}
