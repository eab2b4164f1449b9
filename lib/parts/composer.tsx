/** Where one writes into a ticket. What was written is sent once, waits while the connection is away, and is given back if it was refused. */
import type { Ticket } from '../react';
import { useDraft, useDrafts, useDraftText } from './drafts';
import { ExpandingText } from './expanding-text';
import { Icon } from './icon';
import { isObject } from './json';
import { PlainText } from './plain-text';
import { texts } from './texts';

/** What this page has sent and has no answer to. What an earlier page sent is unknown. */
const underWay = new Set<number>();

interface Sending {
  key: number;
  content: string;
  /** Why it was not said; it is still there to be sent again. */
  problem?: string | undefined;
}

interface ComposerProps extends Pick<Ticket, 'send' | 'sendTyping'> {
  ticketId: string;
  agentName: string;
  isClosed: boolean;
}

export function Composer({ ticketId, agentName, isClosed, send, sendTyping }: ComposerProps) {
  const [text, setText] = useDraftText(`message ${ticketId}`);
  const name = `sending ${ticketId}`;
  const drafts = useDrafts();
  const sending = sendingOf(useDraft(name)[0]);

  /** Read again each time: an answer may come when this is not on the page any more. */
  function change(change: (before: readonly Sending[]) => readonly Sending[]) {
    const changed = change(sendingOf(drafts.get(name)));
    drafts.put(name, changed.length > 0 ? changed : undefined);
  }

  function write(content: string) {
    setText(content);
    if (content !== '') sendTyping();
  }

  async function say(content: string) {
    const key = Date.now() + Math.random();
    underWay.add(key);
    change((before) => [...before, { key, content }]);
    const outcome = await send(content);
    underWay.delete(key);
    change((before) =>
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
            <li key={key} data-failed={problem !== undefined || !underWay.has(key) || undefined}>
              <PlainText text={content} first={200} />{' '}
              {problem === undefined && underWay.has(key) ? (
                <small>{texts.sending}</small>
              ) : (
                <>
                  <small>{problem === undefined ? texts.maybeSent : texts.notSent(problem)}</small>{' '}
                  <button
                    type="button"
                    className="hitl-more"
                    onClick={() => {
                      change((before) => before.filter((each) => each.key !== key));
                      void say(content);
                    }}
                  >
                    {texts.sendAgain}
                  </button>{' '}
                  <button
                    type="button"
                    className="hitl-more"
                    onClick={() => change((before) => before.filter((each) => each.key !== key))}
                  >
                    {texts.discard}
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
          if (isClosed || text.trim() === '') return;
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
            const { isComposing, keyCode } = event.nativeEvent;
            if (event.key !== 'Enter' || event.shiftKey || isComposing || keyCode === 229) return;
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

/** Whatever is stored that is not of the right shape counts as nothing. */
function sendingOf(value: unknown): readonly Sending[] {
  if (!Array.isArray(value)) return [];
  return value.filter(
    (each) => isObject(each) && typeof each.key === 'number' && typeof each.content === 'string',
  );
}
