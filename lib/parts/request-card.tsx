/** One request with everything a person needs to decide on it; shows what `useRequest` gives and keeps nothing that belongs to it. */
import { type ReactNode, useId, useState } from 'react';
import type { RequestView } from '../client';
import { checkResponse, type Request } from '../react';
import { Countdown } from './countdown';
import { Face } from './face';
import { Icon } from './icon';
import { isObject, isSame, type JsonObject } from './json';
import { moveToDecision } from './keys';
import { NotSent } from './not-sent';
import { PlainText } from './plain-text';
import { Problem } from './problem';
import { RequestAnswer } from './request-answer';
import { RequestOutcome } from './request-outcome';
import { RequestPolicy } from './request-policy';
import { type Me, whyNot } from './right-to-answer';
import { fieldsOf, jsonField, propertyOf, type Schema } from './schema-fields';
import { SchemaForm } from './schema-form';
import { useAside, useStoredDraft } from './stored-draft';
import { subjectOf } from './subject';
import { texts } from './texts';
import { Ago } from './times';
import { ValueTree } from './value-tree';

/** What `useRequest` gives, of a request that is there. */
export type Desk = Omit<Request, 'remainingMs'> & { request: RequestView };

export interface RequestCardProps {
  desk: Desk;
  me?: Me | undefined;
  /** `line`: among the lines of a ticket, which say already where and by whom it was asked. */
  size?: 'full' | 'line';
  /** Links and the like, at the end of the first line. */
  more?: ReactNode;
  onAnswered?: ((status: 'approved' | 'denied') => void) | undefined;
}

export function RequestCard({ desk, me, size = 'full', more, onAnswered }: RequestCardProps) {
  const { request } = desk;
  const { icon, kind, title, isCode } = subjectOf(request);
  const heading = useId();
  const isPending = request.status === 'pending';
  // Nobody approves what has changed under their eyes: the form waits until they have said that they looked.
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
        <h2 id={heading} className={isCode ? 'hitl-code' : undefined}>
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
      <Values desk={desk} />
      <RequestPolicy request={request} />
      {desk.error && <Problem error={desk.error} request={request} />}
      {isPending ? (
        <>
          <ClaimNote request={request} me={me} />
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
            obstacle={whyNot(request, me)}
            isUnread={isUnread}
            myId={me?.id}
            onAnswered={onAnswered}
          />
        </>
      ) : (
        <>
          <RequestOutcome request={request} />
          <NotSent left={left} request={request} />
        </>
      )}
    </article>
  );
}

/** What will run, what ran, or what is to be filled in; with an editor where the arguments may be changed. */
function Values({ desk }: Pick<RequestCardProps, 'desk'>) {
  const { request, draft, edit } = desk;
  const { values } = subjectOf(request);
  const schema = propertyOf(request.response_schema, 'tool_args');
  const isEditing = request.status === 'pending' && draft.tool_args !== undefined;
  const [aside, setAside] = useAside(request.id);
  if (!values) return null;
  const approved = request.response?.tool_args;
  const edited = aside.revision === request.revision ? aside.tool_args : undefined;
  // What was edited is set aside and can be had again; it is not sent.
  const swap = (args: Record<string, unknown> | undefined) => {
    if (!isSame(draft.tool_args, values))
      setAside({ ...aside, tool_args: draft.tool_args, revision: request.revision });
    edit({ tool_args: args });
  };
  const isTool = request.type === 'tool_approval';
  return (
    <section className="hitl-values">
      <header>
        <h3>{isTool ? argumentsTitle(request.status) : texts.details}</h3>
        <span className="hitl-push" />
        {isEditing && !isSame(draft.tool_args, values) && (
          <button type="button" className="hitl-more" onClick={() => swap(values)}>
            {texts.asAsked}
          </button>
        )}
        {isEditing && isSame(draft.tool_args, values) && edited && (
          <button type="button" className="hitl-more" onClick={() => edit({ tool_args: edited })}>
            {texts.editsAgain}
          </button>
        )}
        {schema && (
          <button
            type="button"
            className="hitl-quiet"
            aria-pressed={isEditing}
            onClick={isEditing ? () => swap(undefined) : () => edit({ tool_args: edited ?? values })}
          >
            <Icon name={isEditing ? 'cross' : 'edit'} /> {isEditing ? texts.dropEdits : texts.edit}
          </button>
        )}
      </header>
      {isEditing && schema ? (
        <ArgumentsEditor desk={desk} schema={schema} before={values} />
      ) : Object.keys(values).length === 0 ? (
        <p className="hitl-empty">{isTool ? texts.noArguments : texts.emptyObject}</p>
      ) : (
        <ValueTree value={approved ?? values} before={approved === undefined ? undefined : values} />
      )}
    </section>
  );
}

interface ArgumentsEditorProps extends Pick<RequestCardProps, 'desk'> {
  schema: Schema;
  before: JsonObject;
}

/** Field by field where the schema names the fields; else all of it as JSON. */
function ArgumentsEditor({ desk, schema, before }: ArgumentsEditorProps) {
  const { request, draft, edit } = desk;
  const fields = fieldsOf(schema, 'tool_args', request.response_schema);
  const issues = checkResponse(request.response_schema, draft);
  return fields.length > 0 ? (
    <SchemaForm
      fields={fields}
      values={isObject(draft.tool_args) ? draft.tool_args : {}}
      before={before}
      isCode
      issues={issues}
      onChange={(changed) => edit({ tool_args: changed })}
    />
  ) : (
    <SchemaForm
      fields={[jsonField('tool_args', texts.arguments)]}
      values={{ tool_args: draft.tool_args }}
      before={{ tool_args: before }}
      issues={issues}
      // What is no object yet stands in the draft all the same; the check finds it wrong, so that it is not sent.
      onChange={({ tool_args: changed = {} }) => edit({ tool_args: changed as Record<string, unknown> })}
    />
  );
}

function ClaimNote({ request, me }: { request: RequestView; me: Me | undefined }) {
  const { claimed_by: claim } = request;
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
