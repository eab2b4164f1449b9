/** `npm run stress`: plays scenarios by seed, says what they measured, and fails with the seed if anything did not hold. */
import { cpus, loadavg, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { scenarios } from './scenarios';
import { type Outcome, perform, type Scenario, type Size } from './stage';

const usage = `npm run stress -- [--seed N] [--scenario name,name] [--size short|long]
  --seed      a whole number; the same seed decides the same. Default: another one each time, which is printed
  --scenario  default: all of ${scenarios.map(({ name }) => name).join(', ')}
  --size      default: long`;

async function main(): Promise<void> {
  const { seed, chosen, size } = readArguments();
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  console.log(`seed ${seed}, ${size}; Node ${process.version}, ${cpus().length} cores, ${gigabytes} GB`);
  let failed = 0;
  for (const scenario of chosen) {
    const outcome = await perform(scenario, seed, size);
    report(outcome);
    if (outcome.violations.length > 0) failed += 1;
  }
  process.exitCode = failed > 0 ? 1 : 0;
}

function readArguments(): { seed: number; chosen: readonly Scenario[]; size: Size } {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
      scenario: { type: 'string' },
      size: { type: 'string', default: 'long' },
    },
  });
  const seed = Number(values.seed);
  const names = values.scenario?.split(',') ?? scenarios.map(({ name }) => name);
  const chosen = scenarios.filter(({ name }) => names.includes(name));
  const { size } = values;
  if (!Number.isSafeInteger(seed) || chosen.length < names.length || (size !== 'short' && size !== 'long')) {
    console.error(usage);
    process.exit(2);
  }
  return { seed, chosen, size };
}

function report({ scenario, seed, size, seconds, figures, violations }: Outcome): void {
  const load = loadavg().map((each) => each.toFixed(1));
  const verdict = violations.length > 0 ? 'FAILED' : 'held';
  console.log(`\n${scenario}: ${verdict} in ${seconds} s (load ${load.join(' ')})`);
  for (const [name, value] of Object.entries(figures)) console.log(`  ${name}: ${value}`);
  for (const violation of violations) console.error(`  ! ${violation}`);
  if (violations.length > 0)
    console.error(`  again: npm run stress -- --seed ${seed} --scenario ${scenario} --size ${size}`);
}

void main();
