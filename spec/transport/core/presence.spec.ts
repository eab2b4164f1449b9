/** Who is connected to a ticket, sent as changes alone to clients that ask for that in their address. */
import { TestClient, type TestFrame } from '../../../lib/testing/test-client';
import { startTestHub, type TestHub } from '../../../lib/testing/test-hub';

let hub: TestHub;
beforeEach(async () => {
  hub = await startTestHub();
});
afterEach(() => hub.close());

/** A client that asked for changes. */
async function connect(user: string, query = ''): Promise<TestClient> {
  const url = `${hub.url.replace('http', 'ws')}/ws/chat/ticket/T-1?tab=${user}&presence=changes${query}`;
  const client = await TestClient.open(url, { headers: { 'x-user': user } });
  if (!(client instanceof TestClient)) throw new Error(`refused with ${client.status}`);
  clients.push(client);
  return client;
}
const clients: TestClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
});

const person = (id: string, clients = 1) => ({ user: { id, name: id }, clients });
const isAbout = (id: string) => (frame: TestFrame) =>
  frame.event === 'presence_updated' && frame.presence.some((each: TestFrame) => each.user.id === id);

test('the list comes with the snapshot and its version, then what is different, each a version higher', async () => {
  const alice = await connect('alice');
  expect(await alice.next('snapshot')).toMatchObject({ presence: [person('alice')] });
  const bob = await connect('bob');
  const { presence, presence_version: version } = await bob.next('snapshot');
  expect(presence).toEqual([person('alice'), person('bob')]);
  expect(await alice.next(isAbout('bob'))).toMatchObject({ presence: [person('bob')] });
  const cem = await hub.connect({ user: 'cem' });
  const came = await bob.next(isAbout('cem'));
  expect(came.presence).toEqual([person('cem')]);
  expect(came.presence_version).toBeGreaterThan(version);
  await cem.close();
  expect(await bob.next(isAbout('cem'))).toMatchObject({
    presence: [person('cem', 0)],
    presence_version: came.presence_version + 1,
  });
  expect([...alice.all('presence_changed'), ...bob.all('presence_changed')]).toEqual([]);
  // A client that asked for nothing is sent the list, without a version, and no changes.
  expect(cem.all('presence_updated')).toEqual([]);
  for (const list of [...cem.all('presence_changed'), ...cem.all('snapshot')])
    expect(list).not.toHaveProperty('presence_version');
});

test('after a resume the list comes with its version, and whenever it is asked for', async () => {
  const alice = await connect('alice');
  const { epoch, seq } = await alice.next('welcome');
  await alice.close();
  await hub.connect({ user: 'bob' });
  const again = await connect('alice', `&after=${epoch}:${seq}`);
  const list = await again.next('presence_changed');
  expect(list).toMatchObject({
    presence: [person('bob'), person('alice')],
    presence_version: expect.any(Number),
  });
  again.send({ type: 'presence' });
  expect(await again.next('presence_changed')).toMatchObject({
    presence: [person('bob'), person('alice')],
    presence_version: expect.any(Number),
  });
});

test('an inbox knows no presence', async () => {
  const inbox = await hub.connectInbox();
  inbox.send({ type: 'presence' });
  expect(await inbox.next('error')).toMatchObject({ code: 'unknown_type' });
});
