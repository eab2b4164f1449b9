/** Writes a comparison as lines for a terminal or a pull request. */
import type { Difference } from './diff';

const signs = { added: '+', removed: '-', changed: '!' } as const;

/** One line per difference, `+`, `-` or `!` first, as a `diff` block of Markdown colours it; the machine's id above them. Empty when nothing differs. */
export function diffText(id: string, differences: readonly Difference[]): string {
  if (differences.length === 0) return '';
  const width = Math.max(...differences.map(({ of }) => of.length));
  const lines = differences.map(
    ({ kind, of, text }) => `${signs[kind]} ${of.padEnd(width)}  ${text.replace(/\s+/g, ' ')}`,
  );
  return `${[id, ...lines].join('\n')}\n`;
}
