/** The chain of a ticket's audit: each record is bound to all before it, and what is personal in it only by a salted hash, so that it can be forgotten; stores that outlive a process append by this. */
import { hash, randomFillSync } from 'node:crypto';
import type { AuditRecord } from '../../protocol/audit';

const saltBytes = 16;

/** A record of the audit as it is stored. */
export interface ChainedRecord {
  /** JSON of what never changes. */
  fixed: string;
  /** JSON of what may be forgotten; empty where there is nothing of the kind. */
  personal: string;
  /** 16 random bytes: without them no one can try out who it was. */
  salt: Buffer;
  /** Of salt and personal, as `commitmentOf`. */
  commitment: Buffer;
}

/** The record divided into what stays and what may be forgotten: who it was, and what people wrote. */
export function divide(record: AuditRecord): ChainedRecord {
  const {
    ticketId: _ticketId,
    requestId: _requestId,
    at: _at,
    by,
    from,
    display,
    comment,
    response,
    reason,
    ...fixed
  } = record;
  const personal = JSON.stringify({ by, from, display, comment, response, reason });
  const salt = newSalt();
  return { fixed: JSON.stringify(fixed), personal, salt, commitment: commitmentOf(salt, personal) };
}

/** Random bytes are had many at a time, which costs no more than a few. */
const pool = Buffer.alloc(saltBytes * 256);
let used = pool.length;

function newSalt(): Buffer {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += saltBytes;
  return Buffer.from(pool.subarray(used - saltBytes, used));
}

/** SHA-256 of the salt in hex, a line feed and the personal part. */
export function commitmentOf(salt: Uint8Array, personal: string): Buffer {
  return hash('sha256', `${hex(salt)}\n${personal}`, 'buffer');
}

/**
 * The end of the chain with one more record: SHA-256 of these lines: the end before in hex (empty before the first), number, time,
 * request as JSON, fixed part, commitment in hex.
 */
export function headAfter(
  head: Uint8Array | null,
  { n, at, requestId, fixed, commitment }: LinkedRecord,
): Buffer {
  const before = head ? hex(head) : '';
  return hash(
    'sha256',
    `${before}\n${n}\n${at}\n${JSON.stringify(requestId)}\n${fixed}\n${hex(commitment)}`,
    'buffer',
  );
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/** What the chain is over. */
export interface LinkedRecord extends Pick<AuditRecord, 'at' | 'requestId'> {
  n: number;
  fixed: string;
  commitment: Uint8Array;
}
