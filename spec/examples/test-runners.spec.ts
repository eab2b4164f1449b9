import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attempt, bin, root, run } from '../packaging/command';

/** A folder with the example and the package as it is built, beside every package that is installed here. */
const consumer = mkdtempSync(join(tmpdir(), 'express-hitl-runners-'));
const packages = join(consumer, 'node_modules');

beforeAll(async () => {
  mkdirSync(packages);
  writeFileSync(join(consumer, 'package.json'), JSON.stringify({ name: 'consumer', private: true }));
  for (const name of readdirSync(join(root, 'node_modules')).filter((each) => !each.startsWith('.')))
    symlinkSync(join(root, 'node_modules', name), join(packages, name));
  const built = join(packages, 'express-hitl');
  await run(root, bin('tsc'), '-p', 'tsconfig.build.json', '--outDir', join(built, 'dist'));
  cpSync(join(root, 'package.json'), join(built, 'package.json'));
  cpSync(join(root, 'examples/test-runners'), consumer, { recursive: true });
}, 180_000);

afterAll(() => rmSync(consumer, { recursive: true }));

const node = process.execPath;
/** Jest 29 without its command, which would take the place of the present one's. */
const jest29 = `require('jest29-core').runCLI({ rootDir: process.cwd(), runInBand: true, _: ['jest.test'], $0: '' }, [process.cwd()])
  .then(({ results }) => { process.exitCode = results.success ? 0 : 1; });`;
const runners: readonly (readonly [string, string, readonly string[], string])[] = [
  ['jest 30', bin('jest'), ['--rootDir', consumer, '--runInBand', 'jest.test'], 'jest'],
  ['jest 29', node, ['-e', jest29], 'jest29-core'],
  ['vitest', bin('vitest'), ['run', '--root', consumer, 'vitest.test'], 'vitest'],
  ["Node's own runner", node, ['--test', 'node.test.mjs'], ''],
];

describe.each(runners)('the example under %s', (name, program, args, from) => {
  it('is run by the version it names', () => {
    const major = / (\d+)$/.exec(name)?.[1];
    if (major === undefined) return;
    const { version } = JSON.parse(readFileSync(join(packages, from, 'package.json'), 'utf8'));
    expect(version.split('.')[0]).toBe(major);
  });

  it('passes', async () => {
    const { code, stdout, stderr } = await attempt(consumer, program, ...args);
    expect(stdout + stderr).toMatch(/2 passed|# pass 2|pass 2/);
    expect(code).toBe(0);
  }, 120_000);

  it('fails, with the report of the model, when the model asks for something else', async () => {
    const path = join(consumer, 'question.js');
    const sound = readFileSync(path, 'utf8');
    try {
      writeFileSync(path, sound.replace('places.includes(event.answer)', "event.answer !== 'mars'"));
      const { code, stdout, stderr } = await attempt(consumer, program, ...args);
      expect(stdout + stderr).toContain('question: the system does not do what the model says');
      expect(code).toBe(1);
    } finally {
      writeFileSync(path, sound);
    }
  }, 120_000);

  it('fails, with both calls, when the agent does something else in the next process', async () => {
    const path = join(consumer, 'agent.js');
    const sound = readFileSync(path, 'utf8');
    try {
      writeFileSync(path, sound.replace("turn.step('choose'", `turn.step(\`choose \${planes.push(1)}\``));
      const { code, stdout, stderr } = await attempt(consumer, program, ...args);
      expect(stdout + stderr).toMatch(
        /At the beginning: step:choose 3#1 is not made; instead: step:choose \d#1/,
      );
      expect(code).toBe(1);
    } finally {
      writeFileSync(path, sound);
    }
  }, 120_000);
});
