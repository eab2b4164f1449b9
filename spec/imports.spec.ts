/** Holds the one-way order of the rooms below `lib/`: who may import whom, which packages, which globals. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dependencies, devDependencies, peerDependencies } from '../package.json';
import { bundled, violations } from './imports/rules';
import { readSourceFile } from './imports/source-file';

/** Source text by path. */
type Texts = Readonly<Record<string, string>>;

const root = join(__dirname, '..');

const tree: Texts = Object.fromEntries(
  readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
    .map((name) => `lib/${name.replaceAll('\\', '/')}`)
    .filter((path) => /\.tsx?$/.test(path))
    .map((path) => [path, readFileSync(join(root, path), 'utf8')]),
);

/** What is read from these files, in a tree where `others` exist too. */
const read = (texts: Texts, others: Texts = {}) =>
  Object.entries(texts).map(([path, text]) =>
    readSourceFile(path, text, (name) => name in texts || name in others),
  );

const files = read(tree);

/** What the rules say of the tree with these files planted in it; nothing is written. */
function judge(planted: Texts = {}): string[] {
  return violations([...files.filter((file) => !(file.path in planted)), ...read(planted, tree)]);
}

test('the tree keeps the order', () => {
  expect(Object.keys(tree)).toContain('lib/index.ts');
  expect(judge()).toEqual([]);
});

const isBundled = ({ path }: { path: string }) => bundled.some((room) => path.startsWith(`lib/${room}`));

test('every package the tree imports is one that is installed with ours', () => {
  const given = Object.keys({ ...dependencies, ...peerDependencies });
  const others = files.filter((file) => !isBundled(file));
  const taken = new Set(others.flatMap((file) => file.packages).filter((name) => !name.startsWith('node:')));
  // No file of ours imports it, but a library that is built into the parts does, and leaves it to the app.
  taken.add('react-dom');
  expect([...taken].sort()).toEqual(given.filter((name) => !name.startsWith('@types/')).sort());
});

test('what is built into a bundle is one of our development dependencies', () => {
  const taken = new Set(files.filter(isBundled).flatMap((file) => file.packages));
  expect([...taken]).toContain('react');
  expect([...taken].filter((name) => !(name in devDependencies))).toEqual([]);
});

describe('a planted violation is found:', () => {
  /** What is planted, where, and what is said of it. */
  const planted: ReadonlyArray<[title: string, path: string, text: string, said: string]> = [
    [
      'an import upwards',
      'lib/protocol/x.ts',
      `import { z } from '../store/store';`,
      'imports lib/store/store.ts',
    ],
    [
      'of types alone',
      'lib/errors.ts',
      `import type { A } from './protocol/records';`,
      'imports lib/protocol/records.ts',
    ],
    [
      'inside a type',
      'lib/actors/x.ts',
      `export type T = import('../store/store').Store;`,
      'imports lib/store/store.ts',
    ],
    ['by re-export', 'lib/protocol/x.ts', `export * from '../store/store';`, 'imports lib/store/store.ts'],
    ['by require', 'lib/protocol/x.ts', `const s = require('../store/store');`, 'imports lib/store/store.ts'],
    [
      'by import =',
      'lib/protocol/x.ts',
      `import s = require('../store/store');`,
      'imports lib/store/store.ts',
    ],
    [
      'by import()',
      'lib/protocol/x.ts',
      `const s = () => import('../store/store');`,
      'imports lib/store/store.ts',
    ],
    [
      'sideways',
      'lib/store/memory/x.ts',
      `import '../../actors/ticket-machine';`,
      'imports lib/actors/ticket-machine.ts',
    ],
    [
      'up, from one room of the hub to another',
      'lib/hub/tickets/x.ts',
      `import '../turns/turns';`,
      'imports lib/hub/turns/turns.ts',
    ],
    [
      'of one store by another',
      'lib/store/memory/x.ts',
      `import '../sqlite/rows';`,
      'imports lib/store/sqlite/rows.ts',
    ],
    ['of a spec', 'lib/hub/x.ts', `import '../../spec/x';`, 'imports spec/x.ts, outside lib'],
    [
      'Express outside transport',
      'lib/hub/x.ts',
      `import type { Router } from 'express';`,
      'imports express',
    ],
    ['ws outside transport', 'lib/hub/x.ts', `import { WebSocket } from 'ws/wrapper.mjs';`, 'imports ws'],
    [
      'SQLite outside its file',
      'lib/store/memory/memory-store.ts',
      `import Db from 'better-sqlite3';`,
      'imports better-sqlite3',
    ],
    ['Node in an actor', 'lib/actors/x.ts', `import { randomUUID } from 'crypto';`, 'imports node:crypto'],
    ['Node in the protocol', 'lib/protocol/x.ts', `import 'node:buffer';`, 'imports node:buffer'],
    ['JSON in the hub', 'lib/hub/x.ts', `export const t = (v: unknown) => JSON.stringify(v);`, 'uses JSON'],
    ['a clock in an actor', 'lib/actors/x.ts', `export const t = () => Date.now();`, 'uses Date.now'],
    [
      'now in an actor',
      'lib/actors/x.ts',
      `export const t = () => new Date().toISOString();`,
      'uses new Date()',
    ],
    ['a timer in an actor', 'lib/actors/x.ts', `setTimeout(() => {}, 1);`, 'uses setTimeout'],
    ['chance in an actor', 'lib/actors/x.ts', `export const t = Math.random;`, 'uses Math.random'],
    ['a room without rules', 'lib/attic/x.ts', `export {};`, 'is in no room'],
  ];

  test.each(planted)('%s', (_title, path, text, said) => {
    const found = judge({ [path]: text, 'spec/x.ts': '' }).filter((line) => line.startsWith(path));
    expect(found).toEqual([expect.stringContaining(`${path} ${said}`)]);
  });

  test('a circle, with its way round', () => {
    const found = judge({
      'lib/hub/x.ts': `import './y';`,
      'lib/hub/y.ts': `import type { Z } from './z';`,
      'lib/hub/z.ts': `export * from './x';`,
    });
    expect(found).toContain('circle: lib/hub/x.ts -> lib/hub/y.ts -> lib/hub/z.ts -> lib/hub/x.ts');
  });
});

test('what only looks like a violation is let through', () => {
  const innocent = `
    import { setup } from 'xstate';
    // import '../store/store'; JSON.parse('')
    export const text = "require('express')";
    export interface Later { process: Promise<Date>; performance: number }
    export const at = (process: Later, time: number) => [process.process, new Date(time).toISOString(), setup];
  `;
  expect(judge({ 'lib/actors/innocent.ts': innocent }).filter((line) => line.includes('innocent'))).toEqual(
    [],
  );
});

test('an import of a computed name, or of no file, is refused', () => {
  expect(() => judge({ 'lib/hub/x.ts': 'export const load = (name: string) => import(name);' })).toThrow(
    'computed name',
  );
  expect(() => judge({ 'lib/hub/x.ts': `import './nowhere';` })).toThrow('no file');
});
