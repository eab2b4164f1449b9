/** That a chart holds what its machine holds, and that our own machines say of themselves what a chart can show. */
import { deadlineMeanings } from '../../lib/actors/hitl-request';
import { hitlRequestMachine } from '../../lib/actors/hitl-request-machine';
import { type Chart, type ChartState, chartOf } from '../../lib/charts';
import { namesIn, statesIn, transitionsOf } from '../../lib/charts/chart';
import { eventText, guardText, isDeadline } from '../../lib/charts/wording';
import { everythingMachine } from './everything';
import { ours } from './machines';

const chart = chartOf(everythingMachine);

function state(id: string): ChartState {
  const found = statesIn(chart.root).find((each) => each.id === `everything.${id}`);
  if (!found) throw new Error(`No state ${id}`);
  return found;
}

function transition(id: string) {
  const found = transitionsOf(chart).find((each) => each.id === `everything.${id}`);
  if (!found) throw new Error(`No transition ${id}`);
  return found;
}

test('states have the order, the kind and the path that they have in the machine, whatever id they were given', () => {
  expect(statesIn(chart.root).map(({ id, type }) => `${id} ${type}`)).toEqual([
    'everything compound',
    'everything.idle atomic',
    'everything.working parallel',
    'everything.working.left compound',
    'everything.working.left.one atomic',
    'everything.working.left.two atomic',
    'everything.working.left.done final',
    'everything.working.right compound',
    'everything.working.right.off atomic',
    'everything.working.right.on atomic',
    'everything.working.right.end final',
    'everything.working.right.back history',
    'everything.stopped atomic',
    'everything.over final',
  ]);
  expect(state('working.left').initial).toBe('everything.working.left.one');
  expect(state('working').initial).toBeUndefined();
  expect(state('working.right.back')).toMatchObject({ history: 'deep', otherwise: 'off' });
});

test('a state has its entry, exit, tags and actors, without what XState adds for timers', () => {
  expect(state('idle').entry).toEqual([{ name: 'note' }, { name: 'assign(count)' }]);
  expect(state('idle').exit).toEqual([{ name: 'emit(told)' }]);
  expect(state('idle').tags).toEqual(['quiet']);
  expect(state('working.left.two').invoke).toEqual([{ id: 'pay', src: 'payment' }]);
});

test('the branches of an event stay in order', () => {
  const branches = state('idle').transitions.filter(({ event }) => event === 'GO');
  expect(branches.map(({ order, branches: of }) => `${order}/${of}`)).toEqual(['1/4', '2/4', '3/4', '4/4']);
});

test('guards are given as combined, with parameters and what is behind a combined name', () => {
  const { guard } = transition('idle:GO:2');
  expect(guard).toEqual({
    or: [
      { name: 'isAllowed', params: { role: 'boss', level: 3 } },
      { and: [{ name: 'isReady' }, { not: { in: '#deep' } }] },
    ],
  });
  expect(guard && guardText(guard)).toBe('isAllowed(boss, 3) or (isReady and not in #deep)');
  expect(guard && namesIn(guard)).toEqual(['isAllowed', 'isReady']);
  expect(transition('idle:GO:1').guard).toEqual({ name: 'isReadyInTime' });
  expect(chart.combined).toEqual({
    isReadyInTime: { and: [{ name: 'isReady' }, { not: { name: 'isLate' } }] },
  });
});

test('what was written in place is there without a name', () => {
  expect(transition('idle:GO:3')).toMatchObject({
    guard: { name: '(inline)' },
    actions: [{ name: '(inline)' }],
  });
});

test('targets are given by their path, also several and also by an id', () => {
  expect(transition('working:PING:1').targets).toEqual([
    'everything.working.left.one',
    'everything.working.right.on',
  ]);
  expect(transition('idle:user pressed <Esc> & left:1').targets).toEqual(['everything.stopped']);
  expect(transition('idle:PING:1').targets).toEqual([]);
  expect(transition('idle:RETRY:1')).toMatchObject({ targets: ['everything.idle'], reenter: true });
});

test("XState's own events are given in words", () => {
  const words = new Set(transitionsOf(chart).map(eventText));
  expect([...words]).toEqual(
    expect.arrayContaining([
      'after patience',
      'after 1500 ms',
      'always',
      'done',
      'done: pay',
      'error: pay',
      'any other event',
    ]),
  );
  expect(eventText({ event: 'x', delay: 90_000 })).toBe('after 90 s');
  expect(eventText({ event: 'x', delay: 7_200_000 })).toBe('after 2 h');
});

test('a chart is plain data', () => {
  expect(JSON.parse(JSON.stringify(chart))).toEqual(chart);
});

/** What a chart leaves unexplained, and what it explains that is not there. */
function unexplained({ root, sentences, combined }: Chart): string[] {
  const states = statesIn(root);
  const transitions = states.flatMap((each) => each.transitions);
  const guards = new Set(transitions.flatMap(({ guard }) => (guard ? namesIn(guard) : [])));
  const behind = Object.values(combined).flatMap(namesIn);
  const events = new Set(transitions.map(({ event }) => event));
  const told = { ...sentences.events, ...sentences.deadlines };
  return [
    ...[...states, ...transitions].filter(({ description }) => !description).map(({ id }) => id),
    ...[...guards]
      .filter((name) => !sentences.guards[name] && !combined[name])
      .map((name) => `guard ${name}`),
    ...Object.keys(sentences.guards)
      .filter((name) => !guards.has(name) && !behind.includes(name))
      .map((name) => `no guard ${name}`),
    ...Object.keys(told)
      .filter((name) => !events.has(name))
      .map((name) => `no event ${name}`),
  ];
}

test.each(ours.map((machine) => [machine.id, machine] as const))(
  'the machine %s explains every state, transition and guard',
  (_id, machine) => {
    expect(unexplained(chartOf(machine))).toEqual([]);
  },
);

test('what is not explained, or not there, is found out', () => {
  expect(unexplained(chart)).toEqual(['everything.idle:PING:1', 'guard (inline)']);
  const sentences = { ...chart.sentences, guards: { isGone: 'no more' }, deadlines: { LATE: 'never' } };
  expect(unexplained({ ...chart, sentences })).toEqual(
    expect.arrayContaining(['guard isReady', 'no guard isGone', 'no event LATE']),
  );
});

test('the deadlines of a request are marked as such', () => {
  const request = chartOf(hitlRequestMachine);
  const timed = transitionsOf(request).filter((each) => isDeadline(request, each));
  expect(new Set(timed.map(({ event }) => event))).toEqual(new Set(Object.keys(deadlineMeanings)));
});
