/** A request's values in one line, for rows: `ip 203.0.113.7 · hours 48`. */
import type { JsonObject } from './json';
import { PlainLine } from './plain-text';
import { texts } from './texts';
import { needsQuotes } from './value-tree';

const fieldsShown = 6;

export function Glance({ values }: { values: JsonObject }) {
  const entries = Object.entries(values);
  if (entries.length === 0) return <span className="hitl-empty">{texts.noArguments}</span>;
  return (
    <span className="hitl-glance">
      {entries.slice(0, fieldsShown).map(([key, value]) => (
        <span key={key}>
          <b>
            <PlainLine text={key} most={40} />
          </b>{' '}
          <PlainLine text={asText(value)} most={80} />
        </span>
      ))}
      {entries.length > fieldsShown && <span>{texts.more(entries.length - fieldsShown)}</span>}
    </span>
  );
}

/** A value in one line, shortened by the part that shows it; a list or object by what is in it. */
function asText(value: unknown): string {
  if (typeof value === 'string') return value === '' || needsQuotes(value) ? `“${value}”` : value;
  return JSON.stringify(value) ?? '';
}
