/** The filter of an inbox, as query parameters; REST and the inbox socket read it here. */
import { z } from 'zod';
import { assertName } from '../../hub/tickets/client';
import type { InboxFilter } from '../../store/store';

const text = z.string().min(1).max(256).optional();

export const inboxFilterSchema = z.object({ type: text, tool_name: text, ticket_id: z.string().optional() });
export const inboxOrderSchema = z.enum(['oldest', 'newest', 'urgent']);

/** @throws HubError `invalid_id` for a ticket id that is none */
export function toInboxFilter(query: z.infer<typeof inboxFilterSchema>): InboxFilter {
  const { type, tool_name: toolName, ticket_id: ticketId } = query;
  return {
    ...(type !== undefined && { type }),
    ...(toolName !== undefined && { toolName }),
    ...(ticketId !== undefined && { ticketId: assertName(ticketId) }),
  };
}
