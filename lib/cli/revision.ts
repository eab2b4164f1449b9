/** Puts the files of an earlier revision into a folder of their own, so that its machines can be loaded beside the present ones. */
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { git, gitPaths } from './git';
import { isMachinePath, type MachineFile } from './machine-files';

/** A revision laid out in a folder. */
export interface Revision {
  /** The files that this place, a file or a folder, meant then; none if it did not exist. */
  machineFiles(place: string): readonly MachineFile[];
  /** Takes the folder away. */
  close(): void;
}

/**
 * Lays out a whole revision in a temporary folder, with the dependencies that are installed now. The repository and its index stay as
 * they are.
 * @throws Error when there is no such revision, or no repository here
 */
export function openRevision(name: string): Revision {
  const commit = git(['rev-parse', '--verify', '--end-of-options', `${name}^{commit}`])[0];
  const root = git(['rev-parse', '--show-toplevel'])[0];
  if (!commit || !root) throw new Error(`There is no revision ${name}`);
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'express-hitl-charts-')));
  const tree = join(folder, 'tree');
  const index = { env: { GIT_INDEX_FILE: join(folder, 'index') }, cwd: root };
  const close = () => rmSync(folder, { recursive: true, force: true });
  try {
    mkdirSync(tree);
    git(['read-tree', commit], index);
    git(['checkout-index', '--all', '--quiet', `--prefix=${tree}/`], index);
  } catch (error) {
    close();
    throw error;
  }
  return {
    close,
    machineFiles(place) {
      const path = relative(root, realOf(resolve(place))).replaceAll('\\', '/');
      const isInside = (each: string) => (path === '' || each.startsWith(`${path}/`)) && isMachinePath(each);
      const listed = gitPaths(['ls-tree', '-r', '--name-only', '--full-tree', commit], root);
      const found = listed.filter((each) => each === path || isInside(each));
      for (const each of found) linkDependencies(root, tree, dirname(each));
      return found.map((each) => ({ path: join(tree, each), isNamed: each === path }));
    },
  };
}

/** Lends the tree what is installed in this folder of the repository and in those above it. */
function linkDependencies(root: string, tree: string, folder: string): void {
  for (let at = folder; ; at = dirname(at)) {
    const [installed, link] = [join(root, at, 'node_modules'), join(tree, at, 'node_modules')];
    if (existsSync(installed) && !existsSync(link)) symlinkSync(installed, link, 'junction');
    if (at === '.') return;
  }
}

/** The path without symbolic links, as git gives it; of a file that is no more, as far as there is one. */
function realOf(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  return join(realOf(dirname(path)), path.slice(dirname(path).length + 1));
}
