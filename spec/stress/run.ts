/** `npm run stress`: plays scenarios by seed, says what they measured, and fails with the seed if anything did not hold. */
import { readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Surroundings, soakName, updated } from './figures-page';
import { machineLine } from './machine';
import { scenarios } from './scenarios';
import { type Outcome, perform, type Scenario, type Size } from './stage';

const usage = `npm run stress -- [--seed N] [--scenario name,name] [--short | --long] [--write]
  --seed      a whole number; the same seed decides the same. Default: another one each time, which is printed
  --scenario  default: all of ${scenarios.map(({ name }) => name).join(', ')}
  --short     as in npm test: a minute. Default: --long, an hour
  --write     puts the figures of those that held into docs/reliability-figures.md; with --long only`;

const page = join(__dirname, '../../docs/reliability-figures.md');

interface Arguments {
  seed: number;
  chosen: readonly Scenario[];
  size: Size;
  write: boolean;
}

async function main(): Promise<void> {
  const { seed, chosen, size, write } = readArguments();
  const machine = machineLine();
  console.log(`seed ${seed}, ${size}; ${machine}`);
  for (const scenario of chosen) {
    const [load = 0] = loadavg();
    const outcome = await perform(scenario, seed, size);
    report(outcome, load);
    if (outcome.violations.length > 0) process.exitCode = 1;
    else if (write) note(outcome, { date: new Date().toISOString().slice(0, 10), machine, load });
  }
}

function readArguments(): Arguments {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
      scenario: { type: 'string' },
      short: { type: 'boolean', default: false },
      long: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
    },
  });
  const { short, long, write } = values;
  const seed = Number(values.seed);
  const names = values.scenario?.split(',') ?? scenarios.map(({ name }) => name);
  const chosen = scenarios.filter(({ name }) => names.includes(name));
  if (!Number.isSafeInteger(seed) || chosen.length < names.length || (short && (long || write))) {
    console.error(usage);
    process.exit(2);
  }
  return { seed, chosen, size: short ? 'short' : 'long', write };
}

function report({ scenario, seed, size, seconds, figures, violations }: Outcome, load: number): void {
  const verdict = violations.length > 0 ? 'FAILED' : 'held';
  console.log(`\n${scenario}: ${verdict} in ${seconds} s (load ${load.toFixed(1)})`);
  for (const [name, value] of Object.entries(figures)) console.log(`  ${name}: ${value}`);
  for (const violation of violations) console.error(`  ! ${violation}`);
  if (violations.length > 0)
    console.error(`  again: npm run stress -- --seed ${seed} --scenario ${scenario} --${size}`);
}

function note(outcome: Outcome, surroundings: Surroundings): void {
  const order = [...scenarios.map(({ name }) => name), soakName];
  writeFileSync(page, updated(readFileSync(page, 'utf8'), [{ ...outcome, surroundings }], order));
}

// Of a scenario that has failed already, something may still be under way.
process.on('unhandledRejection', (reason) => console.error(`  (left over: ${String(reason)})`));

void main();
