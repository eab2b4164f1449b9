/** How calls are told from one another in a journal: by kind, name, and digests of what else makes them the same call; the ports of a run name theirs here. */
import { createHash } from 'node:crypto';

/** A short digest of a text. */
export function digestOfText(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 16);
}

/** What a key adds to the name of a call. */
export function keyed(key: string | undefined): string {
  return key === undefined ? '' : `:key:${key}`;
}
