/** Asks the hub over REST for what no connection receives, such as pages of lists, and changes things there. */
import { type Fetch, TicketError } from '../client';

export interface RestOptions {
  /** Sent as JSON with POST. Default: nothing is sent, and it is a GET. */
  body?: unknown;
  signal?: AbortSignal;
}

/**
 * Gives the body of the answer; `T` is what docs/rest.md says of the route.
 * @param path below the mount, with its query: `/hitl/grants?limit=50`
 * @throws TicketError with the server's code; `unavailable` where there was no answer, or none of the hub's
 */
export type Rest = <T>(path: string, options?: RestOptions) => Promise<T>;

/**
 * @param url of the mount, as a page or a socket would name it
 * @param onDate called with the `Date` header of each answer
 */
export function restOf(
  { url, fetch = globalThis.fetch }: { url: string; fetch?: Fetch },
  onDate: (date: string | null | undefined) => void,
): Rest {
  const base = url.replace(/^ws/, 'http').replace(/\/$/, '');
  return async <T>(path: string, { body, signal = new AbortController().signal }: RestOptions = {}) => {
    const sent = body !== undefined && { method: 'POST' as const, body: JSON.stringify(body) };
    const headers = { accept: 'application/json', ...(sent && { 'content-type': 'application/json' }) };
    let status: number;
    let answer: unknown;
    try {
      const response = await fetch(`${base}${path}`, {
        credentials: 'include',
        redirect: 'manual',
        headers,
        signal,
        ...sent,
      });
      status = response.status;
      onDate(response.headers?.get('date'));
      answer = await response.json();
    } catch {
      throw new TicketError('unavailable', 'The server gave no answer that can be read');
    }
    if (status >= 200 && status < 300) return answer as T;
    // The server's promise: an error comes with its code.
    const { error } = (answer ?? {}) as {
      error?: { code: TicketError['code']; message: string; details?: Record<string, unknown> };
    };
    throw new TicketError(
      error?.code ?? 'unavailable',
      error?.message ?? `The server answered with ${status}`,
      error?.details,
    );
  };
}
