/** A settled request as `useRequest` would give it, for cards of which nothing will change and nothing can be done. */
import { type RequestView, TicketError } from '../client';
import type { Desk } from './request-card';

const nothing = {};

export function settledDesk(request: RequestView): Desk {
  const refused = async () => ({
    ok: false as const,
    error: new TicketError('already_resolved', 'The request is settled', { hitl: request }),
    request,
  });
  return {
    request,
    busy: undefined,
    error: undefined,
    draft: nothing,
    unsent: undefined,
    answer: refused,
    claim: refused,
    release: refused,
    edit: () => {},
    discard: () => {},
  };
}
