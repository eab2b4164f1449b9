/** `Hub.say`: lines that the app puts on a ticket outside of turns, stored and sent like any message. */
import type { Line } from '../../../lib/hub/turns/say';
import type { Turn } from '../../../lib/hub/turns/turn';
import { activityStep } from '../../../lib/protocol/activity';
import { commitTo, sessionRecord } from '../../store/records';
import { diskFull, gate, Rig } from '../rig';

let rig: Rig;
/** The turns that the agent was given. */
let turns: Turn[];
beforeEach(async () => {
  turns = [];
  rig = new Rig({
    agent: async (turn) => {
      turns.push(turn);
      await turn.say(`re: ${turn.message.content}`);
    },
  });
  await rig.hub.start();
});
afterEach(() => rig.hub.close());

const say = (line: Line, ticketId = 'T') => rig.hub.say(ticketId, line);
const ana = { id: 'ana', name: 'Ana', groups: ['lead'] };
const fromSlack = (content: string, more: Partial<Line> = {}): Line => ({
  content,
  source: 'slack',
  user: ana,
  ...more,
});

describe('A remark', () => {
  it('is stored and sent to every client as a message of the system, in a session of its own, and no turn answers it', async () => {
    const { ears } = rig.join();
    const { sessionId, messageId, ...rest } = await say({ content: 'The mail gateway is back' });
    expect(rest).toEqual({});
    await rig.hub.settled();
    expect(await rig.story()).toEqual(['session_created', 'trace: The mail gateway is back']);
    expect(ears.seqs).toEqual([1, 2]);
    expect(await rig.kept.message(messageId)).toEqual({
      id: messageId,
      ticketId: 'T',
      sessionId,
      type: 'trace',
      author: { userId: 'system', displayName: 'System' },
      content: 'The mail gateway is back',
      createdAt: rig.clock.now(),
      revisions: [],
    });
    expect(await rig.kept.session(sessionId)).toMatchObject({ source: 'system', userId: 'system' });
    expect(turns).toEqual([]);
  });

  it('writes its session again only once the time of its last line has moved by five seconds', async () => {
    const begun = rig.clock.now();
    const { sessionId } = await say({ content: 'The mail gateway is down' });
    const lastActive = async () => (await rig.kept.session(sessionId))?.lastActiveAt;
    rig.clock.advance(activityStep - 1);
    await say({ content: 'It is looked at' });
    await say({ content: 'By two', sessionId });
    expect(await lastActive()).toBe(begun);
    rig.clock.advance(1);
    await say({ content: 'It is back' });
    expect(await lastActive()).toBe(begun + activityStep);
    rig.clock.advance(activityStep);
    await say({ content: 'It stays', sessionId });
    expect(await lastActive()).toBe(begun + 2 * activityStep);
  });

  it('may be a warning or an answer, in the name that the app gives, in an existing session', async () => {
    const ann = rig.join();
    const { sessionId } = await rig.say(ann, 'hello');
    await rig.hub.turns.idle();
    const rota = { id: 'rota', name: 'Rota' };
    const warned = await say({ content: 'Careful', type: 'warning', user: rota, sessionId });
    const answered = await say({
      content: 'By hand: done',
      type: 'response',
      user: { id: 'ops' },
      sessionId,
    });
    expect([warned.sessionId, answered.sessionId]).toEqual([sessionId, sessionId]);
    const [, , first, second] = await rig.kept.messages(sessionId, 9);
    expect(first).toMatchObject({ type: 'warning', author: { userId: 'rota', displayName: 'Rota' } });
    expect(second).toMatchObject({ type: 'response', author: { userId: 'ops', displayName: 'ops' } });
  });

  it('is added to one session of the ticket, however often and from however many nodes at once', async () => {
    const said = await Promise.all(['a', 'b', 'c'].map((content) => say({ content })));
    expect(new Set(said.map(({ sessionId }) => sessionId)).size).toBe(1);
    expect(await rig.story()).toEqual(['session_created', 'trace: a', 'trace: b', 'trace: c']);
    expect((await say({ content: 'd' }, 'other')).sessionId).not.toBe(said[0]?.sessionId);
  });

  it('does not wait for the turn that runs, nor is it refused where many wait', async () => {
    const { open, opened } = gate();
    const busy = new Rig({ agent: () => opened });
    await busy.hub.start();
    const ann = busy.join();
    const { sessionId } = await busy.say(ann, 'first');
    for (let n = 0; n < 16; n += 1) await busy.say(ann, `${n}`);
    await expect(busy.say(ann, 'one too many')).rejects.toMatchObject({ code: 'busy' });
    await busy.hub.say('T', { content: 'Still at it', sessionId });
    expect((await busy.story()).at(-1)).toBe('trace: Still at it');
    open();
    await busy.hub.close();
  });
});

