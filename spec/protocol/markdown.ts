/** What a Markdown page says in tables and fenced blocks, for the specs that hold pages and code together. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Block {
  /** The word after `json` at the opening fence. */
  label: string;
  /** Of the opening fence, counted from 1. */
  line: number;
  text: string;
}

export interface Table {
  header: readonly string[];
  /** Each row by column name. */
  rows: readonly Record<string, string>[];
}

/** A page below `docs/`. */
export function readPage(name: string): string {
  return readFileSync(join(__dirname, '../../docs', name), 'utf8');
}

/** The page's JSON blocks, in order. */
export function jsonBlocks(page: string): Block[] {
  return [...page.matchAll(/^```json *(.*)\n([\s\S]*?)^```$/gm)].map(
    ({ index, 1: label = '', 2: text = '' }) => {
      return { label, line: page.slice(0, index).split('\n').length, text };
    },
  );
}

/** The text below a heading, up to the next one of the same or a higher level. */
export function section(page: string, heading: string): string {
  const lines = page.split('\n');
  const from = lines.indexOf(heading);
  if (from < 0) throw new Error(`no heading ${heading}`);
  const level = heading.indexOf(' ');
  const isEnd = (line: string) => /^#+ /.test(line) && line.indexOf(' ') <= level;
  const to = lines.findIndex((line, index) => index > from && isEnd(line));
  return lines.slice(from + 1, to < 0 ? undefined : to).join('\n');
}

/** The tables of a text, in order. */
export function tables(text: string): Table[] {
  return [...text.matchAll(/(?:^\|.*\|\n?){2,}/gm)].map(([table]) => {
    const [header = [], , ...rows] = table.trim().split('\n').map(cells);
    return {
      header,
      rows: rows.map((row) => Object.fromEntries(header.map((name, index) => [name, row[index] ?? '']))),
    };
  });
}

/** The table whose first column has this name. */
export function tableOf(text: string, firstColumn: string): Table {
  const found = tables(text).find(({ header }) => header[0] === firstColumn);
  if (!found) throw new Error(`no table of ${firstColumn}`);
  return found;
}

/** The words in backticks of a cell. */
export function codes(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}

function cells(line: string): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}
