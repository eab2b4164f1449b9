/** That the page of a machine explains everything in the machine's own words, and that its tables are tables. */
import { statesIn, transitionsOf } from '../../lib/charts/chart';
import { filesOf } from '../../lib/charts/files';
import { pageOf } from '../../lib/charts/page';
import { eventText, guardText, isDeadline, stateText } from '../../lib/charts/wording';
import { charts } from './machines';

/** The rows of the tables under a heading, head and rule left out. */
function rows(page: string, heading: string): string[][] {
  const section = page.split(/^##+ /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  const lines = section.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

describe.each(charts)('the page of %s', (_id, chart) => {
  const page = pageOf(chart, 'stem');

  test('explains every state', () => {
    const found = rows(page, 'States');
    for (const { id, description = '' } of statesIn(chart.root).slice(1)) {
      const row = found.find(([name]) => name?.startsWith(`\`${stateText(chart, id)}\``));
      expect(row?.[1]).toBe(description.replaceAll('|', '\\|'));
    }
  });

  test('explains every event and every deadline', () => {
    const [events, deadlines] = [rows(page, 'Events'), rows(page, 'Deadlines')];
    for (const transition of transitionsOf(chart)) {
      const name = `\`${eventText(transition)}\``;
      const [inOne, inOther] = isDeadline(chart, transition) ? [deadlines, events] : [events, deadlines];
      expect(inOne.find(([cell]) => cell === name)?.[1]).toMatch(/\S/);
      expect(inOther.some(([cell]) => cell === name)).toBe(false);
    }
  });

  test('explains every guard', () => {
    const found = rows(page, 'Guards');
    for (const [name, sentence] of Object.entries(chart.sentences.guards)) {
      expect(found.find(([cell]) => cell === `\`${name}\``)?.[1]).toContain(sentence);
    }
  });

  test('has every transition in the table of its state, in order', () => {
    for (const state of statesIn(chart.root).filter(({ transitions }) => transitions.length > 0)) {
      const heading = state.id === chart.id ? 'In any state' : `In \`${stateText(chart, state.id)}\``;
      const found = rows(page, heading);
      expect(found).toHaveLength(state.transitions.length);
      state.transitions.forEach((transition, index) => {
        expect(found[index]?.[0]).toContain(`\`${eventText(transition)}\``);
        expect(found[index]?.[2]).toBe(transition.guard ? `\`${guardText(transition.guard)}\`` : '');
        expect(found[index]?.[5]).toBe(transition.description ?? '');
      });
    }
  });

  test('has tables of one width each', () => {
    for (const table of page
      .trimEnd()
      .split('\n\n')
      .filter((part) => part.startsWith('|'))) {
      const widths = table.split('\n').map((line) => line.split(/(?<!\\)\|/).length);
      expect(new Set(widths).size).toBe(1);
    }
  });
});

test('every link on the pages leads to a file that is written too', async () => {
  const files = await filesOf(charts.map(([, chart]) => chart));
  const pages = Object.entries(files).filter(([name]) => name.endsWith('.md'));
  expect(pages).toHaveLength(charts.length + 1);
  for (const [, text] of pages) {
    const links = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, target]) => target);
    expect(links.length).toBeGreaterThan(0);
    expect(links.filter((target) => !(target && target in files))).toEqual([]);
  }
});

test('two machines of one file name are refused', async () => {
  const [[, chart] = []] = charts;
  if (!chart) throw new Error('No chart');
  await expect(filesOf([chart, chart])).rejects.toThrow('Two machines');
});
