/** Where one writes into a ticket. What was written is sent once, waits while the connection is away, and is given back if it was refused. */
import { useState } from 'react';
import type { Ticket } from '../react';
import { ExpandingText } from './expanding-text';
import { Icon } from './icon';
import { PlainText } from './plain-text';
import { texts } from './texts';

/** What was begun in each ticket, so that leaving it loses nothing; of more, the one begun first is forgotten. */
const begun = new Map<string, string>();
const maxBegun = 50;

interface Sending {
  key: number;
  content: string;
  /** Why it was not said; it is still there to be sent again. */
  problem: string | undefined;
}

interface ComposerProps extends Pick<Ticket, 'send' | 'sendTyping'> {
  ticketId: string;
  agentName: string;
  isClosed: boolean;
}

export function Composer({ ticketId, agentName, isClosed, send, sendTyping }: ComposerProps) {
  const [text, setText] = useState(() => begun.get(ticketId) ?? '');
  const [sending, setSending] = useState<readonly Sending[]>([]);

  function write(content: string) {
    setText(content);
    begun.delete(ticketId);
    if (content !== '') begun.set(ticketId, content);
    const [oldest] = begun.keys();
    if (begun.size > maxBegun && oldest !== undefined) begun.delete(oldest);
    if (content !== '') sendTyping();
  }

  async function say(content: string) {
    if (content.trim() === '' || isClosed) return;
    const key = Date.now() + Math.random();
    setSending((before) => [...before, { key, content, problem: undefined }]);
    const outcome = await send(content);
    setSending((before) =>
      outcome.ok
        ? before.filter((each) => each.key !== key)
        : before.map((each) =>
            each.key === key
              ? { ...each, problem: texts.errors[outcome.error.code] ?? outcome.error.message }
              : each,
          ),
    );
  }

  return (
    <div className="hitl-composer">
      {sending.length > 0 && (
        <ul className="hitl-sending" aria-live="polite">
          {sending.map(({ key, content, problem }) => (
            <li key={key} data-failed={problem !== undefined || undefined}>
              <PlainText text={content} first={200} />{' '}
              {problem === undefined ? (
                <small>{texts.sending}</small>
              ) : (
                <>
                  <small>{texts.notSent(problem)}</small>{' '}
                  <button
                    type="button"
                    className="hitl-more"
                    onClick={() => {
                      setSending((before) => before.filter((each) => each.key !== key));
                      void say(content);
                    }}
                  >
                    {texts.sendAgain}
                  </button>
                </>
              )}
            </li>
          ))}
        </ul>
      )}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          write('');
          void say(text);
        }}
      >
        <ExpandingText
          label={texts.message}
          placeholder={texts.writeTo(agentName)}
          maxLength={20_000}
          disabled={isClosed}
          value={text}
          onChange={write}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
            event.preventDefault();
            event.currentTarget.form?.requestSubmit();
          }}
        />
        <button
          type="submit"
          className="hitl-button hitl-button-main"
          disabled={isClosed || text.trim() === ''}
          aria-label={texts.send}
        >
          <Icon name="send" />
        </button>
      </form>
    </div>
  );
}
