/** Holds docs/reliability.md and its page of figures to the code: the bounds, the scenarios, and that only the runner writes figures. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { codes, section, tables } from '../protocol/markdown';
import { sections, soakName, updated } from '../stress/figures-page';
import { scenarios } from '../stress/scenarios';
import { page, root } from './pages';

const names = scenarios.map(({ name }) => name);
const order = [...names, soakName];
const figures = page('docs/reliability-figures.md');
const [bounds] = tables(section(page('docs/reliability.md'), '## Bounds'));

test('there are bounds', () => expect(bounds?.rows.length).toBeGreaterThan(10));

test.each(bounds?.rows ?? [])(
  'the bound is that of the code: $What',
  ({ Bound = '', File = '', Name = '' }) => {
    const text = readFileSync(join(root, codes(File)[0] ?? ''), 'utf8');
    const [, value = ''] = new RegExp(`const ${codes(Name)[0]}(?:: \\w+)? = ([\\d_]+);`).exec(text) ?? [];
    expect(Number(value.replaceAll('_', ''))).toBe(Number(Bound.replaceAll(',', '')));
  },
);

test('every scenario is told of, in the order in which they are played, and no other', () => {
  const told = section(page('docs/reliability.md'), '## The scenarios').matchAll(/^### (.+)$/gm);
  expect([...told].map(([, name]) => name)).toEqual(names);
});

describe('the page of figures', () => {
  test('has figures of every scenario and of the soak', () => {
    expect([...sections(figures).keys()]).toEqual(order);
  });

  test('is as the runner writes it', () => {
    expect(updated(figures, [], order)).toBe(figures);
    for (const text of sections(figures).values()) {
      expect(text).toMatch(
        /^Held in \d+ s on \d{4}-\d{2}-\d{2}: (?:long|\d+ minutes), seed \d+; Node v\S+, .* cores, \d+ GB; load [\d.]+\.$/m,
      );
      expect(tables(text)[0]?.rows.length).toBeGreaterThan(0);
    }
  });

  test('gets new figures of a scenario in place of the old ones, and loses those of one that is no more', () => {
    const outcome = { seed: 1, size: 'long', seconds: 2, figures: { kills: 1_234 } };
    const surroundings = { date: '2026-02-03', machine: 'Node v1, 2 cores, 1 GB', load: 0.25 };
    const write = (text: string, scenario: string, order: string[]) =>
      updated(text, [{ ...outcome, scenario, surroundings }], order);
    const both = write(write('', 'b', ['b']), 'a', ['a', 'b']);
    expect([...sections(both).keys()]).toEqual(['a', 'b']);
    expect(both).toContain('| kills | 1,234 |');
    expect(write(both, 'a', ['a', 'b'])).toBe(both);
    expect([...sections(write(both, 'a', ['a'])).keys()]).toEqual(['a']);
  });
});
