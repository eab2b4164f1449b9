import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { withHubMutant } from './hub-code';
import { hubMutants } from './hub-mutants';
import { hubKillOf } from './hub-suite';
import { planted, withMutant } from './mutant-code';
import { mutants } from './mutants';
import { bugsOn, pagePath } from './mutations-page';
import { killOf } from './suite';

/** A sample over all files, since all take minutes: `npm run mutations` goes through every one. */
const sample = mutants.filter((_mutant, index) => index % 16 === 0);

const hubSample = hubMutants.filter((_mutant, index) => index % 14 === 4);

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
      for (const file of [
        'hitl-request-machine.ts',
        'execution-machine.ts',
        'ticket-machine.ts',
        'turn-machine.ts',
      ])
        expect([file, await killOf({ file }, code)]).toEqual([file, undefined]);
    });
  }, 60_000);
});

describe('The models on real sockets', () => {
  it.each(hubSample)(
    'find out that $bug ($file)',
    async (mutant) => {
      const kill = await withHubMutant(mutant, (systems) => hubKillOf(mutant.trial, systems));
      expect(kill?.after).toMatch(/^(?!nothing)/);
    },
    240_000,
  );

  it('find nothing where no bug was planted', async () => {
    const trial = { requests: 'an end that denies', how: 'over sockets' } as const;
    expect(await withHubMutant(undefined, (systems) => hubKillOf(trial, systems))).toBeUndefined();
  }, 240_000);
});

test('Every bug can be planted: the text that it replaces is in its file, once', () => {
  const lib = join(__dirname, '../../lib');
  for (const mutant of mutants) expect(planted(mutant)).toContain(mutant.replace);
  for (const mutant of hubMutants) expect(planted(mutant, lib)).toContain(mutant.replace);
});

test('docs/mutations.md lists every bug as found out, and no other; else: npm run mutations', () => {
  const page = readFileSync(pagePath, 'utf8');
  const all = [...mutants, ...hubMutants];
  expect(bugsOn(page)).toEqual(all.map(({ file, bug }) => ({ file, bug })));
  expect(page).toContain(`${all.length} of ${all.length} were found out`);
});
