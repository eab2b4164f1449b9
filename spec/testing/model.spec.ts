import { assign, setup } from 'xstate';
import { ModelFailure, testModel } from '../../lib/testing';
import { type Bug, modelOfVault, Vault, vaultMachine, vaultOptions, vaults } from './vault';

/** The failure that a failing test reports. */
async function failureOf(testing: Promise<unknown>): Promise<ModelFailure> {
  const failure = await testing.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (failure instanceof ModelFailure) return failure;
  throw new Error(`No failure was found: ${failure}`);
}

afterEach(() => {
  expect(Vault.inUse).toBe(0);
});

describe('a model', () => {
  it('names every event and timer that nothing carries out', () => {
    const { enter } = vaultOptions.events;
    const lacking = { ...vaultOptions, events: { enter }, timers: {} };
    // The types forbid this; a tester in plain JavaScript may still do it.
    expect(() => testModel(vaultMachine, lacking as never)).toThrow(
      'The model vault cannot be tested: nothing carries out the events: store, close; nothing fires the timers: autolock',
    );
  });

  it('refuses events, timers and states that the machine does not have, since they would be passed over silently', () => {
    const events = { ...vaultOptions.events, entre: { perform: () => 'ok' } };
    expect(() => modelOfVault({ events })).toThrow('the model knows no events: entre');
    expect(() => modelOfVault({ timers: { ...vaultOptions.timers, autolok: () => 'ok' } })).toThrow(
      'the model has no timers: autolok',
    );
    expect(() => modelOfVault({ states: { opened: () => {} } })).toThrow('the model has no states: opened');
  });

  it('refuses to look without knowing what to see', () => {
    const { view: _view, ...blind } = vaultOptions;
    expect(() => testModel(vaultMachine, blind)).toThrow('look and view need each other');
  });

  it('says when it has no end', () => {
    const counter = setup({ types: { context: {} as { n: number } } }).createMachine({
      context: { n: 0 },
      on: { more: { actions: assign({ n: ({ context }) => context.n + 1 }) } },
    });
    const endless = testModel(counter, { events: { more: { perform: () => {} } }, maxStates: 50 });
    expect(() => endless.edgePaths()).toThrow('more than 50 states');
    const bounded = testModel(counter, {
      events: { more: { perform: () => {} } },
      key: ({ context }) => context.n % 3,
    });
    expect(bounded.size).toEqual({ states: 3, edges: 3 });
  });

  it('is no copy that the system could share: what it goes through is not counted of the machine itself', async () => {
    const before = vaultMachine.transition;
    await modelOfVault().test(vaults());
    expect(vaultMachine.transition).toBe(before);
  });
});

describe('a test by every event in every state', () => {
  it('holds for a system that does what the model says, and reports what it did', async () => {
    const model = modelOfVault();
    // Two states with 0, 1 or 2 items; in each 2 strangers or keepers, one item, one close, and in three of them a timer.
    expect(model.size).toEqual({ states: 6, edges: 27 });
    const { paths, steps, restarts } = await model.test(vaults());
    expect([paths, restarts]).toEqual([model.edgePaths().length, 0]);
    expect(steps).toBeGreaterThanOrEqual(27);
  });

  it.each<[Bug, string]>([
    ['anybody may enter', 'enter who=bob'],
    ['one item too many', 'enter who=ann, store item=gold, store item=gold, store item=gold'],
    ['never locks itself', 'enter who=ann, after autolock'],
    ['storing while locked opens it', 'store item=gold'],
    ['third item breaks it', 'enter who=ann, store item=gold, store item=gold, store item=gold'],
  ])('finds that %s, by the shortest sequence', async (bug, sequence) => {
    const failure = await failureOf(modelOfVault().test(vaults(bug)));
    expect(failure.path.name).toBe(sequence);
    const again = modelOfVault().test({ ...vaults(bug), paths: [modelOfVault().pathOf(failure.events)] });
    expect((await failureOf(again)).path.name).toBe(sequence);
  });

  it('finds what only a restart brings out', async () => {
    const restart = (vault: Vault) => vault.restarted();
    const held = await modelOfVault().test({ ...vaults(), restart });
    expect(held.restarts).toBe(held.steps);
    await modelOfVault().test(vaults('forgets what is open'));
    const failure = await failureOf(modelOfVault().test({ ...vaults('forgets what is open'), restart }));
    expect(failure.message).toContain('after step 1 and a restart, the view');
  });

  it('asks what holds in a state', async () => {
    const states = {
      open: () => {},
      locked: (vault: Vault) => expect(vault.look()).toMatchObject({ items: [] }),
    };
    const failure = await failureOf(modelOfVault({ states }).test(vaults()));
    expect(failure.message).toContain('in vault.locked:');
    expect(failure.path.name).toBe('enter who=ann, store item=gold, after autolock');
  });

  it('lets what the test itself cannot do pass as it is, and still gives the system back', async () => {
    const start = () => Promise.reject(new Error('no power'));
    await expect(modelOfVault().test({ start })).rejects.toThrow('no power');
    const restart = () => Promise.reject(new Error('no power again'));
    await expect(modelOfVault().test({ ...vaults(), restart })).rejects.toThrow('no power again');
  });

  it('is refused where there is nothing to test', async () => {
    await expect(modelOfVault().test({ ...vaults(), paths: [] })).rejects.toThrow('no path to test');
  });
});

describe('a failure', () => {
  it('reads as the steps that led to it and what was wrong then', async () => {
    const { message } = await failureOf(modelOfVault().test(vaults('one item too many')));
    expect(message).toBe(
      `vault: the system does not do what the model says

     begins in locked
    1  enter who=ann    → open
    2  store item=gold  → open
    3  store item=gold  → open
✗   4  store item=gold  → open (refused code=full)

after step 4, the reply:
  the model says   full
  the system says  ok

Shortest failing sequence found, from one of ${/from one of (\d+) steps/.exec(message)?.[1]} steps; ${/(\d+) shorter/.exec(message)?.[1]} shorter ones were tried.`,
    );
  });

  it('has what was thrown as its cause', async () => {
    const failure = await failureOf(modelOfVault().test(vaults('third item breaks it')));
    expect(failure.cause).toMatchObject({ message: 'out of shelf' });
    expect(failure.message).toContain('after step 4, carrying it out threw:\n  out of shelf');
  });

  it('is reported by the shortest path to the state of the model, after one more try', async () => {
    const model = modelOfVault();
    expect(model.size.states).toBe(6);
    const paths = model.randomWalks({ walks: 1, steps: 60 });
    const failure = await failureOf(model.test({ ...vaults('one item too many'), paths, shrink: 1 }));
    expect(failure.search).toMatchObject({ tried: 1 });
    expect(failure.path.name).toBe('enter who=ann, store item=gold, store item=gold, store item=gold');
  });

  it('on a walk by chance is made short too, and names the seed', async () => {
    const model = modelOfVault();
    const seed = 7;
    const paths = model.randomWalks({ seed, walks: 20, steps: 60 });
    const failure = await failureOf(model.test({ ...vaults('one item too many'), paths }));
    expect(failure.search.firstLength).toBeGreaterThan(4);
    expect(failure.path.name).toBe('enter who=ann, store item=gold, store item=gold, store item=gold');
    expect(failure.message).toContain('Seed 7 finds it again.');
  });
});
