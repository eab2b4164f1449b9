/** Reads one request over REST, for a component that names one which no connection has received. */
import { type RequestView, TicketError } from '../client';
import type { Rest } from './rest';

/** @throws TicketError as `Rest` does; `unavailable` also for an answer without a request */
export async function readRequest(rest: Rest, id: string, signal: AbortSignal): Promise<RequestView> {
  const { hitl } = await rest<{ hitl?: RequestView }>(`/hitl/requests/${encodeURIComponent(id)}`, { signal });
  if (!hitl) throw new TicketError('unavailable', 'The server gave no answer that can be read');
  return hitl;
}
