/** That the published contract notices what is wrong with a store: each fault below is planted in one that meets every obligation. */
import { type StoreUnderTest, storeContract } from '../../../lib/store/contract';
import { memoryStore } from '../../../lib/store/memory/memory-store';
import type { Store } from '../../../lib/store/store';

interface Declared {
  name: string;
  body: () => Promise<void>;
}

/** What the contract declares, each with its titles. */
function declare(make: () => StoreUnderTest, durable = false): Declared[] {
  const tests: Declared[] = [];
  const titles: string[] = [];
  const runner = {
    describe: (name: string, body: () => void) => {
      titles.push(name);
      body();
      titles.pop();
    },
    it: (name: string, body: () => Promise<void>) =>
      tests.push({ name: [...titles, name].join(' › '), body }),
  };
  storeContract(runner, async () => make(), { durable });
  return tests;
}

/** A store that meets every obligation but for what is given here. */
function faulty(plant: Fault['plant']): () => StoreUnderTest {
  return () => {
    const sound = memoryStore();
    const planted = plant(sound);
    const store = new Proxy(sound, {
      get: (_target, name) => {
        const value: unknown = Reflect.get(planted, name) ?? Reflect.get(sound, name);
        return typeof value === 'function' ? value.bind(sound) : value;
      },
    });
    return { store };
  };
}

/** The names of the tests of this part of the contract that fail. */
async function failures(make: () => StoreUnderTest, part: string, durable = false): Promise<string[]> {
  const failed: string[] = [];
  for (const { name, body } of declare(make, durable)) {
    if (!name.startsWith(`the store contract › ${part} › `)) continue;
    await body().catch(() => failed.push(name.slice(`the store contract › ${part} › `.length)));
  }
  return failed;
}

interface Fault {
  what: string;
  /** The part of the contract that has to notice it, and the test there. */
  part: string;
  test: string | RegExp;
  /** The methods that are wrong. */
  plant(sound: Store): Partial<Store>;
}

const faults: readonly Fault[] = [
  {
    what: 'reports its results in another order than that of the commits',
    part: 'a commit',
    test: /^numbers the envelopes of each ticket from 1/,
    plant: (sound) => ({ commit: async (commits) => (await sound.commit(commits)).toReversed() }),
  },
  {
    what: 'takes any version of a request for the right one',
    part: 'a refused commit',
    test: 'by conflict: › a change of another version than the stored one',
    plant: (sound) => ({
      commit: async (commits) => {
        const results = [];
        for (const commit of commits) {
          const requests = [];
          for (const write of commit.requests ?? [])
            requests.push({ ...write, version: (await sound.request(write.record.id))?.version ?? 0 });
          results.push(...(await sound.commit([{ ...commit, requests }])));
        }
        return results;
      },
    }),
  },
  {
    what: 'begins a page of the log at the place it was to begin after',
    part: 'the log',
    test: /^is read from any place/,
    plant: (sound) => ({ log: (id, after, limit) => sound.log(id, Math.max(0, after - 1), limit) }),
  },
  {
    what: 'hands out the object it has',
    part: 'sessions, turns and messages',
    test: 'are read as copies',
    plant: (sound) => {
      const known = new Map<string, Awaited<ReturnType<Store['turn']>>>();
      return {
        turn: async (id) => {
          if (!known.has(id)) known.set(id, await sound.turn(id));
          return known.get(id);
        },
      };
    },
  },
  {
    what: 'names deadlines before they are due',
    part: 'requests',
    test: /^with a deadline › are found once it is there/,
    plant: (sound) => ({ dueRequests: (_until, limit) => sound.dueRequests(Infinity, limit) }),
  },
  {
    what: 'ends a page by the number of its items alone',
    part: 'a page',
    test: 'of requests has what fits, and the others follow',
    plant: (sound) => ({
      requests: async (filter, limit, cursor) => {
        const items = [];
        let at = cursor;
        do {
          const page = await sound.requests(filter, limit - items.length, at);
          items.push(...page.items);
          at = page.nextCursor;
        } while (at !== undefined && items.length < limit);
        return { items, ...(at !== undefined && { nextCursor: at }) };
      },
    }),
  },
  {
    what: 'reads the audit of the ticket where that of a request is asked for',
    part: 'the audit',
    test: /^is read page by page/,
    plant: (sound) => ({
      audit: ({ ticketId }, limit, cursor) => sound.audit({ ticketId }, limit, cursor),
    }),
  },
  {
    what: 'shows a request to those who were counted already',
    part: 'an inbox',
    test: /^is left the moment a request settles/,
    plant: (sound) => ({
      commit: (commits) =>
        sound.commit(
          commits.map(({ requests = [], ...commit }) => ({
            ...commit,
            requests: requests.map(({ answerers, ...write }) => ({
              ...write,
              ...(answerers && { answerers: { ...answerers, except: [] } }),
            })),
          })),
        ),
    }),
  },
  {
    what: 'finds grants that have ended',
    part: 'grants',
    test: /^are found by what they cover while they hold/,
    plant: (sound) => ({ liveGrants: (covers, _now, limit) => sound.liveGrants(covers, 0, limit) }),
  },
  {
    what: 'does not say that a newer delivery has come',
    part: 'deliveries',
    test: /^stay if a newer one came/,
    plant: (sound) => ({
      noteDelivery: async (tried, outcome) => {
        await sound.noteDelivery(tried, outcome);
        return true;
      },
    }),
  },
  {
    what: 'forgets which frames were carried out',
    part: 'processed frames',
    test: /^the last 10000 of each user are remembered/,
    plant: () => ({ processedFrame: async () => undefined }),
  },
  {
    what: 'goes on answering after it was closed',
    part: 'opening and closing',
    test: 'position works while it is open and rejects before and after',
    plant: () => ({ close: async () => {} }),
  },
];

test.each(faults)('a store that $what fails the part "$part"', async ({ part, test: name, plant }) => {
  const failed = await failures(faulty(plant), part);
  expect(failed).toEqual(
    expect.arrayContaining([typeof name === 'string' ? name : expect.stringMatching(name)]),
  );
});

test('a store that forgets fails what is asked of a durable one', async () => {
  const make = () => ({ store: memoryStore(), reopen: async () => memoryStore() });
  expect(await failures(make, 'opened again', true)).toHaveLength(3);
});

test('a durable store that cannot be opened again fails, and is not left out', async () => {
  expect(await failures(() => ({ store: memoryStore() }), 'opened again', true)).toHaveLength(3);
});

test('every part of the contract has a fault above that it notices', () => {
  const parts = new Set(declare(() => ({ store: memoryStore() })).map(({ name }) => name.split(' › ')[1]));
  expect(new Set(faults.map(({ part }) => part))).toEqual(parts);
});

test('a store with no fault passes, each test with a store of its own that is closed and destroyed', async () => {
  let made = 0;
  let destroyed = 0;
  const make = () => {
    made += 1;
    const destroy = async () => {
      destroyed += 1;
    };
    return { store: memoryStore(), destroy };
  };
  const tests = declare(make).filter(({ name }) => name.includes(' grants › '));
  // All at once: each finds its own store.
  await Promise.all(tests.map(({ body }) => body()));
  expect(tests.length).toBeGreaterThan(5);
  expect([made, destroyed]).toEqual([tests.length, tests.length]);
});
