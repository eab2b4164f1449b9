/** `<Inbox/>`: everything the reader may answer, of all tickets, with the chosen one beside it; a list to be worked through with the keyboard. */
import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import type { RequestView } from '../client';
import { visibleText } from '../protocol/visible-text';
import { Bulk, type Chosen } from './bulk';
import { ConnectionLine } from './connection';
import { useDraftText } from './drafts';
import { GoneNote } from './gone-note';
import { Icon } from './icon';
import { InboxFilters } from './inbox-filters';
import { type InboxChoice, useInboxItems } from './inbox-items';
import { InboxRow } from './inbox-row';
import { useChord, useKeys } from './keys';
import { InPart, Request } from './request';
import { type Me, whyAlone } from './right-to-answer';
import { searchTextOf, titleOf, toolOf } from './subject';
import { texts } from './texts';
import { isWriting } from './writing';

export interface InboxProps {
  me?: Me | undefined;
  /** What to say where nothing waits, in place of that. */
  hint?: string | undefined;
  /** Which one is shown; for pages that have it in their address. Default: the part holds it itself. */
  selected?: string | undefined;
  onSelect?: ((id: string | undefined) => void) | undefined;
  /** Where a ticket is to be found; makes links of their ids. */
  ticketHref?: ((ticketId: string) => string) | undefined;
}

/** From this width on the list and the chosen request stand side by side. */
const wide = 760;

/** Below a `HitlProvider`; it fills the height it is given. */
export function Inbox(props: InboxProps) {
  return (
    <InPart.Provider value={true}>
      <InboxView {...props} />
    </InPart.Provider>
  );
}

function InboxView({ me, ticketHref, hint, ...props }: InboxProps) {
  const [filter, setFilter] = useState<InboxChoice>({ order: 'oldest' });
  const [search, setSearch] = useDraftText('search');
  const [own, setOwn] = useState<string>();
  // As they were when they were chosen or last seen: what is answered leaves the list, and its outcome is still shown.
  const [checked, setChecked] = useState<ReadonlyMap<string, RequestView>>(new Map());
  const frame = useRef<HTMLElement>(null);
  const isWide = useIsWide(frame);
  const inbox = useInboxItems(filter);
  const items = useMemo(() => {
    const words = search.toLowerCase().split(/\s+/).filter(Boolean);
    return words.length === 0
      ? inbox.items
      : inbox.items.filter((request) => words.every((word) => searchTextOf(request).includes(word)));
  }, [inbox.items, search]);
  const selected = props.onSelect ? props.selected : own;
  const select = props.onSelect ?? setOwn;
  // What the reader chooses counts at once, before it is drawn.
  const chosen = useRef(selected);
  chosen.current = selected;
  // Where the reader was; what is answered makes room for the next one there.
  const place = useRef(0);
  const at = items.findIndex(({ id }) => id === selected);
  if (at >= 0) place.current = at;

  const bulk = useChosen(checked, inbox.items);
  const [firstChosen] = bulk;
  const bulkTool = firstChosen && toolOf(firstChosen.request);
  const isChecked = (id: string) =>
    bulk.some(({ request, dropped }) => request.id === id && dropped === undefined);

  function goTo(next: RequestView | undefined) {
    if (!next) return;
    select(next.id);
    setChecked(new Map());
    const row = frame.current?.querySelector<HTMLElement>(
      `[data-row="${CSS.escape(next.id)}"] .hitl-inbox-open`,
    );
    row?.focus({ preventScroll: true });
    row?.scrollIntoView({ block: 'nearest' });
  }

  const step = (by: number) => () =>
    goTo(items[at < 0 ? Math.min(place.current, items.length - 1) : at + by]);

  function check(id: string) {
    const next = new Map(checked);
    const request = items.find((each) => each.id === id);
    // One that has changed since is chosen as it is now.
    if (isChecked(id)) next.delete(id);
    else if (request) next.set(id, request);
    setChecked(next);
  }

  const focusIn = (selector: string) => (event: KeyboardEvent) => {
    const found = frame.current?.querySelector<HTMLElement>(selector);
    if (!found) return;
    event.preventDefault();
    found.focus();
  };
  useKeys(frame, {
    j: step(1),
    k: step(-1),
    c: focusIn('.hitl-inbox-detail .hitl-verdict textarea'),
    e: focusIn('.hitl-inbox-detail .hitl-values [aria-pressed]'),
    x: () => {
      const request = items[at];
      if (request && whyAlone(request) === undefined) check(request.id);
    },
    o: () => frame.current?.querySelector<HTMLAnchorElement>('.hitl-inbox-detail .hitl-card-head a')?.click(),
    '/': focusIn('.hitl-search input'),
    Escape: () => {
      setChecked(new Map());
      if (!isWide) select(undefined);
    },
  });
  useChord(frame);

  // Side by side there is always one to look at; it is never changed under the reader's eyes.
  const [first] = items;
  useEffect(() => {
    if (isWide && selected === undefined && chosen.current === undefined && first) select(first.id);
  }, [isWide, selected, first, select]);

  // An answer may take its time, and the reader go on in the meantime: then it moves nothing.
  const answered = useRef((_id: string) => {});
  useEffect(() => {
    answered.current = (id) => {
      if (selected !== id || isWriting()) return;
      const next = items[at < 0 ? Math.min(place.current, items.length - 1) : at + 1] ?? items[at - 1];
      if (isWide) goTo(next);
      else select(undefined);
    };
  });

  // What leaves the list while it is looked at stays what it was last, and in its place.
  const last = useRef<RequestView>(undefined);
  if (items[at]) last.current = items[at];
  const known = last.current?.id === selected ? last.current : undefined;
  const showsBulk = bulk.length > 1;
  const showsDetail = showsBulk || selected !== undefined;
  return (
    <section
      ref={frame}
      className="hitl-inbox"
      aria-label={texts.inbox}
      data-wide={isWide || undefined}
      data-detail={showsDetail || undefined}
    >
      <div className="hitl-inbox-list">
        <InboxFilters
          filter={filter}
          counts={inbox.counts}
          search={search}
          onFilter={(changed) => {
            setFilter(changed);
            setChecked(new Map());
          }}
          onSearch={setSearch}
        />
        <ConnectionLine
          state={inbox.state}
          ending={inbox.ending}
          refusal={inbox.refusal}
          transport={inbox.transport}
          onReconnect={inbox.reconnect}
        />
        {bulkTool !== undefined && (
          <BulkBar
            chosen={bulk}
            all={items.filter((each) => toolOf(each) === bulkTool && whyAlone(each) === undefined)}
            tool={bulkTool}
            onCheck={setChecked}
          />
        )}
        <ul className="hitl-inbox-rows" aria-label={texts.waiting(items.length)}>
          {items.map((request) => (
            <InboxRow
              key={request.id}
              request={request}
              isSelected={request.id === selected && !showsBulk}
              isChecked={isChecked(request.id)}
              canCheck={bulkTool === undefined || toolOf(request) === bulkTool}
              onSelect={(id) => {
                setChecked(new Map());
                chosen.current = id;
                select(id);
              }}
              onCheck={check}
            />
          ))}
          {inbox.hasMore && (
            <li className="hitl-inbox-more">
              <button type="button" className="hitl-button" onClick={() => void inbox.loadMore()}>
                {texts.loadMore}
              </button>
            </li>
          )}
        </ul>
        {items.length === 0 && (
          <Nothing state={inbox.state} isFiltered={isFiltered(filter, search)} hint={hint} />
        )}
      </div>
      {(isWide || showsDetail) && (
        <div className="hitl-inbox-detail">
          {!isWide && (
            <button type="button" className="hitl-quiet hitl-back" onClick={() => select(undefined)}>
              <Icon name="back" /> {texts.inbox}
            </button>
          )}
          {showsBulk ? (
            <Bulk
              key={bulkTool}
              chosen={bulk}
              me={me}
              respond={inbox.respond}
              onClose={() => setChecked(new Map())}
            />
          ) : selected !== undefined ? (
            <Request
              key={selected}
              id={selected}
              ticketId={known?.ticket_id}
              known={known}
              me={me}
              more={known && ticketHref && <TicketLink href={ticketHref(known.ticket_id)} />}
              onAnswered={() => answered.current(selected)}
            />
          ) : (
            <p className="hitl-nothing">{items.length > 0 && texts.chooseOne}</p>
          )}
        </div>
      )}
      <GoneNote frame={frame} />
    </section>
  );
}

