/** The form in which a request is answered: options, fields, grant, comment and the two buttons; `RequestCard` shows it while it is pending. */
import { useEffect, useId, useRef, useState } from 'react';
import type { RequestView } from '../client';
import { checkResponse, type Issue, type Request } from '../react';
import { DecideButton } from './decide-button';
import { useDraftText } from './drafts';
import { ExpandingText } from './expanding-text';
import { useUnseen } from './folds';
import { besides, eachOnce, pathsIn } from './form-issues';
import { GrantOffer, offersOf } from './grant-offer';
import { Key } from './key';
import { PlainLine, PlainText } from './plain-text';
import { type CommentPlace, commentPlace, maxComment, responseForm } from './response-form';
import { SchemaForm } from './schema-form';
import { useAside } from './stored-draft';
import { optionsOf, takesFreeText } from './subject';
import { texts } from './texts';
import { UnseenNote } from './unseen-note';

/** A claim lasts two minutes; while its holder goes on it is renewed after this long. */
const renewMs = 60_000;

export interface RequestAnswerProps {
  desk: Omit<Request, 'remainingMs'> & { request: RequestView };
  /** What the server found wrong, as far as it still stands so. */
  refused: readonly Issue[];
  /** Why this person cannot answer; then there is nothing to press. */
  obstacle: string | undefined;
  /** The request has changed under the reader's eyes: nothing can be pressed until they have looked. */
  isUnread: boolean;
  myId: string | undefined;
  /** Called when an answer was accepted. */
  onAnswered?: ((status: 'approved' | 'denied') => void) | undefined;
}

