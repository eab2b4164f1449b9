/** One ticket: what was said in it, each request at the message it belongs to, who is there, and a line to write. */
import { useTicket } from 'express-hitl/react';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { RequestCard } from './request-card';

export function Ticket({ ticketId }: { ticketId: string }) {
  const { state, timeline, requests } = useTicket(ticketId);
  const end = useRef<HTMLLIElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is new is below
  useEffect(() => {
    end.current?.scrollIntoView();
  }, [timeline, requests]);
  return (
    <main>
      <header>
        <h2>{ticketId}</h2>
        <People ticketId={ticketId} />
        <span className={`state ${state}`}>{state}</span>
      </header>
      <ol>
        {timeline.map(({ id, type, author, content }) => (
          <li key={id} className={type}>
            <b>{author?.display_name ?? 'Agent'}</b> {content}
            {requests
              .filter((request) => request.message_id === id)
              .map((request) => (
                <RequestCard key={request.id} id={request.id} ticketId={ticketId} />
              ))}
          </li>
        ))}
        <li ref={end} />
      </ol>
      <Composer ticketId={ticketId} />
    </main>
  );
}

/** Renders again when a person joins, leaves or writes, and not with every line of chat. */
function People({ ticketId }: { ticketId: string }) {
  const { presence, typing } = useTicket(ticketId);
  const writing = new Set(typing.map(({ id }) => id));
  return (
    <ul aria-label="Who is here">
      {presence.map(({ user }) => (
        <li key={user.id}>
          {user.name}
          {writing.has(user.id) && ' is writing…'}
        </li>
      ))}
    </ul>
  );
}

function Composer({ ticketId }: { ticketId: string }) {
  const { send, sendTyping } = useTicket(ticketId);
  const [text, setText] = useState('');
  const [problem, setProblem] = useState<string>();
  async function submit(event: FormEvent) {
    event.preventDefault();
    const outcome = await send(text);
    setProblem(outcome.ok ? undefined : outcome.error.message);
    if (outcome.ok) setText('');
  }
  function edit(changed: string) {
    setText(changed);
    sendTyping();
  }
  return (
    <form className="composer" onSubmit={submit}>
      <input
        aria-label="Message"
        placeholder="refund 1042"
        value={text}
        onChange={({ target }) => edit(target.value)}
      />
      <button type="submit">Send</button>
      {problem && <p role="alert">{problem}</p>}
    </form>
  );
}