describe('A message from elsewhere', () => {
  it('is the line of its author, in a session of its source that no client continues', async () => {
    const { sessionId, messageId } = await say(fromSlack('block 203.0.113.7?'));
    expect(await rig.kept.message(messageId)).toMatchObject({
      type: 'user',
      author: { userId: 'ana', displayName: 'Ana' },
    });
    expect(await rig.kept.session(sessionId)).toMatchObject({
      source: 'slack',
      userId: 'ana',
      ticketId: 'T',
    });
    expect(turns).toEqual([]);
    const { client } = rig.join('ana');
    expect(await rig.hub.resumeSession(client, sessionId)).toBe('other_source');
  });

  it('is answered like any other where that is asked for, in its author’s name and groups', async () => {
    const { turnId, messageId } = await say(fromSlack('block it', { turn: true }));
    await rig.hub.turns.idle();
    expect(await rig.story()).toEqual([
      'session_created',
      'turn_started',
      'user: block it',
      'response: re: block it',
      'turn_ended completed',
    ]);
    const [turn] = turns;
    expect(turn).toMatchObject({ id: turnId, ticketId: 'T', user: ana, message: { id: messageId } });
  });

  it('waits for the turn before it in its session, and one too many is refused', async () => {
    const { open, opened } = gate();
    const busy = new Rig({ agent: () => opened });
    await busy.hub.start();
    const line = (n: number) => busy.hub.say('T', fromSlack(`${n}`, { turn: true }));
    for (let n = 0; n <= 16; n += 1) await line(n);
    await expect(line(17)).rejects.toMatchObject({ code: 'busy' });
    open();
    await busy.hub.turns.idle();
    expect((await busy.story()).filter((each) => each === 'turn_ended completed')).toHaveLength(17);
    await busy.hub.close();
  });

  it('belongs to its thread: all people in a thread share a session; a terminal is one person’s', async () => {
    const ben = { id: 'ben' };
    const session = async (line: Partial<Line>) => (await say(fromSlack('hi', line))).sessionId;
    const sessions = [
      await session({}),
      await session({ thread: '1712.33' }),
      await session({ source: 'cli' }),
      await session({ source: 'cli', user: ben }),
      await session({ source: 'cli', thread: 'two' }),
    ];
    expect(new Set(sessions).size).toBe(5);
    expect(await session({ user: ben, thread: '1712.33' })).toBe(sessions[1]);
    expect(await session({ source: 'cli' })).toBe(sessions[2]);
    expect(await session({ sessionId: sessions[1] ?? '' })).toBe(sessions[1]);
    const { client } = rig.join('ana');
    expect(await rig.hub.resumeSession(client, sessions[2] ?? '')).toBeUndefined();
  });
});

