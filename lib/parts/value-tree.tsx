/** Any JSON value as a readable tree of names and values; requests show what will run with it. */
import { useState } from 'react';
import { useFold } from './folds';
import { isSame } from './json';
import { PlainText } from './plain-text';
import { texts } from './texts';

/** Fields or items shown before the person asks for more. */
export const firstEntries = 50;
/** Levels that are open from the start. */
const openLevels = 3;
/** Of the entries shown, how many from the end. */
const lastEntries = 10;
/** Rows that are drawn at once where everything is asked for. */
const mostRows = 3_000;

/**
 * @param value what JSON can hold
 * @param before what stood in its place, where it was edited; fields that differ are marked
 */
export function ValueTree({
  value,
  before,
  level = 0,
}: {
  value: unknown;
  before?: unknown;
  level?: number;
}) {
  const [asked, setAsked] = useState(firstEntries);
  const entries = isBranch(value) ? Object.entries(value) : [];
  const isAllOpen = useFold(entries.length > asked);
  if (!isBranch(value)) return <Leaf value={value} />;
  // Thousands of rows would stall the page; as text it is all there.
  if (isAllOpen && level === 0 && countOf(value) > mostRows)
    return (
      <span className="hitl-string hitl-block">
        <PlainText text={JSON.stringify(value, undefined, 2)} />
      </span>
    );
  const isList = Array.isArray(value);
  if (entries.length === 0)
    return <span className="hitl-empty">{isList ? texts.emptyList : texts.emptyObject}</span>;
  const most = isAllOpen ? entries.length : asked;
  const between = entries.length - most;
  const rows = (some: typeof entries) =>
    some.map(([key, each]) => (
      <Entry key={key} name={key} isItem={isList} value={each} before={fieldOf(before, key)} level={level} />
    ));
  if (between <= 0)
    return (
      <dl className="hitl-tree" data-list={isList || undefined}>
        {rows(entries)}
      </dl>
    );
  return (
    <>
      <dl className="hitl-tree" data-list={isList || undefined}>
        {rows(entries.slice(0, most - lastEntries))}
      </dl>
      <button type="button" className="hitl-more" onClick={() => setAsked(asked + 10 * firstEntries)}>
        {texts.showMoreEntries(Math.min(between, 10 * firstEntries), between)}
      </button>
      <dl className="hitl-tree" data-list={isList || undefined}>
        {rows(entries.slice(-lastEntries))}
      </dl>
    </>
  );
}

/** How many names and values there are, as far as more than `mostRows` is known. */
function countOf(value: unknown): number {
  if (!isBranch(value)) return 1;
  let count = 1;
  for (const each of Object.values(value)) {
    count += countOf(each);
    if (count > mostRows) break;
  }
  return count;
}

interface EntryProps {
  name: string;
  /** Of a list, whose names are only places. */
  isItem: boolean;
  value: unknown;
  before: { value: unknown } | undefined;
  level: number;
}

function Entry({ name, isItem, value, before, level }: EntryProps) {
  const [asked, setAsked] = useState<boolean>();
  const [wasOpen, setWasOpen] = useState(level < openLevels);
  const isNested = isBranch(value) && Object.keys(value).length > 0;
  const isAllOpen = useFold(isNested && !wasOpen);
  const isOpen = !isNested || (asked ?? (isAllOpen || wasOpen));
  const isChanged = before !== undefined && !isSame(before.value, value);
  return (
    <div className="hitl-entry" data-nested={isNested || undefined} data-changed={isChanged || undefined}>
      <dt>
        {isNested ? (
          <button
            type="button"
            aria-expanded={isOpen}
            onClick={() => {
              setAsked(!isOpen);
              setWasOpen(true);
            }}
          >
            <Name name={name} isItem={isItem} />
            {!isOpen && <small>{texts.entries(Object.keys(value).length)}</small>}
          </button>
        ) : (
          <Name name={name} isItem={isItem} />
        )}
      </dt>
      {/* Closed again it stays: what is folded within was not seen by that. */}
      {(isOpen || wasOpen) && (
        <dd hidden={!isOpen}>
          <ValueTree value={value} before={before?.value} level={level + 1} />
          {isChanged && !isNested && (
            <del className="hitl-was">
              {texts.was} <Leaf value={before.value} />
            </del>
          )}
        </dd>
      )}
    </div>
  );
}

/** A name that reads like the place in a list, or whose ends cannot be seen, is in quotes. */
function Name({ name, isItem }: Pick<EntryProps, 'name' | 'isItem'>) {
  if (isItem || (name !== '' && !needsQuotes(name))) return <PlainText text={name} first={200} />;
  return (
    <>
      “<PlainText text={name} first={200} />”
    </>
  );
}

function Leaf({ value }: { value: unknown }) {
  if (value === undefined) return <span className="hitl-empty">{texts.nothing}</span>;
  if (isBranch(value)) return <PlainText text={JSON.stringify(value)} first={200} />;
  if (typeof value !== 'string') return <span className="hitl-literal">{String(value)}</span>;
  if (value === '') return <span className="hitl-empty">{texts.emptyText}</span>;
  const isLong = value.length > 120 || value.includes('\n');
  return (
    <span className={isLong ? 'hitl-string hitl-block' : 'hitl-string'}>
      {needsQuotes(value) ? (
        <>
          “<PlainText text={value} />”
        </>
      ) : (
        <PlainText text={value} />
      )}
    </span>
  );
}

/** A text that reads like another kind of value or like a word of ours, or whose ends cannot be seen. */
export function needsQuotes(text: string): boolean {
  return (
    text.trim() !== text ||
    !Number.isNaN(Number(text.replaceAll(/[_,]/g, ''))) ||
    /^(true|false|null|undefined|[+-]?(nan|infinity)|[“"].*[”"]|[[{].*[\]}])$/is.test(text) ||
    ourWords.has(text)
  );
}

const ourWords: ReadonlySet<string> = new Set([
  texts.emptyText,
  texts.emptyList,
  texts.emptyObject,
  texts.nothing,
]);

function isBranch(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Nothing where there is nothing to compare with. */
function fieldOf(before: unknown, key: string): { value: unknown } | undefined {
  if (!isBranch(before)) return undefined;
  return { value: Object.hasOwn(before, key) ? (before as Record<string, unknown>)[key] : undefined };
}
