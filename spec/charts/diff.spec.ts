/** That a comparison finds each kind of change, and nothing where there is none. */
import { and, createMachine, type MachineConfig, setup } from 'xstate';
import { chartOf, diffOf, diffText, guardCodeOf, svgOf, unionOf } from '../../lib/charts';
import { readDrawing } from './drawing';
import { charts } from './machines';

/** A door, and what is changed of it. */
function door(change: (config: Door) => unknown = () => undefined) {
  const config: Door = {
    id: 'door',
    description: 'A door.',
    meta: { guards: { isAllowed: 'the person may' }, deadlines: { timeout: 'it has been open for long' } },
    initial: 'closed',
    states: {
      closed: {
        description: 'Shut.',
        entry: ['note'],
        on: {
          open: [
            { guard: 'isLocked', actions: 'refuse', description: 'Refused.' },
            { guard: 'isAllowed', target: 'opened', actions: 'count', description: 'It opens.' },
            { actions: 'ring', description: 'The bell rings.' },
          ],
        },
      },
      opened: {
        description: 'Open.',
        on: {
          close: { target: 'closed', description: 'It shuts.' },
          timeout: { target: 'closed', description: 'By itself.' },
        },
      },
    },
  };
  change(config);
  return chartOf(createMachine(config as MachineConfig<object, { type: string }>));
}

interface Door {
  id: string;
  description: string;
  meta: Record<string, Record<string, string>>;
  initial: string;
  states: Record<'closed' | 'opened', Room> & Record<string, Room>;
}
interface Room {
  description?: string;
  entry?: string[];
  on?: Record<string, Step | Step[]>;
}
interface Step {
  guard?: string;
  target?: string;
  actions?: string;
  description?: string;
}

/** The branches of `open`. */
const branches = (config: Door) => config.states.closed.on?.open as [Step, Step, Step];

const planted: readonly (readonly [
  title: string,
  change: (config: Door) => unknown,
  said: readonly string[],
])[] = [
  ['nothing', () => undefined, []],
  [
    'a guard dropped',
    (config) => delete branches(config)[1].guard,
    ['! transition  closed: open: guard [isAllowed] → (none)', '- guard       isAllowed: “the person may”'],
  ],
  [
    'a guard replaced',
    (config) => {
      branches(config)[1].guard = 'isOwner';
    },
    [
      '! transition  closed: open [isOwner]: guard [isAllowed] → [isOwner]',
      '- guard       isAllowed: “the person may”',
      '+ guard       isOwner',
    ],
  ],
  [
    'a transition retargeted',
    (config) => {
      branches(config)[1].target = 'closed';
    },
    ['! transition  closed: open [isAllowed]: target opened → closed'],
  ],
  [
    'a state added',
    (config) => {
      config.states.broken = { description: 'It hangs.' };
    },
    ['+ state  broken: “It hangs.”'],
  ],
  [
    'a state removed, with the ways to it',
    (config) => {
      Reflect.deleteProperty(config.states, 'opened');
      branches(config)[1].target = 'closed';
    },
    [
      '- state       opened: “Open.”',
      '! transition  closed: open [isAllowed]: target opened → closed',
      '- transition  opened: close → closed',
      '- transition  opened: timeout → closed',
    ],
  ],
  [
    'a branch removed',
    (config) => branches(config).shift(),
    ['- transition  closed: open [isLocked] / refuse', '- guard       isLocked'],
  ],
  [
    'another order of branches',
    (config) => {
      const [first, second, third] = branches(config);
      if (config.states.closed.on) config.states.closed.on.open = [second, first, third];
    },
    ['! transition  closed: open: tried in another order: [isAllowed], [isLocked], otherwise'],
  ],
  [
    'an action added',
    (config) => {
      branches(config)[2].actions = 'shout';
    },
    ['! transition  closed: open: actions ring → shout'],
  ],
  [
    'an event added',
    (config) => {
      config.states.opened.on = { ...config.states.opened.on, slam: { target: 'closed', actions: 'bang' } };
    },
    ['+ transition  opened: slam / bang → closed'],
  ],
  [
    'another entry and another beginning',
    (config) => {
      config.states.closed.entry = [];
      config.initial = 'opened';
    },
    ['! state  door: initial closed → opened', '! state  closed: entry / note → (none)'],
  ],
  [
    'other words',
    (config) => {
      config.states.opened.description = 'Ajar.';
      config.meta.guards = { isAllowed: 'anybody' };
      config.meta.deadlines = {};
    },
    [
      '! state     opened: description “Open.” → “Ajar.”',
      '! guard     isAllowed: sentence “the person may” → “anybody”',
      '- deadline  timeout: “it has been open for long”',
    ],
  ],
];

