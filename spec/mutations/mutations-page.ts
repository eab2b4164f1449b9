/** Writes what the mutation check has found as the page docs/mutations.md, and reads back which bugs are on it. */
import { join } from 'node:path';
import type { Mutant } from './mutants';
import type { Kill } from './suite';

export const pagePath = join(__dirname, '../../docs/mutations.md');

/** What became of a bug; without a kill it was not found out. */
export interface Verdict {
  mutant: Mutant;
  kill?: Kill;
}

/** The page, with a table for each file. */
export function mutationsPage(verdicts: readonly Verdict[]): string {
  const killed = verdicts.filter(({ kill }) => kill).length;
  const files = [...new Set(verdicts.map(({ mutant }) => mutant.file))];
  return `${[
    '<!-- Written by `npm run mutations`. -->',
    '# Planted bugs',
    `Tests are worth what they find. \`npm run mutations\` plants these bugs in the state machines and in what is around them, one at a time, and asks the models of \`spec/models\` each time: **${killed} of ${verdicts.length} were found out.** Each is listed with the model that found it and the shortest sequence of events after which the machine did something else than the model says. A sample is planted in every run of \`npm test\`. How such models are made: [testing-your-flow.md](testing-your-flow.md).`,
    ...files.flatMap((file) => [
      `## ${file}`,
      [
        '| Bug | Found by the model of | After |',
        '|---|---|---|',
        ...verdicts.filter(({ mutant }) => mutant.file === file).map(row),
      ].join('\n'),
    ]),
  ].join('\n\n')}\n`;
}

/** The bugs on a page, with the file of each. */
export function bugsOn(page: string): { file: string; bug: string }[] {
  return page.split(/^## /m).flatMap((section) => {
    const [file = '', ...lines] = section.split('\n');
    const rows = lines.filter((line) => line.startsWith('| ')).slice(1);
    return rows.map((line) => ({ file, bug: line.split(' | ')[0]?.slice(2) ?? '' }));
  });
}

function row({ mutant, kill }: Verdict): string {
  return `| ${mutant.bug} | ${kill ? kill.by : '**nothing**'} | ${kill ? `\`${kill.after}\`` : ''} |`;
}
