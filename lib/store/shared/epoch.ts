/** The name of a ticket's log: made from a secret of the store, so that a log without envelopes needs no row to have one. */
import { createHmac, randomBytes } from 'node:crypto';

/** A secret for a store that is still empty. */
export function newSeed(): string {
  return randomBytes(16).toString('hex');
}

/**
 * 72 bits in 12 characters of `A-Z a-z 0-9 - _`, the same for a ticket as long as the store has this seed, and unlike that of
 * any other; never with the `:` that parts it from the `seq` in `after`.
 */
export function epochOf(seed: string, ticketId: string): string {
  return createHmac('sha256', seed).update(ticketId).digest('base64url').slice(0, 12);
}
