/** A store that another package implements: checked, built and tested where the tarball is installed; the packaging spec runs it there. */
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fences, page } from '../docs/pages';
import { attempt, bin, type Ended, root, run } from './command';

const path = 'docs/stores.md';
const folder = join(root, 'spec', 'packaging', 'outside-store');

/** The test file that the page shows. */
function shownTest(): string {
  const block = fences({ path, text: page(path) }).find(({ label }) => label === 'contract');
  if (!block) throw new Error(`${path} shows no test of a store`);
  return block.text;
}

/** The same with a store that names deadlines before they are due. */
function withFault(text: string): string {
  const planted = text.replace(
    'journalStore(join(folder',
    `((store) => ({ ...store, dueRequests: (_until, limit) => store.dueRequests(Infinity, limit) }))(journalStore(join(folder`,
  );
  return planted.replace(`'journal'));`, `'journal')));`);
}

/** @param consumerOf the folder in which the package is installed, once it is */
export function testOutsideStore(consumerOf: () => string): void {
  const write = (name: string, text: string) => writeFile(join(consumerOf(), name), text);
  const nodeTest = (file: string, ...options: string[]): Promise<Ended> =>
    attempt(consumerOf(), process.execPath, '--test', '--test-reporter=tap', ...options, file);
  const vitest = (file: string, ...options: string[]): Promise<Ended> =>
    attempt(consumerOf(), bin('vitest'), 'run', '--root', consumerOf(), '--reporter=json', ...options, file);
  /** The tests of the contract that see the fault: all the others were run without it. */
  const seeing = 'are found once it is there';

  beforeAll(async () => {
    const source = join(folder, 'journal-store.ts');
    const options = ['--bundle', '--platform=node', '--format=esm', '--external:express-hitl/*'];
    const outfile = `--outfile=${join(consumerOf(), 'journal-store.mjs')}`;
    // What the repository maps to its sources has to be found in the package.
    await run(folder, bin('esbuild'), source, ...options, '--tsconfig-raw={}', outfile, '--log-level=error');
    const text = shownTest();
    const inVitest = (shown: string) => shown.replace("'node:test'", "'vitest'");
    await write('contract.mjs', text);
    await write('faulty.mjs', withFault(text));
    await write('contract.test.mjs', inVitest(text));
    await write('faulty.test.mjs', inVitest(withFault(text)));
  }, 30_000);

  test('has every type it needs from the public names', async () => {
    for (const name of ['journal-store.ts', 'contents.ts', 'turns.ts'])
      await copyFile(join(folder, name), join(consumerOf(), name));
    const compilerOptions = {
      module: 'preserve',
      moduleResolution: 'bundler',
      target: 'es2023',
      types: ['node'],
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      skipLibCheck: true,
    };
    await write('tsconfig.store.json', JSON.stringify({ compilerOptions, files: ['journal-store.ts'] }));
    await expect(run(consumerOf(), bin('tsc'), '-p', 'tsconfig.store.json')).resolves.toBe('');
  }, 60_000);

  test('passes the contract in the runner of Node.js, as the page shows it, and with a fault it does not', async () => {
    const sound = await nodeTest('contract.mjs');
    expect(sound.stdout).toMatch(/^# pass 2[2-9]\d$/m);
    expect(sound.stdout).toMatch(/^# fail 0$/m);
    expect(sound.code).toBe(0);

    const faulty = await nodeTest('faulty.mjs', `--test-name-pattern=${seeing}`);
    expect(faulty.code).toBe(1);
    expect(faulty.stdout).toMatch(/not ok \d+ - are found once it is there, earliest first/);
  }, 120_000);

  test('passes the contract in vitest, and with a fault it does not', async () => {
    const { stdout, stderr } = await vitest('contract.test.mjs');
    const sound = JSON.parse(stdout || `"${stderr}"`);
    expect(sound).toMatchObject({ success: true, numFailedTests: 0 });
    expect(sound.numPassedTests).toBeGreaterThan(220);

    const faulty = JSON.parse((await vitest('faulty.test.mjs', '-t', seeing)).stdout);
    expect(faulty).toMatchObject({ success: false });
    const [{ assertionResults }] = faulty.testResults;
    const failed = assertionResults.filter((each: { status: string }) => each.status === 'failed');
    expect(failed.map((each: { title: string }) => each.title)).toContainEqual(
      expect.stringMatching(/^are found once it is there/),
    );
  }, 120_000);
}
