import { modelOfVault, vaults } from './vault';

const model = modelOfVault();
const names = (paths: readonly { name: string }[]) => paths.map(({ name }) => name);

describe('paths', () => {
  it('to every event send each one in each state, refused ones included', () => {
    const sent = new Set(
      model
        .edgePaths()
        .flatMap(({ steps }) =>
          steps.map(({ before, event }) =>
            JSON.stringify([before.value, before.context.items.length, event]),
          ),
        ),
    );
    expect(sent.size).toBe(model.size.edges);
  });

  it('to every event come shortest first, each under a name of its own', () => {
    const paths = model.edgePaths();
    const lengths = paths.map(({ steps }) => steps.length);
    expect(lengths).toEqual([...lengths].sort((a, b) => a - b));
    expect(new Set(names(paths)).size).toBe(paths.length);
  });

  it('to every state are the shortest there are', () => {
    expect(names(model.shortestPaths())).toEqual([
      'enter who=ann, store item=gold, close',
      'enter who=ann, store item=gold, store item=gold, close',
    ]);
  });

  it('to every state miss a refusal that does harm: the reason why every event is the default', async () => {
    const bug = 'storing while locked opens it';
    await modelOfVault().test({ ...vaults(bug), paths: model.shortestPaths() });
    await expect(modelOfVault().test(vaults(bug))).rejects.toThrow('store item=gold');
  });

  it('without circles stay within their bounds', () => {
    const all = model.simplePaths();
    expect(names(all)).toContain('enter who=ann, store item=gold, after autolock');
    for (const { steps } of all) {
      const states = steps.map(({ after }) => JSON.stringify([after.value, after.context]));
      expect(new Set(states).size).toBe(states.length);
    }
    expect(model.simplePaths({ maxSteps: 2 }).map(({ steps }) => steps.length)).toEqual([1, 2]);
    expect(model.simplePaths({ maxPaths: 3 })).toEqual(all.slice(0, 3));
  });

  it('by chance are the same for the same seed, and others for another', () => {
    const walks = model.randomWalks({ seed: 3, walks: 4, steps: 10 });
    expect(walks.map(({ steps }) => steps.length)).toEqual([10, 10, 10, 10]);
    expect(names(model.randomWalks({ seed: 3, walks: 4, steps: 10 }))).toEqual(names(walks));
    expect(names(model.randomWalks({ seed: 4, walks: 4, steps: 10 }))).not.toEqual(names(walks));
  });

  it('from events are what the model makes of them', () => {
    const { name, steps } = model.pathOf([
      { type: 'enter', who: 'bob' },
      { type: 'enter', who: 'ann' },
    ]);
    expect(name).toBe('enter who=bob, enter who=ann');
    expect(steps.map(({ after, emitted }) => [after.value, emitted])).toEqual([
      ['locked', [{ type: 'refused', code: 'stranger' }]],
      ['open', []],
    ]);
    expect(model.pathOf([]).name).toBe('nothing');
  });
});
