import { logOf, range, toLine, useStage } from './stage';

describe('Who joins a ticket', () => {
  const stage = useStage();

  it('is welcomed, sent the current state, and then what happens, without a gap', async () => {
    const hub = await stage().start({ agent: (turn) => turn.say(`You said ${turn.message.content}`) });
    const alice = await hub.connect({ user: 'alice' });
    await alice.ask({ type: 'message', content: 'one' });
    await alice.next('turn_ended');

    const bob = await hub.connect({ user: 'bob' });
    const [welcome, snapshot] = [await bob.next(), await bob.next()];
    expect(welcome).toMatchObject({
      event: 'welcome',
      ticket_id: 'T-1',
      user: { id: 'bob', name: 'bob' },
      seq: 5,
      resumed: false,
    });
    expect(snapshot).toMatchObject({
      event: 'snapshot',
      seq: 5,
      epoch: welcome.epoch,
      turns: [],
      requests: [],
    });
    expect(snapshot.messages.map(({ content }: { content: string }) => content)).toEqual([
      'one',
      'You said one',
    ]);
    expect(snapshot.sessions).toMatchObject([{ user_id: 'alice' }]);

    await alice.ask({ type: 'message', content: 'two' });
    await Promise.all([alice.next('turn_ended'), bob.next('turn_ended')]);
    expect(logOf(bob).map(({ seq }) => seq)).toEqual(range(6, 9));
    expect(logOf(bob)).toEqual(logOf(alice).slice(-4));
    expect(logOf(bob).every(({ epoch }) => epoch === welcome.epoch)).toBe(true);
  });

  it('is shown to connected clients, and so is one that leaves', async () => {
    const hub = await stage().start();
    const alice = await hub.connect({ user: 'alice' });
    await alice.next('presence_changed');
    const bob = await hub.connect({ user: 'bob' });
    expect((await alice.next('presence_changed')).presence).toEqual([
      { user: { id: 'alice', name: 'alice' }, clients: 1 },
      { user: { id: 'bob', name: 'bob' }, clients: 1 },
    ]);
    await bob.close();
    expect((await alice.next('presence_changed')).presence).toEqual([
      { user: { id: 'alice', name: 'alice' }, clients: 1 },
    ]);
  });

  it('may be refused before the handshake, with a status and a code, and nothing was created', async () => {
    const hub = await stage().start({
      limits: { clientsPerTicket: 1 },
      auth: {
        authorize: ({ ticketId, user }) => {
          if (ticketId === 'secret' && user.id !== 'alice') return 'forbidden';
          return ticketId === 'gone' ? 'not_found' : 'allow';
        },
      },
    });
    const inside = await hub.connect({ user: 'alice' });
    const refusals = await Promise.all([
      hub.tryConnect({ user: null }),
      hub.tryConnect({ user: 'bob', ticketId: 'secret' }),
      hub.tryConnect({ user: 'bob', ticketId: 'gone' }),
      hub.tryConnect({ user: 'bob' }),
      hub.tryConnect({ user: 'bob', ticketId: 'T-2', dialect: 'hitl.v1', after: 'no position' }),
      hub.tryConnect({ user: 'bob', ticketId: 'T-2', origin: 'https://evil.example' }),
    ]);
    expect(
      refusals.map((refused) => 'status' in refused && [refused.status, refused.body.error.code]),
    ).toEqual([
      [401, 'authentication_required'],
      [403, 'forbidden'],
      [404, 'not_found'],
      [429, 'ticket_full'],
      [400, 'invalid_id'],
      [403, 'origin_refused'],
    ]);
    expect(hub.hub.reference.getTotalClientCount()).toBe(1);
    expect(hub.hub.reference.getActiveTickets()).toEqual(['T-1']);
    for (const ticketId of ['T-1', 'T-2', 'secret', 'gone'])
      expect(await hub.store.sessions(ticketId, 10)).toEqual([]);
    // The one inside heard of none of them: the answer to a ping is the next that comes.
    await inside.next('presence_changed');
    inside.send({ type: 'ping' });
    expect((await inside.next()).event).toBe('pong');
  });

  it('in the same tab takes the place of the older connection, which is asked not to reconnect', async () => {
    const hub = await stage().start({
      limits: { clientsPerTicket: 1 },
      agent: (turn) => turn.say('here'),
    });
    const older = await hub.connect({ user: 'alice', tab: 'left' });
    await older.next('snapshot');
    const newer = await hub.connect({ user: 'alice', tab: 'left' });
    expect((await older.closed()).code).toBe(4409);
    await newer.ask({ type: 'message', content: 'still me' });
    await newer.next('turn_ended');
    expect(hub.hub.reference.getClientCount('T-1')).toBe(1);
    expect(logOf(older)).toEqual([]);
  });

  it('again after being away is sent exactly what it missed, also by another process', async () => {
    const hub = await stage().start({ agent: (turn) => turn.say('noted') });
    const alice = await hub.connect({ user: 'alice' });
    const bob = await hub.connect({ user: 'bob' });
    await alice.ask({ type: 'message', content: 'one' });
    const last = await bob.next('turn_ended');
    await bob.close();
    await alice.ask({ type: 'message', content: 'two' });
    await alice.next((frame) => frame.event === 'turn_ended' && frame.seq > last.seq);
    const missed = logOf(alice).filter(({ seq }) => seq > last.seq);
    await hub.restart();

    const again = await hub.connect({ user: 'bob', after: `${last.epoch}:${last.seq}` });
    expect(await again.next()).toMatchObject({ event: 'welcome', resumed: true, epoch: last.epoch });
    await again.next((frame) => frame.seq === missed.at(-1).seq);
    expect(logOf(again)).toEqual(missed);

    const aliceAgain = await hub.connect({ user: 'alice' });
    await aliceAgain.ask({ type: 'message', content: 'three' });
    await again.next((frame) => frame.message?.content === 'noted' && frame.seq > missed.at(-1).seq);
    expect(logOf(again).map(({ seq }) => seq)).toEqual(range(last.seq + 1, logOf(again).at(-1).seq));
  });

  it('misses nothing that happens while it joins', async () => {
    const hub = await stage().start({
      agent: async (turn) => {
        for (let n = 0; n < 30; n += 1) await turn.trace(`step ${n}`);
      },
    });
    const alice = await hub.connect({ user: 'alice' });
    await alice.next('snapshot');
    void alice.ask({ type: 'message', content: 'go' }).catch(() => {});
    const late = await Promise.all(['b', 'c', 'd', 'e'].map((user) => hub.connect({ user })));
    for (const client of late) {
      const { seq } = await client.next('welcome');
      const end = await client.next('turn_ended');
      expect(logOf(client).map((envelope) => envelope.seq)).toEqual(range(seq + 1, end.seq));
    }
    await alice.next('turn_ended');
    for (const client of late) expect(logOf(client)).toEqual(logOf(alice).slice(-logOf(client).length));
    expect(toLine(logOf(alice).at(-2))).toBe('session_message_added trace: step 29');
  });

  it('with the front end of the reference is greeted in its words and sees the same', async () => {
    const hub = await stage().start({ agent: (turn) => turn.say('hello') });
    const classic = await hub.connect({ user: 'carol', dialect: 'classic' });
    expect(await classic.next()).toMatchObject({ type: 'status', content: 'Connected to chat' });
    const alice = await hub.connect({ user: 'alice' });
    await alice.ask({ type: 'message', content: 'hi' });
    const events: string[] = [];
    for (let last = ''; last !== 'turn_ended'; events.push(last)) {
      const frame = await classic.next();
      last = frame.event ?? frame.type;
      expect(frame).not.toHaveProperty('seq');
    }
    expect(events).toEqual([
      'session_created',
      'message',
      'turn_started',
      'session_message_added',
      'session_message_added',
      'message',
      'turn_ended',
    ]);
  });
});
