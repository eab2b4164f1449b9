import { maxReplay, snapshotMessages } from '../../lib/hub/opening';
import { chatCommit, commitTo, noon, requestRecord, requestsCommit, turnRecord } from '../store/records';
import { diskFull, type Guest, gate, idle, Rig } from './rig';

describe('The hub', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = new Rig();
    await rig.hub.start();
  });
  afterEach(() => rig.hub.close());

  const counts = () => [
    rig.hub.getTotalClientCount(),
    rig.hub.getClientCount('T'),
    rig.hub.getActiveTickets().toSorted(),
  ];
  const notices = ({ ears }: Guest) =>
    [...ears.heard, ...ears.told].flatMap((each) =>
      'event' in each && each.event === 'notice' ? [each] : [],
    );

  describe('knows its clients', () => {
    it('from when they are registered until they are not (A75, A79)', () => {
      expect(counts()).toEqual([0, 0, []]);
      const [ann, ben] = [rig.join('ann'), rig.join('ben')];
      const cem = rig.join('cem', 'tab', 'U');
      expect(counts()).toEqual([3, 2, ['T', 'U']]);
      expect(rig.hub.getClientCount('unknown')).toBe(0);
      expect(rig.hub.isRegistered(ann.client)).toBe(true);
      rig.hub.unregister(ann.client);
      rig.hub.unregister(ann.client);
      expect(rig.hub.isRegistered(ann.client)).toBe(false);
      expect(counts()).toEqual([2, 1, ['T', 'U']]);
      rig.hub.unregister(ben.client);
      rig.hub.unregister(cem.client);
      expect(counts()).toEqual([0, 0, []]);
    });

    it('once, however often they are registered', () => {
      const ann = rig.join();
      rig.hub.register(ann.client);
      expect(counts()).toEqual([1, 1, ['T']]);
      expect(ann.ears.closed).toEqual([]);
    });

    it('not before they are registered, nor those who never were', () => {
      const ann = rig.knock();
      expect(counts()).toEqual([0, 0, []]);
      rig.hub.unregister(ann.client);
      expect(counts()).toEqual([0, 0, []]);
    });

    it('in the tab default unless another is named (A16)', () => {
      const { ears } = rig.knock();
      expect(rig.hub.newClient('T', { id: 'ann' }, ears).tabId).toBe('default');
      expect(rig.hub.newClientWithTabId('T', { id: 'ann' }, 'left', ears).tabId).toBe('left');
      expect(() => rig.hub.newClient('', { id: 'ann' }, ears)).toThrow(
        expect.objectContaining({ code: 'invalid_id' }),
      );
    });

    it('ten of a ticket at once; the eleventh is refused and nothing was created (A20)', () => {
      for (let n = 0; n < 10; n += 1) rig.join(`user ${n}`);
      const late = rig.knock('late');
      expect(() => rig.hub.register(late.client)).toThrow(expect.objectContaining({ code: 'ticket_full' }));
      expect(counts()).toEqual([10, 10, ['T']]);
      expect(rig.hub.isRegistered(late.client)).toBe(false);
      expect(late.ears.closed).toEqual([]);
      rig.join('late', 'tab', 'U');
    });

    it('as many of a ticket as the app says', async () => {
      await rig.hub.close();
      rig = new Rig({ maxClientsPerTicket: 1 });
      await rig.hub.start();
      rig.join('ann');
      expect(() => rig.join('ben')).toThrow(expect.objectContaining({ code: 'ticket_full' }));
    });

    it('by the newest of one tab, which takes the place of the older, also in a full ticket (A18)', () => {
      const older = rig.join('user 0');
      for (let n = 1; n < 10; n += 1) rig.join(`user ${n}`);
      const newer = rig.join('user 0');
      expect(counts()).toEqual([10, 10, ['T']]);
      expect([rig.hub.isRegistered(older.client), rig.hub.isRegistered(newer.client)]).toEqual([false, true]);
      expect(older.ears.closed).toEqual(['replaced']);
      rig.hub.unregister(older.client);
      expect(rig.hub.isRegistered(newer.client)).toBe(true);
      // The same tab of another ticket or user is another.
      expect(rig.join('user 0', 'tab', 'U').ears.closed).toEqual([]);
      expect(newer.ears.closed).toEqual([]);
    });

    it('and sends away those that the app names', () => {
      const [ann, ben] = [rig.join('ann'), rig.join('ben')];
      expect(rig.hub.disconnect(({ user }) => user.id === 'ann')).toBe(1);
      expect([ann.ears.closed, ben.ears.closed]).toEqual([['session_ended'], []]);
      expect(counts()).toEqual([1, 1, ['T']]);
      expect(rig.hub.disconnect(() => true, 'forbidden')).toBe(1);
      expect(ben.ears.closed).toEqual(['forbidden']);
      expect(rig.hub.disconnect(() => true)).toBe(0);
    });
  });

  describe('sends to a ticket', () => {
    it('text as it is, to everybody there and nobody else (A76)', async () => {
      const [ann, ben, other] = [rig.join('ann'), rig.join('ben'), rig.join('ann', 'tab', 'U')];
      const raw = '{"anything": "at all"} ';
      rig.hub.broadcastToTicket('T', raw);
      await idle();
      for (const { ears } of [ann, ben]) expect(ears.heard).toContainEqual({ raw });
      expect(other.ears.heard).not.toContainEqual({ raw });
    });

    it('chat frames, as notices with the time they carry (A77)', async () => {
      const ann = rig.join();
      const user = { id: 'bot', name: 'Bot' };
      rig.hub.sendMessageToTicket('T', 'one', user);
      rig.hub.sendStatusToTicket('T', 'two');
      rig.hub.sendErrorToTicket('T', 'three');
      rig.hub.sendToTicket('T', { type: 'trace', content: 'four', timestamp: noon / 1_000 });
      await idle();
      const now = new Date(rig.clock.now()).toISOString();
      expect(notices(ann)).toEqual([
        { event: 'notice', ticket_id: 'T', kind: 'message', content: 'one', user, timestamp: now },
        { event: 'notice', ticket_id: 'T', kind: 'status', content: 'two', timestamp: now },
        { event: 'notice', ticket_id: 'T', kind: 'error', content: 'three', timestamp: now },
        {
          event: 'notice',
          ticket_id: 'T',
          kind: 'trace',
          content: 'four',
          timestamp: new Date(noon).toISOString(),
        },
      ]);
      expect(await rig.story()).toEqual([]);
    });

    it('that nobody is in without an error, and remembers nothing of it', async () => {
      rig.hub.broadcastToTicket('T', 'x');
      rig.hub.sendMessageToTicket('T', 'x');
      rig.hub.sendStatusToTicket('T', 'x');
      rig.hub.sendErrorToTicket('T', 'x');
      expect(counts()).toEqual([0, 0, []]);
      const ann = rig.join();
      await idle();
      expect(notices(ann)).toEqual([]);
    });

    it('who is typing', async () => {
      const [ann, ben] = [rig.join('ann'), rig.join('ben')];
      rig.hub.tellTyping(ann.client);
      await idle();
      const typing = expect.objectContaining({ event: 'typing', user: { id: 'ann', name: 'ANN' } });
      expect(ben.ears.heard).toContainEqual(typing);
    });
  });

  describe('sends to one client', () => {
    it('chat frames, and to nobody else (A78)', () => {
      const [ann, ben] = [rig.join('ann'), rig.join('ben')];
      const id = ann.client.getClientId();
      rig.hub.sendMessageToClient(id, 'one');
      rig.hub.sendTraceToClient(id, 'two');
      rig.hub.sendWarningToClient(id, 'three', { id: 'bot', name: 'Bot' });
      rig.hub.sendToClient(id, { type: 'status', content: 'four', timestamp: 0 });
      expect(notices(ann).map(({ kind, content }) => [kind, content])).toEqual([
        ['message', 'one'],
        ['trace', 'two'],
        ['warning', 'three'],
        ['status', 'four'],
      ]);
      // A time that is none stands for now, never for 1970 (B36).
      expect(notices(ann).at(-1)?.timestamp).toBe(new Date(rig.clock.now()).toISOString());
      expect(notices(ben)).toEqual([]);
    });

    it('that is not there: client_not_found', () => {
      const ann = rig.join();
      const id = ann.client.getClientId();
      rig.hub.unregister(ann.client);
      for (const send of [
        rig.hub.sendMessageToClient,
        rig.hub.sendTraceToClient,
        rig.hub.sendWarningToClient,
      ])
        for (const name of [id, 'unknown'])
          expect(() => send.call(rig.hub, name, 'x')).toThrow(
            expect.objectContaining({ code: 'client_not_found' }),
          );
    });

    it('that does not keep up: client_queue_full, and the client is out, to come back and resume', async () => {
      const [ann, ben] = [rig.join('ann'), rig.join('ben')];
      const id = ann.client.getClientId();
      ann.ears.isFull = true;
      expect(() => rig.hub.sendMessageToClient(id, 'x')).toThrow(
        expect.objectContaining({ code: 'client_queue_full' }),
      );
      expect(ann.ears.closed).toEqual(['resync']);
      expect(counts()).toEqual([1, 1, ['T']]);
      expect(() => rig.hub.sendMessageToClient(id, 'x')).toThrow(
        expect.objectContaining({ code: 'client_not_found' }),
      );
      rig.hub.sendMessageToTicket('T', 'still here?');
      await idle();
      expect(notices(ben)).toHaveLength(1);
    });
  });

  describe('tells a client that comes in', () => {
    it('how the ticket stands', async () => {
      const turn = turnRecord({ ticketId: 'T' });
      const request = requestRecord({ ticketId: 'T' });
      await rig.kept.commit([
        chatCommit('T', 'hello'),
        commitTo('T', { turns: [turn] }),
        requestsCommit(request),
      ]);
      rig.join('ann');
      rig.join('ann', 'second');
      const { epoch } = await rig.kept.position('T');
      expect(await rig.hub.opening('T')).toMatchObject({
        position: { epoch, seq: 1 },
        snapshot: {
          event: 'snapshot',
          ticket_id: 'T',
          epoch,
          seq: 1,
          sessions: [],
          messages: [{ content: 'hello' }],
          turns: [{ id: turn.id, status: 'running' }],
          requests: [{ id: request.id, status: 'pending' }],
          presence: [{ user: { id: 'ann', name: 'ANN' }, clients: 2 }],
        },
      });
    });

    it(`the last ${snapshotMessages} messages of a long ticket`, async () => {
      const commits = Array.from({ length: snapshotMessages + 5 }, (_, n) => chatCommit('T', `${n}`));
      await rig.kept.commit(commits);
      const opening = await rig.hub.opening('T');
      if (!('snapshot' in opening)) throw new Error('no snapshot');
      expect(opening.snapshot.messages).toHaveLength(snapshotMessages);
      expect(opening.snapshot.messages.at(-1)?.content).toBe(`${snapshotMessages + 4}`);
    });

    it('what it missed, each envelope once, up to where the log stands', async () => {
      await rig.kept.commit(['a', 'b', 'c'].map((content) => chatCommit('T', content)));
      const { epoch, seq } = await rig.hub.position('T');
      expect(seq).toBe(3);
      const seqs = async (after: number) => {
        const opening = await rig.hub.opening('T', { epoch, seq: after });
        return 'missed' in opening ? opening.missed.map((each) => each.seq) : 'snapshot';
      };
      expect([await seqs(0), await seqs(1), await seqs(3)]).toEqual([[1, 2, 3], [2, 3], []]);
      expect(await seqs(4)).toBe('snapshot');
    });

    it('everything anew when what it missed is of another log, trimmed, or too much', async () => {
      await rig.kept.commit(Array.from({ length: maxReplay + 1 }, (_, n) => chatCommit('T', `${n}`)));
      const { epoch } = await rig.hub.position('T');
      const kind = async (after: { epoch: string; seq: number }) =>
        'missed' in (await rig.hub.opening('T', after)) ? 'missed' : 'snapshot';
      expect(await kind({ epoch, seq: 0 })).toBe('snapshot');
      expect(await kind({ epoch, seq: 1 })).toBe('missed');
      expect(await kind({ epoch: 'another', seq: 1 })).toBe('snapshot');
      await rig.kept.trim('T', 10, 0);
      expect(await kind({ epoch, seq: maxReplay - 10 })).toBe('snapshot');
      expect(await kind({ epoch, seq: maxReplay - 9 })).toBe('missed');
    });
  });

  describe('starts', () => {
    it('once, however often it is told to', async () => {
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

    it('by telling requests of the deadlines that passed meanwhile', async () => {
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
    it('by sending everybody away and letting nobody in', async () => {
      const guests = [rig.join('ann'), rig.join('ben'), rig.join('ann', 'tab', 'U')];
      await rig.hub.close();
      for (const { ears } of guests) expect(ears.closed).toEqual(['going_away']);
      expect(rig.hub.closing).toBe(true);
      for (const ticket of ['T', 'V'])
        expect(() => rig.join('cem', 'tab', ticket)).toThrow(expect.objectContaining({ code: 'closing' }));
    });

    it('from the moment it is told to, before everybody is gone', async () => {
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
      // What was kept was also delivered before the farewell.
      expect(ann.ears.seqs).toEqual([1, 2]);
      expect(ann.ears.closed).toEqual(['going_away']);
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

    it('and its counts keep their last value, whoever leaves then (A75, A80)', async () => {
      const guests = [rig.join('ann'), rig.join('ben'), rig.join('ann', 'tab', 'U')];
      const before = counts();
      await rig.hub.close();
      for (const { client } of guests) rig.hub.unregister(client);
      expect(counts()).toEqual(before);
    });

    it('and sending to a ticket is still no error (A76, A77)', async () => {
      const ann = rig.join();
      await rig.hub.close();
      rig.hub.broadcastToTicket('T', 'x');
      rig.hub.sendMessageToTicket('T', 'x');
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

  it('has settled when everything decided is kept and handed over', async () => {
    const ann = rig.join();
    void rig.say(ann, 'hello');
    // One step, so that the message has reached the funnel.
    await new Promise((resolve) => setImmediate(resolve));
    await rig.hub.settled();
    expect(ann.ears.seqs).toEqual([1, 2]);
  });
});
