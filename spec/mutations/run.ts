/** The mutation check, `npm run mutations`: plants every bug, one at a time, and writes in docs/mutations.md which were found out, and how. */
import { writeFileSync } from 'node:fs';
import { withMutant } from './mutant-code';
import { mutants } from './mutants';
import { mutationsPage, pagePath, type Verdict } from './mutations-page';
import { killOf } from './suite';

async function main(): Promise<void> {
  const verdicts: Verdict[] = [];
  for (const mutant of mutants) {
    const kill = await withMutant(mutant, (code) => killOf(mutant, code));
    verdicts.push({ mutant, ...(kill && { kill }) });
    console.log(`${kill ? 'killed  ' : 'SURVIVED'}  ${mutant.file}: ${mutant.bug}`);
  }
  writeFileSync(pagePath, mutationsPage(verdicts));
  const killed = verdicts.filter(({ kill }) => kill).length;
  console.log(`\n${killed} of ${verdicts.length} planted bugs were found out`);
  if (killed < verdicts.length) process.exitCode = 1;
}

void main();
