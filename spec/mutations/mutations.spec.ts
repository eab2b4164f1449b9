import { readFileSync } from 'node:fs';
import { planted, withMutant } from './mutant-code';
import { mutants } from './mutants';
import { bugsOn, pagePath } from './mutations-page';
import { killOf } from './suite';

/** A sample over all files, since all take minutes: `npm run mutations` goes through every one. */
const sample = mutants.filter((_mutant, index) => index % 8 === 0);

describe('The models of the machines', () => {
  it.each(sample)(
    'find out that $bug ($file)',
    async (mutant) => {
      expect(await withMutant(mutant, (code) => killOf(mutant, code))).toBeDefined();
    },
    60_000,
  );

  it('find nothing where no bug was planted', async () => {
    await withMutant(undefined, async (code) => {
      for (const file of ['hitl-request-machine.ts', 'ticket-machine.ts', 'turn-machine.ts'])
        expect([file, await killOf({ file }, code)]).toEqual([file, undefined]);
    });
  }, 60_000);
});

test('Every bug can be planted: the text that it replaces is in its file, once', () => {
  for (const mutant of mutants) expect(planted(mutant)).toContain(mutant.replace);
});

test('docs/mutations.md lists every bug as found out, and no other; else: npm run mutations', () => {
  const page = readFileSync(pagePath, 'utf8');
  expect(bugsOn(page)).toEqual(mutants.map(({ file, bug }) => ({ file, bug })));
  expect(page).toContain(`${mutants.length} of ${mutants.length} were found out`);
});
