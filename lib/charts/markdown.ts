/** The few pieces of Markdown that the pages are made of. */

/** The mark by which a file of ours is known; nothing without it is ever overwritten or taken away. */
export const mark = 'Written by `express-hitl charts`';

/** The first line of every page. */
export const written = `<!-- ${mark} from the machine itself; change that and run it again. -->`;

/** The cells of one row, in Markdown. */
export type Row = readonly string[];

/** A table; what would break a cell is escaped. */
export function table(head: Row, rows: readonly Row[]): string {
  const line = (cells: Row) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), `|${head.map(() => ' --- |').join('')}`, ...rows.map(line)].join('\n');
}

/** Text as code; a text with a backtick in it gets two around it, as Markdown wants. */
export function code(text: string): string {
  return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``;
}

function cell(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ').replaceAll('|', '\\|');
}
