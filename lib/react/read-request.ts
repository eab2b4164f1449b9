/** Reads one request over REST, for a component that names one which no connection tells of. */
import { type Fetch, type RequestView, TicketError } from '../client';

/**
 * @param url of the mount, as a page or a socket would name it
 * @throws TicketError with the server's code; `unavailable` where there was no answer, or none of the hub's
 */
export async function readRequest(
  fetch: Fetch,
  url: string,
  id: string,
  signal: AbortSignal,
): Promise<RequestView> {
  const address = `${url.replace(/^ws/, 'http').replace(/\/$/, '')}/hitl/requests/${encodeURIComponent(id)}`;
  const headers = { accept: 'application/json' };
  let answer: { hitl?: RequestView; error?: { code: TicketError['code']; message: string } };
  let status: number;
  try {
    const response = await fetch(address, { credentials: 'include', redirect: 'manual', headers, signal });
    status = response.status;
    // The server's promise: a request, or an error with its code.
    answer = (await response.json()) as typeof answer;
  } catch {
    throw new TicketError('unavailable', 'The server gave no answer that can be read');
  }
  const { hitl, error } = answer;
  if (status === 200 && hitl) return hitl;
  throw new TicketError(error?.code ?? 'unavailable', error?.message ?? `The server answered with ${status}`);
}

/** Whether asking again would get the same refusal. */
export function isFinal({ code }: TicketError): boolean {
  return ['authentication_required', 'forbidden', 'not_found', 'invalid_id'].includes(code);
}
