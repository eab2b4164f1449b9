/** `express-hitl charts`: writes everything about the machines of some files, or checks that it is written. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chartOf } from '../charts/chart-of';
import { filesOf } from '../charts/files';
import { mark } from '../charts/markdown';
import { loadMachines } from './load-machines';
import { machineFiles } from './machine-files';
import { understood } from './usage';

/** @returns the exit code: 1 when `--check` finds something stale */
export async function chartsCommand(args: readonly string[]): Promise<number> {
  const options = { out: { type: 'string' }, check: { type: 'boolean' } } as const;
  const { values, positionals } = understood(() =>
    parseArgs({ args: [...args], options, allowPositionals: true }),
  );
  const out = values.out ?? join('docs', 'charts');
  const files = machineFiles(positionals);
  const machines = files.flatMap(({ path, isNamed }) => loadMachines(path, { isRequired: isNamed }));
  if (machines.length === 0)
    throw new Error('There is no machine in these files; export it to have it drawn');
  const texts = await filesOf(machines.map(chartOf));
  return values.check ? check(out, texts) : write(out, texts);
}

function write(out: string, texts: Readonly<Record<string, string>>): number {
  const foreign = Object.keys(texts).find((name) => isForeign(join(out, name)));
  if (foreign)
    throw new Error(
      `${join(out, foreign)} was not written by this command and is left alone; choose another --out`,
    );
  mkdirSync(out, { recursive: true });
  for (const name of leftOver(out, texts)) rmSync(join(out, name));
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(out, name), text);
  process.stdout.write(`${Object.keys(texts).length} files in ${out}\n`);
  return 0;
}

function check(out: string, texts: Readonly<Record<string, string>>): number {
  const problems = [
    ...Object.entries(texts).flatMap(([name, text]) => {
      const path = join(out, name);
      if (!existsSync(path)) return [`missing: ${path}`];
      return contentOf(path) === text ? [] : [`stale: ${path}`];
    }),
    ...leftOver(out, texts).map((name) => `left over: ${join(out, name)}`),
  ];
  if (problems.length === 0) {
    process.stdout.write(`${Object.keys(texts).length} files in ${out} are as they should be\n`);
    return 0;
  }
  process.stderr.write(
    `${problems.join('\n')}\nThe machines have changed: run the same without --check and commit what it writes.\n`,
  );
  return 1;
}

/** Our files about machines that are no more. The configuration can carry no mark; it goes by its picture. */
function leftOver(out: string, texts: Readonly<Record<string, string>>): string[] {
  const names = existsSync(out) ? readdirSync(out) : [];
  const gone = names.filter(
    (name) => /(?<!\.diff)\.svg$/.test(name) && !(name in texts) && !isForeign(join(out, name)),
  );
  return gone.flatMap((picture) => {
    const stem = picture.slice(0, -'.svg'.length);
    return [picture, `${stem}.md`, `${stem}.mmd`, `${stem}.machine.json`].filter((name) =>
      names.includes(name),
    );
  });
}

/** Whether something else has this name already. */
function isForeign(path: string): boolean {
  return !path.endsWith('.machine.json') && existsSync(path) && !contentOf(path).includes(mark);
}

/** A file as it was written, whatever git has made of its line ends. */
function contentOf(path: string): string {
  return readFileSync(path, 'utf8').replaceAll('\r\n', '\n');
}