export function RequestAnswer({ desk, refused, obstacle, isUnread, myId, onAnswered }: RequestAnswerProps) {
  const { request, draft, busy, edit } = desk;
  const formElement = useRef<HTMLFormElement>(null);
  const [hasTried, setTried] = useState(false);
  const commentId = useId();
  const [attempts, setAttempts] = useState(0);
  /** Whether something was put into a form that may hold nothing at all. */
  const [isBegun, setBegun] = useState(false);
  /** The reason of a denial, where what the kind calls a comment is something else. */
  const [reason, setReason] = useDraftText(`reason ${request.id}`);
  const { response_schema: schema } = request;
  const form = responseForm(request);
  const filled = form.filled(draft);
  const value = form.value(draft) ?? (isBegun ? {} : undefined);
  const place = commentPlace(schema);
  const comment = place.kind === 'field' ? reason : typeof draft.comment === 'string' ? draft.comment : '';
  const found = [
    ...(form.field && value === undefined ? [{ path: '', message: 'is required' }] : []),
    ...commentIssues(place, comment),
    ...checkResponse(schema, filled),
  ];
  const issues = eachOnce([...(hasTried ? found : []), ...refused]);
  const isEditing = draft.tool_args !== undefined;
  const elsewhere = besides(issues, [
    ...(form.field ? pathsIn(form.field, value) : []),
    ...(request.type === 'question' ? ['answer'] : []),
    ...(isEditing ? ['tool_args'] : []),
    ...(place.kind === 'text' ? [] : [placeOf(place)]),
  ]);
  const commentWrong = place.kind === 'text' ? undefined : issues.find(({ path }) => path === placeOf(place));
  // Once what is wrong is drawn, the first of it is where the cursor belongs.
  useEffect(() => {
    if (attempts > 0) firstWrong(formElement.current)?.focus();
  }, [attempts]);
  const offers = offersOf(request);
  const begin = useClaim(desk, myId);
  const isQuestion = request.type === 'question';
  const isOff = obstacle !== undefined || isUnread;
  const unseen = useUnseen();
  // No field is taken away from the person who is in it because of what others do.
  const [isEntered, setEntered] = useState(false);
  const [, setAside] = useAside(request.id);
  const stamp = `${request.id} ${request.revision}`;
  const [pressedLate, setPressedLate] = useState<string>();

  async function decide(status: 'approved' | 'denied') {
    setPressedLate(undefined);
    if (isOff || (status === 'approved' && unseen.count > 0)) return;
    const wrong = status === 'approved' ? found : commentIssues({ kind: 'box', most: maxComment }, comment);
    if (status === 'approved' || wrong.length > 0) setTried(true);
    if (wrong.length > 0) {
      setAttempts(attempts + 1);
      return;
    }
    const denial = comment === '' ? {} : { comment };
    const outcome = await desk.answer(status, status === 'approved' ? filled : denial);
    if (!outcome.ok) {
      if (outcome.error.details.issues) setAttempts((before) => before + 1);
      return;
    }
    setEntered(false);
    setReason('');
    if (status === 'approved') setAside(undefined);
    onAnswered?.(status);
  }

  return (
    <form
      ref={formElement}
      className="hitl-answer-form"
      autoComplete="off"
      // Enter in a field decides nothing; the buttons do.
      onSubmit={(event) => event.preventDefault()}
      onChange={begin}
      onFocus={() => setEntered(true)}
    >
      <fieldset disabled={isUnread || (obstacle !== undefined && !isEntered)} className="hitl-bare">
        {isQuestion && <Answer desk={desk} issue={issues.find(({ path }) => path === 'answer')} />}
        {form.field && (
          <SchemaForm
            field={form.field}
            value={value}
            issues={issues}
            onChange={(changed) => {
              setBegun(changed !== undefined);
              edit(form.change(draft, changed));
            }}
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
      {elsewhere.length > 0 && (
        <ul className="hitl-issues" role="alert" tabIndex={-1}>
          {elsewhere.map(({ path, message }) => (
            <li key={`${path} ${message}`} className="hitl-issue">
              <PlainText text={texts.issue(path === '' ? message : `${path} ${message}`)} first={500} />
            </li>
          ))}
        </ul>
      )}
      <div className="hitl-verdict">
        {place.kind !== 'text' && (
          <span className="hitl-comment" data-invalid={commentWrong ? true : undefined}>
            <ExpandingText
              label={place.kind === 'box' ? texts.comment : texts.commentOnDenial}
              placeholder={place.kind === 'box' ? texts.commentHint : texts.commentOnDenial}
              aria-describedby={commentWrong && commentId}
              aria-invalid={commentWrong ? true : undefined}
              disabled={obstacle !== undefined && !isEntered}
              value={comment}
              onChange={(text) =>
                place.kind === 'field' ? setReason(text) : edit({ comment: text === '' ? undefined : text })
              }
            />
            {commentWrong && (
              <p id={commentId} className="hitl-issue">
                {texts.issue(commentWrong.message)}
              </p>
            )}
          </span>
        )}
        <span className="hitl-verdict-buttons">
          <DecideButton
            status="denied"
            stamp={stamp}
            className="hitl-button hitl-button-no"
            disabled={isOff || busy === 'answer'}
            onDecide={() => void decide('denied')}
            onRefuse={() => setPressedLate(stamp)}
          >
            {isQuestion ? texts.decline : texts.deny}
            <Key>{texts.denyKey}</Key>
          </DecideButton>
          <DecideButton
            status="approved"
            stamp={stamp}
            className="hitl-button hitl-button-yes"
            disabled={isOff || busy === 'answer' || unseen.count > 0}
            onDecide={() => void decide('approved')}
            onRefuse={() => setPressedLate(stamp)}
          >
            {busy === 'answer' ? texts.sending : isQuestion ? texts.answer : texts.approve}
            <Key>{texts.approveKey}</Key>
          </DecideButton>
        </span>
      </div>
      <p role="status" className="hitl-refused">
        {pressedLate === stamp && texts.pressedTooLate}
      </p>
    </form>
  );
}

/** A question's options as radio buttons, and a field where any text will do. */
function Answer({ desk, issue }: { desk: RequestAnswerProps['desk']; issue: Issue | undefined }) {
  const { request, draft, edit } = desk;
  const name = useId();
  const options = optionsOf(request);
  const answer = typeof draft.answer === 'string' ? draft.answer : undefined;
  const [isChosen, setOther] = useState(false);
  const isOwn = answer !== undefined && !options.includes(answer);
  const isOther = isChosen || isOwn;
  const [aside, setAside] = useAside(request.id);
  const isFree = takesFreeText(request);
  return (
    <div
      className="hitl-options"
      role="radiogroup"
      aria-label={texts.answer}
      aria-describedby={issue ? `${name}-issue` : undefined}
      data-invalid={issue ? true : undefined}
    >
      {options.map((option) => (
        <label key={option} className="hitl-option">
          <input
            type="radio"
            name={name}
            checked={!isOther && answer === option}
            onChange={() => {
              setOther(false);
              // A text of one's own is there again when one comes back to it.
              if (isOther && answer !== undefined) setAside({ ...aside, answer });
              edit({ answer: option });
            }}
          />
          <PlainText text={option} />
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
              edit({ answer: aside.answer });
            }}
          />
          {texts.otherAnswer}
          {!isOther && aside.answer !== undefined && (
            <small>
              <PlainLine text={aside.answer} most={60} />
            </small>
          )}
        </label>
      )}
      {isFree && (isOther || options.length === 0) && (
        <ExpandingText
          label={texts.yourAnswer}
          placeholder={texts.yourAnswer}
          aria-invalid={issue ? true : undefined}
          value={answer ?? ''}
          onChange={(text) => edit({ answer: text === '' ? undefined : text })}
        />
      )}
      {issue && (
        <p id={`${name}-issue`} className="hitl-issue" role="alert">
          {answer === undefined ? texts.chooseFirst : texts.issue(issue.message)}
        </p>
      )}
    </div>
  );
}

/** Claims the request when the person begins to fill in the form, and releases it when the form is gone without an answer. */
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

/** The path of what is written in the box beside the buttons; of a reason none that a response has. */
function placeOf({ kind }: CommentPlace): string {
  return kind === 'field' ? 'hitl:reason' : 'comment';
}

/** What is wrong with the comment as it would go with an approval; of a box, that it is too long. */
function commentIssues(place: CommentPlace, comment: string): Issue[] {
  if (comment === '' || place.kind === 'text') return [];
  if (place.kind !== 'box') return [{ path: placeOf(place), message: texts.commentNotTaken }];
  const { length } = [...comment];
  return length > place.most ? [{ path: 'comment', message: texts.commentTooLong(length, place.most) }] : [];
}

/** The first element that can be typed into or pressed of what is wrong in the whole card. */
function firstWrong(form: HTMLElement | null): HTMLElement | undefined | null {
  const card = form?.closest<HTMLElement>('.hitl-card') ?? form;
  const control = ':is(input, textarea, select, button):not([tabindex="-1"])';
  return (
    card?.querySelector<HTMLElement>(`[data-invalid] ${control}`) ??
    card?.querySelector<HTMLElement>('.hitl-issues')
  );
}
