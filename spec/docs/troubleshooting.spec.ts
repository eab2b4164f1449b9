/** Holds the messages that `docs/troubleshooting.md` quotes to the code: each is there, and each hint of the code is quoted. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { codes, section, tables } from '../protocol/markdown';
import { fences, page, root } from './pages';

const path = 'docs/troubleshooting.md';
const text = page(path);
const quoted = fences({ path, text }).filter(({ label }) => label === 'message');

const sources = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => readFileSync(join(root, 'lib', name), 'utf8').replaceAll("\\'", "'"))
  .join('\n');

/** Shorter texts are in the code by chance, but for a literal of their own. */
const leastLength = 10;
const edges = /^[\s:;,."'?()]+|[\s:;,."'?()]+$/g;

/**
 * What of a message is not in the code. Between its values (`…`) it is a text of the code, or several that the code puts
 * together: then each of these has to be long enough to be no chance.
 */
function missing(message: string): string[] {
  const parts = message.split('…').map((part) => part.replace(edges, ''));
  return parts.filter((part) => {
    for (let rest = part; rest !== ''; ) {
      let length = rest.length;
      while (length > 0 && !sources.includes(rest.slice(0, length))) length -= 1;
      const run = rest.slice(0, length).replace(edges, '');
      const isChance = run !== part && run.length < leastLength && !sources.includes(`'${run}'`);
      if (length === 0 || isChance) return true;
      rest = rest.slice(length).replace(edges, '');
    }
    return false;
  });
}

test.each(quoted)('$page:$line is a message of the code', ({ text: message }) => {
  expect(missing(message)).toEqual([]);
  expect(message.trim().split('\n')).toHaveLength(1);
});

test('a message that has changed is found', () => {
  expect(quoted.length).toBeGreaterThan(25);
  expect(missing('The agent failed badly')).toEqual(['The agent failed badly']);
  expect(missing('The Origin … was declined: http.origins has …')).toEqual([
    'was declined: http.origins has',
  ]);
});

test('what the doctor says is in the code', () => {
  const [table] = tables(section(text, '## Ask the doctor'));
  const lines = table?.rows.flatMap((row) => codes(row.Line ?? '')) ?? [];
  expect(lines).toHaveLength(7);
  expect(lines.filter((line) => !sources.includes(line))).toEqual([]);
});

test('every hint of the code is on the page, by the longest part of it that has no value', () => {
  const given = /(?:hints\.give|new Hint)\(\s*(?:`[^`]*`|[^,`]+),\s*(?:`([^`]*)`|'([^'\n]*)'|"([^"\n]*)")/g;
  const hints = [...sources.matchAll(given)].map(([, ...found]) => found.find(Boolean) ?? '');
  expect(hints.length).toBeGreaterThanOrEqual(6);
  const longest = (hint: string) =>
    hint.split(/\$\{[^}]*\}/).toSorted((a, b) => b.length - a.length)[0] ?? '';
  expect(hints.map(longest).filter((part) => !text.includes(part))).toEqual([]);
});
