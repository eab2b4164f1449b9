/** Several requests of the same tool, answered together: every call that will run in a table, one comment, and what became of each. */
import { useState } from 'react';
import { type RequestView, TicketError } from '../client';
import { useDraftText } from './drafts';
import { ExpandingText } from './expanding-text';
import { asText } from './glance';
import { Icon } from './icon';
import type { InboxItems } from './inbox-items';
import { PlainText } from './plain-text';
import { Status } from './request-card';
import { type Me, whyNot } from './right-to-answer';
import { subjectOf, toolOf } from './subject';
import { texts } from './texts';

interface BulkProps {
  requests: readonly RequestView[];
  me: Me | undefined;
  respond: InboxItems['respond'];
  onClose(): void;
}

const columnsShown = 6;
/** Answers under way at the same time. */
const atOnce = 10;

export function Bulk({ requests, me, respond, onClose }: BulkProps) {
  const [comment, setComment] = useDraftText(`bulk ${requests[0] && toolOf(requests[0])}`);
  const [results, setResults] = useState<ReadonlyMap<string, RequestView | TicketError>>(new Map());
  const [isBusy, setBusy] = useState(false);
  const [first] = requests;
  if (!first) return null;
  const rows = requests.map((request) => ({ request, values: subjectOf(request).values ?? {} }));
  const columns = [...new Set(rows.flatMap(({ values }) => Object.keys(values)))];
  const open = requests.filter((each) => !results.has(each.id) && whyNot(each, me) === undefined);

  async function decide(status: 'approved' | 'denied') {
    setBusy(true);
    let hasFailed = false;
    const response = comment === '' ? undefined : { comment };
    const answer = async (request: RequestView) => {
      const result = await respond(request, { status, ...(response && { response }) }).catch(
        (cause: unknown) =>
          cause instanceof TicketError ? cause : new TicketError('unavailable', String(cause)),
      );
      hasFailed ||= result instanceof TicketError;
      setResults((before) => new Map(before).set(request.id, result));
    };
    // Each is an answer of its own, and each may come second; a few at a time, so that nobody is kept waiting.
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
          {texts.several(requests.length)}{' '}
          <span className="hitl-code">
            <PlainText text={subjectOf(first).title} first={100} />
          </span>
        </h2>
        <span className="hitl-push" />
        <button type="button" className="hitl-quiet" onClick={onClose}>
          <Icon name="cross" /> {texts.close}
        </button>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached with the keyboard */}
      <section className="hitl-bulk-table" tabIndex={0} aria-label={texts.willRun}>
        <table>
          <thead>
            <tr>
              <th scope="col">{texts.ticket}</th>
              {columns.slice(0, columnsShown).map((column) => (
                <th key={column} scope="col">
                  <PlainText text={column} first={60} />
                </th>
              ))}
              {columns.length > columnsShown && <th scope="col">{texts.otherArguments}</th>}
              <th scope="col">
                <span className="hitl-hidden">{texts.outcome}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ request, values }) => (
              <tr key={request.id}>
                <th scope="row">
                  <PlainText text={request.ticket_id} first={60} />
                </th>
                {columns.slice(0, columnsShown).map((column) => (
                  <td key={column}>
                    {column in values && <PlainText text={asText(values[column])} first={120} />}
                  </td>
                ))}
                {columns.length > columnsShown && (
                  <td>
                    <PlainText
                      text={JSON.stringify(
                        Object.fromEntries(
                          Object.entries(values).filter(
                            ([name]) => !columns.slice(0, columnsShown).includes(name),
                          ),
                        ),
                      )}
                      first={200}
                    />
                  </td>
                )}
                <td>
                  <Result result={results.get(request.id)} obstacle={whyNot(request, me)} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <div className="hitl-verdict">
        <ExpandingText
          label={texts.comment}
          placeholder={texts.commentHint}
          maxLength={4_000}
          value={comment}
          onChange={setComment}
        />
        <span className="hitl-verdict-buttons">
          <button
            type="button"
            className="hitl-button hitl-button-no"
            disabled={isBusy || open.length === 0}
            onClick={(event) => event.detail < 2 && decide('denied')}
          >
            {texts.denyAll(open.length)}
          </button>
          <button
            type="button"
            className="hitl-button hitl-button-yes"
            disabled={isBusy || open.length === 0}
            onClick={(event) => event.detail < 2 && decide('approved')}
          >
            {isBusy ? texts.sending : texts.approveAll(open.length)}
          </button>
        </span>
      </div>
    </section>
  );
}

function Result({
  result,
  obstacle,
}: {
  result: RequestView | TicketError | undefined;
  obstacle: string | undefined;
}) {
  if (!result) return obstacle === undefined ? null : <small>{obstacle}</small>;
  if (result instanceof TicketError)
    return <small className="hitl-no">{texts.shortError(result.code)}</small>;
  return <Status status={result.status} />;
}
