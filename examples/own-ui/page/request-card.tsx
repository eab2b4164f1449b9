/** One request: what is asked, the form to answer it, the time that is left, and in the end who decided what. */
import { type RequestState, useRequest } from 'express-hitl/react';

export function RequestCard({ id, ticketId }: { id: string; ticketId: string }) {
  const { request, draft, busy, error, edit, answer } = useRequest({ id, ticketId });
  if (!request) return null;
  if (request.status !== 'pending') return <Settled request={request} error={error} />;
  const refund = refundOf(draft.tool_args ?? request.payload?.tool_args);
  return (
    <form
      className="card"
      aria-label={`Refund of order ${refund.order}`}
      onSubmit={(event) => event.preventDefault()}
    >
      <h3>
        Pay back order {refund.order}? <Countdown id={id} ticketId={ticketId} />
      </h3>
      <label>
        Euros
        <input
          type="number"
          value={Number.isNaN(refund.euros) ? '' : refund.euros}
          onChange={({ target }) => edit({ tool_args: { ...refund, euros: target.valueAsNumber } })}
        />
      </label>
      <label>
        Comment
        <input
          value={draft.comment ?? ''}
          onChange={({ target }) => edit({ comment: target.value || undefined })}
        />
      </label>
      <button type="button" className="yes" disabled={busy === 'answer'} onClick={() => answer('approved')}>
        Approve
      </button>
      <button type="button" disabled={busy === 'answer'} onClick={() => answer('denied')}>
        Deny
      </button>
      {error && <p role="alert">{error.message}</p>}
    </form>
  );
}

/** Apart, so that a second that passes renders nothing else. */
function Countdown({ id, ticketId }: { id: string; ticketId: string }) {
  const { remainingMs = 0 } = useRequest({ id, ticketId });
  const [minutes, seconds] = [Math.floor(remainingMs / 60_000), (remainingMs / 1_000) % 60];
  return (
    <time>
      {minutes}:{String(seconds).padStart(2, '0')}
    </time>
  );
}

function Settled({
  request,
  error,
}: Pick<RequestState, 'error'> & { request: NonNullable<RequestState['request']> }) {
  const { status, responded_by: by, reason, response, payload } = request;
  const { order, euros } = refundOf(response?.tool_args ?? payload?.tool_args);
  return (
    <p className={`card ${status}`}>
      {error?.code === 'already_resolved' && 'Somebody was faster. '}
      Order {order}, € {euros}: {status} {by ? `by ${by.display_name}` : reason}
      {typeof response?.comment === 'string' && ` – “${response.comment}”`}
    </p>
  );
}

/** The tool's arguments, which the server has checked. */
function refundOf(args: unknown): { order: string; euros: number } {
  return args as { order: string; euros: number };
}
