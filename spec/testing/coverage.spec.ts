import { createActor, raise, setup } from 'xstate';
import { assertCoverage, coverageText, reportCoverage, watchMachine } from '../../lib/testing';
import { modelOfVault, vaults } from './vault';

/** One of each thing that coverage has to see through: regions, raised events, `always`, wildcards, guards in a row. */
const everything = () =>
  setup({
    types: { events: {} as { type: 'go' | 'stop' | 'other.now' | 'tick'; n: number } },
    guards: {
      isSmall: ({ event }) => event.n < 10,
      isTiny: ({ event }) => event.n < 5,
      isNegative: ({ event }) => event.n < 0,
    },
  }).createMachine({
    id: 'all',
    type: 'parallel',
    states: {
      left: {
        initial: 'idle',
        states: {
          idle: {
            on: {
              go: [
                { guard: 'isTiny', target: 'busy' },
                { guard: 'isSmall', actions: raise({ type: 'tick', n: 1 }) },
                {},
              ],
              'other.*': { target: 'busy' },
            },
          },
          busy: { always: { guard: 'isNegative', target: 'idle' }, on: { stop: 'idle' } },
        },
      },
      right: { initial: 'off', states: { off: { on: { tick: 'on' } }, on: {} } },
    },
    on: { go: { guard: 'isNegative' }, stop: {} },
  });

/** Ids of what was taken, and of what was refused, with how often. */
function seen(
  machine: ReturnType<typeof everything>,
  ...events: readonly { type: 'go' | 'stop' | 'other.now'; n: number }[]
) {
  const { coverage, stop } = watchMachine(machine);
  const actor = createActor(machine).start();
  for (const event of events) actor.send(event);
  stop();
  const of = (field: 'taken' | 'refused') =>
    Object.fromEntries(
      coverage.transitions.flatMap((each) => (each[field] > 0 ? [[each.id, each[field]]] : [])),
    );
  return { taken: of('taken'), refused: of('refused'), states: coverage.states };
}

describe('the coverage of a machine', () => {
  it('counts what was taken, and each guard that was asked before it and said no', () => {
    expect(seen(everything(), { type: 'go', n: 20 })).toMatchObject({
      taken: { 'all.left.idle:go:3': 1 },
      refused: { 'all.left.idle:go:1': 1, 'all.left.idle:go:2': 1 },
    });
  });

  it('asks no guard of an outer state when an inner one has taken the event', () => {
    expect(Object.keys(seen(everything(), { type: 'go', n: 7 }).refused)).toEqual(['all.left.idle:go:1']);
  });

  it('asks the outer state when nothing inside takes the event', () => {
    const { taken, refused } = seen(everything(), { type: 'other.now', n: 1 }, { type: 'go', n: 7 });
    expect(taken).toEqual({ 'all.left.idle:other.*:1': 1 });
    // Busy knows no `go`; its `always` was asked after each of the two.
    expect(refused).toEqual({ 'all:go:1': 1, 'all.left.busy:always:1': 2 });
  });

  it('sees raised events, wildcards, and what happens without an event', () => {
    expect(seen(everything(), { type: 'go', n: 7 }).taken).toEqual({
      'all.left.idle:go:2': 1,
      'all.right.off:tick:1': 1,
    });
    expect(seen(everything(), { type: 'other.now', n: -1 }).taken).toEqual({
      'all.left.idle:other.*:1': 1,
      'all.left.busy:always:1': 1,
    });
  });

  it('counts a state each time it is entered, in passing too, and not while it is stayed in', () => {
    const { states } = seen(
      everything(),
      { type: 'go', n: 20 },
      { type: 'other.now', n: -1 },
      { type: 'other.now', n: 1 },
    );
    expect(Object.fromEntries(states.map(({ id, entered }) => [id, entered]))).toEqual({
      all: 1,
      'all.left': 1,
      'all.left.idle': 2,
      'all.left.busy': 2,
      'all.right': 1,
      'all.right.off': 1,
      'all.right.on': 0,
    });
  });

  it('counts actors that were begun before, and none after it was stopped', () => {
    const machine = everything();
    const actor = createActor(machine).start();
    const { coverage, stop } = watchMachine(machine);
    actor.send({ type: 'other.now', n: 1 });
    stop();
    actor.send({ type: 'stop', n: 1 });
    const taken = coverage.transitions.filter((each) => each.taken > 0).map(({ id }) => id);
    expect(taken).toEqual(['all.left.idle:other.*:1']);
    const again = watchMachine(machine, coverage);
    actor.send({ type: 'stop', n: 1 });
    again.stop();
    again.stop();
    const counts = Object.fromEntries(coverage.transitions.map(({ id, taken: times }) => [id, times]));
    expect(counts).toMatchObject({ 'all.left.busy:stop:1': 0, 'all:stop:1': 1 });
  });

  it('changes nothing of what a machine does and reports', () => {
    const machine = everything();
    const plain = createActor(machine).start();
    plain.send({ type: 'go', n: 7 });
    const { stop } = watchMachine(machine);
    const told: string[] = [];
    const watched = createActor(machine, { inspect: ({ type }) => told.push(type) }).start();
    watched.send({ type: 'go', n: 7 });
    stop();
    expect(watched.getPersistedSnapshot()).toEqual(plain.getPersistedSnapshot());
    expect(told).toContain('@xstate.microstep');
  });
});

