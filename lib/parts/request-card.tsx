/** One request with everything a person needs to decide on it; shows what `useRequest` gives and has no state of its own for it. */
import { type ReactNode, useId, useState } from 'react';
import type { RequestView } from '../client';
import type { Issue, Request } from '../react';
import { ArgumentsEditor, argumentsToEdit } from './arguments-editor';
import { Countdown } from './countdown';
import { DisplayNote } from './display-note';
import { Face } from './face';
import { Foldable, MayStayFolded, useUnseen } from './folds';
import { Icon } from './icon';
import { isSame, type JsonObject } from './json';
import { moveToDecision } from './keys';
import { NotSent } from './not-sent';
import { PlainText } from './plain-text';
import { Problem } from './problem';
import { useRefusal } from './refusal';
import { RequestAnswer } from './request-answer';
import { RequestOutcome } from './request-outcome';
import { RequestPayload } from './request-payload';
import { RequestPolicy } from './request-policy';
import { type Me, ownVerdict, useClaim, whyNot } from './right-to-answer';
import { propertyOf } from './schema-fields';
import { useAside, useStoredDraft } from './stored-draft';
import { subjectOf } from './subject';
import { texts } from './texts';
import { Ago } from './times';
import { TurnNote } from './turn-note';
import { ValueTree } from './value-tree';

/** What `useRequest` gives, of a request that is there. */
export type Desk = Omit<Request, 'remainingMs'> & { request: RequestView };

/** What a card takes beside its request. */
export interface CardOptions {
  me?: Me | undefined;
  /** `line`: among the lines of a ticket, which say already where and by whom it was asked. */
  size?: 'full' | 'line';
  /** Links and the like, at the end of the first line. */
  more?: ReactNode;
  onAnswered?: ((status: 'approved' | 'denied') => void) | undefined;
}

export interface RequestCardProps extends CardOptions {
  desk: Desk;
}

export function RequestCard(props: RequestCardProps) {
  return (
    <Foldable>
      <Card {...props} />
    </Foldable>
  );
}

function Card({ desk, me, size = 'full', more, onAnswered }: RequestCardProps) {
  const { request } = desk;
  const { icon, kind, title, isCode } = subjectOf(request);
  const heading = useId();
  const claim = useClaim(request);
  const refused = useRefusal(desk);
  const isPending = request.status === 'pending';
  // What has changed while it was read is not approved by accident: the form waits until the person has confirmed the change.
  const [readRevision, setReadRevision] = useState(request.revision);
  const isUnread = isPending && readRevision !== request.revision;
  const left = useStoredDraft(desk);
  return (
    <article
      className="hitl-card"
      data-size={size}
      data-request={request.id}
      data-status={request.status}
      aria-labelledby={heading}
      onKeyDown={(event) => moveToDecision(event.currentTarget, event.nativeEvent)}
    >
      <header className="hitl-card-head">
        <p className="hitl-card-kind">
          <Icon name={icon} /> <PlainText text={kind} first={60} />
          {isPending ? <Countdown request={request} /> : <Status status={request.status} />}
          <span className="hitl-push" />
          {more}
        </p>
        {/* Where one is led to from elsewhere on the page. */}
        <h2 id={heading} tabIndex={-1} className={isCode ? 'hitl-code' : undefined}>
          <PlainText text={title} first={600} />
        </h2>
        <p className="hitl-card-asked">
          {request.user_id !== undefined && (
            <>
              {texts.askedFor} <PlainText text={request.user_id} first={100} /> ·{' '}
            </>
          )}
          <Ago at={request.created_at} />
          {size === 'full' && (
            <>
              {' '}
              · {texts.inTicket} <PlainText text={request.ticket_id} first={128} />
            </>
          )}
          {request.revision > 1 && <> · {texts.revision(request.revision)}</>}
        </p>
      </header>
      <DisplayNote display={request.display} />
      <Values desk={desk} refused={refused} />
      <RequestPayload request={request} />
      <MayStayFolded>
        <RequestPolicy request={request} />
        {desk.error && <Problem error={desk.error} request={request} />}
      </MayStayFolded>
      <AskerNote request={request} />
      {size === 'full' && isPending && <TurnNote request={request} />}
      {isPending ? (
        <>
          <MayStayFolded>
            <ClaimNote claim={claim} me={me} />
            <OwnVerdict request={request} me={me} />
          </MayStayFolded>
          {isUnread && (
            <p className="hitl-problem" role="alert">
              <Icon name="history" />
              <span>{texts.changedSince}</span>
              <button type="button" className="hitl-button" onClick={() => setReadRevision(request.revision)}>
                {texts.iHaveRead}
              </button>
            </p>
          )}
          <NotSent left={left} request={request} />
          <RequestAnswer
            desk={desk}
            refused={refused}
            obstacle={whyNot(request, me, claim)}
            isUnread={isUnread}
            myId={me?.id}
            onAnswered={onAnswered}
          />
        </>
      ) : (
        <MayStayFolded>
          <RequestOutcome request={request} />
          <NotSent left={left} request={request} />
        </MayStayFolded>
      )}
    </article>
  );
}

