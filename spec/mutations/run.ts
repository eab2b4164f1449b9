/** The mutation check, `npm run mutations`: plants every bug, one at a time, and lists which were found out, and how. */
import { withMutant } from './mutant-code';
import { mutants } from './mutants';
import { killOf } from './suite';

async function main(): Promise<void> {
  const survivors: string[] = [];
  for (const mutant of mutants) {
    const killed = await withMutant(mutant, (code) => killOf(mutant, code));
    const how = killed ? `by ${killed.by}, after ${killed.after}` : '';
    console.log(
      `${killed ? 'killed  ' : 'SURVIVED'}  ${mutant.file}: ${mutant.bug}${how && `\n            ${how}`}`,
    );
    if (!killed) survivors.push(mutant.bug);
  }
  console.log(`\n${mutants.length - survivors.length} of ${mutants.length} planted bugs were found out`);
  if (survivors.length > 0) process.exitCode = 1;
}

void main();