function TicketLink({ href }: { href: string }) {
  return (
    <a className="hitl-quiet" href={href}>
      <Icon name="ticket" /> {texts.openTicket}
    </a>
  );
}

interface BulkBarProps {
  chosen: readonly Chosen[];
  all: readonly RequestView[];
  tool: string;
  onCheck(requests: ReadonlyMap<string, RequestView>): void;
}

function BulkBar({ chosen, all, tool, onCheck }: BulkBarProps) {
  const count = chosen.filter(({ dropped }) => dropped === undefined).length;
  const dropped = chosen.filter((each) => each.dropped !== undefined);
  const names = dropped.map(({ request }) => `${titleOf(request)} (${visibleText(request.ticket_id, 60)})`);
  return (
    <p className="hitl-bulk-bar" role="status">
      <span>
        {texts.checked(count)}
        {names.length > 0 && <small>{texts.droppedNames(names)}</small>}
      </span>
      {count < all.length && (
        <button
          type="button"
          className="hitl-more"
          onClick={() => onCheck(new Map(all.map((each) => [each.id, each])))}
        >
          {texts.checkAll(all.length, tool)}
        </button>
      )}
      <span className="hitl-push" />
      <button type="button" className="hitl-more" onClick={() => onCheck(new Map())}>
        {texts.clear}
      </button>
    </p>
  );
}

/** What was chosen, as it was chosen; what has changed since, or has gone, is not chosen any more. */
function useChosen(checked: ReadonlyMap<string, RequestView>, items: readonly RequestView[]): Chosen[] {
  return useMemo(() => {
    const now = new Map(items.map((each) => [each.id, each]));
    return [...checked.values()].map((request) => {
      const { revision } = now.get(request.id) ?? {};
      if (revision === undefined) return { request, dropped: 'gone' };
      return { request, dropped: revision === request.revision ? undefined : 'changed' };
    });
  }, [checked, items]);
}

interface NothingProps {
  state: string;
  isFiltered: boolean;
  hint: string | undefined;
}

function Nothing({ state, isFiltered: hidden, hint }: NothingProps): ReactNode {
  if (state === 'connecting') return <p className="hitl-nothing">{texts.loading}</p>;
  return (
    <div className="hitl-nothing">
      <Icon name={hidden ? 'search' : hint === undefined ? 'check' : 'inbox'} />
      <p>{hidden ? texts.nothingFound : (hint ?? texts.allDone)}</p>
    </div>
  );
}

function isFiltered({ type, toolName, ticketId }: InboxChoice, search: string): boolean {
  return search !== '' || type !== undefined || toolName !== undefined || ticketId !== undefined;
}

function useIsWide(frame: React.RefObject<HTMLElement | null>): boolean {
  const [isWide, setWide] = useState(false);
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const watch = new ResizeObserver(([entry]) => setWide((entry?.contentRect.width ?? 0) >= wide));
    watch.observe(element);
    return () => watch.disconnect();
  }, [frame]);
  return isWide;
}
