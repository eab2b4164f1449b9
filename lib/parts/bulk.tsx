/** Several requests of the same tool, answered together as they were when they were chosen: everything that will run in a table, one comment, and what became of each. */
import { useEffect, useRef, useState } from 'react';
import { type RequestView, TicketError } from '../client';
import { visibleText } from '../protocol/visible-text';
import { DecideButton } from './decide-button';
import { DisplayNote } from './display-note';
import { useDraftText } from './drafts';
import { ExpandingText } from './expanding-text';
import { Foldable, useUnseen } from './folds';
import { Icon } from './icon';
import type { InboxItems } from './inbox-items';
import type { JsonObject } from './json';
import { PlainText } from './plain-text';
import { Status } from './request-card';
import { RequestPayload } from './request-payload';
import { type Me, useClaim, whyNot } from './right-to-answer';
import { subjectOf, toolOf } from './subject';
import { texts } from './texts';
import { UnseenNote } from './unseen-note';
import { ValueTree } from './value-tree';

/** One that was chosen. */
export interface Chosen {
  /** As it was shown when it was chosen, which is what is answered. */
  readonly request: RequestView;
  /** Why it is not among the chosen any more: it has changed since, or is not in the list. */
  readonly dropped: 'changed' | 'gone' | undefined;
}

interface BulkProps {
  chosen: readonly Chosen[];
  me: Me | undefined;
  respond: InboxItems['respond'];
  onClose(): void;
}

/** Arguments that have a column of their own; lists, objects and the rest share one. */
const columnsShown = 5;
/** Answers under way at the same time. */
const atOnce = 10;

type Results = ReadonlyMap<string, RequestView | TicketError>;

export function Bulk(props: BulkProps) {
  return (
    <Foldable>
      <Table {...props} />
    </Foldable>
  );
}

function Table({ chosen, me, respond, onClose }: BulkProps) {
  const [comment, setComment] = useDraftText(`bulk ${chosen[0] && toolOf(chosen[0].request)}`);
  const [results, setResults] = useState<Results>(new Map());
  const [isBusy, setBusy] = useState(false);
  const [pressedLate, setPressedLate] = useState<string>();
  const unseen = useUnseen();
  const latest = useRef(chosen);
  useEffect(() => {
    latest.current = chosen;
  });
  const [first] = chosen;
  if (!first) return null;
  const columns = columnsOf(chosen);
  const hasOthers = chosen.some(({ request }) => hasMore(request, columns));
  const canAnswer = ({ request, dropped }: Chosen) =>
    dropped === undefined &&
    !results.has(request.id) &&
    whyNot(request, me, request.claimed_by) === undefined;
  const open = chosen.filter(canAnswer);
  const stamp = open.map(({ request }) => `${request.id} ${request.revision}`).join(' ');

  async function decide(status: 'approved' | 'denied') {
    setPressedLate(undefined);
    if (status === 'approved' && unseen.count > 0) return;
    setBusy(true);
    let hasFailed = false;
    const response = comment === '' ? undefined : { comment };
    const answer = async ({ request }: Chosen) => {
      // What has changed while others were answered is not what was pressed for.
      if (latest.current.find((each) => each.request.id === request.id)?.dropped) return;
      const result = await respond(request, { status, ...(response && { response }) }).catch(
        (cause: unknown) =>
          cause instanceof TicketError ? cause : new TicketError('unavailable', String(cause)),
      );
      hasFailed ||= result instanceof TicketError;
      setResults((before) => new Map(before).set(request.id, result));
    };
    // Each is an answer of its own, and each may come second; a few at a time, so that no one waits long.
    for (let at = 0; at < open.length; at += atOnce) {
      await Promise.all(open.slice(at, at + atOnce).map(answer));
    }
    // One that was not sent everywhere is there to be sent again.
    if (!hasFailed) setComment('');
    setBusy(false);
  }

  return (
    <section className="hitl-bulk" aria-label={texts.severalAtOnce}>
      <header>
        <h2>
          {texts.several(open.length)}{' '}
          <span className="hitl-code">
            <PlainText text={subjectOf(first.request).title} first={100} />
          </span>
        </h2>
        <span className="hitl-push" />
        <button type="button" className="hitl-quiet" onClick={onClose}>
          <Icon name="cross" /> {texts.close}
        </button>
      </header>
      <div className="hitl-bulk-table">
        <table>
          <thead>
            <tr>
              <th scope="col">{texts.tool}</th>
              {columns.map((column) => (
                <th key={column} scope="col">
                  <PlainText text={column} first={60} />
                </th>
              ))}
              {hasOthers && <th scope="col">{texts.otherArguments}</th>}
              <th scope="col">
                <span className="hitl-hidden">{texts.outcome}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {chosen.map((each) => (
              <Row
                key={each.request.id}
                chosen={each}
                columns={columns}
                hasOthers={hasOthers}
                me={me}
                result={results.get(each.request.id)}
              />
            ))}
          </tbody>
        </table>
      </div>
      <UnseenNote unseen={unseen} />
      <div className="hitl-verdict">
        <ExpandingText
          label={texts.comment}
          placeholder={texts.commentHint}
          maxLength={4_000}
          value={comment}
          onChange={setComment}
        />
        <span className="hitl-verdict-buttons">
          <DecideButton
            status="denied"
            stamp={stamp}
            className="hitl-button hitl-button-no"
            disabled={isBusy || open.length === 0}
            onDecide={() => void decide('denied')}
            onRefuse={() => setPressedLate(stamp)}
          >
            {texts.denyAll(open.length)}
          </DecideButton>
          <DecideButton
            status="approved"
            stamp={stamp}
            className="hitl-button hitl-button-yes"
            disabled={isBusy || open.length === 0 || unseen.count > 0}
            onDecide={() => void decide('approved')}
            onRefuse={() => setPressedLate(stamp)}
          >
            {isBusy ? texts.sending : texts.approveAll(open.length)}
          </DecideButton>
        </span>
      </div>
      <p role="status" className="hitl-refused">
        {pressedLate === stamp && texts.pressedTooLate}
      </p>
    </section>
  );
}

