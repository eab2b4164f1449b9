/** The obligations of `Store` as one suite; every implementation's spec runs it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from '../../lib/store/store';
import { auditObligations } from './contract/audit';
import { closingObligations } from './contract/closing';
import { commitObligations } from './contract/commit';
import { deliveryObligations } from './contract/deliveries';
import { frameObligations } from './contract/frames';
import { grantObligations } from './contract/grants';
import { inboxObligations } from './contract/inbox';
import { logObligations } from './contract/log';
import { pageObligations } from './contract/pages';
import { recordObligations } from './contract/records';
import { refusalObligations } from './contract/refusals';
import { reopeningObligations } from './contract/reopening';
import { requestObligations } from './contract/requests';
import type { Subject } from './contract/subject';

/**
 * Holds an implementation to every obligation of `Store`.
 * @param makeStore a store that is not open yet; a durable one keeps its data in `folder`, which each test has for itself
 * @param durable whether a second store of the same folder must have what the first was given
 */
export function storeContract(
  name: string,
  makeStore: (folder: string) => Store,
  { durable }: { durable: boolean },
): void {
  describe(name, () => {
    let folder: string;
    let store: Store;

    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), 'hitl-store-'));
      store = makeStore(folder);
      await store.open();
    });
    afterEach(async () => {
      await store.close();
      rmSync(folder, { recursive: true });
    });

    const subject: Subject = {
      store: () => store,
      reopen: async () => {
        await store.close();
        store = makeStore(folder);
        await store.open();
        return store;
      },
      unopened: () => makeStore(folder),
    };

    describe('a commit', () => commitObligations(subject));
    describe('a refused commit', () => refusalObligations(subject));
    describe('the log', () => logObligations(subject));
    describe('sessions, turns and messages', () => recordObligations(subject));
    describe('requests', () => requestObligations(subject));
    describe('a page', () => pageObligations(subject));
    describe('the audit', () => auditObligations(subject));
    describe('an inbox', () => inboxObligations(subject));
    describe('grants', () => grantObligations(subject));
    describe('deliveries', () => deliveryObligations(subject));
    describe('processed frames', () => frameObligations(subject));
    describe('opening and closing', () => closingObligations(subject));
    if (durable) describe('opened again', () => reopeningObligations(subject));
  });
}
