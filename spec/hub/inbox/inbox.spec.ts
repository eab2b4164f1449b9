import { type Inbox, maxFreeReads, maxInboxes, maxInboxesPerUser } from '../../../lib/hub/inbox/inbox';
import { type InboxChange, InboxClient } from '../../../lib/hub/inbox/inbox-client';
import type { InboxFilter, InboxOwner } from '../../../lib/store/store';
import { requestRecord } from '../../store/records';
import { gate, idle, Rig } from '../rig';

function newInbox(): Inbox {
  const rig = new Rig();
  return rig.hub.inbox;
}

/** An inbox of this user, and what it is sent: the type of each change and the id of its request. */
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

  test('are sent nothing before they were read, and nothing after they were closed', async () => {
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

describe('reading an inbox', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = new Rig();
    await rig.hub.start();
  });
  afterEach(() => rig.hub.close());

  /** Asks the groups named; resolves when it is stored. */
  const ask = (...groups: string[]) =>
    rig.hub.hitl.request({
      ...{ ticketId: 'T', sessionId: 's', userId: 'agent', type: 'question' },
      payload: { question: 'Why?' },
      policy: { groups },
    });
  const openFor = (userId: string) => {
    const opened = clientOf(userId, { groups: ['analyst'] });
    rig.hub.inbox.register(opened.client);
    return opened;
  };
  const read = ({ client, told }: ReturnType<typeof clientOf>) =>
    rig.hub.inbox.read(client, ({ items, total }) => {
      told.push(`page of ${total}`, ...items.map(({ id }) => `shown ${id}`));
    });

  test('delays no commit, however many are read and however slowly', async () => {
    const slow = gate();
    rig.trouble.inbox = () => slow.opened;
    const inboxes = Array.from({ length: 64 }, (_, n) => openFor(`user-${n}`));
    const readings = Promise.all(inboxes.map(read));
    await idle();
    const { id } = await ask('somebody else');
    expect(await rig.hub.hitl.claim(id, { id: 'zoe', groups: ['somebody else'] })).toMatchObject({
      revision: 1,
    });
    expect(inboxes.flatMap(({ told }) => told)).toEqual([]);
    slow.open();
    await readings;
    expect(inboxes.flatMap(({ told }) => told)).toEqual(inboxes.map(() => 'page of 0'));
  });

  test.each(['inbox', 'inboxCounts'] as const)(
    'shows each request once when some are added and removed while the store is asked for its %s',
    async (method) => {
      const first = await ask('analyst');
      let reads = 0;
      let second = '';
      const changes: (() => Promise<unknown>)[] = [
        async () => {
          second = (await ask('analyst')).id;
        },
        () => rig.hub.hitl.cancel(first.id, 'no need'),
      ];
      rig.trouble[method] = async () => {
        reads += 1;
        await changes.shift()?.();
      };
      const ann = openFor('ann');
      await read(ann);
      const later = await ask('analyst');
      expect(ann.told).toEqual(['page of 1', `shown ${second}`, `added ${later.id}`]);
      expect(reads).toBe(3);
    },
  );

  test('shows a further page of an open inbox at its place among the changes', async () => {
    const ann = openFor('ann');
    await read(ann);
    const changed = gate();
    rig.trouble.inbox = () => changed.opened;
    const reading = read(ann);
    await idle();
    const { id } = await ask('analyst');
    changed.open();
    await reading;
    await rig.hub.hitl.cancel(id, 'no need');
    expect(ann.told).toEqual(['page of 0', `added ${id}`, 'page of 1', `shown ${id}`, `removed ${id}`]);
  });

  test('of those that never hold still makes a commit wait for one reading, and not for the others', async () => {
    const inboxes = Array.from({ length: maxInboxesPerUser }, () => openFor('ann'));
    let restless = true;
    const readings: (() => void)[] = [];
    rig.trouble.inboxCounts = async () => {
      if (restless) await ask('analyst');
      else {
        const { open, opened } = gate();
        readings.push(open);
        await opened;
      }
    };
    // All are read at once, so that each is disturbed in each of its readings that commits do not wait for.
    let free = maxFreeReads * inboxes.length;
    rig.trouble.inbox = () => {
      restless = free > 0;
      free -= 1;
    };
    const all = Promise.all(inboxes.map(read));
    await idle();
    expect(readings).toHaveLength(1);
    const commit = ask('somebody else');
    let isKept = false;
    void commit.then(() => {
      isKept = true;
    });
    await idle();
    expect(isKept).toBe(false);
    readings[0]?.();
    await commit;
    expect(inboxes.filter(({ told }) => told.length > 0)).toHaveLength(1);
    for (let n = 1; n < inboxes.length; n += 1) {
      await idle();
      expect(readings).toHaveLength(n + 1);
      readings[n]?.();
    }
    await all;
    const shown = inboxes.map(({ told }) => told.filter((each) => each.startsWith('shown')).length);
    expect(shown).toEqual(inboxes.map(() => maxFreeReads * inboxes.length));
  });
});
