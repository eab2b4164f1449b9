/** That the published contract notices what is wrong with a store: each fault below is planted in one that meets every obligation. */

import type { MessageRecord, MessageRevision } from '../../../lib/protocol/records';
import { type StoreUnderTest, storeContract } from '../../../lib/store/contract';
import { memoryStore } from '../../../lib/store/memory/memory-store';
import type { Commit, JournalEntry, Store } from '../../../lib/store/store';

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

/** Commits each by itself, as `change` makes it. */
function changed(sound: Store, change: (commit: Commit) => Commit | Promise<Commit>): Pick<Store, 'commit'> {
  return {
    commit: async (commits) => {
      const results = [];
      for (const commit of commits) results.push(...(await sound.commit([await change(commit)])));
      return results;
    },
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

/** What a store without bounds would read. */
async function wholeJournal(sound: Store, id: string, after: number, limit: number): Promise<JournalEntry[]> {
  const found: JournalEntry[] = [];
  for (let at = after; found.length < limit; at = found.at(-1)?.n ?? at) {
    const read = await sound.journal(id, at, limit - found.length);
    if (read.length === 0) break;
    found.push(...read);
  }
  return found;
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
    what: 'forgets turns that wait',
    part: 'turns',
    test: /^that have not ended are listed oldest first/,
    plant: (sound) => ({
      openTurns: async (id) => (await sound.openTurns(id)).filter(({ status }) => status !== 'waiting'),
    }),
  },
  {
    what: 'lets a start look after turns that wait',
    part: 'turns',
    test: /^that wait or are stuck are not among those/,
    plant: (sound) => ({
      unfinishedTurns: async () => (await sound.turns({}, 200)).items.filter(({ endedAt }) => !endedAt),
    }),
  },
  {
    what: 'lists turns of any version',
    part: 'turns',
    test: /^are listed by ticket, status and version/,
    plant: (sound) => ({
      turns: ({ version: _version, ...filter }, limit, cursor) => sound.turns(filter, limit, cursor),
    }),
  },
  {
    what: 'numbers journals anew with each commit',
    part: 'journals',
    test: /^number their entries from 1 per turn, without a gap/,
    plant: (sound) => ({
      commit: async (commits) =>
        (await sound.commit(commits)).map((result) =>
          result.ok
            ? { ...result, journal: result.journal.map((entry, n) => ({ ...entry, n: n + 1 })) }
            : result,
        ),
    }),
  },
  {
    what: 'lets every generation write',
    part: 'journals',
    test: 'behind a fence › are written by the present generation alone',
    plant: (sound) => changed(sound, ({ fence: _fence, ...commit }) => commit),
  },
  {
    what: 'takes a journal of any length for the right one',
    part: 'journals',
    test: 'behind a fence › are written only where they are as long as the writer believes',
    plant: (sound) =>
      changed(
        sound,
        ({ fence: { entries: _entries, ...fence } = { turnId: '', generation: 0 }, ...commit }) => {
          return fence.turnId === '' ? commit : { ...commit, fence };
        },
      ),
  },
  {
    what: 'judges all commits of a call before it writes any',
    part: 'journals',
    test: /^behind a fence › are judged against what was committed before/,
    plant: (sound) => ({
      commit: async (commits) => {
        const stored = await Promise.all(commits.map(({ fence }) => fence && sound.turn(fence.turnId)));
        const results = [];
        for (const [index, { fence, ...commit }] of commits.entries()) {
          const isLost = fence && stored[index]?.run?.generation !== fence.generation;
          results.push(...(await sound.commit([isLost ? { ...commit, fence } : commit])));
        }
        return results;
      },
    }),
  },
  {
    what: 'appends to a journal though it refuses the commit',
    part: 'journals',
    test: 'behind a fence › leave no trace of what is refused',
    plant: (sound) => ({
      commit: async (commits) => {
        const results = await sound.commit(commits);
        for (const [index, { ticketId, at, journal = [] }] of commits.entries())
          if (!results[index]?.ok) await sound.commit([{ ticketId, at, journal, envelopes: [] }]);
        return results;
      },
    }),
  },
  {
    what: 'goes on with the journal of the leg before',
    part: 'journals',
    test: /^begin again at 1 with another leg/,
    plant: (sound) =>
      changed(sound, ({ turns = [], ...commit }) => ({
        ...commit,
        turns: turns.map(({ run, ...turn }) => (run ? { ...turn, run: { ...run, leg: 0 } } : turn)),
      })),
  },
  {
    what: 'leaves the journal of a turn that has ended',
    part: 'journals',
    test: 'and states are gone with a turn that is completed, and do not come back',
    plant: (sound) => {
      const known = new Map<string, readonly JournalEntry[]>();
      return {
        commit: async (commits) => {
          for (const { id, endedAt } of commits.flatMap(({ turns = [] }) => turns))
            if (endedAt) known.set(id, await sound.journal(id, 0, 1_000));
          return sound.commit(commits);
        },
        journal: async (id, after, limit) => known.get(id) ?? sound.journal(id, after, limit),
      };
    },
  },
  {
    what: 'reads a journal whole',
    part: 'journals',
    test: /^are read from any place, at most 1000 entries/,
    plant: (sound) => ({ journal: (id, after, limit) => wholeJournal(sound, id, after, limit) }),
  },
  {
    what: 'reads a journal without regard to its bytes',
    part: 'journals',
    test: /^are read within 4194304 bytes/,
    plant: (sound) => ({
      journal: (id, after, limit) => wholeJournal(sound, id, after, Math.min(limit, 1_000)),
    }),
  },
  {
    what: 'asks a fence of an answer',
    part: 'answers',
    test: /^are entries in the commit in which a request becomes approved/,
    plant: (sound) => {
      const waiting = new Map<string, string>();
      return changed(sound, (commit) => {
        for (const { turnId, requestId } of commit.waits ?? []) waiting.set(requestId, turnId);
        const [write] = commit.requests ?? [];
        const turnId = write && write.record.status !== 'pending' && waiting.get(write.record.id);
        return turnId ? { ...commit, fence: commit.fence ?? { turnId, generation: -1 } } : commit;
      });
    },
  },
  {
    what: 'waits for ever for what is settled already',
    part: 'answers',
    test: 'come at once to a wait for a request that is settled already',
    plant: (sound) =>
      changed(sound, async ({ waits = [], ...commit }) => {
        const pending = [];
        for (const wait of waits) {
          const { record } = (await sound.request(wait.requestId)) ?? {};
          if (!record || record.status === 'pending') pending.push(wait);
        }
        return { ...commit, waits: pending };
      }),
  },
  {
    what: 'has no answer of a request that is settled at its birth',
    part: 'answers',
    test: /^come at once for a request that is settled at its birth/,
    plant: (sound) =>
      changed(sound, ({ waits = [], requests = [], ...commit }) => {
        const born = requests.filter(({ version, record }) => version === 0 && record.status !== 'pending');
        const isBorn = (requestId: string) => born.some(({ record }) => record.id === requestId);
        return { ...commit, requests, waits: waits.filter(({ requestId }) => !isBorn(requestId)) };
      }),
  },
  {
    what: 'lets one turn alone wait for a request',
    part: 'answers',
    test: /^come to every turn that waits for the request/,
    plant: (sound) => {
      const taken = new Map<string, string>();
      return changed(sound, ({ waits = [], ...commit }) => ({
        ...commit,
        waits: waits.filter(({ turnId, requestId }) => {
          taken.set(requestId, taken.get(requestId) ?? turnId);
          return taken.get(requestId) === turnId;
        }),
      }));
    },
  },
  {
    what: 'lets turns wait that have ended',
    part: 'answers',
    test: /^do not come to a turn that has ended/,
    plant: (sound) =>
      changed(sound, ({ turns = [], ...commit }) => ({
        ...commit,
        turns: turns.map((turn) => ({ ...turn, status: 'running' })),
      })),
  },
  {
    what: 'lets a turn sleep on though it is answered',
    part: 'answers',
    test: /^and turns that are due: › those that wait, once they are answered/,
    plant: (sound) => ({
      dueTurns: async (until, limit) => {
        const due = [];
        for (const each of await sound.dueTurns(until, limit)) {
          const { run } = (await sound.turn(each.id)) ?? {};
          if ((run?.dueAt ?? Infinity) <= until) due.push(each);
        }
        return due;
      },
    }),
  },
  {
    what: 'has of a message the revisions of its last write alone',
    part: 'sessions, turns and messages',
    test: /^messages › have the last 100 revisions that were added/,
    plant: (sound) => {
      const last = new Map<string, MessageRecord>();
      return {
        commit: (commits) => {
          for (const message of commits.flatMap(({ messages = [] }) => messages))
            last.set(message.id, message);
          return sound.commit(commits);
        },
        messages: async (...asked) =>
          (await sound.messages(...asked)).map((each) => last.get(each.id) ?? each),
      };
    },
  },
  {
    what: 'has every revision of a message, however many there are',
    part: 'sessions, turns and messages',
    test: /^messages › have the last 100 revisions that were added/,
    plant: (sound) => {
      const all = new Map<string, MessageRevision[]>();
      return {
        commit: (commits) => {
          for (const { id, revisions } of commits.flatMap(({ messages = [] }) => messages))
            all.set(id, [...(all.get(id) ?? []), ...revisions]);
          return sound.commit(commits);
        },
        messages: async (...asked) =>
          (await sound.messages(...asked)).map((each) => ({ ...each, revisions: all.get(each.id) ?? [] })),
      };
    },
  },
  {
    what: 'keeps an earlier snapshot of a request that has none any more',
    part: 'requests',
    test: 'without a snapshot are read back without one, also where an earlier write had one',
    plant: (sound) =>
      changed(sound, async ({ requests = [], ...commit }) => ({
        ...commit,
        requests: await Promise.all(
          requests.map(async (write) => ({ ...(await sound.request(write.record.id)), ...write })),
        ),
      })),
  },
  {
    what: 'gives null for a snapshot that is not there',
    part: 'requests',
    test: 'without a snapshot are read back without one, also where an earlier write had one',
    plant: (sound) => ({
      request: async (id) => {
        const stored = await sound.request(id);
        return stored && { ...stored, snapshot: stored.snapshot ?? null };
      },
    }),
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
  expect(await failures(make, 'opened again', true)).toHaveLength(4);
});

test('a durable store that cannot be opened again fails, and is not left out', async () => {
  expect(await failures(() => ({ store: memoryStore() }), 'opened again', true)).toHaveLength(4);
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
