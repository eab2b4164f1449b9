import type { Envelope, Member } from '../../lib/client';
import { emptyView, reduce } from '../../lib/client';
import { startTestHub, type TestHub } from '../../lib/testing/test-hub';
import { Guest, leaveAll } from './guest';

let hub: TestHub;
beforeEach(async () => {
  hub = await startTestHub();
});
afterEach(async () => {
  leaveAll();
  await hub.close();
});

const person = (id: string, clients = 1): Member => ({ user: { id, name: id }, clients });
const presenceOf = (heard: readonly Envelope[]) => heard.reduce(reduce, emptyView()).presence;

test('a change that got lost on the way is noticed with the next, and the list is asked for', async () => {
  const alice = await Guest.join(hub, {
    loses: (envelope) =>
      envelope.event === 'presence_updated' && envelope.presence.some(({ user }) => user.id === 'bob'),
  });
  await hub.connect({ user: 'bob' });
  await hub.connect({ user: 'cem' });
  await alice.until(() => alice.all('presence_changed').length > 0, 'the list');
  expect(presenceOf(alice.heard)).toEqual([person('alice'), person('bob'), person('cem')]);
  const dan = await hub.connect({ user: 'dan' });
  await dan.close();
  await alice.until(
    () =>
      presenceOf(alice.heard).length === 3 &&
      alice.heard.some(
        (each) => each.event === 'presence_updated' && each.presence.some(({ clients }) => clients === 0),
      ),
    'who left',
  );
  // Asked for once.
  expect(alice.all('presence_changed')).toHaveLength(1);
});

test('a view follows changes', () => {
  const base = { timestamp: '2026-01-01T00:00:00.000Z', ticket_id: 'T' };
  const list = [person('ann'), person('ben')];
  const change = (version: number, ...presence: Member[]): Envelope => ({
    event: 'presence_updated',
    ...base,
    presence,
    presence_version: version,
  });
  expect(
    presenceOf([
      { event: 'presence_changed', ...base, presence: list, presence_version: 5 },
      change(6, person('ben', 2), person('cem')),
      change(7, person('ann', 0)),
    ]),
  ).toEqual([person('ben', 2), person('cem')]);
});

test('a change that the list already contains, since it was sent before the list, is not emitted', async () => {
  const alice = await Guest.join(hub);
  await hub.connect({ user: 'bob' });
  await alice.until(() => presenceOf(alice.heard).length === 2, 'bob');
  const [socket] = alice.sockets;
  const late = { event: 'presence_updated', timestamp: '2026-01-01T00:00:00.000Z', ticket_id: 'T-1' };
  const text = JSON.stringify({ ...late, presence: [person('bob', 0)], presence_version: 1 });
  const before = alice.heard.length;
  socket?.emit('message', Buffer.from(text), false);
  expect(alice.heard).toHaveLength(before);
  expect(presenceOf(alice.heard)).toEqual([person('alice'), person('bob')]);
});
