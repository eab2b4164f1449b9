import { activityStep } from '../../../lib/protocol/activity';
import { commitTo, sessionRecord } from '../../store/records';
import { diskFull, gate, Rig } from '../rig';

describe('A session', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = new Rig();
    await rig.hub.start();
  });
  afterEach(() => rig.hub.close());

  const put = (fields: Parameters<typeof sessionRecord>[0]) => {
    const session = sessionRecord({ ticketId: 'T', userId: 'ann', ...fields });
    return rig.kept.commit([commitTo(session.ticketId, { sessions: [session] })]);
  };

  it('is begun by the first message and not before', async () => {
    const ann = rig.join();
    expect(await rig.kept.sessions('T', 10)).toEqual([]);
    expect(ann.client.sessionId()).toBeUndefined();
    const { sessionId } = await rig.say(ann, 'hello');
    expect(await rig.kept.sessions('T', 10)).toEqual([
      {
        id: sessionId,
        ticketId: 'T',
        source: 'web',
        userId: 'ann',
        tabId: 'tab',
        createdAt: rig.clock.now(),
        lastActiveAt: rig.clock.now(),
      },
    ]);
    expect(ann.client.sessionId()).toBe(sessionId);
    expect(await rig.story()).toEqual(['session_created', 'user: hello']);
  });

  it('is only one, also when the first messages of a tab arrive at the same time', async () => {
    const ann = rig.join();
    const again = rig.knock();
    const said = await Promise.all([
      ...['a', 'b', 'c'].map((text) => rig.say(ann, text)),
      rig.say(again, 'd'),
    ]);
    expect(new Set(said.map(({ sessionId }) => sessionId)).size).toBe(1);
    expect(await rig.story()).toEqual(['session_created', 'user: a', 'user: b', 'user: c', 'user: d']);
  });

  it('is not begun by a message that could not be stored; the next one begins it', async () => {
    const ann = rig.join();
    rig.trouble.commit = diskFull;
    await expect(rig.say(ann, 'lost')).rejects.toMatchObject({ code: 'storage_failed' });
    expect(ann.client.sessionId()).toBeUndefined();
    delete rig.trouble.commit;
    await rig.say(ann, 'kept');
    expect(await rig.story()).toEqual(['session_created', 'user: kept']);
  });

  it('is found again by the same user in the same tab of the ticket, also after a restart', async () => {
    const { sessionId } = await rig.say(rig.join(), 'hello');
    expect((await rig.say(rig.join(), 'again')).sessionId).toBe(sessionId);
    await rig.hub.close();
    rig.newHub();
    await rig.hub.start();
    expect((await rig.say(rig.join(), 'and again')).sessionId).toBe(sessionId);
    expect((await rig.story()).filter((line) => line === 'session_created')).toHaveLength(1);
  });

  it('is another in another tab, for another user, and on another ticket', async () => {
    const guests = [rig.join(), rig.join('ann', 'other'), rig.join('ben'), rig.join('ann', 'tab', 'U')];
    const said = await Promise.all(guests.map((guest) => rig.say(guest, 'hello')));
    expect(new Set(said.map(({ sessionId }) => sessionId)).size).toBe(4);
  });

  it('records the time of its last message', async () => {
    const ann = rig.join();
    const begun = rig.clock.now();
    const { sessionId } = await rig.say(ann, 'hello');
    rig.clock.advance(60_000);
    await rig.say(ann, 'still here');
    expect(await rig.kept.session(sessionId)).toMatchObject({
      createdAt: begun,
      lastActiveAt: begun + 60_000,
    });
  });

  it('is written again only once that time has moved by five seconds, forward or back', async () => {
    const ann = rig.join();
    const begun = rig.clock.now();
    const { sessionId } = await rig.say(ann, 'hello');
    const written: (number | undefined)[] = [];
    rig.trouble.commit = async (commits) => {
      written.push(...commits.map(({ sessions = [] }) => sessions[0]?.lastActiveAt));
      return rig.kept.commit(commits);
    };
    const step = activityStep;
    for (const moved of [0, step - 1, 1, step - 1, 1, -1, 1 - step, 1 - step]) {
      rig.clock.advance(moved);
      await rig.say(ann, `after ${moved}`);
    }
    const expected = [undefined, undefined, begun + step, undefined, begun + 2 * step];
    expect(written).toEqual([...expected, undefined, begun + step, undefined]);
    expect(await rig.kept.session(sessionId)).toMatchObject({ createdAt: begun, lastActiveAt: begun + step });
  });

  it('is written as seldom by another tab and by the next hub, which know when it was written last', async () => {
    const { sessionId } = await rig.say(rig.join(), 'hello');
    const begun = rig.clock.now();
    const lastActive = async () => (await rig.kept.session(sessionId))?.lastActiveAt;
    rig.clock.advance(activityStep - 1);
    await rig.say(rig.join(), 'again');
    expect(await lastActive()).toBe(begun);
    await rig.hub.close();
    rig.newHub();
    await rig.hub.start();
    await rig.say(rig.join(), 'and again');
    expect(await lastActive()).toBe(begun);
    rig.clock.advance(1);
    await rig.say(rig.join(), 'and later');
    expect(await lastActive()).toBe(begun + activityStep);
    expect((await rig.story()).filter((line) => line.startsWith('user:'))).toHaveLength(4);
  });

  it('is written as seldom where several speak in it, in turn or at once', async () => {
    const [ann, tab] = [rig.join(), rig.join('ann', 'other')];
    const begun = rig.clock.now();
    const { sessionId } = await rig.say(ann, 'hello');
    await rig.hub.resumeSession(tab.client, sessionId);
    const lastActive = async () => (await rig.kept.session(sessionId))?.lastActiveAt;
    await rig.say(tab, 'here too');
    rig.clock.advance(activityStep);
    await rig.say(tab, 'and later');
    rig.clock.advance(1);
    await Promise.all([rig.say(ann, 'so am I'), rig.say(tab, 'both')]);
    expect(await lastActive()).toBe(begun + activityStep);
  });

  it('keeps the time it had where a message could not be stored', async () => {
    const ann = rig.join();
    const { sessionId } = await rig.say(ann, 'hello');
    rig.clock.advance(activityStep);
    rig.trouble.commit = diskFull;
    await expect(rig.say(ann, 'lost')).rejects.toMatchObject({ code: 'storage_failed' });
    delete rig.trouble.commit;
    await rig.say(ann, 'kept');
    expect(await rig.kept.session(sessionId)).toMatchObject({ lastActiveAt: rig.clock.now() });
  });

  it.each(['web', 'cli'] as const)(
    'from %s is resumed by its id from any tab of its user',
    async (source) => {
      await put({ id: 's', tabId: 'elsewhere', source });
      const ann = rig.join();
      expect(await rig.hub.resumeSession(ann.client, 's')).toBeUndefined();
      expect((await rig.say(ann, 'hello')).sessionId).toBe('s');
    },
  );

  it('that was named when the client joined gets also the message that came right with it', async () => {
    await put({ id: 's', tabId: 'elsewhere' });
    const ann = rig.join();
    const reading = gate();
    rig.trouble.session = () => reading.opened;
    const resumed = rig.hub.resumeSession(ann.client, 's');
    const said = rig.say(ann, 'hello');
    delete rig.trouble.session;
    reading.open();
    expect(await resumed).toBeUndefined();
    expect((await said).sessionId).toBe('s');
  });

  it.each([
    ['not_found', 'that was never begun', { tabId: 'elsewhere' }, 'unknown'],
    ['other_ticket', 'of another ticket', { ticketId: 'U' }, 's'],
    ['other_user', 'of another person', { userId: 'ben' }, 's'],
    ['other_source', 'of Slack, not even in its own tab', { source: 'slack' as const }, 's'],
  ])('is not resumed: %s, one %s', async (reason, _name, fields, id) => {
    await put({ id: 's', ...fields });
    const ann = rig.join();
    expect(await rig.hub.resumeSession(ann.client, id)).toBe(reason);
    expect(ann.client.sessionId()).toBeUndefined();
    const { sessionId } = await rig.say(ann, 'hello');
    expect(sessionId).not.toBe('s');
  });

  it('that cannot be resumed leaves the client in the one it had', async () => {
    const ann = rig.join();
    const { sessionId } = await rig.say(ann, 'hello');
    expect(await rig.hub.resumeSession(ann.client, 'unknown')).toBe('not_found');
    expect((await rig.say(ann, 'again')).sessionId).toBe(sessionId);
  });
});
