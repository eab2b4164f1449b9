/** Runs every code block of every page, each in its scene, and checks its types; none is left out. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { transports } from 'winston';
import { scripts } from '../../package.json';
import { bin } from '../packaging/command';
import { bodyOf, Examples, type Scenes, type } from './example';
import { fences, pages, root } from './pages';
import { channelsScenes } from './scenes/channels';
import { durableTurnsScenes } from './scenes/durable-turns';
import { hitlScenes } from './scenes/hitl';
import { mountingScenes } from './scenes/mounting';
import { readmeScenes } from './scenes/readme';
import { referenceApiScenes } from './scenes/reference-api';
import { streamsScenes } from './scenes/streams';
import { tutorialScenes } from './scenes/tutorial';

const scenes: Readonly<Record<string, Scenes>> = {
  'README.md': readmeScenes,
  'docs/channels.md': channelsScenes,
  'docs/durable-turns.md': durableTurnsScenes,
  'docs/hitl.md': hitlScenes,
  'docs/mounting.md': mountingScenes,
  'docs/reference-api.md': referenceApiScenes,
  'docs/streams.md': streamsScenes,
  'docs/tutorial.md': tutorialScenes,
};

/** Pages whose blocks are run by the specs of another folder, each by its label. */
const elsewhere: Readonly<Record<string, string>> = {
  'docs/writing-a-client.md': 'spec/client',
  'docs/react.md': 'spec/react',
  'docs/protocol.md': 'spec/protocol',
  'docs/rest.md': 'spec/protocol',
  'docs/classic.md': 'spec/protocol',
  'docs/stores.md': 'spec/packaging',
  'docs/testing-your-flow.md': 'spec/examples',
};

const blocks = pages.flatMap(fences);
const code = blocks.filter(({ language }) => ['ts', 'tsx', 'js', 'json'].includes(language));
/** Of an example, whose app is beside its page and run by `spec/examples`. */
const quoted = code.filter(({ page }) => page.startsWith('examples/'));
const here = code.filter((block) => !(block.page in elsewhere) && !quoted.includes(block));

const examples = new Examples();
const loaded = new Map(
  here.flatMap((block) => {
    const scene = scenes[block.page]?.[block.label];
    return scene ? [[block, { scene, load: examples.add(block, scene) }]] : [];
  }),
);

// Blocks print, and so do hubs with the logger that is there by default.
beforeEach(() => {
  jest.spyOn(console, 'log').mockImplementation(() => {});
  jest.spyOn(transports.Console.prototype, 'log').mockImplementation((...[, next]: unknown[]) => {
    if (typeof next === 'function') next();
  });
});
afterEach(() => jest.restoreAllMocks());
afterAll(() => examples.remove());

describe('a block', () => {
  test.each(here)(
    '$page:$line is run and does what the page says: $label',
    async (block) => {
      const example = loaded.get(block);
      if (!example) throw new Error(`${block.page}:${block.line} has no scene ${block.label}`);
      await example.scene.play(example.load);
    },
    15_000,
  );

  test('has the right types, and a planted fault is found', async () => {
    const planted = { page: 'planted', line: 1, language: 'ts', label: '', text: 'turn.ask({});' };
    examples.add(planted, { ...bodyOf({ turn: type('Turn') }), play: async () => {} });
    expect(await examples.typeErrors()).toEqual([expect.stringMatching(/^blocks\/planted-1\.ts.*question/)]);
  }, 60_000);

  test('is in a language that is checked', () => {
    // `nginx` is run by spec/recipes.
    const known = ['ts', 'tsx', 'js', 'json', 'sh', 'nginx', 'text', ''];
    expect(blocks.filter(({ language }) => !known.includes(language))).toEqual([]);
    expect(here.filter(({ language }) => language !== 'ts')).toEqual([]);
  });
});

test('every scene has its block, and no label is used twice on a page', () => {
  for (const [page, known] of Object.entries(scenes)) {
    const labels = here.filter((block) => block.page === page).map(({ label }) => label);
    expect(labels.toSorted()).toEqual(Object.keys(known).toSorted());
  }
});

test.each(Object.entries(elsewhere))('every block of %s is named in %s', (page, folder) => {
  const labels = code.filter((block) => block.page === page).map(({ label }) => label.split(' ')[0]);
  expect(labels).not.toEqual([]);
  const texts = readdirSync(join(root, folder))
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => readFileSync(join(root, folder, name), 'utf8'));
  for (const label of new Set(labels)) {
    const isNamed = texts.some((text) => text.includes(`'${label}'`) || text.includes(`${label}:`));
    expect([label, isNamed]).toEqual([label, true]);
  }
});

test.each(quoted)('$page:$line stands like this in the app beside it', ({ page, text }) => {
  const app = readFileSync(join(root, page, '../app.ts'), 'utf8').split('\n');
  const lines = new Set(app.map((line) => line.trim()));
  for (const line of text.trim().split('\n')) expect(lines).toContain(line.trim());
});

describe('a command', () => {
  const commands = blocks
    .filter(({ page, language }) => language === 'sh' && !page.startsWith('examples/'))
    .flatMap(({ text }) => text.trim().split(/\n| && /));

  test('is there', () => expect(commands).toContain('npm test'));

  test.each(commands)('can be given: %s', (command) => {
    const [program, verb = '', script = ''] = command.split(/ +/);
    expect(['npm', 'npx']).toContain(program);
    const scripted = verb === 'run' ? script : ['start', 'test'].includes(verb) ? verb : undefined;
    if (program === 'npx' && verb === 'express-hitl') expect(['charts', 'doctor']).toContain(script);
    else if (program === 'npx') expect(existsSync(bin(verb))).toBe(true);
    else if (scripted) expect(Object.keys(scripts)).toContain(scripted);
    else expect(['ci', 'install', 'install-scripts', 'pack']).toContain(verb);
    if (verb === 'ci') expect(existsSync(join(root, 'package-lock.json'))).toBe(true);
  });
});
