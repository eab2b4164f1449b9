/** The page of `browser.spec.ts`: a ticket with its requests, made of the hooks and nothing else. */
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { HitlProvider, useRequest, useTicket } from '../../lib/react';

function Card({ id }: { id: string }) {
  const { request, draft, error, edit, answer } = useRequest({ id, ticketId: 'T-1' });
  if (!request) return null;
  const { status, responded_by: by, response } = request;
  return (
    <fieldset disabled={status !== 'pending'}>
      <legend>
        {status} {by?.display_name} {String(response?.comment ?? '')}
      </legend>
      <input
        aria-label="Comment"
        value={draft.comment ?? ''}
        onChange={({ target }) => edit({ comment: target.value })}
      />
      <button type="button" onClick={() => void answer('approved')}>
        Approve
      </button>
      <p role="alert">{error?.code}</p>
    </fieldset>
  );
}

function Page() {
  const { state, requests, user } = useTicket('T-1');
  return (
    <main>
      <h1>
        {user?.name} {state}
      </h1>
      {requests.map(({ id }) => (
        <Card key={id} id={id} />
      ))}
    </main>
  );
}

createRoot(document.body).render(
  <StrictMode>
    <HitlProvider url="/soc">
      <Page />
    </HitlProvider>
  </StrictMode>,
);
