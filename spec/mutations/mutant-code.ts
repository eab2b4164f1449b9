/** The machines with one bug in them: a copy of `lib/actors`, and of one file of another room where the bug is there, is changed, compiled and loaded beside the real one. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { transformSync } from 'esbuild';
import type * as Policy from '../../lib/actors/answer-policy';
import type { RequestActorCode } from '../models/request-alone';
import type { SessionActorCode } from '../models/session-alone';
import type { TicketActorCode } from '../models/ticket-alone';
import type { TurnActorCode } from '../models/turns-alone';
import type { Mutant } from './mutants';

/** Everything of `lib/actors` that the specs of the machines use. */
export type ActorCode = RequestActorCode &
  TicketActorCode &
  TurnActorCode &
  SessionActorCode &
  Pick<typeof Policy, 'whyImpossible'>;

const actors = join(__dirname, '../../lib/actors');
/** Below the packages, so that what the copy imports is found. */
const cache = join(__dirname, '../../node_modules/.cache/express-hitl-mutations');

/**
 * The code with this bug, for as long as `use` runs; without one, as it is.
 * @throws Error if the text that the bug replaces is not in the file exactly once
 */
export async function withMutant<T>(
  mutant: Mutant | undefined,
  use: (code: ActorCode) => Promise<T>,
): Promise<T> {
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'mutant-'));
  try {
    const own = readdirSync(actors);
    const elsewhere = mutant && !own.includes(mutant.file) ? [mutant.file] : [];
    for (const file of [...own, ...elsewhere]) {
      const text = file === mutant?.file ? planted(mutant) : readFileSync(join(actors, file), 'utf8');
      writeFileSync(join(folder, copyOf(file)), compiled(text, file, elsewhere));
    }
    return await use(load(folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What it needs of the other rooms is theirs, as it is, but for those files that are copied too. */
function compiled(text: string, file: string, copied: readonly string[]): string {
  const { code } = transformSync(text, { loader: 'ts', format: 'cjs', target: 'es2023' });
  return code.replaceAll(/require\("(\.\.?\/[^"]+)"\)/g, (whole, path: string) => {
    const target = join(dirname(file), path);
    const isCopied = copied.includes(`${target}.ts`);
    if (!isCopied && !target.startsWith('..')) return whole;
    return `require(${JSON.stringify(isCopied ? `./${copyOf(target)}` : join(actors, target))})`;
  });
}

function copyOf(file: string): string {
  return `${file.replace(/\.ts$/, '').replaceAll('../', '').replaceAll('/', '-')}.js`;
}

/** The text of the file, below `folder`, with this bug. @throws Error if what the bug replaces is not in it exactly once */
export function planted({ bug, file, find, replace }: Mutant, folder = actors): string {
  const source = readFileSync(join(folder, file), 'utf8');
  const times = source.split(find).length - 1;
  if (times !== 1) throw new Error(`The bug "${bug}" fits ${times} places of ${file}; it must fit one`);
  return source.replace(find, () => replace);
}

function load(folder: string): ActorCode {
  const parts = readdirSync(folder).map((file) => require(join(folder, file)) as object);
  // The same files as those the type is made from, with one text changed.
  return Object.assign({}, ...parts) as ActorCode;
}
