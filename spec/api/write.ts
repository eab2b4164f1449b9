/**
 * Writes the public surface of every entry into `etc/`, where a reviewer reads what has changed: `npm run api`. With
 * `--check` nothing is written, and a surface that is not as reviewed ends with 1.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from '../packaging/command';
import { compareReports, declarations, type Outcome } from './surface';

const reports = join(root, 'etc');
/** The types that signatures use and nobody exports, below a line with `#` that says why. The list only becomes shorter. */
const ledger = join(reports, 'forgotten.txt');

async function main(check: boolean): Promise<string[]> {
  mkdirSync(reports, { recursive: true });
  const { folder, remove } = await declarations();
  try {
    const outcomes = compareReports(folder, reports, !check);
    const errors = outcomes.flatMap(({ entry, errors }) => errors.map((error) => `${entry.name}: ${error}`));
    const changed = outcomes
      .filter((outcome) => check && outcome.changed)
      .map(
        ({ entry, report }) => `The surface of ${entry.name} is not as in ${report}. Review it: npm run api`,
      );
    return [...errors, ...changed, ...judgeForgotten(outcomes, check)];
  } finally {
    remove();
  }
}

/** Compares the types that are not exported with the ledger, and takes out of it what is exported by now. */
function judgeForgotten(outcomes: readonly Outcome[], check: boolean): string[] {
  const lines = outcomes.flatMap(({ entry, forgotten }) =>
    forgotten.map(({ name, file }) => `${entry.name}: ${name}, used in ${file}`),
  );
  const now = [...new Set(lines)].sort();
  const known = existsSync(ledger) ? readFileSync(ledger, 'utf8').split('\n').filter(Boolean) : [];
  const isReason = (line: string) => line.startsWith('#');
  const fresh = now.filter((line) => !known.includes(line));
  const gone = known.filter((line) => !isReason(line) && !now.includes(line));
  if (!check)
    writeFileSync(
      ledger,
      known
        .filter((line) => !gone.includes(line))
        .map((line) => `${line}\n`)
        .join(''),
    );
  return [
    ...fresh.map((line) => `Not exported, though a signature has it. ${line}`),
    ...(check ? gone.map((line) => `Exported by now, and still in ${ledger}: ${line}`) : []),
  ];
}

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
main(values.check).then((wrong) => {
  for (const line of wrong) console.error(line);
  if (wrong.length > 0) process.exitCode = 1;
});
