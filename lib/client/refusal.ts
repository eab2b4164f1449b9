/** Finds out whether a handshake that failed would ever succeed; a browser says only that it failed. */
import { closeCodes } from '../protocol/close-codes';
import type { Fetch } from './page';

/** Why there is no connection any more. */
export interface Ending {
  /** A WebSocket close code; after a refused handshake the one that means the same as its HTTP status. */
  code: number;
  reason: string;
}

/**
 * Asks over HTTP what the handshake would say.
 * @returns the ending if the answer is final: not logged in, no access, no such ticket; else nothing
 */
export async function finalRefusal(
  fetch: Fetch,
  url: string,
  signal: AbortSignal,
): Promise<Ending | undefined> {
  try {
    const headers = { accept: 'application/json' };
    const answer = await fetch(url, { credentials: 'include', redirect: 'manual', headers, signal });
    if (answer.status === 401) return closeCodes.session_ended;
    if (answer.status === 403) return closeCodes.forbidden;
    if (answer.status !== 404) return undefined;
    // A proxy says 404 as well while the app is being replaced; only the hub's own is final.
    return codeIn(await answer.json()) === 'not_found' ? closeCodes.not_found : undefined;
  } catch {
    return undefined;
  }
}

function codeIn(body: unknown): unknown {
  const error = typeof body === 'object' && body !== null && 'error' in body ? body.error : undefined;
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
