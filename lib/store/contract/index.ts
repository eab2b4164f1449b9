/** `express-hitl/store-contract`: every obligation of `Store` as one suite of tests, for any test runner; each implementation runs it. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Store } from '../store';
import { answerObligations } from './answers';
import { auditObligations } from './audit';
import { closingObligations } from './closing';
import { commitObligations } from './commit';
import { deliveryObligations } from './deliveries';
import { frameObligations } from './frames';
import { grantObligations } from './grants';
import { inboxObligations } from './inbox';
import { journalObligations } from './journals';
import { logObligations } from './log';
import { pageObligations } from './pages';
import { recordObligations } from './records';
import { refusalObligations } from './refusals';
import { reopeningObligations } from './reopening';
import { requestObligations } from './requests';
import type { Subject } from './subject';
import { turnObligations } from './turns';

/** A test runner: the `describe` and `it` of vitest, jest or `node:test`, or another with these two. */
export interface Runner {
  describe(name: string, body: () => void): unknown;
  it(name: string, body: () => Promise<void>): unknown;
}

/** A store that is made for one test. */
export interface StoreUnderTest {
  /** Empty, and not open yet: the contract opens and closes it. */
  store: Store;
  /** Another store over the same data, not open yet; called once the one before is closed. Needed of a durable store. */
  reopen?(): Promise<Store>;
  /** Deletes the data; called after the last `close`, whatever became of the test. */
  destroy?(): Promise<void>;
}

export interface ContractOptions {
  /** `false` for a store that forgets everything when it is closed: what a second store over the same data has is not tested. Default `true`. */
  durable?: boolean;
}

/** What a running test has. */
interface Running {
  store: Store;
  made: StoreUnderTest[];
  reopen: StoreUnderTest['reopen'];
}

/**
 * Declares a test for every obligation of `Store`, below one title. Each has a store of its own, so that they may run in any
 * order, also at the same time. A test fails by throwing an `AssertionError` of `node:assert`.
 *
 * ```ts
 * storeContract({ describe, it }, async () => {
 *   const database = await newDatabase();
 *   return { store: myStore(database), reopen: async () => myStore(database), destroy: () => database.drop() };
 * });
 * ```
 */
export function storeContract(
  runner: Runner,
  make: () => Promise<StoreUnderTest>,
  { durable = true }: ContractOptions = {},
): void {
  const tests = new AsyncLocalStorage<Running>();
  const running = (): Running => {
    const found = tests.getStore();
    if (!found) throw new Error('The store is there only while a test of the contract runs');
    return found;
  };

  const subject: Subject = {
    describe: (name, body) => void runner.describe(name, body),
    test: (name, body) =>
      void runner.it(name, async () => {
        const { store, reopen, ...more } = await make();
        const test: Running = { store, made: [{ store, ...more }], reopen };
        try {
          await store.open();
          await tests.run(test, body);
        } finally {
          await test.store.close();
          for (const { store: other, destroy } of test.made.reverse()) {
            await other.close();
            await destroy?.();
          }
        }
      }),
    store: () => running().store,
    reopen: async () => {
      const test = running();
      if (!test.reopen) throw new Error('A durable store is made with `reopen`; else say { durable: false }');
      await test.store.close();
      test.store = await test.reopen();
      await test.store.open();
      return test.store;
    },
    unopened: async () => {
      const made = await make();
      running().made.push(made);
      return made.store;
    },
  };
  const part = (name: string, obligations: (subject: Subject) => void) =>
    subject.describe(name, () => obligations(subject));

  subject.describe('the store contract', () => {
    part('a commit', commitObligations);
    part('a refused commit', refusalObligations);
    part('the log', logObligations);
    part('sessions, turns and messages', recordObligations);
    part('turns', turnObligations);
    part('journals', journalObligations);
    part('answers', answerObligations);
    part('requests', requestObligations);
    part('a page', pageObligations);
    part('the audit', auditObligations);
    part('an inbox', inboxObligations);
    part('grants', grantObligations);
    part('deliveries', deliveryObligations);
    part('processed frames', frameObligations);
    part('opening and closing', closingObligations);
    if (durable) part('opened again', reopeningObligations);
  });
}
