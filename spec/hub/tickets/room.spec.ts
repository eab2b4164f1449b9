import { Client } from '../../../lib/hub/tickets/client';
import { listEveryMs, maxListedAtOnce, Room } from '../../../lib/hub/tickets/room';
import { sessionMessageAdded } from '../../../lib/protocol/envelopes';
import { ManualClock } from '../../../lib/testing/manual-clock';
import { messageRecord, noon } from '../../store/records';
import { Ears, type Guest, idle } from '../rig';

const bounds = { maxClients: 3, maxClientsOfUser: 2, maxClientsOfUserInAll: 4 };

describe('A room', () => {
  const clock = new ManualClock(noon);
  let room: Room;
  /** The clients that the room reported as left. */
  let left: Client[];

  beforeEach(() => {
    left = [];
    room = new Room('T', bounds, clock, (client) => left.push(client));
  });

  function guest(userId: string, tabId = 'tab'): Guest {
    const ears = new Ears();
    return {
      ears,
      client: new Client({ ticketId: 'T', user: { id: userId }, tabId, sink: ears, now: noon }),
    };
  }
  function enter(userId: string, tabId?: string): Guest {
    const newcomer = guest(userId, tabId);
    room.join(newcomer.client, 0);
    return newcomer;
  }
  const logged = (seq: number) => ({
    ...sessionMessageAdded(messageRecord(), noon),
    ticket_id: 'T',
    epoch: 'e',
    seq,
  });
  const presences = ({ ears }: Guest) =>
    ears.heard.flatMap((each) =>
      'event' in each && each.event === 'presence_changed'
        ? [each.presence.map(({ user, clients }) => `${user.id} ${clients}`)]
        : [],
    );

  it('hands what one tick brought to every client in one piece, at the end of the tick', async () => {
    const [ann, ben] = [enter('ann'), enter('ben')];
    await idle();
    const pieces: unknown[] = [];
    for (const { ears } of [ann, ben])
      ears.deliver = (broadcast) => {
        pieces.push(broadcast);
        return true;
      };
    room.deliver([logged(1), logged(2)]);
    room.deliver([{ raw: 'hello' }]);
    expect(pieces).toEqual([]);
    await idle();
    expect(pieces).toHaveLength(2);
    // The very same for both, so that it is encoded once.
    expect(pieces[0]).toBe(pieces[1]);
    expect(pieces[0]).toMatchObject({ outbounds: [{ seq: 1 }, { seq: 2 }, { raw: 'hello' }] });
  });

  it('can be asked to hand over now, and then does not do it again', async () => {
    const ann = enter('ann');
    room.deliver([logged(1)]);
    room.flush();
    expect(ann.ears.seqs).toEqual([1]);
    await idle();
    expect(ann.ears.seqs).toEqual([1]);
  });

  it('sends every client the presence when a client joins or leaves, the newcomer too', async () => {
    const ann = enter('ann');
    await idle();
    const ben = enter('ben');
    await idle();
    enter('ann', 'second');
    await idle();
    room.leave(ann.client.clientId);
    await idle();
    expect(presences(ann)).toEqual([['ann 1'], ['ann 1', 'ben 1'], ['ann 2', 'ben 1']]);
    expect(presences(ben)).toEqual([
      ['ann 1', 'ben 1'],
      ['ann 2', 'ben 1'],
      ['ben 1', 'ann 1'],
    ]);
  });

  it('sends the presence once for all who join and leave in one tick, as it is at its end', async () => {
    const ann = enter('ann');
    const ben = enter('ben');
    enter('cem');
    room.leave(ben.client.clientId);
    await idle();
    expect(presences(ann)).toEqual([['ann 1', 'cem 1']]);
  });

  it('refuses one more than it holds, and nothing has changed', async () => {
    const inside = ['ann', 'ben', 'cem'].map((id) => enter(id));
    await idle();
    const told = inside.map((each) => presences(each).length);
    expect(() => enter('dan')).toThrow(expect.objectContaining({ code: 'ticket_full' }));
    await idle();
    expect(room.size).toBe(3);
    expect(inside.map((each) => presences(each).length)).toEqual(told);
    expect(left).toEqual([]);
  });

  it('refuses one more of a person than it holds, and one who has joined enough tickets, and says which it is', async () => {
    enter('ann', 'left');
    enter('ann', 'right');
    expect(() => enter('ann', 'third')).toThrow(
      expect.objectContaining({ code: 'ticket_full', details: { bound: 'user_in_ticket', most: 2 } }),
    );
    expect(() => room.join(guest('ben').client, 4)).toThrow(
      expect.objectContaining({ code: 'ticket_full', details: { bound: 'user', most: 4 } }),
    );
    enter('ben');
    expect(() => enter('cem')).toThrow(
      expect.objectContaining({ code: 'ticket_full', details: { bound: 'ticket', most: 3 } }),
    );
    expect(room.size).toBe(3);
  });

  it('lets the same tab take its own place, also when it is full, without a change of presence', async () => {
    const ann = enter('ann');
    const ben = enter('ben');
    enter('cem');
    await idle();
    const told = presences(ben).length;
    const again = enter('ann');
    room.deliver([logged(1)]);
    await idle();
    expect(ann.ears.closed).toEqual(['replaced']);
    expect(left).toEqual([ann.client]);
    expect(room.has(ann.client.clientId)).toBe(false);
    expect(room.has(again.client.clientId)).toBe(true);
    expect([ann.ears.seqs, again.ears.seqs]).toEqual([[], [1]]);
    expect(presences(ben)).toHaveLength(told);
  });

  it('does not throw a client out that joins twice', () => {
    const ann = enter('ann');
    room.join(ann.client, 1);
    expect(room.size).toBe(1);
    expect(ann.ears.closed).toEqual([]);
    room.leave(ann.client.clientId);
    expect(room.size).toBe(0);
    expect(left).toEqual([ann.client]);
  });

  it('retains the newer client when the older of the same tab leaves late', () => {
    const older = enter('ann');
    const newer = enter('ann');
    room.leave(older.client.clientId);
    expect([...room.members()]).toEqual([newer.client]);
  });

  it('lets a client leave once, however often it asks to', () => {
    const ann = enter('ann');
    room.leave(ann.client.clientId);
    room.leave(ann.client.clientId);
    room.leave('nobody');
    expect(left).toEqual([ann.client]);
  });

  describe('that sends changes to the clients that asked for them', () => {
    const people = 1_000;
    const crowd = { maxClients: people + 1, maxClientsOfUser: 2, maxClientsOfUserInAll: 2 };
    const listener = (userId: string, presence: 'list' | 'changes', tabId = 'tab'): Guest => {
      const ears = new Ears();
      const input = { ticketId: 'T', user: { id: userId, name: userId.toUpperCase() }, tabId, sink: ears };
      return { ears, client: new Client({ ...input, presence, now: clock.now() }) };
    };
    const said = ({ ears }: Guest) => ears.heard as object[];
    const presenceEvents = (each: Guest) =>
      said(each).filter((envelope) => 'event' in envelope && String(envelope.event).startsWith('presence'));

    it('sends these the differences, one by one, and the whole list to the others', async () => {
      const [ann, ben] = [listener('ann', 'changes'), listener('ben', 'list')];
      room.join(ann.client, 0);
      await idle();
      room.join(ben.client, 0);
      await idle();
      const second = listener('ben', 'changes', 'second');
      room.join(second.client, 0);
      await idle();
      room.leave(ben.client.clientId);
      room.leave(second.client.clientId);
      await idle();
      const change = (id: string, clients: number, version: number) => ({
        event: 'presence_updated',
        timestamp: expect.any(String),
        ticket_id: 'T',
        presence: [{ user: { id, name: clients > 0 ? id.toUpperCase() : id }, clients }],
        presence_version: version,
      });
      expect(presenceEvents(ann)).toEqual([
        change('ann', 1, 1),
        change('ben', 1, 2),
        change('ben', 2, 3),
        change('ben', 0, 4),
      ]);
      expect(presenceEvents(ben)).toMatchObject([
        { event: 'presence_changed', presence: [{ clients: 1 }, { clients: 1 }] },
        { event: 'presence_changed', presence: [{ clients: 1 }, { clients: 2 }] },
      ]);
      expect(room.presenceVersion).toBe(4);
    });

    it('sends little to each client when one joins a crowd, and builds it once for all', async () => {
      const full = new Room('T', crowd, clock, () => {});
      const guests = Array.from({ length: people }, (_, n) => listener(`person-${n}`, 'changes'));
      for (const { client } of guests) full.join(client, 0);
      await idle();
      const before = guests.map((each) => said(each).length);
      full.join(listener('one more', 'changes').client, 0);
      await idle();
      const last = guests.map((each, n) => said(each).slice(before[n]));
      for (const each of last) expect(each).toHaveLength(1);
      expect(JSON.stringify(last.flat()).length).toBeLessThan(people * 300);
      expect(new Set(last.flat()).size).toBe(1);
      expect(clock.pending).toBe(0);
    });

    it('sends whole lists of a crowd once a second, as it is then, and arms no timer for an empty room', async () => {
      const full = new Room('T', crowd, clock, () => {});
      const old = listener('old', 'list');
      full.join(old.client, 0);
      await idle();
      const come = async (name: string) => {
        full.join(listener(name, 'changes').client, 0);
        await idle();
      };
      for (let n = 2; n <= maxListedAtOnce; n += 1) await come(`person-${n}`);
      // Up to this number each change is sent.
      expect(presences(old)).toHaveLength(maxListedAtOnce);
      await come('fifty-first');
      await come('fifty-second');
      full.deliver([logged(1)]);
      await idle();
      expect(old.ears.seqs).toEqual([1]);
      expect(presences(old)).toHaveLength(maxListedAtOnce);
      clock.advance(listEveryMs - 1);
      expect(presences(old)).toHaveLength(maxListedAtOnce);
      clock.advance(1);
      expect(presences(old)).toHaveLength(maxListedAtOnce + 1);
      expect(presences(old).at(-1)).toHaveLength(52);
      await come('fifty-third');
      expect(clock.pending).toBe(1);
      for (const { clientId } of [...full.members()]) full.leave(clientId);
      expect(clock.pending).toBe(0);
    });
  });

  it('disconnects the client that reads too slowly, and serves the others', async () => {
    const [ann, ben, cem] = [enter('ann'), enter('ben'), enter('cem')];
    await idle();
    ben.ears.isFull = true;
    room.deliver([logged(1)]);
    await idle();
    room.deliver([logged(2)]);
    await idle();
    expect(ben.ears.closed).toEqual(['resync']);
    expect(left).toEqual([ben.client]);
    expect([ann.ears.seqs, ben.ears.seqs, cem.ears.seqs]).toEqual([[1, 2], [1], [1, 2]]);
    expect(presences(cem).at(-1)).toEqual(['ann 1', 'cem 1']);
  });

  it('admits no client while it drains, and lets connected clients leave', () => {
    const [ann, ben] = [enter('ann'), enter('ben')];
    room.drain();
    expect(() => enter('cem')).toThrow(expect.objectContaining({ code: 'closing' }));
    expect(() => enter('ann')).toThrow(expect.objectContaining({ code: 'closing' }));
    room.leave(ann.client.clientId);
    room.leave(ben.client.clientId);
    expect(room.size).toBe(0);
    expect([ann.ears.closed, ben.ears.closed]).toEqual([[], []]);
  });
});
