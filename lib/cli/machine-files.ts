/** Finds the files that machines are in. */
import { existsSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { gitPaths } from './git';

/** A file to load. */
export interface MachineFile {
  /** Absolute. */
  readonly path: string;
  /** It was asked for by its name, and not found in a folder. */
  readonly isNamed: boolean;
}

/** Named like a machine: `order-machine.ts`, `orderMachine.mjs`, `machine.js`. */
const pattern = /machine\.[cm]?[jt]sx?$/i;

/** Whether a path found in a folder is that of a machine. */
export function isMachinePath(path: string): boolean {
  return pattern.test(path) && !/\.d\.[cm]?ts$/.test(path);
}

/**
 * The files that these arguments mean: each file itself, and of each folder the files in it that are named like a machine and not ignored
 * by git.
 * @param places default: the present folder
 * @throws Error for what does not exist
 */
export function machineFiles(places: readonly string[]): readonly MachineFile[] {
  const found = new Map<string, MachineFile>();
  for (const place of places.length > 0 ? places : ['.']) {
    const path = resolve(place);
    if (!existsSync(path)) throw new Error(`There is no ${place}`);
    const isFolder = statSync(path).isDirectory();
    for (const each of isFolder ? inFolder(path) : [path]) {
      if (!found.has(each)) found.set(each, { path: each, isNamed: !isFolder });
    }
  }
  return [...found.values()];
}

function inFolder(folder: string): string[] {
  const listed = gitPaths(['ls-files', '--cached', '--others', '--exclude-standard'], folder);
  const paths = listed.filter(isMachinePath).map((path) => join(folder, path));
  // Git still lists what has been deleted and not committed.
  return paths.filter((path) => existsSync(path)).sort();
}

/** A path as a person would write it from here. */
export function shown(path: string): string {
  return relative('.', path) || '.';
}
