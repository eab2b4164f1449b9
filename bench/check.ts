/** `npm run bench:check`: measures all or some again and says which ratios got worse than the stored ones; never looks at absolute times. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { allRatios, type Results, resultsFile } from './report';
import { type Ratio, round } from './result';
import { installPeers, measure, namesIn } from './run';

/** A ratio may be worse by this part before it counts: the noise of a machine that does other things too. */
const tolerance = 0.15;

/** What got worse, one sentence each. */
export function worse(
  stored: Readonly<Record<string, Ratio>>,
  now: Readonly<Record<string, Ratio>>,
): string[] {
  return Object.entries(now).flatMap(([name, { value, less }]) => {
    const before = stored[name]?.value;
    if (before === undefined) return [];
    const isWorse = less ? value > before * (1 + tolerance) : value < before * (1 - tolerance);
    return isWorse ? [`${name}: ${round(value)}, was ${round(before)}`] : [];
  });
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { only: { type: 'string' } } });
  const names = namesIn(values.only);
  installPeers(names);
  const stored: Results = JSON.parse(readFileSync(resultsFile, 'utf8'));
  const found = worse(allRatios(stored.sections), allRatios(await measure(names, false)));
  for (const each of found) console.error(`Worse: ${each}`);
  if (found.length === 0) console.log('\nNo ratio got worse.');
  process.exitCode = found.length > 0 ? 1 : 0;
}

if (require.main === module) void main();
