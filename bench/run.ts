/** `npm run bench`: measures everything side by side and writes the report; `--quick` only sees that everything runs. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { benches, withPeers } from './benches';
import { machine } from './machine';
import { isReached, tableOf, updated, writeReport } from './report';
import { round, type Section, type Size } from './result';

const usage = `npm run bench -- [--quick] [--only name,name] [--write], npm run bench:check -- [--only name,name]
  --quick  small shapes and short turns; writes nothing
  --only   some of ${Object.keys(benches).join(', ')}; writes nothing
  --write  with --only: puts what was measured in the place of what is written of the same`;

/** The benches that were asked for; ends the process if one of them does not exist. Default: all. */
export function namesIn(only: string | undefined): string[] {
  const names = only?.split(',') ?? Object.keys(benches);
  if (names.every((name) => name in benches)) return names;
  console.error(usage);
  return process.exit(2);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      write: { type: 'boolean', default: false },
    },
  });
  const names = namesIn(values.only);
  installPeers(names);
  const on = machine();
  // After each bench, so that a run that is cut short is not for nothing.
  const keep = (sections: readonly Section[]) =>
    writeReport(values.only ? updated(sections, on) : { machine: on, sections });
  const writes = !values.quick && (values.write || !values.only);
  await measure(names, values.quick, writes ? keep : undefined);
}

/** Runs the benches of these names, and says what each has measured. */
export async function measure(
  names: readonly string[],
  quick: boolean,
  keep?: (sections: readonly Section[]) => void,
): Promise<Section[]> {
  const size: Size = quick
    ? { quick, rounds: 1, ms: 50, starts: 1 }
    : { quick, rounds: 6, ms: 500, starts: 3 };
  const sections: Section[] = [];
  console.log(JSON.stringify(machine()));
  for (const name of names) {
    const section = await benches[name]?.(size);
    if (!section) continue;
    sections.push(section);
    keep?.(sections);
    console.log(`\n${section.title}\n${section.about}\n${tableOf(section.columns, section.rows)}`);
    for (const [what, ratio] of Object.entries(section.ratios)) {
      const goal =
        ratio.goal === undefined ? '' : ` (goal ${ratio.goal}${isReached(ratio) ? '' : ', missed'})`;
      console.log(`  ${what}: ${round(ratio.value)}${goal}`);
    }
  }
  return sections;
}

/** What these benches compare with, into `bench/node_modules`, so that the project itself does without. */
export function installPeers(names: readonly string[]): void {
  if (!names.some((name) => withPeers.includes(name)) || existsSync(join(__dirname, 'node_modules'))) return;
  console.log('Installing what is compared with ...');
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: __dirname, stdio: 'inherit' });
}

if (require.main === module) void main();
