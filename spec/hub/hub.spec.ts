import { noon } from '../store/records';
import { type Guest, idle, Rig } from './rig';

describe('The hub', () => {
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
      expect(rig.hub.rooms.count('unknown')).toBe(0);
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
      expect(rig.app.reference.newClient('T', { id: 'ann' }, ears).tabId).toBe('default');
      expect(rig.app.reference.newClientWithTabId('T', { id: 'ann' }, 'left', ears).tabId).toBe('left');
      expect(() => rig.app.reference.newClient('', { id: 'ann' }, ears)).toThrow(
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
      rig = new Rig({ limits: { clientsPerTicket: 1 } });
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

    it('by the newest of one tab, also when no other client is connected', async () => {
      rig.join();
      const newer = rig.join();
      expect(counts()).toEqual([1, 1, ['T']]);
      rig.app.reference.sendStatusToTicket('T', 'hello');
      await idle();
      expect(notices(newer)).toHaveLength(1);
    });

    it('and disconnects those that the app names', () => {
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
    it('text as it is, to every connected client and to no other (A76)', async () => {
      const [ann, ben, other] = [rig.join('ann'), rig.join('ben'), rig.join('ann', 'tab', 'U')];
      const raw = '{"anything": "at all"} ';
      rig.app.reference.broadcastToTicket('T', raw);
      await idle();
      for (const { ears } of [ann, ben]) expect(ears.heard).toContainEqual({ raw });
      expect(other.ears.heard).not.toContainEqual({ raw });
    });

    it('chat frames, as notices with the time they carry (A77)', async () => {
      const ann = rig.join();
      const user = { id: 'bot', name: 'Bot' };
      rig.app.reference.sendMessageToTicket('T', 'one', user);
      rig.app.reference.sendStatusToTicket('T', 'two');
      rig.app.reference.sendErrorToTicket('T', 'three');
      rig.app.reference.sendToTicket('T', { type: 'trace', content: 'four', timestamp: noon / 1_000 });
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

    it('with no connected client without an error, and remembers nothing of it', async () => {
      rig.app.reference.broadcastToTicket('T', 'x');
      rig.app.reference.sendMessageToTicket('T', 'x');
      rig.app.reference.sendStatusToTicket('T', 'x');
      rig.app.reference.sendErrorToTicket('T', 'x');
      expect(counts()).toEqual([0, 0, []]);
      const ann = rig.join();
      await idle();
      expect(notices(ann)).toEqual([]);
    });

    it('who is typing', async () => {
      const [ann, ben] = [rig.join('ann'), rig.join('ben')];
      rig.hub.sendTyping(ann.client);
      await idle();
      const typing = expect.objectContaining({ event: 'typing', user: { id: 'ann', name: 'ANN' } });
      expect(ben.ears.heard).toContainEqual(typing);
    });
  });

  describe('sends to one client', () => {
    it('chat frames, and to no other client (A78)', () => {
      const [ann, ben] = [rig.join('ann'), rig.join('ben')];
      const id = ann.client.getClientId();
      rig.app.reference.sendMessageToClient(id, 'one');
      rig.app.reference.sendTraceToClient(id, 'two');
      rig.app.reference.sendWarningToClient(id, 'three', { id: 'bot', name: 'Bot' });
      rig.app.reference.sendToClient(id, { type: 'status', content: 'four', timestamp: 0 });
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

    it('that is not connected: client_not_found', () => {
      const ann = rig.join();
      const id = ann.client.getClientId();
      rig.hub.unregister(ann.client);
      for (const send of [
        rig.app.reference.sendMessageToClient,
        rig.app.reference.sendTraceToClient,
        rig.app.reference.sendWarningToClient,
      ])
        for (const name of [id, 'unknown'])
          expect(() => send.call(rig.app.reference, name, 'x')).toThrow(
            expect.objectContaining({ code: 'client_not_found' }),
          );
    });

    it('that reads too slowly: client_queue_full, and the client is disconnected, to reconnect and resume', async () => {
      const [ann, ben] = [rig.join('ann'), rig.join('ben')];
      const id = ann.client.getClientId();
      ann.ears.isFull = true;
      expect(() => rig.app.reference.sendMessageToClient(id, 'x')).toThrow(
        expect.objectContaining({ code: 'client_queue_full' }),
      );
      expect(ann.ears.closed).toEqual(['resync']);
      expect(counts()).toEqual([1, 1, ['T']]);
      expect(() => rig.app.reference.sendMessageToClient(id, 'x')).toThrow(
        expect.objectContaining({ code: 'client_not_found' }),
      );
      rig.app.reference.sendMessageToTicket('T', 'still here?');
      await idle();
      expect(notices(ben)).toHaveLength(1);
    });
  });

  it('has settled when everything decided is stored and delivered', async () => {
    const ann = rig.join();
    void rig.say(ann, 'hello');
    // One step, so that the message has reached the funnel.
    await new Promise((resolve) => setImmediate(resolve));
    await rig.hub.settled();
    expect(ann.ears.seqs).toEqual([1, 2]);
  });
});
