/** The form in which a request is answered: options, fields, grant, comment and the two buttons; `RequestCard` shows it while it is pending. */
import { type MouseEvent, useEffect, useId, useRef, useState } from 'react';
import type { RequestView } from '../client';
import { checkResponse, type Request } from '../react';
import { ExpandingText } from './expanding-text';
import { useUnseen } from './folds';
import { GrantOffer, offersOf } from './grant-offer';
import type { JsonObject } from './json';
import { Key } from './key';
import { PlainText } from './plain-text';
import { type Field, fieldsOf } from './schema-fields';
import { SchemaForm } from './schema-form';
import { optionsOf, takesFreeText } from './subject';
import { texts } from './texts';
import { UnseenNote } from './unseen-note';

/** Fields of a response that have a place of their own in the form. */
const placed: ReadonlySet<string> = new Set(['comment', 'answer', 'tool_args', 'grant']);
/** A claim lasts two minutes; while somebody goes on it is renewed after this long. */
const renewMs = 60_000;

export interface RequestAnswerProps {
  desk: Omit<Request, 'remainingMs'> & { request: RequestView };
  /** Why this person cannot answer; then there is nothing to press. */
  obstacle: string | undefined;
  /** The request has changed under the reader's eyes: nothing can be pressed until they have looked. */
  isUnread: boolean;
  myId: string | undefined;
  /** Told when an answer was taken. */
  onAnswered?: ((status: 'approved' | 'denied') => void) | undefined;
}

export function RequestAnswer({ desk, obstacle, isUnread, myId, onAnswered }: RequestAnswerProps) {
  const { request, draft, busy, edit } = desk;
  const form = useRef<HTMLFormElement>(null);
  const [hasTried, setTried] = useState(false);
  const issues = hasTried ? checkResponse(request.response_schema, draft) : [];
  const fields = request.response_schema
    ? fieldsOf(request.response_schema).filter(({ name }) => !placed.has(name))
    : [];
  const offers = offersOf(request);
  const begin = useClaim(desk, myId);
  const isQuestion = request.type === 'question';
  const isOff = obstacle !== undefined || isUnread;
  const unseen = useUnseen();

  async function decide(event: MouseEvent, status: 'approved' | 'denied') {
    // The second click of a double click would fall on whatever has taken this place meanwhile.
    if (event.detail > 1 || isOff || (status === 'approved' && unseen.count > 0)) return;
    if (status === 'approved') {
      setTried(true);
      const wrong = checkResponse(request.response_schema, draft);
      if (wrong.length > 0 || form.current?.querySelector('.hitl-field [aria-invalid=true]')) {
        // Once what is wrong is drawn, the first of it is where the cursor belongs.
        setTimeout(() =>
          form.current?.querySelector<HTMLElement>('[aria-invalid=true], .hitl-options input')?.focus(),
        );
        return;
      }
    }
    const outcome = await desk.answer(status);
    if (outcome.ok) onAnswered?.(status);
  }

  return (
    <form
      ref={form}
      className="hitl-answer-form"
      autoComplete="off"
      // Enter in a field decides nothing; the buttons do.
      onSubmit={(event) => event.preventDefault()}
      onChange={begin}
    >
      <fieldset disabled={isOff} className="hitl-bare">
        {isQuestion && <Answer desk={desk} isMissing={issues.some(({ path }) => path === 'answer')} />}
        {fields.length > 0 && (
          <SchemaForm
            fields={fields}
            values={own(draft, fields)}
            issues={issues}
            onChange={(values) =>
              edit({ ...Object.fromEntries(fields.map(({ name }) => [name, undefined])), ...values })
            }
          />
        )}
        {offers.length > 0 && (
          <GrantOffer
            offers={offers}
            chosen={typeof draft.grant === 'number' ? draft.grant : undefined}
            onChoose={(grant) => edit({ grant })}
          />
        )}
      </fieldset>
      {obstacle !== undefined && <p className="hitl-obstacle">{obstacle}</p>}
      {!isOff && <UnseenNote unseen={unseen} />}
      <div className="hitl-verdict">
        <ExpandingText
          label={texts.comment}
          placeholder={texts.commentHint}
          maxLength={4_000}
          disabled={isOff}
          value={typeof draft.comment === 'string' ? draft.comment : ''}
          onChange={(text) => edit({ comment: text === '' ? undefined : text })}
        />
        <span className="hitl-verdict-buttons">
          <button
            type="button"
            className="hitl-button hitl-button-no"
            data-decide="denied"
            disabled={isOff || busy === 'answer'}
            onClick={(event) => decide(event, 'denied')}
          >
            {isQuestion ? texts.decline : texts.deny}
            <Key>D</Key>
          </button>
          <button
            type="button"
            className="hitl-button hitl-button-yes"
            data-decide="approved"
            disabled={isOff || busy === 'answer' || unseen.count > 0}
            onClick={(event) => decide(event, 'approved')}
          >
            {busy === 'answer' ? texts.sending : isQuestion ? texts.answer : texts.approve}
            <Key>A</Key>
          </button>
        </span>
      </div>
    </form>
  );
}