interface RowProps {
  chosen: Chosen;
  columns: readonly string[];
  /** Whether any row has something that has no column of its own. */
  hasOthers: boolean;
  me: Me | undefined;
  result: RequestView | TicketError | undefined;
}

/** Everything of one request. */
function Row({ chosen: { request, dropped }, columns, hasOthers, me, result }: RowProps) {
  const { title, values = {} } = subjectOf(request);
  const others = Object.entries(values).filter(([name]) => !columns.includes(name));
  const claim = useClaim(request);
  const isOut = dropped !== undefined && result === undefined;
  return (
    <tr data-bulk={request.id} data-dropped={isOut || undefined}>
      <th scope="row">
        <span className="hitl-code">
          <PlainText text={title} />
        </span>
        <small>
          <PlainText text={request.ticket_id} first={128} />
        </small>
      </th>
      {columns.map((column) => (
        <td key={column} data-name={visibleText(column, 60)}>
          {Object.hasOwn(values, column) && <ValueTree value={values[column]} />}
        </td>
      ))}
      {hasOthers && (
        <td>
          {others.length > 0 && <ValueTree value={Object.fromEntries(others)} />}
          <RequestPayload request={request} />
          <DisplayNote display={request.display} />
          {request.asker === 'gone' && <small>{texts.askerGone}</small>}
        </td>
      )}
      <td>
        {result instanceof TicketError ? (
          <small className="hitl-no">{texts.shortError(result.code)}</small>
        ) : result ? (
          <Status status={result.status} />
        ) : (
          <small>{dropped ? texts.dropped[dropped] : whyNot(request, me, claim)}</small>
        )}
      </td>
    </tr>
  );
}

/** Whether a request shows more than its columns. */
function hasMore(request: RequestView, columns: readonly string[]): boolean {
  const { values = {}, rest, editable } = subjectOf(request);
  return (
    Object.keys(values).some((name) => !columns.includes(name)) ||
    Object.keys(rest).length > 0 ||
    editable !== undefined ||
    request.display !== undefined ||
    request.asker === 'gone'
  );
}

/** Arguments that are no lists or objects in any row, and short. */
function columnsOf(chosen: readonly Chosen[]): string[] {
  const all: JsonObject[] = chosen.map(({ request }) => subjectOf(request).values ?? {});
  const names = [...new Set(all.flatMap((values) => Object.keys(values)))];
  const isShort = (value: unknown) => typeof value !== 'object' && String(value).length <= 120;
  return names
    .filter((name) => all.every((values) => !Object.hasOwn(values, name) || isShort(values[name])))
    .slice(0, columnsShown);
}
