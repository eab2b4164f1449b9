/** The lines of a ticket, only those in sight drawn: it stays at the end unless one has scrolled away, and then counts what is new. */
import { defaultRangeExtractor, useVirtualizer } from '@tanstack/react-virtual';
import { memo, type ReactNode, useEffect, useRef, useState } from 'react';
import type { RequestView } from '../client';
import type { History } from './history';
import { Icon } from './icon';
import { MessageRow } from './message-row';
import { Request } from './request';
import { RequestCard } from './request-card';
import type { Me } from './right-to-answer';
import { settledDesk } from './settled-desk';
import { texts } from './texts';
import type { Row } from './timeline-rows';
import { At } from './times';

/** How near to the end still counts as there, in pixels. */
const nearEnd = 80;
/** How near to the beginning more is read. */
const nearBeginning = 600;

/** A request that is to be shown; another object for each time that the reader asks. */
export interface Sought {
  readonly requestId: string;
}

interface TimelineProps {
  rows: readonly Row[];
  ticketId: string;
  agentName: string;
  me: Me | undefined;
  history: Pick<History, 'state'>;
  /** The requests that are only in history: they are settled, and nothing about them will change. */
  past: ReadonlySet<string>;
  sought?: Sought | undefined;
  onBeginning(): void;
  /** Shown where there are no rows. */
  empty: ReactNode;
}

export function Timeline({
  rows,
  ticketId,
  agentName,
  me,
  history,
  past,
  sought,
  onBeginning,
  empty,
}: TimelineProps) {
  const scroll = useRef<HTMLDivElement>(null);
  const focused = useRef<string>(undefined);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    getItemKey: (at) => rows[at]?.id ?? at,
    estimateSize: (at) => estimates[rows[at]?.kind ?? 'message'],
    overscan: 8,
    paddingStart: 12,
    paddingEnd: 16,
    anchorTo: 'end',
    followOnAppend: true,
    scrollEndThreshold: nearEnd,
    // The line with the cursor in it stays, however far it is away.
    rangeExtractor: (range) => {
      const inSight = defaultRangeExtractor(range);
      if (focused.current === undefined) return inSight;
      const at = rows.findIndex(({ id }) => id === focused.current);
      return at < 0 || inSight.includes(at) ? inSight : [...inSight, at].sort((a, b) => a - b);
    },
  });
  const isAtEnd = virtual.isAtEnd(nearEnd);
  const unseen = useUnseen(rows, isAtEnd);

  // First the row comes into sight, which draws it; then its heading takes the focus, so that one reads and tabs on from there.
  const found = useRef<Sought>(undefined);
  useEffect(() => {
    if (!sought || found.current === sought) return;
    const { requestId } = sought;
    const at = rows.findIndex((row) => requestsOf(row).some(({ id }) => id === requestId));
    const heading = scroll.current?.querySelector<HTMLElement>(
      `[data-request="${CSS.escape(requestId)}"] h2`,
    );
    if (at >= 0 && !heading) return virtual.scrollToIndex(at, { align: 'center' });
    found.current = sought;
    heading?.focus({ preventScroll: true });
    heading?.scrollIntoView({ block: 'nearest' });
  });

  // Read on before the reader is there; each page moves the beginning away again.
  const offset = virtual.scrollOffset ?? 0;
  const isNearBeginning = rows.length > 0 && offset < nearBeginning;
  useEffect(() => {
    if (isNearBeginning && history.state === 'more') onBeginning();
  }, [isNearBeginning, history.state, onBeginning]);

  return (
    <div className="hitl-timeline">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached with the keyboard */}
      <div ref={scroll} className="hitl-scroll" role="feed" aria-label={texts.timeline} tabIndex={0}>
        <div className="hitl-history" data-state={history.state}>
          {rows.length === 0 ? (
            history.state === 'loading' ? (
              texts.loading
            ) : (
              empty
            )
          ) : history.state === 'failed' ? (
            <>
              {texts.historyFailed}{' '}
              <button type="button" className="hitl-more" onClick={onBeginning}>
                {texts.tryAgain}
              </button>
            </>
          ) : (
            { loading: texts.earlier, more: '', whole: texts.beginning }[history.state]
          )}
        </div>
        <div className="hitl-rows" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, key, start }) => {
            const row = rows[index];
            return (
              row && (
                <article
                  key={key}
                  ref={virtual.measureElement}
                  className="hitl-row"
                  data-index={index}
                  aria-posinset={index + 1}
                  aria-setsize={rows.length}
                  style={{ transform: `translateY(${start}px)` }}
                  onFocus={() => {
                    focused.current = row.id;
                  }}
                  onBlur={() => {
                    focused.current = undefined;
                  }}
                >
                  <RowContent
                    row={row}
                    before={rows[index - 1]}
                    ticketId={ticketId}
                    agentName={agentName}
                    me={me}
                    past={past}
                  />
                </article>
              )
            );
          })}
        </div>
      </div>
      {!isAtEnd && rows.length > 0 && (
        <button
          type="button"
          className="hitl-button hitl-to-end"
          onClick={() => virtual.scrollToEnd({ behavior: 'auto' })}
        >
          <Icon name="arrowDown" /> {unseen > 0 ? texts.newMessages(unseen) : texts.toTheEnd}
        </button>
      )}
    </div>
  );
}