test.each(planted)('%s', (_title, change, said) => {
  const differences = diffOf({ chart: door() }, { chart: door(change) });
  expect(diffText('door', differences)).toBe(said.length > 0 ? `${['door', ...said].join('\n')}\n` : '');
});

test('what is added one way is removed the other way', () => {
  for (const [, change] of planted) {
    const there = diffOf({ chart: door() }, { chart: door(change) });
    const back = diffOf({ chart: door(change) }, { chart: door() });
    const count = (list: typeof there, kind: string) => list.filter((each) => each.kind === kind).length;
    expect([count(back, 'removed'), count(back, 'added'), count(back, 'changed')]).toEqual([
      count(there, 'added'),
      count(there, 'removed'),
      count(there, 'changed'),
    ]);
  }
});

test.each(charts)('a copy of %s does not differ', (_id, chart) => {
  expect(diffOf({ chart }, { chart: JSON.parse(JSON.stringify(chart)) as typeof chart })).toEqual([]);
});

test('a machine that was added or removed is reported as one change', () => {
  expect(diffOf(undefined, { chart: door() })).toMatchObject([
    { kind: 'added', of: 'machine', text: 'door: 2 states, 5 transitions' },
  ]);
  expect(diffOf({ chart: door() }, undefined)).toMatchObject([{ kind: 'removed', of: 'machine' }]);
});

test("a guard's own code and what a combined guard combines are compared too", () => {
  const machine = (limit: number, both: boolean) => {
    const guards = { isFew: limit === 1 ? () => 1 < 2 : () => 2 < 3, isOpen: () => true };
    const named = setup({ guards: { ...guards, isFine: both ? and(['isFew', 'isOpen']) : and(['isFew']) } });
    return named.createMachine({ id: 'm', on: { GO: [{ guard: 'isFew' }, { guard: 'isFine' }] } });
  };
  const side = (limit: number, both: boolean) => {
    const made = machine(limit, both);
    return { chart: chartOf(made), guardCode: guardCodeOf(made) };
  };
  expect(diffOf(side(1, true), side(1, true))).toEqual([]);
  expect(diffOf(side(1, true), side(2, false)).map(({ text }) => text)).toEqual([
    'isFew: its code',
    'isFine: combines isFew and isOpen → isFew',
  ]);
});

test('the picture of a comparison marks what came and what went', async () => {
  const { chart, marks } = unionOf(
    door(),
    door((config) => {
      config.states.broken = { description: 'It hangs.' };
      branches(config)[1].target = 'broken';
    }),
  );
  const { document } = readDrawing(await svgOf(chart, marks));
  const classes = (what: string) =>
    document.children.find(({ attributes }) => Object.values(attributes).includes(what))?.attributes.class;
  expect(classes('door.broken')).toContain('added');
  expect(classes('door.opened')).not.toMatch(/added|removed|changed/);
  expect(classes('door.closed:open:2~')).toBe('way removed');
  expect(classes('door.closed:open:2')).toBe('way added');
  expect(classes('door.opened:close:1 door.opened:timeout:1')).toBe('way');
});

test('the picture of a comparison without a difference is the picture itself', async () => {
  const { chart, marks } = unionOf(door(), door());
  expect(await svgOf(chart, marks)).toBe(await svgOf(door()));
});
