/** The random name of a ticket's log, made by a store when the log begins. */
import { randomBytes } from 'node:crypto';

/** 72 random bits in 12 characters of `A-Z a-z 0-9 - _`; never with the `:` that parts it from the `seq` in `after`. */
export function newEpoch(): string {
  return randomBytes(9).toString('base64url');
}
