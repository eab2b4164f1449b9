/** Text and values from elsewhere as HTML that shows them and does nothing: `link-page` is made of it. */
import { readableJson } from '../../protocol/codec';
import { piecesOf } from '../../protocol/visible-text';

/** A text as it is, with hidden signs named; its reading direction ends with it. */
export function text(value: string): string {
  return `<bdi>${signs(value)}</bdi>`;
}

/** Any JSON value, indented, every name and text of it apart from what stands beside it. */
export function json(value: unknown, indent = ''): string {
  if (typeof value !== 'object' || value === null)
    return `<bdi>${signs(readableJson(value) ?? 'undefined')}</bdi>`;
  const isList = Array.isArray(value);
  const [open, shut] = isList ? '[]' : '{}';
  const deeper = `${indent}  `;
  const items = Object.entries(value).map(
    ([name, each]) => `${deeper}${isList ? '' : `${json(name)}: `}${json(each, deeper)}`,
  );
  return items.length === 0 ? `${open}${shut}` : `${open}\n${items.join(',\n')}\n${indent}${shut}`;
}

function signs(value: string): string {
  return piecesOf(value)
    .map((piece) => ('plain' in piece ? escapeHtml(piece.plain) : `<mark>${piece.sign}</mark>`))
    .join('');
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** For attributes and fields, whose value has to stay what it is. */
export function escapeHtml(value: string): string {
  return value.replace(/[&<>"']/g, (each) => entities[each] ?? each);
}