function requestsOf(row: Row): readonly RequestView[] {
  if (row.kind === 'request') return [row.request];
  return row.kind === 'message' ? row.requests : [];
}

/** First guesses of heights, until a row has been measured. */
const estimates: Readonly<Record<Row['kind'], number>> = { day: 36, message: 56, request: 220, stop: 32 };

interface RowContentProps extends Pick<TimelineProps, 'ticketId' | 'agentName' | 'me' | 'past'> {
  row: Row;
  before: Row | undefined;
}

/** Scrolling moves rows and draws none of them again. */
const RowContent = memo(function RowContent({ row, before, ticketId, agentName, me, past }: RowContentProps) {
  const card = (request: RequestView) => (
    <div key={request.id} className="hitl-bound">
      {past.has(request.id) ? (
        <RequestCard desk={settledDesk(request)} size="line" />
      ) : (
        <Request id={request.id} ticketId={ticketId} known={request} me={me} size="line" />
      )}
    </div>
  );
  switch (row.kind) {
    case 'day':
      return (
        <p className="hitl-day">
          <time dateTime={row.at}>{texts.day(new Date(row.at))}</time>
        </p>
      );
    case 'stop':
      return (
        <p className="hitl-stop">
          {texts.stopped[row.turn.reason ?? 'crash'](agentName)} <At at={row.at} />
        </p>
      );
    case 'request':
      return card(row.request);
    case 'message':
      return (
        <>
          <MessageRow message={row.message} agentName={agentName} isContinued={continues(row, before)} />
          {row.requests.map(card)}
        </>
      );
  }
});

/** The same author again, within five minutes, with nothing in between. */
function continues(row: Row & { kind: 'message' }, before: Row | undefined): boolean {
  if (before?.kind !== 'message' || before.requests.length > 0) return false;
  const [one, two] = [before.message, row.message];
  return (
    one.type === two.type &&
    one.type !== 'plan' &&
    one.author?.user_id === two.author?.user_id &&
    Date.parse(two.created_at) - Date.parse(one.created_at) < 5 * 60_000
  );
}

/** How many rows have come at the end since the reader was there. */
function useUnseen(rows: readonly Row[], isAtEnd: boolean): number {
  const last = rows.at(-1)?.id;
  const [seen, setSeen] = useState(last);
  useEffect(() => {
    if (isAtEnd) setSeen(last);
  }, [isAtEnd, last]);
  const at = rows.findLastIndex(({ id }) => id === seen);
  return at < 0 ? 0 : rows.length - 1 - at;
}
