/** What was done to the requests of a ticket: when, by whom, by which way and from where; stored permanently. */
import type { ReactNode } from 'react';
import { Face } from '../parts/face';
import { Icon } from '../parts/icon';
import { PlainText } from '../parts/plain-text';
import { Status } from '../parts/request-card';
import { inWords } from '../parts/subject';
import { texts } from '../parts/texts';
import { At } from '../parts/times';
import { ListEnd } from './list-end';
import { mount } from './mount';
import { usePages } from './pages';
import { hrefOf } from './route';

/** docs/rest.md, View `audit`. */
interface AuditView {
  n: number;
  request_id: string;
  at: string;
  event: string;
  from_state?: string;
  to_state: string;
  status: string;
  by?: { user_id: string; display_name: string };
  via: string;
  from?: string;
  revision: number;
  digest: string;
  verdict?: string;
  comment?: string;
  reason?: string;
  rule?: string;
}

interface AuditProps {
  ticketId: string;
  title: ReactNode;
  charts: string | undefined;
}

export function Audit({ ticketId, title, charts }: AuditProps) {
  const path = `/tickets/${encodeURIComponent(ticketId)}/audit`;
  const list = usePages<AuditView>(`${path}?limit=100`);
  const { items } = list;
  return (
    <div className="page">
      <header className="hitl-ticket-head">
        {title}
        <span className="hitl-push" />
        {/* The browser saves it as a download, so that a long one is written as it comes. */}
        <a className="hitl-quiet" href={`${mount}${path}.jsonl`} download={`audit-${ticketId}.jsonl`}>
          <Icon name="arrowDown" /> {texts.download}
        </a>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached with the keyboard */}
      <section className="page-body" tabIndex={0} aria-label={texts.tabs.audit}>
        {items.length > 0 && (
          <table className="hitl-table">
            <thead>
              <tr>
                {[texts.when, texts.what, texts.who, texts.which, texts.request].map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {items.map((record) => (
                <Line key={record.n} record={record} charts={charts} ticketId={ticketId} />
              ))}
            </tbody>
          </table>
        )}
        <ListEnd list={list} nothing={texts.noAudit} isLoading={list.state === 'loading'} />
      </section>
    </div>
  );
}

function Line({
  record,
  charts,
  ticketId,
}: {
  record: AuditView;
  charts: string | undefined;
  ticketId: string;
}) {
  const { at, event, from_state: from, to_state: to, by, via, verdict, comment, reason, rule } = record;
  const said = comment ?? reason ?? rule;
  const id = encodeURIComponent(record.request_id);
  return (
    <tr>
      <td>
        <At at={at} />
      </td>
      <td>
        <b>{inWords(event)}</b> {verdict !== undefined && <Status status={verdict} />}
        <small className="audit-states">
          {from !== undefined && `${from} → `}
          {to}
        </small>
        {said !== undefined && (
          <q>
            <PlainText text={said} first={300} />
          </q>
        )}
      </td>
      <td>
        {by ? (
          <span className="who">
            <Face name={by.display_name} id={by.user_id} /> <PlainText text={by.display_name} first={100} />
          </span>
        ) : (
          <span className="hitl-soft">{texts.nobody}</span>
        )}
      </td>
      <td>
        {texts.via[via] ?? via}
        {record.from !== undefined && (
          <small>
            <PlainText text={record.from} first={60} />
          </small>
        )}
      </td>
      <td>
        <a
          className="hitl-more"
          href={hrefOf({ page: 'inbox', id: record.request_id })}
          title={record.digest}
        >
          {record.request_id.slice(0, 8)}
        </a>
        {record.revision > 1 && <small>{texts.revision(record.revision)}</small>}
        {charts !== undefined && (
          <a
            className="hitl-quiet"
            href={`${charts}#hitlRequest/${id}/${encodeURIComponent(ticketId)}`}
            target="_blank"
            rel="noreferrer"
            aria-label={texts.chart}
          >
            <Icon name="chart" />
          </a>
        )}
      </td>
    </tr>
  );
}