/** A question's options as radio buttons, and a field where any text will do. */
function Answer({ desk, isMissing }: { desk: RequestAnswerProps['desk']; isMissing: boolean }) {
  const { request, draft, edit } = desk;
  const name = useId();
  const options = optionsOf(request);
  const answer = typeof draft.answer === 'string' ? draft.answer : undefined;
  const [isOther, setOther] = useState(answer !== undefined && !options.includes(answer));
  const isFree = takesFreeText(request);
  return (
    <div
      className="hitl-options"
      role="radiogroup"
      aria-label={texts.answer}
      aria-describedby={isMissing ? `${name}-issue` : undefined}
    >
      {options.map((option, at) => (
        <label key={option} className="hitl-option">
          <input
            type="radio"
            name={name}
            checked={!isOther && answer === option}
            onChange={() => {
              setOther(false);
              edit({ answer: option });
            }}
          />
          <PlainText text={option} />
          {at < 9 && <Key>{`${at + 1}`}</Key>}
        </label>
      ))}
      {isFree && options.length > 0 && (
        <label className="hitl-option">
          <input
            type="radio"
            name={name}
            checked={isOther}
            onChange={() => {
              setOther(true);
              edit({ answer: undefined });
            }}
          />
          {texts.otherAnswer}
        </label>
      )}
      {isFree && (isOther || options.length === 0) && (
        <ExpandingText
          label={texts.yourAnswer}
          placeholder={texts.yourAnswer}
          maxLength={4_000}
          value={answer ?? ''}
          onChange={(text) => edit({ answer: text === '' ? undefined : text })}
        />
      )}
      {isMissing && (
        <p id={`${name}-issue`} className="hitl-issue" role="alert">
          {texts.chooseFirst}
        </p>
      )}
    </div>
  );
}

/** Says "I am on it" when somebody begins to fill in the form, and lets go when the form is gone without an answer. */
function useClaim(desk: RequestAnswerProps['desk'], myId: string | undefined): () => void {
  const claimedAt = useRef(0);
  const latest = useRef(desk);
  useEffect(() => {
    latest.current = desk;
  });
  useEffect(
    () => () => {
      const { request, release, busy } = latest.current;
      const isMine = request.claimed_by?.user_id === myId && myId !== undefined;
      if (claimedAt.current > 0 && isMine && request.status === 'pending' && busy !== 'answer')
        void release();
    },
    [myId],
  );
  return () => {
    const { claimed_by: holder } = latest.current.request;
    if (holder && holder.user_id !== myId) return;
    if (Date.now() - claimedAt.current < renewMs) return;
    claimedAt.current = Date.now();
    void latest.current.claim();
  };
}

function own(draft: JsonObject, fields: readonly Field[]): JsonObject {
  return Object.fromEntries(
    fields.filter(({ name }) => draft[name] !== undefined).map(({ name }) => [name, draft[name]]),
  );
}
