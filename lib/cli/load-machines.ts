/** Loads a file, TypeScript or JavaScript, and takes the machines out of what it exports. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { AnyStateMachine } from 'xstate';
import { shown } from './machine-files';

/**
 * The machines that a file exports, each once, in the order of their names. The file is run, with all that it imports.
 * @param isRequired whether a file without a machine is an error
 * @throws Error when the file cannot be loaded, saying what to do
 */
export function loadMachines(
  path: string,
  { isRequired }: { isRequired: boolean },
): readonly AnyStateMachine[] {
  const exported = load(path);
  const values = Object.entries(isObject(exported) ? exported : {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const machines = new Set(
    values
      .flatMap(([, value]) => [value, ...(isObject(value) ? Object.values(value) : [])])
      .filter(isMachine),
  );
  if (isMachine(exported)) machines.add(exported);
  if (machines.size === 0 && isRequired) throw new Error(`${shown(path)} exports no machine`);
  return [...machines];
}

function load(path: string): unknown {
  const own = createRequire(path);
  try {
    if (!/\.[cm]?tsx?$/.test(path)) return own(path);
    const tsx = tsxFrom(own) ?? tsxFrom(createRequire(join(process.cwd(), 'package.json')));
    if (tsx) return tsx.require(path, path);
  } catch (cause) {
    throw new Error(`${shown(path)} could not be loaded: ${messageOf(cause)}`, { cause });
  }
  if (!('typescript' in process.features && process.features.typescript)) {
    throw new Error(
      `${shown(path)} is TypeScript, which this Node cannot run by itself: npm install --save-dev tsx, or use Node 22.18 or newer`,
    );
  }
  try {
    return own(path);
  } catch (cause) {
    throw new Error(
      `${shown(path)} could not be loaded by Node alone (imports need their file extension there): ${messageOf(cause)}. With tsx it may: npm install --save-dev tsx`,
      { cause },
    );
  }
}

/** The part of tsx that is used here. */
interface Tsx {
  require(path: string, from: string): unknown;
}

/** The tsx of the one whose machine it is; it is not among our dependencies. */
function tsxFrom(from: NodeJS.Require): Tsx | undefined {
  let path: string;
  try {
    path = from.resolve('tsx/cjs/api');
  } catch {
    return undefined;
  }
  return from(path);
}

/** By its parts and not its class, since the file may bring another copy of XState. */
function isMachine(value: unknown): value is AnyStateMachine {
  return isObject(value) && 'root' in value && 'implementations' in value && 'getInitialSnapshot' in value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
}