describe('a coverage report', () => {
  it('is complete after a test by every event in every state', async () => {
    const model = modelOfVault();
    await model.test(vaults());
    expect(model.reportText()).toBe('vault: 3 of 3 states, 7 of 7 transitions, 4 of 4 guard outcomes');
    model.assertCoverage();
  });

  it('names what was not seen, in the words of the charts, and survives JSON', async () => {
    const model = modelOfVault();
    await model.test({ ...vaults(), paths: [model.pathOf([{ type: 'enter', who: 'ann' }])] });
    expect(model.reportText()).toBe(
      [
        'vault: 3 of 3 states, 1 of 7 transitions, 1 of 4 guard outcomes',
        '  never taken: vault.locked:enter:2',
        '  never taken: vault.locked:store:1',
        '  never taken: vault.open:close:1',
        '  never taken: vault.open:store:1 [hasRoom]',
        '  never taken: vault.open:store:2',
        '  never taken: vault.open:xstate.after.autolock.vault.open:1',
        '  never refused: vault.locked:enter:1 [isKeeper]',
        '  never refused: vault.open:store:1 [hasRoom]',
      ].join('\n'),
    );
    const report = model.report();
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
    expect(report.transitions[0]).toEqual({
      id: 'vault.locked:enter:1',
      source: 'vault.locked',
      event: 'enter',
      guard: 'isKeeper',
      taken: 1,
      refused: 0,
    });
  });

  it('counts what was done over all runs of a model', async () => {
    const model = modelOfVault();
    for (const path of model.edgePaths()) await model.test({ ...vaults(), paths: [path] });
    model.assertCoverage();
  });

  it('fails the test below its threshold, and says why', async () => {
    const model = modelOfVault();
    await model.test({ ...vaults(), paths: [model.pathOf([{ type: 'enter', who: 'ann' }])] });
    model.assertCoverage({ transitions: 1 / 7, guards: 0.25 });
    expect(() => model.assertCoverage({ transitions: 0.2, guards: 0.25 })).toThrow(
      /^too few transitions were seen\nvault: 3 of 3 states, 1 of 7/,
    );
    expect(() => model.assertCoverage()).toThrow(/too few transitions were seen; too few guards were seen/);
  });

  it('lets named exceptions pass, and none that is not needed', () => {
    const machine = everything();
    const { coverage, stop } = watchMachine(machine);
    const actor = createActor(machine).start();
    for (const type of ['other.now', 'stop'] as const) actor.send({ type, n: 1 });
    stop();
    const { missing } = reportCoverage(coverage);
    const except = Object.fromEntries(missing.map((line) => [line, 'shown elsewhere']));
    expect(missing.length).toBeGreaterThan(5);
    assertCoverage(coverage, { except });
    const [first = '', ...others] = missing;
    const fewer = Object.fromEntries(others.map((line) => [line, 'shown elsewhere']));
    expect(() => assertCoverage(coverage, { except: fewer })).toThrow(first);
    expect(() =>
      assertCoverage(coverage, { except: { ...except, 'never entered: all': 'by mistake' } }),
    ).toThrow('an exception is not needed: never entered: all');
  });

  it('has nothing to say against a machine without guards', () => {
    const machine = setup({}).createMachine({ id: 'still' });
    const { coverage, stop } = watchMachine(machine);
    createActor(machine).start();
    stop();
    expect(coverageText(reportCoverage(coverage))).toBe(
      'still: 1 of 1 states, 0 of 0 transitions, 0 of 0 guard outcomes',
    );
    assertCoverage(coverage);
  });
});
