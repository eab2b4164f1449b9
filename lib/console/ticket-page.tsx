/** A ticket in the console: its timeline, or what was done to its requests. */
import { useEffect } from 'react';
import { Icon } from '../parts/icon';
import type { Me } from '../parts/right-to-answer';
import { texts } from '../parts/texts';
import { Ticket } from '../parts/ticket';
import { visibleText } from '../protocol/visible-text';
import { Audit } from './audit';
import { addRecentTicket } from './preferences';
import { hrefOf } from './route';

interface TicketPageProps {
  ticketId: string;
  tab: 'timeline' | 'audit';
  me: Me | undefined;
  agentName: string;
  /** Where the live charts are, if there are any. */
  charts: string | undefined;
}

export function TicketPage({ ticketId, tab, me, agentName, charts }: TicketPageProps) {
  useEffect(() => addRecentTicket(ticketId), [ticketId]);
  const title = (
    <>
      <h1>{visibleText(ticketId, 128)}</h1>
      <nav className="tabs" aria-label={texts.views}>
        {(['timeline', 'audit'] as const).map((each) => (
          <a
            key={each}
            href={hrefOf({ page: 'ticket', ticketId, tab: each })}
            aria-current={each === tab ? 'page' : undefined}
          >
            {texts.tabs[each]}
          </a>
        ))}
        {charts !== undefined && (
          <a href={`${charts}#ticket/${encodeURIComponent(ticketId)}`} target="_blank" rel="noreferrer">
            <Icon name="chart" /> {texts.chart}
          </a>
        )}
      </nav>
    </>
  );
  if (tab === 'audit') return <Audit key={ticketId} ticketId={ticketId} title={title} charts={charts} />;
  return <Ticket ticketId={ticketId} me={me} agentName={agentName} title={title} />;
}
