/** Makes modules of the code blocks of the pages, so that they can be type-checked and run; the specs of this folder use it. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attempt, bin } from '../packaging/command';
import { type Fence, root } from './pages';

/** Runs the module of a block and gives what it exports; `T` says what the scene's frame exports. */
export interface Load {
  <T>(): T;
  /** The module, for a scene that runs it in a process of its own. */
  readonly path: string;
}

/** What makes a block of a page a program, and what has to come of it. */
export interface Scene {
  /** What stands before and behind the block, unseen by a reader: the names it takes for granted, and what is exported. */
  before?: string;
  after?: string;
  /** Runs the block and looks at what it does. Rejects if that is not what the page says. */
  play(load: Load): Promise<void>;
}

/** The scenes of a page by the labels of its blocks. */
export type Scenes = Readonly<Record<string, Scene>>;

/**
 * A frame for a block that is the body of a function: `example` is exported, and is given an object with these names.
 * @param given TypeScript types by name
 * @param gives what `example` resolves with, as an expression
 * @param imports what the page has imported before, or leaves to the reader
 */
export function bodyOf(
  given: Record<string, string>,
  gives = 'undefined',
  imports = '',
): Pick<Scene, 'before' | 'after'> {
  const names = Object.keys(given).join(', ');
  const types = Object.entries(given).map(([name, type]) => `${name}: ${type}`);
  return {
    before: `${imports}\nexport const example = async ({ ${names} }: { ${types.join('; ')} }) => {`,
    after: `return ${gives};\n};`,
  };
}

/** Types of ours for `bodyOf`, which need no import. */
export const type = (name: string) => `import('express-hitl').${name}`;

/** The packages' own names, as the files of this repository. */
const ours: Readonly<Record<string, string>> = {
  'express-hitl': join(root, 'lib/index'),
  'express-hitl/client': join(root, 'lib/client/index'),
  'express-hitl/react': join(root, 'lib/react/index'),
  'express-hitl/testing': join(root, 'lib/testing/index'),
};

/** A folder of modules, one per block. */
export class Examples {
  private readonly folder = mkdtempSync(join(tmpdir(), 'express-hitl-docs-'));
  private readonly paths: string[] = [];

  constructor() {
    mkdirSync(join(this.folder, 'blocks'));
    symlinkSync(join(root, 'node_modules'), join(this.folder, 'node_modules'));
  }

  /** Writes the module of a block in its frame; gives what runs it. */
  add({ page, line, language, text }: Fence, { before = '', after = '' }: Scene): Load {
    const name = `${page.replace(/\W+/g, '-')}-${line}.${language === 'tsx' ? 'tsx' : 'ts'}`;
    const path = join(this.folder, 'blocks', name);
    // Imports stand at the top of a module, also where the rest is the body of a function.
    const [imports = ''] = /^(?:import [^;]*;\n+)*/.exec(text) ?? [];
    const module = [imports, before, text.slice(imports.length), after, 'export {};'].join('\n');
    const toOurs = (_match: string, from: string, specifier: string) =>
      `${from}'${ours[specifier] ?? specifier}'`;
    writeFileSync(path, module.replace(/(\bfrom |\bimport\()'(express-hitl[^']*)'/g, toOurs));
    this.paths.push(path);
    return Object.assign(<T>() => require(path) as T, { path });
  }

  /** What the compiler has against any of them, one line each. */
  async typeErrors(): Promise<string[]> {
    const project = join(this.folder, 'tsconfig.json');
    const compilerOptions = {
      // A page's own code is shown too.
      lib: ['es2023', 'dom'],
      types: ['node'],
      typeRoots: [join(root, 'node_modules/@types')],
      noUnusedLocals: false,
      noUnusedParameters: false,
    };
    const extended = join(root, 'tsconfig.json');
    writeFileSync(
      project,
      JSON.stringify({ extends: extended, compilerOptions, files: this.paths, include: [] }),
    );
    const { code, stdout } = await attempt(
      this.folder,
      bin('tsc'),
      '--noEmit',
      '-p',
      project,
      '--pretty',
      'false',
    );
    const errors = stdout.split('\n').filter((line) => /\berror TS\d+/.test(line));
    const own = errors.filter((line) => line.startsWith('blocks/') || line.startsWith('error'));
    // What other files get wrong is told by their own check; but a compiler that did not run must not look content.
    return code !== 0 && errors.length === 0 ? [`tsc ended with ${code}: ${stdout}`] : own;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
