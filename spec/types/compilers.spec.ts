/** That the declarations of every entry, and the type tests beside this file, compile with each TypeScript that we promise: `npm run test:types`. */
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { declarations, entries } from '../api/surface';
import { attempt, root, run } from '../packaging/command';

/** Where each is installed, by the version that it has to be. */
const compilers = { '5.9': 'typescript59', '6.0': 'typescript6', '7.0': 'typescript' };

const compilerOptions = {
  target: 'es2023',
  lib: ['es2023', 'dom', 'dom.iterable'],
  module: 'nodenext',
  types: ['node'],
  jsx: 'react-jsx',
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  // Our declarations are checked as well, and not only what an app takes of them.
  skipLibCheck: false,
  // Those of TypeScript itself are not ours.
  skipDefaultLibCheck: true,
  noEmit: true,
};

const specifiers = entries.map(({ name }) => (name === 'index' ? 'express-hitl' : `express-hitl/${name}`));

/** One that is not public shows that no entry is simply `any`. */
const everyEntry = specifiers
  .map(
    (specifier, nth) => `export * as entry${nth} from '${specifier}';
// @ts-expect-error
export { notAPublicName as none${nth} } from '${specifier}';`,
  )
  .join('\n');

let folder: string;
let remove: () => void;

beforeAll(async () => {
  ({ folder, remove } = await declarations());
  const tests = join(folder, 'spec', 'types');
  cpSync(__dirname, tests, { recursive: true, filter: (source) => !source.endsWith('.spec.ts') });
  for (const ending of ['cts', 'mts']) writeFileSync(join(tests, `every-entry.${ending}`), everyEntry);
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['spec/types'] }));
}, 60_000);

afterAll(() => remove());

/** Runs a program that compiles the folder; gives the errors that are ours, none of other packages' declarations. */
async function errorsOf(program: string, ...args: string[]): Promise<string[]> {
  const { code, stdout } = await attempt(folder, process.execPath, program, ...args);
  const errors = stdout.split('\n').filter((line) => /\berror TS\d+/.test(line));
  // A compiler that could not be started has said nothing of errors.
  expect(code === 0).toBe(errors.length === 0);
  return errors.filter((line) => !/^[^(]*node_modules\//.test(line));
}

const tscOf = (compiler: string) => join(root, 'node_modules', compiler, 'bin', 'tsc');

/** The errors in all of a project. TypeScript 7 has no API: it looks into other packages' declarations as well, which takes longer than ours. */
function errorsIn(project: string, compiler: string): Promise<string[]> {
  if (compiler === 'typescript') return errorsOf(tscOf(compiler), '--pretty', 'false', '-p', project);
  return errorsOf(join(__dirname, 'own-errors.js'), join(root, 'node_modules', compiler), project);
}

describe.each(Object.entries(compilers))('TypeScript %s', (version, compiler) => {
  test('is the one that is installed under that name', async () => {
    expect(await run(root, process.execPath, tscOf(compiler), '--version')).toContain(`Version ${version}.`);
  });

  test('finds nothing wrong in any entry, nor in the type tests', async () => {
    expect(await errorsIn('tsconfig.json', compiler)).toEqual([]);
  }, 120_000);
});

test('`tsc` is TypeScript 7; else npm has linked another one, and `npm rebuild typescript` helps', async () => {
  expect(await run(root, join(root, 'node_modules', '.bin', 'tsc'), '--version')).toContain('Version 7.');
});

test.each(Object.values(compilers))(
  'a declaration that is wrong is found by %s',
  async (compiler) => {
    const wrong = join(folder, 'dist', 'wrong.d.ts');
    writeFileSync(wrong, `export declare const wrong: NoSuchName;`);
    const options = { ...compilerOptions, lib: ['es2023'], types: [] };
    const project = { compilerOptions: options, files: ['dist/wrong.d.ts'] };
    writeFileSync(join(folder, 'tsconfig.wrong.json'), JSON.stringify(project));
    expect(await errorsIn('tsconfig.wrong.json', compiler)).toEqual([
      expect.stringMatching(/^dist\/wrong\.d\.ts.*TS2304/),
    ]);
  },
  60_000,
);
