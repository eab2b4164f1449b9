import { type Inbox, maxInboxes } from '../../lib/hub/inbox';
import { type InboxChange, InboxClient } from '../../lib/hub/inbox-client';
import type { InboxFilter, InboxOwner } from '../../lib/store/store';
import { requestRecord } from '../store/records';
import { Rig } from './rig';

function newInbox(): Inbox {
  const rig = new Rig();
  return rig.hub.inbox;
}

/** An inbox of this user, and what it is told: the type of each change and the id of its request. */
function clientOf(userId: string, owner: Partial<InboxOwner> = {}, filter: InboxFilter = {}) {
  const told: string[] = [];
  const sink = {
    send: () => true,
    close: () => {},
    changed: ({ type, record }: InboxChange) => void told.push(`${type} ${record.id}`),
  };
  const user = { id: userId, name: userId, groups: [] };
  const whose = { userId, groups: [], tickets: [], ...owner };
  const look = { owner: whose, filter, order: 'oldest' as const, limit: 50 };
  return { told, client: new InboxClient(user, look, sink, 0) };
}

describe('open inboxes', () => {
  test('are ten thousand at most, and one that is closed makes room', () => {
    const inbox = newInbox();
    const clients = Array.from({ length: maxInboxes }, (_, n) => clientOf(`user-${n}`).client);
    for (const client of clients) inbox.register(client);
    const late = clientOf('late').client;
    expect(() => inbox.register(late)).toThrow(expect.objectContaining({ code: 'busy' }));
    const [first] = clients;
    if (first) inbox.unregister(first);
    inbox.register(late);
    expect(inbox.has(late)).toBe(true);
  }, 30_000);

  test('are told of nothing before they were read, and of nothing after they were closed', async () => {
    const rig = new Rig();
    await rig.hub.start();
    const { inbox } = rig.hub;
    const { client, told } = clientOf('ann', { tickets: 'all' });
    const [before, during, after] = ['a', 'b', 'c'].map((id) => requestRecord({ id }));
    if (!before || !during || !after) throw new Error('three were made');
    inbox.register(client);
    inbox.note(undefined, before);
    await inbox.read(client, () => {});
    inbox.note(undefined, during);
    inbox.unregister(client);
    inbox.unregister(client);
    inbox.note(undefined, after);
    await inbox.read(client, () => told.push('read'));
    inbox.note(undefined, after);
    expect(told).toEqual(['added b']);
    await rig.hub.close();
  });

  test('hear what concerns them, and no other is asked', async () => {
    const rig = new Rig();
    await rig.hub.start();
    const { inbox } = rig.hub;
    const ann = clientOf('ann', { groups: ['analyst', 'lead'] });
    const bob = clientOf('bob', { groups: ['analyst'] }, { type: 'question' });
    const cem = clientOf('cem', { tickets: ['T-1'] });
    for (const { client } of [ann, bob, cem]) {
      inbox.register(client);
      await inbox.read(client, () => {});
    }
    const asked = requestRecord({ id: 'r', policy: { groups: ['analyst', 'lead'], approvals: 2 } });
    inbox.note(undefined, asked);
    inbox.note(undefined, requestRecord({ id: 'open', ticketId: 'T-1' }));
    const by = { userId: 'ann', displayName: 'Ann' };
    const counted = { ...asked, verdicts: [{ by, at: 0, status: 'approved' as const, stage: 0 }] };
    inbox.note(asked, { ...asked, claim: { by, at: 0, until: 1 } });
    inbox.note(asked, counted);
    inbox.note(counted, { ...counted, status: 'approved' });
    inbox.note({ ...counted, status: 'approved' }, { ...counted, status: 'approved' });
    expect(ann.told).toEqual(['added r', 'updated r', 'removed r']);
    expect(bob.told).toEqual([]);
    expect(cem.told).toEqual(['added open']);
    await rig.hub.close();
  });

  test('cost nothing while there are none: a change is not even looked at', () => {
    const inbox = newInbox();
    const untouched = new Proxy(requestRecord(), {
      get: () => {
        throw new Error('somebody looked');
      },
    });
    expect(() => inbox.note(untouched, untouched)).not.toThrow();
  });
});
