/** What it costs when one client goes: as much as it has itself, however many others there are. */
import { portOf } from '../../../lib/hub/hub';
import { InboxClient } from '../../../lib/hub/inbox/inbox-client';
import { startTestHub, type TestHub } from '../../../lib/testing/test-hub';
import { Ears, idle, Rig } from '../../hub/rig';
import { until } from '../until';

/** The size of the largest map or set that is gone through while `work` runs. */
async function largestGoneThrough(work: () => unknown): Promise<number> {
  let largest = 0;
  const spies = [Map.prototype, Set.prototype].flatMap((prototype) =>
    (['keys', 'values', 'entries', 'forEach', Symbol.iterator] as const).map((name) => {
      const original = prototype[name as 'values'];
      return jest.spyOn(prototype as Map<unknown, unknown>, name as 'values').mockImplementation(function (
        this: Map<unknown, unknown>,
        ...args: []
      ) {
        if (this.size > largest) largest = this.size;
        return Reflect.apply(original, this, args);
      });
    }),
  );
  try {
    await work();
    await idle();
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return largest;
}

const others = 200;

describe('When one client goes, no other is looked at', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = new Rig();
    await rig.hub.start();
    for (let n = 0; n < others; n += 1) {
      rig.join(`user-${n}`, 'tab', `T-${n}`);
      rig.hub.registerInbox(inboxOf(`user-${n}`));
    }
  });
  afterEach(() => rig.hub.close());

  function inboxOf(id: string): InboxClient {
    const user = { id, name: id, groups: [] };
    const look = {
      owner: { userId: id, groups: [], tickets: [] },
      filter: {},
      order: 'oldest' as const,
      limit: 50,
    };
    return new InboxClient(user, look, Object.assign(new Ears(), { changed: () => {} }), 0);
  }

  it('is what a look at all of them would show', async () => {
    expect(await largestGoneThrough(() => rig.hub.disconnect(() => false))).toBe(others);
  });

  it('when it leaves its ticket, comes back, or is disconnected', async () => {
    const ann = rig.join('ann');
    const ben = rig.join('ben');
    const went = await largestGoneThrough(async () => {
      rig.hub.unregister(ann.client);
      rig.join('ann');
      rig.hub.heard(ben.client);
      rig.hub.dismiss(ben.client, 'forbidden');
      await idle();
      rig.clock.advance(10_000);
    });
    expect(ben.ears.closed).toEqual(['forbidden']);
    expect(rig.hub.isRegistered(ben.client)).toBe(false);
    expect(went).toBeLessThan(10);
  });

  it('when it is an inbox that is opened, read and closed', async () => {
    const client = inboxOf('ann');
    const went = await largestGoneThrough(async () => {
      rig.hub.registerInbox(client);
      await rig.hub.inbox.read(client, () => {});
      rig.hub.dismiss(client, 'forbidden');
    });
    expect(rig.hub.inbox.has(client)).toBe(false);
    expect(went).toBeLessThan(10);
  });
});

describe('On sockets, when one client goes, no other is looked at', () => {
  let hub: TestHub;
  afterEach(() => hub.close());

  it('whether it goes by itself or does what sends it away', async () => {
    const many = 40;
    hub = await startTestHub({ limits: { clientsPerTicket: 2 } });
    for (let n = 0; n < many; n += 1) await hub.connect({ ticketId: `T-${n}`, user: `user-${n}` });
    const one = await hub.connect({ ticketId: 'T-one', user: 'ann' });
    const other = await hub.connect({ ticketId: 'T-one', user: 'ben' });
    const inbox = await hub.connectInbox({ user: 'ann' });
    await inbox.next('inbox_snapshot');
    const went = await largestGoneThrough(async () => {
      one.send(Buffer.from('no text'));
      inbox.send(Buffer.from('no text'));
      other.socket.terminate();
      await until(() => hub.hub.reference.getTotalClientCount() === many, 'two are gone');
      await until(() => [...portOf(hub.hub).inbox.clients()].length === 0, 'the inbox too');
    });
    expect((await one.closed()).code).toBe(1003);
    expect(went).toBeLessThan(many);
  });
});