/** What will run, what ran, or what is to be filled in; with an editor where the arguments may be changed. */
function Values({ desk, refused }: Pick<RequestCardProps, 'desk'> & { refused: readonly Issue[] }) {
  const { request, draft, edit } = desk;
  const { values } = subjectOf(request);
  const unseen = useUnseen();
  const [aside, setAside] = useAside(request.id);
  const isTool = request.type === 'tool_approval';
  const schema = isTool ? propertyOf(request.response_schema, 'tool_args') : undefined;
  const isEditing = schema !== undefined && request.status === 'pending' && draft.tool_args !== undefined;
  if (!values) return null;
  const approved = isTool ? request.response?.tool_args : undefined;
  const begun = schema && argumentsToEdit(schema, request.response_schema, values);
  const edited = aside.revision === request.revision ? aside.tool_args : undefined;
  const isChanged = isEditing && !isSame(draft.tool_args, begun);
  // What was edited is set aside and can be had again; it is not sent.
  function swap(args: JsonObject | undefined) {
    if (isChanged) setAside({ ...aside, tool_args: draft.tool_args, revision: request.revision });
    edit({ tool_args: args });
  }
  return (
    <section className="hitl-values">
      <header>
        <h3>{isTool ? argumentsTitle(request.status) : texts.details}</h3>
        <span className="hitl-push" />
        {isChanged && (
          <button type="button" className="hitl-more" onClick={() => swap(begun)}>
            {texts.asAsked}
          </button>
        )}
        {isEditing && !isChanged && edited && (
          <button type="button" className="hitl-more" onClick={() => edit({ tool_args: edited })}>
            {texts.editsAgain}
          </button>
        )}
        {schema && (
          <button
            type="button"
            className="hitl-quiet"
            aria-pressed={isEditing}
            // What is edited is approved as well, so the rest of it has been looked at first.
            disabled={!isEditing && unseen.count > 0}
            onClick={isEditing ? () => swap(undefined) : () => edit({ tool_args: edited ?? begun })}
          >
            <Icon name={isEditing ? 'cross' : 'edit'} /> {isEditing ? texts.dropEdits : texts.edit}
          </button>
        )}
      </header>
      {isEditing && schema ? (
        <ArgumentsEditor desk={desk} schema={schema} before={values} refused={refused} />
      ) : Object.keys(values).length === 0 ? (
        <p className="hitl-empty">{isTool ? texts.noArguments : texts.emptyObject}</p>
      ) : (
        <ValueTree
          key={request.revision}
          value={approved ?? values}
          before={approved === undefined ? undefined : values}
        />
      )}
    </section>
  );
}

function ClaimNote({ claim, me }: { claim: RequestView['claimed_by']; me: Me | undefined }) {
  if (!claim || claim.user_id === me?.id) return null;
  return (
    <p className="hitl-claim" role="status">
      <Face name={claim.display_name} id={claim.user_id} />
      <span>
        <PlainText text={claim.display_name} first={100} /> {texts.isAnswering}
      </span>
    </p>
  );
}

/** Says that nothing may run: the program that asked has ended. */
function AskerNote({ request }: { request: RequestView }) {
  if (request.asker !== 'gone' || request.status !== 'pending') return null;
  return (
    <p className="hitl-problem" role="status">
      <Icon name="warning" />
      <span>{texts.askerGone}</span>
    </p>
  );
}

/** What the reader has said already, which they may change while others are asked. */
function OwnVerdict({ request, me }: { request: RequestView; me: Me | undefined }) {
  const mine = ownVerdict(request, me);
  if (!mine) return null;
  return (
    <p className="hitl-claim" role="status">
      <Icon name="check" />
      <span>
        {texts.youSaid(request.type, mine.status)} {texts.canChange}
      </span>
    </p>
  );
}

/** The end of a request in a word. */
export function Status({ status }: { status: string }) {
  return (
    <span className="hitl-status" data-status={status}>
      {texts.status[status] ?? status}
    </span>
  );
}

function argumentsTitle(status: string): string {
  if (status === 'pending') return texts.willRun;
  return status === 'approved' ? texts.wasApproved : texts.wasAsked;
}
