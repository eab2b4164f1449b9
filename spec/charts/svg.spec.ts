/** That a picture says everything, that nothing in it lies on anything else, and that it is the same every time. */
import fc from 'fast-check';
import { createMachine } from 'xstate';
import { type Chart, statesIn, transitionsOf } from '../../lib/charts/chart';
import { chartOf } from '../../lib/charts/chart-of';
import { svgOf } from '../../lib/charts/svg';
import { actionText, eventText, guardText } from '../../lib/charts/wording';
import { collisions, readDrawing, wordsOf } from './drawing';
import { charts } from './machines';

const squeezed = (text: string) => text.replace(/\s+/g, '');

describe.each(charts)('the picture of %s', (_id, chart) => {
  test('is well-formed, and nothing in it lies on anything else', async () => {
    expect(collisions(readDrawing(await svgOf(chart)))).toEqual([]);
  });

  test('has every state by its id, with its name and its description', async () => {
    const drawing = readDrawing(await svgOf(chart));
    for (const { id, key, description = '' } of statesIn(chart.root)) {
      const group = drawing.document.children.find(({ attributes }) => attributes.id === id);
      const words = squeezed((group?.children ?? []).map(({ text }) => text).join(''));
      expect(words).toContain(
        squeezed(key) + (words.startsWith(squeezed(key + description)) ? squeezed(description) : ''),
      );
      expect(words).toContain(squeezed(description));
    }
  });

  test('has every transition by its id, with its event, guard and actions', async () => {
    const drawing = readDrawing(await svgOf(chart));
    for (const transition of transitionsOf(chart)) {
      const words = squeezed(wordsOf(drawing, transition.id.replace(/\s/g, '_')));
      expect(words).toContain(squeezed(eventText(transition)));
      if (transition.guard) expect(words).toContain(squeezed(`[${guardText(transition.guard)}]`));
      for (const action of transition.actions) expect(words).toContain(squeezed(actionText(action)));
    }
  });

  test('is the same, byte for byte, when drawn again from a copy', async () => {
    expect(await svgOf(JSON.parse(JSON.stringify(chart)) as Chart)).toBe(await svgOf(chart));
  });

  test('has colours for a dark screen', async () => {
    expect(await svgOf(chart)).toContain('@media (prefers-color-scheme:dark){');
  });
});

/** Any tree of states with any transitions between them. */
const anyChart = fc
  .record({
    shape: fc.array(fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }), {
      minLength: 1,
      maxLength: 4,
    }),
    ways: fc.array(fc.record({ from: fc.nat(), to: fc.nat(), guard: fc.boolean(), actions: fc.nat(3) }), {
      maxLength: 14,
    }),
    description: fc.boolean(),
  })
  .map(({ shape, ways, description }) => {
    type Node = {
      initial?: string;
      description?: string;
      on: Record<string, object[]>;
      states: Record<string, Node>;
    };
    const nodes: { id: string; node: Node }[] = [];
    const node = (id: string, below: readonly unknown[]): Node => {
      const made: Node = {
        on: {},
        states: {},
        ...(description && { description: `What the state ${id} is there for.` }),
      };
      nodes.push({ id, node: made });
      below.forEach((child, index) => {
        const inner = Array.isArray(child) ? child : Array.from({ length: Number(child) }, () => []);
        made.states[`s${index}`] = node(`${id}.s${index}`, inner);
      });
      if (below.length > 0) made.initial = 's0';
      return made;
    };
    const root = node('any', shape);
    ways.forEach(({ from, to, guard, actions }, index) => {
      const [source, target] = [nodes[from % nodes.length], nodes[to % nodes.length]];
      if (!source || !target || target.id === 'any') return;
      source.node.on[`event_${index % 5}`] = [
        ...(source.node.on[`event_${index % 5}`] ?? []),
        {
          target: `#${target.id}`,
          ...(guard && { guard: 'holds' }),
          actions: Array.from({ length: actions }, (_, n) => `action${n}`),
        },
      ];
    });
    return chartOf(createMachine({ id: 'any', ...root }));
  });

test('nothing lies on anything else in the picture of any machine', async () => {
  await fc.assert(
    fc.asyncProperty(anyChart, async (chart) => {
      expect(collisions(readDrawing(await svgOf(chart)))).toEqual([]);
    }),
    { numRuns: 40, seed: 7 },
  );
}, 60_000);

test('a drawing in which something lies on something else is found out', async () => {
  const svg = await svgOf(charts[0]?.[1] as Chart);
  const moved = svg.replace(
    /(id="ticket.active"[^>]*translate\()(\S+) (\S+)\)/,
    (_all, head, x) => `${head}${x} 60)`,
  );
  expect(moved).not.toBe(svg);
  expect(collisions(readDrawing(moved))).not.toEqual([]);
});
