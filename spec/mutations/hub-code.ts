/** The whole of `lib` with one bug in it, and the systems of the models on top of it: copied, compiled and loaded beside the real ones. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { transformSync } from 'esbuild';
import type { ClosedRules } from '../models/closed-rules';
import type { DurableTools } from '../models/durable-tools';
import type { KilledTurns } from '../models/killed-turns';
import type { RequestInHubs } from '../models/request-in-hubs';
import type { RequestOverSockets } from '../models/request-over-sockets';
import type { RequestStage } from '../models/request-stage';
import type { TicketOverSockets } from '../models/ticket-over-sockets';
import type { TurnsOverSockets } from '../models/turns-over-sockets';
import { planted } from './mutant-code';
import type { Mutant } from './mutants';

/** The systems that the models are tried on. */
export interface Systems {
  ClosedRules: typeof ClosedRules;
  DurableTools: typeof DurableTools;
  KilledTurns: typeof KilledTurns;
  RequestStage: typeof RequestStage;
  RequestOverSockets: typeof RequestOverSockets;
  RequestInHubs: typeof RequestInHubs;
  TicketOverSockets: typeof TicketOverSockets;
  TurnsOverSockets: typeof TurnsOverSockets;
}

const root = join(__dirname, '../..');
/** Below the packages, so that what the copy imports is found. */
const cache = join(root, 'node_modules/.cache/express-hitl-mutations');
const parts = [
  'closed-rules',
  'durable-tools',
  'killed-turns',
  'request-stage',
  'request-over-sockets',
  'request-in-hubs',
  'ticket-over-sockets',
  'turns-over-sockets',
];

/** Everything compiled, by path; made once. */
let compiled: ReadonlyMap<string, string> | undefined;

/**
 * The systems on code with this bug, for as long as `use` runs; without one, on the code as it is.
 * @throws Error if the text that the bug replaces is not in the file exactly once
 */
export async function withHubMutant<T>(
  mutant: Mutant | undefined,
  use: (systems: Systems) => Promise<T>,
): Promise<T> {
  compiled ??= compileAll();
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'hub-'));
  try {
    cpSync(join(root, 'package.json'), join(folder, 'package.json'));
    for (const [path, text] of compiled) write(folder, path, text);
    if (mutant) write(folder, `lib/${mutant.file}`, compile(mutant.file, planted(mutant, join(root, 'lib'))));
    const modules = parts.map((part) => require(join(folder, 'spec/models', part)) as object);
    // The same files as those the type is made from, with one text changed.
    return await use(Object.assign({}, ...modules) as Systems);
  } finally {
    for (const path of Object.keys(require.cache)) if (path.startsWith(folder)) delete require.cache[path];
    rmSync(folder, { recursive: true, force: true });
  }
}

function compileAll(): ReadonlyMap<string, string> {
  const paths = ['lib', 'spec/models'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
  );
  const code = paths.filter((path) => /(?<!\.d|\.spec)\.ts$/.test(path));
  return new Map(code.map((path) => [path, compile(path, readFileSync(join(root, path), 'utf8'))]));
}

function compile(path: string, text: string): string {
  return transformSync(text, { loader: 'ts', format: 'cjs', target: 'es2023', sourcefile: path }).code;
}

function write(folder: string, path: string, text: string): void {
  const file = join(folder, path.replace(/\.ts$/, '.js'));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
