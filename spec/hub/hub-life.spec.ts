import { diskFull, gate, idle, Rig } from './rig';

describe('The life of the hub', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = new Rig();
    await rig.hub.start();
  });
  afterEach(() => rig.hub.close());

  const counts = () => [
    rig.hub.rooms.count(),
    rig.hub.rooms.count('T'),
    rig.app.reference.getActiveTickets().toSorted(),
  ];

  describe('starts', () => {
    it('once, however often it is called', async () => {
      rig.newHub();
      let opened = 0;
      rig.trouble.open = () => {
        opened += 1;
      };
      await Promise.all([rig.hub.start(), rig.hub.start()]);
      await rig.hub.start();
      expect(opened).toBe(1);
    });

    it('again after it failed', async () => {
      rig.newHub();
      rig.trouble.open = diskFull;
      const [first, second] = await Promise.allSettled([rig.hub.start(), rig.hub.start()]);
      expect([first, second]).toMatchObject([
        { reason: { code: 'storage_failed', cause: { message: 'disk full' } } },
        { reason: { code: 'storage_failed' } },
      ]);
      await expect(rig.hub.start()).rejects.toMatchObject({ code: 'storage_failed' });
      delete rig.trouble.open;
      await rig.hub.start();
      await rig.say(rig.join(), 'hello');
      expect(await rig.story()).toEqual(['session_created', 'user: hello']);
    });

    it('by sending requests the deadlines that passed in the meantime', async () => {
      const { id } = await rig.hub.hitl.request({
        ticketId: 'T',
        sessionId: 's',
        userId: 'app',
        type: 'question',
        payload: { question: 'Where?' },
        expiresIn: '1m',
      });
      await rig.hub.close();
      rig.clock.jumpTo(rig.clock.now() + 3_600_000);
      rig.newHub();
      await rig.hub.start();
      expect(await rig.hub.hitl.get(id)).toMatchObject({ status: 'expired' });
    });
  });

  describe('closes', () => {
    it('by disconnecting every client and admitting no other', async () => {
      const guests = [rig.join('ann'), rig.join('ben'), rig.join('ann', 'tab', 'U')];
      await rig.hub.close();
      for (const { ears } of guests) expect(ears.closed).toEqual(['going_away']);
      expect(rig.hub.closing).toBe(true);
      for (const ticket of ['T', 'V'])
        expect(() => rig.join('cem', 'tab', ticket)).toThrow(expect.objectContaining({ code: 'closing' }));
    });

    it('from the moment it is called, before every client has left', async () => {
      const disk = gate();
      rig.trouble.commit = () => disk.opened;
      const ann = rig.join();
      const said = rig.say(ann, 'the last word');
      await idle();
      const closed = rig.hub.close();
      expect(rig.hub.closing).toBe(true);
      expect(() => rig.join('ben')).toThrow(expect.objectContaining({ code: 'closing' }));
      expect(ann.ears.closed).toEqual([]);
      disk.open();
      await Promise.all([said, closed]);
      // What was stored was also delivered before the farewell.
      expect(ann.ears.seqs).toEqual([1, 2]);
      expect(ann.ears.closed).toEqual(['going_away']);
    });

    it('after what was on its way is stored and sent', async () => {
      const ann = rig.join();
      const asked = rig.hub.hitl.request({
        ticketId: 'T',
        sessionId: 's',
        userId: 'app',
        type: 'question',
        payload: { question: 'Where?' },
        expiresIn: '1m',
      });
      await Promise.all([asked, rig.hub.close()]);
      expect(await rig.story()).toEqual(['hitl_request_pending']);
      expect(ann.ears.seqs).toEqual([1]);
      // And no deadline is sent by a hub that has closed.
      expect(rig.clock.pending).toBe(0);
    });

    it('again without an error and without doing it twice (A80)', async () => {
      let closedStores = 0;
      rig.trouble.close = () => {
        closedStores += 1;
      };
      const { ears } = rig.join();
      const first = rig.hub.close();
      expect(rig.hub.close()).toBe(first);
      await first;
      await rig.hub.close();
      expect(ears.closed).toEqual(['going_away']);
      expect(closedStores).toBe(1);
    });

    it('and its counts stay at their last value, whichever client leaves then (A75, A80)', async () => {
      const guests = [rig.join('ann'), rig.join('ben'), rig.join('ann', 'tab', 'U')];
      const before = counts();
      await rig.hub.close();
      for (const { client } of guests) rig.hub.unregister(client);
      expect(counts()).toEqual(before);
    });

    it('and sending to a ticket is still no error (A76, A77)', async () => {
      const ann = rig.join();
      await rig.hub.close();
      rig.app.reference.broadcastToTicket('T', 'x');
      rig.app.reference.sendMessageToTicket('T', 'x');
      await idle();
      expect(ann.ears.closed).toEqual(['going_away']);
    });

    it('also when it was never started, and does not start after that', async () => {
      rig.newHub();
      let opened = 0;
      rig.trouble.open = () => {
        opened += 1;
      };
      await rig.hub.close();
      await expect(rig.hub.start()).rejects.toMatchObject({ code: 'closing' });
      expect(opened).toBe(0);
    });

    it('also while it starts', async () => {
      rig.newHub();
      const disk = gate();
      rig.trouble.open = () => disk.opened;
      const started = rig.hub.start();
      const closed = rig.hub.close();
      disk.open();
      await Promise.all([started, closed]);
      expect(rig.clock.pending).toBe(0);
    });
  });
});
