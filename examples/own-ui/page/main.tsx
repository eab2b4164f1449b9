/** The page: which ticket is open, and the provider that everything below shares its connections of. */
import { HitlProvider } from 'express-hitl/react';
import { useState } from 'react';
import { createRoot } from 'react-dom/client';
import { Inbox } from './inbox';
import { Ticket } from './ticket';

function Page() {
  const [ticketId, setTicketId] = useState('Lisbon');
  return (
    <>
      <nav>
        <h1>Refund desk</h1>
        {['Lisbon', 'Turin'].map((each) => (
          <button key={each} type="button" aria-pressed={each === ticketId} onClick={() => setTicketId(each)}>
            {each}
          </button>
        ))}
        <Inbox open={setTicketId} />
      </nav>
      <Ticket key={ticketId} ticketId={ticketId} />
    </>
  );
}

createRoot(document.querySelector('#page') ?? document.body).render(
  <HitlProvider url="/desk">
    <Page />
  </HitlProvider>,
);
