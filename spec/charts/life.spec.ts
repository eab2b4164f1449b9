import { hitlRequestMachine } from '../../lib/actors/hitl-request-machine';
import { turnMachine } from '../../lib/actors/turn-machine';
import { statesIn, transitionsOf } from '../../lib/charts/chart';
import { chartOf } from '../../lib/charts/chart-of';
import { filesOf } from '../../lib/charts/files';
import { lifeOf } from '../../lib/charts/life';

const request = chartOf(hitlRequestMachine);
const life = lifeOf(request);

test('The life of a machine has all of its states and every way between two of them, once', () => {
  expect(statesIn(life.root).map(({ id }) => id)).toEqual(statesIn(request.root).map(({ id }) => id));
  const way = ({ source, event, targets }: { source: string; event: string; targets: readonly string[] }) =>
    JSON.stringify([source, event, targets]);
  const leading = transitionsOf(request).filter(({ targets }) => targets.length > 0);
  const ways = transitionsOf(life).map(way);
  expect(new Set(ways)).toEqual(new Set(leading.map(way)));
  expect(ways.length).toBe(new Set(ways).size);
  expect(ways.length).toBeLessThan(leading.length);
});

test('The life of a machine shows no guard, no action and no refusal', async () => {
  for (const { guard, actions, targets } of transitionsOf(life))
    expect([guard, actions, targets.length > 0]).toEqual([undefined, [], true]);
  const files = await filesOf([request, chartOf(turnMachine)]);
  expect(files['hitl-request.life.svg']).not.toContain('isVeto');
  expect(files['hitl-request.svg']).toContain('isVeto');
  expect(files['hitl-request.md']).toContain('](hitl-request.life.svg)');
});

test('A picture of the life is as narrow as a page', async () => {
  const files = await filesOf([request]);
  const width = Number(/width="(\d+)"/.exec(files['hitl-request.life.svg'] ?? '')?.[1]);
  expect(width).toBeLessThan(1_700);
});
