/** What waits for this person in all tickets; a click opens the ticket. */
import { useInbox } from 'express-hitl/react';

export function Inbox({ open }: { open: (ticketId: string) => void }) {
  const { items, total } = useInbox({ order: 'urgent' });
  return (
    <section aria-label="Inbox">
      <h2>{total === 0 ? 'Nothing waits for you' : `${total} for you`}</h2>
      {items.map(({ id, ticket_id, payload }) => (
        <button key={id} type="button" onClick={() => open(ticket_id)}>
          {String(payload?.tool_name)} <small>{ticket_id}</small>
        </button>
      ))}
    </section>
  );
}
