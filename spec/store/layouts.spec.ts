/** The stores against each other and against the layout that SQLite had before: programs by chance, in which each has the same answers; `LENGTH=long` runs many, and `FAST_CHECK_SEED` one that failed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Driver from 'better-sqlite3';
import { memoryStore } from '../../lib/store/memory/memory-store';
import { sqliteStore } from '../../lib/store/sqlite/sqlite-store';
import type { Commit, Store } from '../../lib/store/store';
import { isLong } from '../length';
import { seed } from '../seed';
import { ProgramByChance } from './program-by-chance';
import { type Contestant, firstDifference, type Tally } from './side-by-side';
import { Recorded, smallest, told } from './smallest';
import { withoutNone, withSnapshots } from './snapshots';

const before: { sqliteStore: typeof sqliteStore } = require('./fixtures/layout-5.js');

const programs = isLong ? 1_000 : 5;
const steps = 120;

/** What programs have to reach, so that it says something that no difference was found. */
const reached = [
  ...['committed', 'conflict', 'key_conflict', 'duplicate_id', 'turn_lost'],
  ...['trim', 'dropGrants', 'noteDelivery', 'reopen'],
  ...['position', 'log', 'log in pages', 'state', 'session', 'sessionByTab', 'sessions', 'turn', 'turns'],
  ...['unfinishedTurns', 'openTurns', 'dueTurns', 'nextDueTurn', 'turnVersions', 'journal', 'turnState'],
  ...['message', 'messages', 'request', 'requestByKey', 'requestsOfTurn', 'claims', 'requests', 'inbox'],
  ...['inboxCounts', 'dueRequests', 'nextDue', 'audit', 'grant', 'liveGrants', 'grants', 'grantUses'],
  ...['deliveries', 'deadDeliveries', 'processedFrame', 'a strange cursor'],
];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hitl-layouts-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

let made = 0;

/** New and empty ones. @param isReopened whether files are needed: without them, many more programs are tried in the same time */
function contestants(isReopened: boolean): Contestant[] {
  made += 1;
  const pathOf = (name: string) => (isReopened ? join(folder, `${made}-${name}.db`) : ':memory:');
  const [now, then] = [pathOf('now'), pathOf('then')];
  // What power loss takes is not looked for here.
  const options = { synchronous: 'normal' } as const;
  return [
    { name: 'memory', make: memoryStore, isDurable: false },
    {
      name: 'SQLite now',
      make: () => sqliteStore(now, options),
      isDurable: isReopened,
      faults: () => (isReopened ? faultsOf(now) : []),
    },
    {
      name: 'SQLite then',
      make: () => before.sqliteStore(then, options),
      isDurable: isReopened,
      adapted: withSnapshots,
      answered: withoutNone,
    },
  ];
}

/** What SQLite itself finds wrong with the file. */
function faultsOf(path: string): string[] {
  const db = new Driver(path);
  try {
    const integrity = db.pragma('integrity_check', { simple: true });
    const foreign = db.pragma('foreign_key_check');
    return integrity === 'ok' && JSON.stringify(foreign) === '[]'
      ? []
      : [`${integrity}`, JSON.stringify(foreign)];
  } finally {
    db.close();
  }
}

test(
  'whatever is committed, each store answers as the others do, and as SQLite did before',
  async () => {
    const tally: Tally = new Map();
    for (let nth = 0; nth < programs; nth += 1) {
      const program = new Recorded(new ProgramByChance(seed + nth, steps));
      const found = await firstDifference(contestants(true), program, tally);
      if (found) throw new Error(told(seed + nth, await smallest(program.steps, found, contestants)));
    }
    if (isLong) console.log(JSON.stringify(Object.fromEntries(tally)));
    expect(reached.filter((name) => !tally.has(name))).toEqual([]);
  },
  isLong ? 7_200_000 : 180_000,
);

/** A store that says of every key that nobody has it once a request of it was superseded. */
function forgetful(): Store {
  const store = memoryStore();
  const forgotten = new Set<string>();
  const { commit, requestByKey } = store;
  return Object.assign(store, {
    commit: async (commits: readonly Commit[]) => {
      for (const { requests = [] } of commits) {
        for (const { record } of requests)
          if (record.key && record.status === 'superseded') forgotten.add(record.key);
      }
      return commit.call(store, commits);
    },
    requestByKey: async (ticketId: string, key: string) =>
      forgotten.has(key) ? undefined : requestByKey.call(store, ticketId, key),
  });
}

test('a store that answers otherwise is found, with a program that has nothing but what it takes', async () => {
  const two = () => [
    { name: 'memory', make: memoryStore, isDurable: false },
    { name: 'forgetful', make: forgetful, isDurable: false },
  ];
  for (let nth = 0; nth < 50; nth += 1) {
    const program = new Recorded(new ProgramByChance(seed + nth, steps));
    const found = await firstDifference(two(), program);
    if (!found) continue;
    const { steps: left, difference } = await smallest(program.steps, found, two);
    const commits = left.flatMap((step) => (step.do === 'commit' ? step.commits : []));
    const writes = commits.flatMap(({ requests = [] }) => requests);
    expect(difference.what).toBe('requestByKey');
    expect(left.map((step) => step.do).filter((kind) => kind !== 'commit')).toEqual(['read']);
    expect(writes.length).toBeLessThanOrEqual(4);
    expect(
      commits.flatMap(({ messages = [], audit = [], envelopes }) => [...messages, ...audit, ...envelopes]),
    ).toEqual([]);
    expect(told(seed, { steps: left, difference })).toContain('forgetful: undefined');
    return;
  }
  throw new Error('The difference was not found');
}, 60_000);
