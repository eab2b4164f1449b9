/** The memory store against the contract. */
import { memoryStore } from '../../../lib/store/memory/memory-store';
import { storeContract } from '../contract';
import { chatCommit } from '../records';

storeContract('the memory store', memoryStore, { durable: false });

test('what is read of an unknown ticket is not kept', async () => {
  const store = memoryStore();
  await store.open();
  const kept: Map<string, unknown> = Reflect.get(store, 'tickets');
  await Promise.all([store.position('T-1'), store.log('T-2', 0, 10), store.state('T-3', 10)]);
  expect([...kept.keys()]).toEqual([]);
  await store.commit([chatCommit('T-1', 'first')]);
  expect([...kept.keys()]).toEqual(['T-1']);
});
