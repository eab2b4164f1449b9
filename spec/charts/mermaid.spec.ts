/** That a Mermaid diagram says everything, in the part of the language that Mermaid is known to read. */
import { statesIn, transitionsOf } from '../../lib/charts/chart';
import { mermaidOf } from '../../lib/charts/mermaid';
import { actionText, guardText } from '../../lib/charts/wording';
import { charts } from './machines';

/** The lines that may stand in a diagram of ours; each was seen to be read and drawn by Mermaid 11. */
const forms = {
  comment: /^%% .+$/,
  open: /^state "[^";<>]+" as (?<id>\w+) \{$/,
  close: /^\}$/,
  state: /^state "[^";<>]+" as (?<id>\w+)$/,
  text: /^(?<of>\w+) : [^;<>"]+$/,
  start: /^\[\*\] --> (?<to>\w+)$/,
  end: /^(?<from>\w+) --> \[\*\]$/,
  arrow: /^(?<from>\w+) --> (?<to>\w+) : (?:[^;<>"]|<br\/>)+$/,
  region: /^--$/,
};

describe.each(charts)('the Mermaid diagram of %s', (_id, chart) => {
  const [head, ...lines] = mermaidOf(chart).trimEnd().split('\n');
  const read = lines.map((line) => {
    for (const [form, pattern] of Object.entries(forms)) {
      const found = pattern.exec(line.trim());
      if (found) return { form, groups: found.groups ?? {} };
    }
    throw new Error(`Not in any known form: ${line}`);
  });

  test('is a state diagram whose frames are closed', () => {
    expect(head).toBe('stateDiagram-v2');
    let depth = 0;
    for (const { form } of read) {
      depth += form === 'open' ? 1 : form === 'close' ? -1 : 0;
      expect(depth).toBeGreaterThanOrEqual(0);
    }
    expect(depth).toBe(0);
  });

  test('declares every state that it speaks of, each once', () => {
    const declared = read.flatMap(({ groups }) => groups.id ?? []);
    expect(new Set(declared).size).toBe(declared.length);
    const spoken = read.flatMap(({ groups }) =>
      [groups.of, groups.from, groups.to].filter((id) => id !== undefined),
    );
    expect(spoken.filter((id) => !declared.includes(id))).toEqual([]);
    const own = declared.filter((id) => !id.endsWith('_any'));
    expect(own).toHaveLength(statesIn(chart.root).length - 1);
  });

  test('names every guard and every action', () => {
    const text = mermaidOf(chart);
    for (const { guard, actions } of transitionsOf(chart)) {
      if (guard) expect(text).toContain(`[${guardText(guard)}]`);
      for (const action of actions) expect(text).toContain(actionText(action));
    }
  });
});