describe('A key', () => {
  it('adds a line once, whatever else of it is different, also after a restart and at the same time', async () => {
    const line = fromSlack('block it', { turn: true, key: 'slack-17' });
    const [first, second] = await Promise.all([say(line), say(line)]);
    expect(second).toEqual(first);
    expect(await say({ content: 'other', key: 'slack-17' })).toEqual(first);
    await rig.hub.turns.idle();
    await rig.hub.close();
    rig.newHub();
    await rig.hub.start();
    expect(await say(line)).toEqual(first);
    expect((await rig.story()).filter((each) => each.startsWith('user'))).toEqual(['user: block it']);
  });

  it('in two sessions at once is one line too', async () => {
    const lines = [fromSlack('a', { key: 'k' }), fromSlack('a', { key: 'k', thread: 'other' })];
    const [first, second] = await Promise.all(lines.map((line) => say(line)));
    expect(second).toEqual(first);
    expect((await rig.story()).filter((each) => each.startsWith('user'))).toHaveLength(1);
  });

  it('is one of its ticket, and of a line that was stored', async () => {
    rig.trouble.commit = diskFull;
    await expect(say({ content: 'lost', key: 'k' })).rejects.toMatchObject({ code: 'storage_failed' });
    delete rig.trouble.commit;
    const first = await say({ content: 'kept', key: 'k' });
    expect((await say({ content: 'kept', key: 'k' }, 'other')).messageId).not.toBe(first.messageId);
    expect(await rig.story()).toEqual(['session_created', 'trace: kept']);
  });
});

describe('What cannot be said', () => {
  const refused = (line: object, code: string, why: RegExp) =>
    expect(say(line as Line)).rejects.toMatchObject({ code, message: expect.stringMatching(why) });

  it('is refused by name, and leaves no trace', async () => {
    await refused({ content: 'x', sourc: 'slack' }, 'invalid_request', /did you mean source\?/);
    await refused({ content: 'x', source: 'teams', user: ana }, 'invalid_request', /source/);
    await refused({}, 'invalid_request', /content is missing/);
    await refused({ content: 5 }, 'invalid_request', /content/);
    await refused({ content: 'x', source: 'slack' }, 'invalid_request', /user is missing/);
    await refused({ content: 'x', user: {} }, 'invalid_request', /user\.id/);
    await refused({ content: 'x', turn: true }, 'invalid_request', /a remark is not answered/);
    await refused({ content: 'x', thread: 't' }, 'invalid_request', /a thread is of a source/);
    await refused(fromSlack('x', { type: 'warning' }), 'invalid_request', /type is of a remark/);
    await refused(fromSlack('x', { thread: 't', sessionId: 's' }), 'invalid_request', /not both/);
    await refused({ content: 'x', type: 'user' }, 'invalid_request', /type/);
    await refused({ content: 'x', key: '' }, 'invalid_request', /key/);
    await refused({ content: 'x', key: 'k'.repeat(129) }, 'invalid_request', /1 to 128/);
    await refused(fromSlack('x', { thread: 't'.repeat(129) }), 'invalid_request', /1 to 128/);
    await refused({ content: ' \n' }, 'empty_message', /./);
    await refused({ content: '€'.repeat(87_382) }, 'too_large', /./);
    await refused({ content: 'x', sessionId: 'unknown' }, 'not_found', /no such session/);
    await expect(rig.hub.say('', { content: 'x' })).rejects.toMatchObject({ code: 'invalid_id' });
    expect(await rig.log()).toEqual([]);
  });

  it('is what belongs to another ticket or source, or to an agent that does not exist', async () => {
    const session = sessionRecord({ id: 'web', ticketId: 'T' });
    const other = sessionRecord({ id: 'other', ticketId: 'O' });
    await rig.kept.commit([commitTo('T', { sessions: [session] }), commitTo('O', { sessions: [other] })]);
    await refused({ content: 'x', sessionId: 'other' }, 'not_found', /on this ticket/);
    await refused(fromSlack('x', { sessionId: 'web' }), 'invalid_request', /of source web/);
    const silent = new Rig();
    await silent.hub.start();
    await expect(silent.hub.say('T', fromSlack('x', { turn: true }))).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining('no agent'),
    });
    await silent.hub.say('T', fromSlack('x'));
    await silent.hub.close();
    await expect(silent.hub.say('T', { content: 'x' })).rejects.toMatchObject({ code: 'closing' });
  });

  it('accepts up to 262,144 bytes', async () => {
    await say({ content: '€'.repeat(87_381) });
    expect(await rig.story()).toHaveLength(2);
  });
});
