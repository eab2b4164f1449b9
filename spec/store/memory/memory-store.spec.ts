/** The memory store against the contract. */
import { storeContract } from '../../../lib/store/contract';
import { memoryStore } from '../../../lib/store/memory/memory-store';
import { inboxByChance } from '../inbox-by-chance';
import { chatCommit } from '../records';

storeContract({ describe, it }, async () => ({ store: memoryStore() }), { durable: false });

inboxByChance(memoryStore);

test('what is read of an unknown ticket is not stored', async () => {
  const store = memoryStore();
  await store.open();
  const kept: Map<string, unknown> = Reflect.get(Reflect.get(store, 'contents'), 'tickets');
  await Promise.all([store.position('T-1'), store.log('T-2', 0, 10), store.state('T-3', 10)]);
  expect([...kept.keys()]).toEqual([]);
  await store.commit([chatCommit('T-1', 'first')]);
  expect([...kept.keys()]).toEqual(['T-1']);
});
