/** The mutation check, `npm run mutations`: plants every bug, one at a time, and writes in docs/mutations.md which were found out, and how. */
import { writeFileSync } from 'node:fs';
import { withHubMutant } from './hub-code';
import { hubMutants } from './hub-mutants';
import { hubKillOf } from './hub-suite';
import { withMutant } from './mutant-code';
import { type Mutant, mutants } from './mutants';
import { mutationsPage, pagePath, type Verdict } from './mutations-page';
import { type Kill, killOf } from './suite';

async function main(): Promise<void> {
  const verdicts: Verdict[] = [];
  const judge = (mutant: Mutant, kill: Kill | undefined) => {
    verdicts.push({ mutant, ...(kill && { kill }) });
    console.log(`${kill ? 'killed  ' : 'SURVIVED'}  ${mutant.file}: ${mutant.bug}`);
  };
  for (const mutant of mutants) judge(mutant, await withMutant(mutant, (code) => killOf(mutant, code)));
  for (const mutant of hubMutants)
    judge(mutant, await withHubMutant(mutant, (systems) => hubKillOf(mutant.trial, systems)));
  writeFileSync(pagePath, mutationsPage(verdicts));
  const killed = verdicts.filter(({ kill }) => kill).length;
  console.log(`\n${killed} of ${verdicts.length} planted bugs were found out`);
  if (killed < verdicts.length) process.exitCode = 1;
}

void main();
