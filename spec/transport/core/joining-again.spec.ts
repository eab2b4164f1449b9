/** One person who joins again and again: what they are sent first is read for two of their clients at a time, and others wait for none of it. */
import { startTestHub, type TestHub } from '../../../lib/testing/test-hub';

let hub: TestHub;
afterEach(() => hub.close());

test('two clients of a person are read for at a time, and no other person waits', async () => {
  hub = await startTestHub({ limits: { clientsPerTicket: 50 } });
  const read = hub.store.state.bind(hub.store);
  let open = () => {};
  const isOpen = new Promise<void>((resolve) => {
    open = resolve;
  });
  let reading = 0;
  const most: number[] = [];
  jest.spyOn(hub.store, 'state').mockImplementation(async (ticketId, ...rest) => {
    if (!ticketId.startsWith('own-')) return read(ticketId, ...rest);
    reading += 1;
    most.push(reading);
    await isOpen;
    reading -= 1;
    return read(ticketId, ...rest);
  });
  const own = await Promise.all(
    Array.from({ length: 6 }, (_, n) => hub.connect({ ticketId: `own-${n}`, user: 'alice' })),
  );
  const other = await hub.connect({ ticketId: 'T-2', user: 'bob' });
  await other.next('snapshot');
  expect(Math.max(...most)).toBe(2);
  open();
  for (const client of own) await client.next('snapshot');
  expect(Math.max(...most)).toBe(2);
});

test('the next one waits four times as long as the last one took', async () => {
  hub = await startTestHub();
  const read = hub.store.state.bind(hub.store);
  jest.spyOn(hub.store, 'state').mockImplementation(async (...asked) => {
    hub.clock.advance(5);
    return read(...asked);
  });
  const clients = [];
  for (const n of [1, 2, 3]) clients.push(await hub.connect({ ticketId: `T-${n}`, user: 'alice' }));
  const [first, second, third] = clients;
  await first?.next('snapshot');
  await second?.next('snapshot');
  expect(third?.all('snapshot')).toEqual([]);
  hub.clock.advance(20);
  await third?.next('snapshot');
});
