/** Durable turns of programs made by chance, whose processes are killed before and after random commits; the seed is printed where one fails, and `npm run durable` tries thousands. */
import { memoryStore } from '../../lib/store/memory/memory-store';
import { sqliteStore } from '../../lib/store/sqlite/sqlite-store';
import type { Store } from '../../lib/store/store';
import { isLong } from '../length';
import { seed } from '../seed';
import { faultsOf, sumsOf, type Trial, tryProgram } from './killed-turns';

const programs = isLong ? 1_300 : 20;
const stores: readonly [string, () => Store][] = [
  ['memory', memoryStore],
  ['SQLite', () => sqliteStore(':memory:')],
];

describe.each(stores)('A durable turn in %s, whose processes die', (_name, makeStore) => {
  it.each([
    ['says, asks, does and returns what the undisturbed one does', false],
    ['has one winner of each race over all its lives', true],
  ])(
    '%s',
    async (_title, isRacing) => {
      const trials: Trial[] = [];
      for (let index = 0; index < programs; index += 1) {
        const trial = await tryProgram(seed + index, isRacing, makeStore);
        const faults = faultsOf(trial);
        const { ends, program } = trial;
        expect({ seed: seed + index, ends, faults, program: faults.length > 0 ? program : {} }).toEqual({
          ...{ seed: seed + index, ends, faults: [], program: {} },
        });
        trials.push(trial);
      }
      const sums = sumsOf(trials);
      expect(sums.kills).toBeGreaterThan(programs / 2);
      if (isLong) console.log(JSON.stringify(sums));
    },
    isLong ? 3_600_000 : 60_000,
  );
});
