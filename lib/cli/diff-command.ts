/** `express-hitl charts diff`: says, and draws, what has changed in the machines since a revision. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { AnyStateMachine } from 'xstate';
import { chartOf } from '../charts/chart-of';
import { type DiffSide, diffOf } from '../charts/diff';
import { diffText } from '../charts/diff-text';
import { stemOf } from '../charts/files';
import { guardCodeOf } from '../charts/implementations';
import { svgOf } from '../charts/svg';
import { unionOf } from '../charts/union';
import { loadMachines } from './load-machines';
import { type MachineFile, machineFiles } from './machine-files';
import { openRevision } from './revision';
import { UsageError, understood } from './usage';

/** @returns the exit code: 1 when something has changed and `--exit-code` was given */
export async function diffCommand(args: readonly string[]): Promise<number> {
  const options = { out: { type: 'string' }, 'exit-code': { type: 'boolean' } } as const;
  const { values, positionals } = understood(() =>
    parseArgs({ args: [...args], options, allowPositionals: true }),
  );
  const [name, ...places] = positionals;
  if (name === undefined) throw new UsageError('Which revision is it to be compared with?');
  const { before, after } = sides(name, places);

  let changed = 0;
  for (const id of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    const [old, now] = [before.get(id), after.get(id)];
    const differences = diffOf(old, now);
    if (differences.length === 0) continue;
    process.stdout.write(`${changed > 0 ? '\n' : ''}${diffText(id, differences)}`);
    changed += 1;
    if (values.out !== undefined) await draw(values.out, id, old, now);
  }
  if (changed === 0) process.stdout.write(`No machine has changed since ${name}\n`);
  return changed > 0 && values['exit-code'] ? 1 : 0;
}

type Sides = ReadonlyMap<string, DiffSide>;

function sides(name: string, places: readonly string[]): { before: Sides; after: Sides } {
  const revision = openRevision(name);
  try {
    const both = (places.length > 0 ? places : ['.']).map((place) => {
      const old = revision.machineFiles(place);
      // What is no more may have been there then; what never was is a mistake.
      return { old, now: old.length > 0 && !existsSync(place) ? [] : machineFiles([place]) };
    });
    return {
      before: sidesOf(both.flatMap(({ old }) => old)),
      after: sidesOf(both.flatMap(({ now }) => now)),
    };
  } finally {
    revision.close();
  }
}

function sidesOf(files: readonly MachineFile[]): Sides {
  const machines = files.flatMap(({ path, isNamed }) => loadMachines(path, { isRequired: isNamed }));
  return new Map(
    machines.map((machine: AnyStateMachine) => [
      machine.id,
      { chart: chartOf(machine), guardCode: guardCodeOf(machine) },
    ]),
  );
}

async function draw(
  out: string,
  id: string,
  old: DiffSide | undefined,
  now: DiffSide | undefined,
): Promise<void> {
  const { chart, marks } = unionOf(old?.chart, now?.chart);
  mkdirSync(out, { recursive: true });
  const path = join(out, `${stemOf(id)}.diff.svg`);
  writeFileSync(path, await svgOf(chart, marks));
  process.stdout.write(`  drawn in ${path}\n`);
}
