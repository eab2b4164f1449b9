/** The head of the inbox: how many wait, in which order they stand, which of them are shown, and what is searched for. */
import type { InboxOrder } from '../client';
import { visibleText } from '../protocol/visible-text';
import { Icon } from './icon';
import type { InboxChoice, InboxCounts } from './inbox-items';
import { inWords } from './subject';
import { texts } from './texts';

interface InboxFiltersProps {
  filter: InboxChoice;
  counts: InboxCounts | undefined;
  search: string;
  onFilter(filter: InboxChoice): void;
  onSearch(search: string): void;
}

const orders: readonly InboxOrder[] = ['urgent', 'oldest', 'newest'];
const chipsShown = 8;

export function InboxFilters({ filter, counts, search, onFilter, onSearch }: InboxFiltersProps) {
  const { order } = filter;
  const chips = chipsOf(counts);
  const isAll = filter.type === undefined && filter.toolName === undefined;
  return (
    <header className="hitl-inbox-head">
      <div>
        <h1>{texts.inbox}</h1>
        {counts && (
          <span className="hitl-count">
            {counts.total}
            {counts.capped && '+'}
          </span>
        )}
        <span className="hitl-push" />
        <label className="hitl-order">
          <span className="hitl-hidden">{texts.order}</span>
          <select
            value={order}
            onChange={({ target }) =>
              onFilter({ ...filter, order: orders.find((each) => each === target.value) ?? 'oldest' })
            }
          >
            {orders.map((each) => (
              <option key={each} value={each}>
                {texts.orders[each]}
              </option>
            ))}
          </select>
        </label>
      </div>
      <label className="hitl-search">
        <Icon name="search" />
        <span className="hitl-hidden">{texts.search}</span>
        <input
          type="search"
          placeholder={texts.searchHint}
          value={search}
          onChange={({ target }) => onSearch(target.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Escape' || event.nativeEvent.isComposing) return;
            // The browser would empty it.
            event.preventDefault();
            event.currentTarget.blur();
          }}
        />
      </label>
      {chips.length > 1 && (
        <fieldset className="hitl-chips" aria-label={texts.filter}>
          <button type="button" aria-pressed={isAll} onClick={() => onFilter({ order })}>
            {texts.all}
          </button>
          {chips.slice(0, chipsShown).map(({ key, name, count, ...which }) => (
            <button
              key={key}
              type="button"
              aria-pressed={filter.type === which.type && filter.toolName === which.toolName}
              onClick={() => onFilter({ order, ...which })}
            >
              {name} <span>{count}</span>
            </button>
          ))}
        </fieldset>
      )}
    </header>
  );
}

interface Chip {
  key: string;
  name: string;
  count: number;
  type: string | undefined;
  toolName: string | undefined;
}

/** Tools by name, all other kinds by theirs; the most numerous first. */
function chipsOf(counts: InboxCounts | undefined): Chip[] {
  if (!counts) return [];
  const tools = Object.entries(counts.by_tool).map(([toolName, count]) => ({
    key: `tool ${toolName}`,
    name: visibleText(toolName, 40),
    count,
    type: undefined,
    toolName,
  }));
  const kinds = Object.entries(counts.by_type)
    .filter(([type]) => type !== 'tool_approval')
    .map(([type, count]) => ({
      key: `type ${type}`,
      name: type === 'question' ? texts.questions : visibleText(inWords(type), 40),
      count,
      type,
      toolName: undefined,
    }));
  return [...tools, ...kinds].sort((a, b) => b.count - a.count);
}
