import { memoryStore } from '../../lib/store/memory/memory-store';
import { sqliteStore } from '../../lib/store/sqlite/sqlite-store';
import type { Store } from '../../lib/store/store';
import { seededRandom } from '../../lib/testing/seeded-random';
import { isLong } from '../length';
import { seed } from '../seed';
import { type Deed, type Program, ProgramMaker } from './agent-programs';
import { type End, type Life, play } from './lives';

const programs = isLong ? 3_000 : 60;
const stores: Record<string, () => Store> = { memory: memoryStore, SQLite: () => sqliteStore(':memory:') };

async function withStore<T>(makeStore: () => Store, use: (store: Store) => Promise<T>): Promise<T> {
  const store = makeStore();
  await store.open();
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

describe.each(Object.entries(stores))('Turns of programs made by chance, in %s', (_name, makeStore) => {
  it.each([false, true])(
    'racing %s',
    async (isRacing) => {
      for (let n = 0; n < programs; n += 1) {
        const own = seed + n;
        const program = new ProgramMaker(own, { isRacing }).program();
        const random = seededRandom(own + 1);
        const whole = await withStore(makeStore, (store) => play({ program, seed: own, store, ends: [] }));
        try {
          expect([whole.turn.status, whole.world.faults, whole.ends]).toEqual(['completed', [], 1]);
        } catch (error) {
          console.log(own, JSON.stringify(program), whole.turn, whole.warnings);
          throw error;
        }
      }
    },
    600_000,
  );
});
