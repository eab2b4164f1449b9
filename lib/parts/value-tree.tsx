/** Any JSON value as a readable tree of names and values; requests show what will run with it. */
import { useState } from 'react';
import { isSame } from './json';
import { PlainText } from './plain-text';
import { texts } from './texts';

/** Fields or items shown before somebody asks for more. */
export const firstEntries = 50;
/** Levels that are open from the start. */
const openLevels = 3;

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
  const [most, setMost] = useState(firstEntries);
  if (!isBranch(value)) return <Leaf value={value} />;
  const entries = Object.entries(value);
  if (entries.length === 0)
    return <span className="hitl-empty">{Array.isArray(value) ? texts.emptyList : texts.emptyObject}</span>;
  return (
    <>
      <dl className="hitl-tree" data-list={Array.isArray(value) || undefined}>
        {entries.slice(0, most).map(([key, each]) => (
          <Entry key={key} name={key} value={each} before={fieldOf(before, key)} level={level} />
        ))}
      </dl>
      {entries.length > most && (
        <button type="button" className="hitl-more" onClick={() => setMost(most + 10 * firstEntries)}>
          {texts.showMoreEntries(Math.min(entries.length - most, 10 * firstEntries), entries.length - most)}
        </button>
      )}
    </>
  );
}

interface EntryProps {
  name: string;
  value: unknown;
  before: { value: unknown } | undefined;
  level: number;
}

function Entry({ name, value, before, level }: EntryProps) {
  const [isOpen, setOpen] = useState(level < openLevels);
  const isNested = isBranch(value) && Object.keys(value).length > 0;
  const isChanged = before !== undefined && !isSame(before.value, value);
  return (
    <div className="hitl-entry" data-nested={isNested || undefined} data-changed={isChanged || undefined}>
      <dt>
        {isNested ? (
          <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            <PlainText text={name} first={200} />
            {!isOpen && <small>{texts.entries(Object.keys(value).length)}</small>}
          </button>
        ) : (
          <PlainText text={name} first={200} />
        )}
      </dt>
      {isOpen && (
        <dd>
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

/** A text that reads like another kind of value, or whose ends cannot be seen. */
function needsQuotes(text: string): boolean {
  return text.trim() !== text || /^(true|false|null|-?\d+(\.\d+)?(e[+-]?\d+)?)$/i.test(text);
}

function isBranch(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Nothing where there is nothing to compare with. */
function fieldOf(before: unknown, key: string): { value: unknown } | undefined {
  if (!isBranch(before)) return undefined;
  return { value: Object.hasOwn(before, key) ? (before as Record<string, unknown>)[key] : undefined };
}
