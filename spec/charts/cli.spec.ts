/** The command itself, as a process of its own, in folders and repositories made for each test. */
import { execFile, execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = join(__dirname, '..', '..');
const main = join(root, 'lib', 'cli', 'main.ts');
/** By its path, so that it runs the command and not the folder's own machines. */
const tsx = require.resolve('tsx/cjs');

/** What a run of the command came to. */
interface Outcome {
  code: number;
  out: string;
  err: string;
}

// Every test runs a process or several, on machines that may be busy.
jest.setTimeout(60_000);

let folder: string;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'express-hitl-cli-')));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs `express-hitl` in the folder. */
function command(...args: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--require', tsx, main, ...args], { cwd: folder }, (error, out, err) => {
      resolve({ code: error ? Number(error.code) : 0, out, err });
    });
  });
}

function write(name: string, text: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), text);
}

function read(name: string): string {
  return readFileSync(join(folder, name), 'utf8');
}

function git(...args: string[]): string {
  const identity = [
    '-c',
    'user.name=A',
    '-c',
    'user.email=a@example.com',
    '-c',
    'init.defaultBranch=main',
    '-c',
    'commit.gpgsign=false',
  ];
  return execFileSync('git', [...identity, ...args], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function commit(): void {
  git('add', '--all', '.', ':!node_modules');
  git('commit', '--quiet', '--message', 'as it is');
}

/** A machine in TypeScript that imports another file without its extension. */
function lamp(light: string, guard = `guard: 'isDark', `): void {
  write('src/guards.ts', `export const isDark = (lux: number): boolean => lux < 10;\n`);
  write(
    'src/lamp-machine.ts',
    `import { setup } from 'xstate';
     import { isDark } from './guards';
     enum Light { On = '${light}' }
     export const lampMachine = setup({ guards: { isDark: () => isDark(5) } }).createMachine({
       id: 'streetLamp',
       initial: 'off',
       states: { off: { on: { press: { ${guard}target: Light.On } } }, [Light.On]: { on: { press: 'off' } } },
     });`,
  );
}

test('writes a page, a picture, a diagram and a configuration per machine, and a page for all', async () => {
  lamp('on');
  expect(await command('charts', './src/lamp-machine.ts', '--out', 'docs/charts')).toEqual({
    code: 0,
    out: `5 files in docs/charts\n`,
    err: '',
  });
  expect(readdirSync(join(folder, 'docs/charts'))).toEqual([
    'README.md',
    'street-lamp.machine.json',
    'street-lamp.md',
    'street-lamp.mmd',
    'street-lamp.svg',
  ]);
  expect(read('docs/charts/street-lamp.md')).toContain('`isDark`');
});

test('--check is content with what was just written, whatever git makes of its line ends', async () => {
  lamp('on');
  await command('charts', 'src/lamp-machine.ts');
  write('docs/charts/street-lamp.md', read('docs/charts/street-lamp.md').replaceAll('\n', '\r\n'));
  expect(await command('charts', 'src/lamp-machine.ts', '--check')).toMatchObject({ code: 0, err: '' });
});

test('--check fails on a file that is stale, missing or left over, says which, and writes nothing', async () => {
  lamp('on');
  write('src/other.js', `exports.other = require('xstate').createMachine({ id: 'other' });`);
  await command('charts', 'src/lamp-machine.ts', 'src/other.js');
  lamp('lit');
  rmSync(join(folder, 'docs/charts/street-lamp.mmd'));
  const before = read('docs/charts/street-lamp.svg');
  const { code, err } = await command('charts', 'src/lamp-machine.ts', '--check');
  expect(code).toBe(1);
  const stale = ['README.md', 'street-lamp.md', 'street-lamp.svg', 'street-lamp.machine.json'];
  for (const name of stale) expect(err).toContain(`stale: ${join('docs/charts', name)}\n`);
  expect(err).toContain(`missing: ${join('docs/charts', 'street-lamp.mmd')}\n`);
  for (const kind of ['svg', 'md', 'mmd', 'machine.json'])
    expect(err).toContain(`left over: ${join('docs/charts', `other.${kind}`)}\n`);
  expect(err.trimEnd().split('\n')).toHaveLength(stale.length + 1 + 4 + 1);
  expect(read('docs/charts/street-lamp.svg')).toBe(before);
  expect(existsSync(join(folder, 'docs/charts/street-lamp.mmd'))).toBe(false);
});

test('writing again takes away what is left over and leaves alone what is not ours', async () => {
  lamp('on');
  write('src/other.js', `exports.other = require('xstate').createMachine({ id: 'other' });`);
  write('docs/charts/logo.svg', '<svg/>');
  await command('charts', 'src/lamp-machine.ts', 'src/other.js');
  expect(existsSync(join(folder, 'docs/charts/other.svg'))).toBe(true);
  await command('charts', 'src/lamp-machine.ts');
  expect(readdirSync(join(folder, 'docs/charts')).filter((name) => /other|logo/.test(name))).toEqual([
    'logo.svg',
  ]);
});

test('a README that is not ours is not overwritten', async () => {
  lamp('on');
  write('docs/README.md', '# Mine\n');
  const { code, err } = await command('charts', 'src/lamp-machine.ts', '--out', 'docs');
  expect(code).toBe(1);
  expect(err).toContain(`${join('docs', 'README.md')} was not written by this command`);
  expect(readdirSync(join(folder, 'docs'))).toEqual(['README.md']);
});

test('a folder stands for the files in it that are named like machines and not ignored', async () => {
  git('init', '--quiet');
  lamp('on');
  write('.gitignore', 'build/\n');
  write('build/lamp-machine.js', `throw new Error('loaded');`);
  write('src/machine.d.ts', `throw new Error('loaded');`);
  write('src/server.ts', `throw new Error('loaded');`);
  write(
    'src/doorMachine.mjs',
    `import { createMachine } from 'xstate'; export default createMachine({ id: 'door' });`,
  );
  write('src/no-machine.ts', `export const nothing = 1;`);
  expect(await command('charts')).toMatchObject({ code: 0, err: expect.not.stringContaining('loaded') });
  expect(readdirSync(join(folder, 'docs/charts')).filter((name) => name.endsWith('.svg'))).toEqual([
    'door.svg',
    'street-lamp.svg',
  ]);
});

describe('what is wrong is said:', () => {
  const wrong: readonly (readonly [title: string, args: readonly string[], code: number, said: string])[] = [
    ['an unknown command', ['paint'], 2, 'There is no command paint'],
    ['an unknown option', ['charts', '--colour'], 2, '--colour'],
    ['a file that is not there', ['charts', 'nowhere.ts'], 1, 'There is no nowhere.ts'],
    ['a file without a machine', ['charts', 'empty.ts'], 1, 'empty.ts exports no machine'],
    [
      'a file that cannot be loaded',
      ['charts', 'broken.ts'],
      1,
      'broken.ts could not be loaded: out of order',
    ],
    ['a comparison with nothing', ['charts', 'diff'], 2, 'Which revision'],
    ['a revision that is not there', ['charts', 'diff', 'no-such', 'empty.ts'], 1, 'git rev-parse'],
  ];
  test.each(wrong)('%s', async (_title, args, code, said) => {
    git('init', '--quiet');
    write('empty.ts', 'export const nothing: number = 1;');
    write('broken.ts', `throw new Error('out of order');`);
    const outcome = await command(...args);
    expect(outcome).toMatchObject({ code, out: '' });
    expect(outcome.err).toContain(said);
  });
});

test('TypeScript without tsx is left to Node, or it is said what is missing', async () => {
  rmSync(join(folder, 'node_modules'));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(join(root, 'node_modules', 'xstate'), join(folder, 'node_modules', 'xstate'), 'junction');
  write('package.json', '{"type":"module"}');
  write(
    'my-machine.ts',
    `import { createMachine } from 'xstate'; export const mine = createMachine({ id: 'mine' as string });`,
  );
  const canStrip = 'typescript' in process.features && process.features.typescript !== false;
  const said = expect.stringContaining('npm install --save-dev tsx, or use Node 22.18');
  expect(await command('charts', 'my-machine.ts')).toMatchObject(
    canStrip ? { code: 0 } : { code: 1, err: said },
  );
});

describe('the comparison with a revision', () => {
  beforeEach(() => {
    git('init', '--quiet');
    lamp('on');
    commit();
  });

  test('says so when nothing has changed', async () => {
    expect(await command('charts', 'diff', 'HEAD', '--exit-code')).toEqual({
      code: 0,
      out: 'No machine has changed since HEAD\n',
      err: '',
    });
  });

  test('reports every change, draws it where asked to, and leaves the repository as it was', async () => {
    lamp('lit', '');
    write('src/guards.ts', `export const isDark = (lux: number): boolean => lux < 1000;\n`);
    const { code, out, err } = await command('charts', 'diff', 'HEAD', 'src', '--out', 'pictures');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out.split('\n')).toEqual([
      'streetLamp',
      '- state       on',
      '+ state       lit',
      '! transition  off: press: guard [isDark] → (none); target on → lit',
      '- transition  on: press → off',
      '+ transition  lit: press → off',
      '- guard       isDark',
      `  drawn in ${join('pictures', 'street-lamp.diff.svg')}`,
      '',
    ]);
    expect(read('pictures/street-lamp.diff.svg')).toContain('class="state atomic leaf added"');
    const status = git('status', '--porcelain', '--', '.', ':!node_modules').trimEnd().split('\n');
    expect(status).toEqual([' M src/guards.ts', ' M src/lamp-machine.ts', '?? pictures/']);
  });

  test('ends with 1 on a change when asked to', async () => {
    lamp('lit');
    expect(await command('charts', 'diff', 'HEAD', 'src/lamp-machine.ts', '--exit-code')).toMatchObject({
      code: 1,
      err: '',
    });
    expect(await command('charts', 'diff', 'HEAD', 'src/lamp-machine.ts')).toMatchObject({
      code: 0,
      err: '',
    });
  });

  test('reports a machine that was added and one that was removed, from a folder further down', async () => {
    write('src/door-machine.js', `exports.door = require('xstate').createMachine({ id: 'door' });`);
    rmSync(join(folder, 'src/lamp-machine.ts'));
    const { out } = await command('charts', 'diff', 'main', 'src');
    expect(out).toBe(
      'door\n+ machine  door: 0 states, 0 transitions\n\nstreetLamp\n- machine  streetLamp: 2 states, 2 transitions\n',
    );
    expect((await command('charts', 'diff', 'main', 'src/lamp-machine.ts')).out).toContain(
      '- machine  streetLamp',
    );
  });

  test('notices when only the code of a guard has changed', async () => {
    write('src/lamp-machine.ts', read('src/lamp-machine.ts').replace('isDark(5)', 'isDark(50)'));
    expect((await command('charts', 'diff', 'HEAD')).out).toBe('streetLamp\n! guard  isDark: its code\n');
  });
});
