/** Part of the store contract: how sessions, turns and messages are found, and in which order. */
import type { MessageRecord, SessionRecord, TurnRecord } from '../../protocol/records';
import { maxRevisions } from '../shared/limits';
import { expect } from './expect';
import {
  chatCommit,
  commitTo,
  messageRecord,
  noon,
  requestRecord,
  requestWrite,
  sessionRecord,
  turnRecord,
} from './samples';
import { ids, range, type Subject } from './subject';

export function recordObligations({ describe, test, store }: Subject): void {
  const putSessions = (...sessions: SessionRecord[]) => store().commit([commitTo('ticket', { sessions })]);
  const putTurns = (...turns: TurnRecord[]) => store().commit([commitTo('ticket', { turns })]);
  const putMessages = (...messages: MessageRecord[]) => store().commit([commitTo('ticket', { messages })]);

  test('are not found before they are committed', async () => {
    expect(await store().session('s')).toBeUndefined();
    expect(await store().sessionByTab('ticket', 'ann', 'tab')).toBeUndefined();
    expect(await store().turn('t')).toBeUndefined();
    expect(await store().message('m')).toBeUndefined();
    expect(await store().sessions('ticket', 10)).toEqual([]);
    expect(await store().messages('s', 10)).toEqual([]);
    expect(await store().unfinishedTurns()).toEqual([]);
    expect(await store().state('ticket', 10)).toMatchObject({
      sessions: [],
      messages: [],
      turns: [],
      requests: [],
    });
  });

  test('are found by id with every field, in the newest version', async () => {
    const session = sessionRecord();
    const turn = turnRecord({ intent: 'look' });
    const message = messageRecord({ turnId: turn.id });
    await putSessions(session);
    await putTurns(turn);
    await putMessages(message);
    expect(await store().session(session.id)).toStrictEqual(session);
    expect(await store().turn(turn.id)).toStrictEqual(turn);
    expect(await store().message(message.id)).toStrictEqual(message);

    const active = { ...session, lastActiveAt: noon + 1 };
    const ended: TurnRecord = { ...turn, status: 'aborted', reason: 'cancelled', endedAt: noon + 1 };
    const edited = {
      ...message,
      content: 'new',
      updatedAt: noon + 1,
      revisions: [{ content: message.content, updatedAt: noon }],
    };
    const alone = { ...edited, revisions: [] };
    await store().commit([commitTo('ticket', { sessions: [active], turns: [ended], messages: [edited] })]);
    expect(await store().session(session.id)).toStrictEqual(active);
    expect(await store().turn(turn.id)).toStrictEqual(ended);
    expect(await store().message(message.id)).toStrictEqual(alone);
    expect(await store().messages(message.sessionId, 10)).toStrictEqual([edited]);
    expect((await store().state('ticket', 10)).messages).toStrictEqual([alone]);
  });

  test('are read as copies', async () => {
    const session = sessionRecord();
    const turn = turnRecord();
    const message = messageRecord({ sessionId: session.id });
    await store().commit([commitTo('ticket', { sessions: [session], turns: [turn], messages: [message] })]);
    const read = async () => {
      const { sessions, turns, messages } = await store().state('ticket', 10);
      return [
        ...[await store().session(session.id), ...(await store().sessions('ticket', 9)), ...sessions],
        await store().sessionByTab('ticket', session.userId, session.tabId),
        ...[await store().turn(turn.id), ...turns],
        ...[await store().message(message.id), ...(await store().messages(session.id, 9)), ...messages],
      ];
    };
    const before = await read();
    const expected = structuredClone(before);
    expect(before).toHaveLength(9);
    for (const record of before) Object.assign(record ?? {}, { id: 'changed' });
    expect(await read()).toEqual(expected);
  });

  test('store any text a person can write', async () => {
    const content = 'quote " back \\ nul \u0000 line \u2028 emoji 👩‍🚒 half \ud83d end';
    const message = messageRecord({ content });
    await putMessages(message);
    expect((await store().message(message.id))?.content).toBe(content);
  });

  describe('sessions', () => {
    test('are listed newest activity first, at most as many as asked for, of this ticket alone', async () => {
      const [a, b, c] = [3, 1, 2].map((n) => sessionRecord({ id: `s${n}`, lastActiveAt: noon + n }));
      if (!a || !b || !c) throw new Error('three were made');
      await putSessions(a, b, c);
      await store().commit([commitTo('other', { sessions: [sessionRecord({ ticketId: 'other' })] })]);
      expect(ids(await store().sessions('ticket', 10))).toEqual(['s3', 's2', 's1']);
      expect(ids(await store().sessions('ticket', 2))).toEqual(['s3', 's2']);
      await putSessions({ ...b, lastActiveAt: noon + 9 });
      expect(ids(await store().sessions('ticket', 2))).toEqual(['s1', 's3']);
      await putSessions({ ...c, lastActiveAt: noon + 9 });
      expect(ids(await store().sessions('ticket', 10))).toEqual(['s2', 's1', 's3']);
      await putSessions({ ...a, lastActiveAt: noon + 9 });
      expect(ids(await store().sessions('ticket', 10))).toEqual(['s2', 's1', 's3']);
    });

    test('are found by ticket, user and tab: the one begun last, whichever was active last', async () => {
      await putSessions(
        sessionRecord({ id: 'older', createdAt: noon, lastActiveAt: noon + 99 }),
        sessionRecord({ id: 'newer', createdAt: noon + 1, lastActiveAt: noon + 1 }),
        sessionRecord({ id: 'oldest', createdAt: noon - 1, lastActiveAt: noon + 100 }),
        sessionRecord({ id: 'tab2', tabId: 'tab2', createdAt: noon + 2 }),
        sessionRecord({ id: 'bob', userId: 'bob', createdAt: noon + 3 }),
      );
      expect((await store().sessionByTab('ticket', 'ann', 'tab'))?.id).toBe('newer');
      expect((await store().sessionByTab('ticket', 'ann', 'tab2'))?.id).toBe('tab2');
      expect((await store().sessionByTab('ticket', 'bob', 'tab'))?.id).toBe('bob');
      expect(await store().sessionByTab('other', 'ann', 'tab')).toBeUndefined();
    });

    test('in the state are the 50 of newest activity', async () => {
      await putSessions(...range(1, 52).map((n) => sessionRecord({ id: `s${n}`, lastActiveAt: noon + n })));
      const { sessions } = await store().state('ticket', 1);
      expect(ids(sessions)).toEqual(
        range(3, 52)
          .map((n) => `s${n}`)
          .reverse(),
      );
    });
  });

  describe('turns', () => {
    test('that are queued or running are listed oldest first: of all tickets, and of one in its state', async () => {
      const a = turnRecord({ id: 'a', status: 'queued', queuedAt: noon });
      const b = turnRecord({ id: 'b', ticketId: 'other', queuedAt: noon + 1 });
      const c = turnRecord({ id: 'c', queuedAt: noon + 2 });
      const completed = turnRecord({ status: 'completed', queuedAt: noon + 3 });
      const aborted = turnRecord({ status: 'aborted', queuedAt: noon + 4 });
      await putTurns(a);
      await store().commit([commitTo('other', { turns: [b] })]);
      await putTurns(c, completed, aborted);
      expect(ids(await store().unfinishedTurns())).toEqual(['a', 'b', 'c']);
      expect(ids((await store().state('ticket', 1)).turns)).toEqual(['a', 'c']);

      await putTurns({ ...a, status: 'running' });
      expect(ids(await store().unfinishedTurns())).toEqual(['a', 'b', 'c']);
      await putTurns({ ...a, status: 'completed' }, { ...c, status: 'aborted' });
      expect(ids(await store().unfinishedTurns())).toEqual(['b']);
      expect((await store().state('ticket', 1)).turns).toEqual([]);
    });
  });

  describe('messages', () => {
    test('are listed oldest first, the last of them, by session and in the state of their ticket', async () => {
      const said = (sessionId: string, n: number) =>
        messageRecord({ id: `${sessionId}${n}`, sessionId, createdAt: noon + n });
      await putMessages(said('a', 1), said('b', 2), said('a', 3), said('a', 4), said('b', 5));
      await store().commit([chatCommit('other', 'elsewhere')]);
      expect(ids(await store().messages('a', 2))).toEqual(['a3', 'a4']);
      expect(ids(await store().messages('a', 99))).toEqual(['a1', 'a3', 'a4']);
      expect(await store().messages('a', 0)).toEqual([]);
      expect(ids((await store().state('ticket', 3)).messages)).toEqual(['a3', 'a4', 'b5']);
      expect((await store().state('ticket', 0)).messages).toEqual([]);
    });

    test('are read back page by page, before the one that was read last', async () => {
      const said = (sessionId: string, n: number) => messageRecord({ id: `${sessionId}${n}`, sessionId });
      await putMessages(...range(1, 5).flatMap((n) => [said('a', n), said('b', n)]));
      await putMessages({ ...said('a', 2), content: 'edited' });
      expect(ids(await store().messages('a', 2))).toEqual(['a4', 'a5']);
      expect(ids(await store().messages('a', 2, 'a4'))).toEqual(['a2', 'a3']);
      expect(ids(await store().messages('a', 2, 'a2'))).toEqual(['a1']);
      expect(await store().messages('a', 2, 'a1')).toEqual([]);
      expect(await store().messages('a', 0, 'a4')).toEqual([]);
    });

    test('are not read back from one of another session, or from none', async () => {
      await putMessages(
        messageRecord({ id: 'a', sessionId: 'a' }),
        messageRecord({ id: 'b', sessionId: 'b' }),
      );
      const refusal = { code: 'invalid_frame', message: /before/ };
      for (const before of ['b', 'unknown', '']) {
        await expect(store().messages('a', 2, before)).rejects.toMatchObject(refusal);
        await expect(store().messages('nowhere', 2, before)).rejects.toMatchObject(refusal);
      }
    });

    test(`have the last ${maxRevisions} revisions that were added, oldest first, however often they were written`, async () => {
      const said = (content: number, ...revisions: readonly number[]) =>
        messageRecord({
          id: 'a',
          content: `${content}`,
          revisions: revisions.map((n) => ({ content: `${n}`, updatedAt: noon + n })),
        });
      const read = async () => {
        const [message] = await store().messages('session', 1);
        return [
          message?.content,
          message?.revisions.map(({ content, updatedAt }) => [content, updatedAt - noon]),
        ];
      };
      await putMessages(said(0), messageRecord({ id: 'other', sessionId: 'other' }));
      expect(await read()).toEqual(['0', []]);
      await putMessages(said(1, 0));
      // A write without any adds none, and drops none.
      await putMessages(said(2));
      expect(await read()).toEqual(['2', [['0', 0]]]);
      await putMessages(said(4, 2, 3));
      const last = (from: number, to: number) => range(from, to).map((n) => [`${n}`, n]);
      expect(await read()).toEqual(['4', [['0', 0], ...last(2, 3)]]);
      for (const n of range(5, maxRevisions + 1)) await putMessages(said(n, n - 1));
      expect(await read()).toEqual([`${maxRevisions + 1}`, [['0', 0], ...last(2, maxRevisions)]]);
      await putMessages(said(maxRevisions + 2, maxRevisions + 1));
      expect(await read()).toEqual([`${maxRevisions + 2}`, last(2, maxRevisions + 1)]);
      for (const n of range(maxRevisions + 3, maxRevisions + 9)) await putMessages(said(n, n - 1));
      expect(await read()).toEqual([`${maxRevisions + 9}`, last(9, maxRevisions + 8)]);
      await putMessages(said(500, ...range(200, 200 + 2 * maxRevisions)));
      expect(await read()).toEqual(['500', last(201 + maxRevisions, 200 + 2 * maxRevisions)]);
      expect((await store().messages('other', 1))[0]?.revisions).toEqual([]);
    });

    test('have no revision of a commit that was refused', async () => {
      const message = messageRecord({ id: 'a' });
      await putMessages(message);
      const revisions = [{ content: 'refused', updatedAt: noon }];
      const taken = requestWrite(requestRecord(), { version: 3 });
      await store().commit([
        commitTo('ticket', { messages: [{ ...message, revisions }], requests: [taken] }),
      ]);
      expect(await store().messages('session', 1)).toStrictEqual([message]);
    });

    test('keep their place when they are edited', async () => {
      const [a, b] = [messageRecord({ id: 'a' }), messageRecord({ id: 'b' })];
      await putMessages(a, b);
      await putMessages({ ...a, content: 'edited', updatedAt: noon + 1 });
      const { messages } = await store().state('ticket', 10);
      expect(messages).toMatchObject([{ id: 'a', content: 'edited' }, { id: 'b' }]);
      expect(ids(await store().messages('session', 1))).toEqual(['b']);
    });
  });

  test('are read at one moment in the state, while others write', async () => {
    const both = (n: number) => chatCommit('ticket', `${n}`, { requests: [requestWrite(requestRecord())] });
    await Promise.all(
      range(1, 20).map(async (n) => {
        const writing = store().commit([both(n), both(n)]);
        const { seq, messages, requests } = await store().state('ticket', 1_000);
        expect([messages.length, requests.length]).toEqual([seq, seq]);
        await writing;
      }),
    );
    expect(await store().position('ticket')).toMatchObject({ seq: 40 });
  });
}
