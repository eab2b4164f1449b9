/** Part of the store contract: which commits are refused, and that a refused one leaves no trace. */
import type { RequestStatus } from '../../protocol/records';
import type { Commit } from '../store';
import { expect } from './expect';
import {
  chatCommit,
  commitTo,
  messageRecord,
  requestRecord,
  requestsCommit,
  requestWrite,
  sessionRecord,
  turnRecord,
} from './samples';
import { outcomes, type Subject } from './subject';

export function refusalObligations({ describe, test, store }: Subject): void {
  /** The code with which a single commit is refused; its seqs if it is committed. */
  const outcome = async (commit: Commit) => outcomes(await store().commit([commit]))[0];

  test('leaves no trace, and the others of the call are stored', async () => {
    const taken = requestRecord();
    await store().commit([requestsCommit(taken)]);
    const fresh = requestRecord({ key: 'k', turnId: 'turn-of-the-refused' });
    const session = sessionRecord();
    const turn = turnRecord();
    const message = messageRecord();
    const refused: Commit = {
      ...chatCommit('ticket', 'refused'),
      sessions: [session],
      turns: [turn],
      messages: [message],
      requests: [requestWrite(fresh, { dueAt: 1 }), requestWrite(taken)],
      frame: { userId: 'ann', frameId: 'f', ack: {} },
    };
    const before = chatCommit('ticket', 'before');
    const after = chatCommit('ticket', 'after');

    expect(outcomes(await store().commit([before, refused, after]))).toEqual([[1], 'conflict', [2]]);
    const { messages, turns, sessions, requests, seq } = await store().state('ticket', 10);
    expect({ turns, sessions, requests, seq }).toEqual({
      turns: [],
      sessions: [],
      requests: [taken],
      seq: 2,
    });
    expect(messages.map(({ content }) => content)).toEqual(['before', 'after']);
    expect(await store().session(session.id)).toBeUndefined();
    expect(await store().turn(turn.id)).toBeUndefined();
    expect(await store().message(message.id)).toBeUndefined();
    expect(await store().request(fresh.id)).toBeUndefined();
    expect(await store().requestByKey('ticket', 'k')).toBeUndefined();
    expect(await store().requestsOfTurn('turn-of-the-refused')).toEqual([]);
    expect(await store().nextDue(0)).toBeUndefined();
    expect(await store().processedFrame('ann', 'f')).toBeUndefined();
  });

  test('may be tried again with the same frame and the version that is right', async () => {
    const request = requestRecord();
    await store().commit([requestsCommit(request)]);
    const answer = (version: number): Commit =>
      commitTo('ticket', {
        requests: [requestWrite({ ...request, status: 'approved' }, { version })],
        frame: { userId: 'ann', frameId: 'f', ack: { version } },
      });
    expect(await outcome(answer(7))).toBe('conflict');
    expect(await outcome(answer(1))).toEqual([]);
    expect(await store().processedFrame('ann', 'f')).toEqual({ version: 1 });
  });

  describe('by conflict:', () => {
    test('a new request with an id that is taken', async () => {
      const request = requestRecord({ key: 'k' });
      await store().commit([requestsCommit(request)]);
      expect(await outcome(requestsCommit(request))).toBe('conflict');
    });

    test('a change of a request that does not exist', async () => {
      expect(
        await outcome(commitTo('ticket', { requests: [requestWrite(requestRecord(), { version: 1 })] })),
      ).toBe('conflict');
    });

    test('a change of another version than the stored one', async () => {
      const request = requestRecord();
      await store().commit([requestsCommit(request)]);
      const change = (version: number) =>
        commitTo('ticket', { requests: [requestWrite(request, { version })] });
      expect(await outcome(change(2))).toBe('conflict');
      expect(await outcome(change(1))).toEqual([]);
      expect(await outcome(change(1))).toBe('conflict');
      expect((await store().request(request.id))?.version).toBe(2);
    });

    test('the second of two answers in one call, from the same person or another', async () => {
      const request = requestRecord();
      await store().commit([requestsCommit(request)]);
      const answer = (status: RequestStatus) =>
        commitTo('ticket', { requests: [requestWrite({ ...request, status }, { version: 1 })] });
      expect(outcomes(await store().commit([answer('denied'), answer('approved')]))).toEqual([
        [],
        'conflict',
      ]);
      expect((await store().request(request.id))?.record.status).toBe('denied');
    });

    test('and a request written twice in one commit must count on', async () => {
      const request = requestRecord();
      const twice = (second: number) =>
        commitTo('ticket', { requests: [requestWrite(request), requestWrite(request, { version: second })] });
      expect(await outcome(twice(0))).toBe('conflict');
      expect(await store().request(request.id)).toBeUndefined();
      expect(await outcome(twice(1))).toEqual([]);
      expect((await store().request(request.id))?.version).toBe(2);
    });
  });

  describe('by key conflict:', () => {
    for (const status of ['pending', 'approved', 'denied', 'expired', 'cancelled'] as const)
      test(`a second request with the key of one that is ${status}`, async () => {
        await store().commit([requestsCommit(requestRecord({ key: 'k', status }))]);
        expect(await outcome(requestsCommit(requestRecord({ key: 'k' })))).toBe('key_conflict');
        expect(await outcome(requestsCommit(requestRecord({ key: 'other' })))).toEqual([]);
        expect(await outcome(requestsCommit(requestRecord({ key: 'k', ticketId: 'elsewhere' })))).toEqual([]);
        expect(await outcome(requestsCommit(requestRecord(), requestRecord()))).toEqual([]);
      });

    test('two of one key in one commit, of which neither is stored', async () => {
      const [a, b] = [requestRecord({ key: 'k' }), requestRecord({ key: 'k' })];
      expect(await outcome(requestsCommit(a, b))).toBe('key_conflict');
      expect(await store().request(a.id)).toBeUndefined();
    });

    test('unless the one before is superseded first, in the same commit or earlier', async () => {
      const [a, b, c] = ['a', 'b', 'c'].map((id) => requestRecord({ id, key: 'k' }));
      if (!a || !b || !c) throw new Error('three were made');
      await store().commit([requestsCommit(a)]);
      const superseded = (request: typeof a, version: number) =>
        requestWrite({ ...request, status: 'superseded' }, { version });

      const wrongOrder = commitTo('ticket', { requests: [requestWrite(b), superseded(a, 1)] });
      expect(await outcome(wrongOrder)).toBe('key_conflict');
      expect((await store().requestByKey('ticket', 'k'))?.record.id).toBe('a');

      expect(await outcome(commitTo('ticket', { requests: [superseded(a, 1), requestWrite(b)] }))).toEqual(
        [],
      );
      expect((await store().requestByKey('ticket', 'k'))?.record.id).toBe('b');
      expect((await store().request('a'))?.record.status).toBe('superseded');

      expect(await outcome(commitTo('ticket', { requests: [superseded(b, 1)] }))).toEqual([]);
      expect(await store().requestByKey('ticket', 'k')).toBeUndefined();
      expect(await outcome(requestsCommit(c))).toEqual([]);
      expect((await store().requestByKey('ticket', 'k'))?.record.id).toBe('c');
    });

    test('though one that is superseded already comes with the key too', async () => {
      const held = requestRecord({ key: 'k' });
      await store().commit([requestsCommit(held)]);
      const superseded = requestRecord({ key: 'k', status: 'superseded' });
      expect(await outcome(requestsCommit(superseded, requestRecord({ key: 'k' })))).toBe('key_conflict');
      expect(await outcome(requestsCommit(superseded))).toEqual([]);
      expect((await store().requestByKey('ticket', 'k'))?.record.id).toBe(held.id);
    });

    test('but never because of its own key', async () => {
      const request = requestRecord({ key: 'k' });
      await store().commit([requestsCommit(request)]);
      const answered = requestWrite({ ...request, status: 'approved' }, { version: 1 });
      expect(await outcome(commitTo('ticket', { requests: [answered] }))).toEqual([]);
      expect(await store().requestByKey('ticket', 'k')).toMatchObject({
        version: 2,
        record: { status: 'approved' },
      });
    });
  });

  describe('by duplicate id:', () => {
    const framed = (userId: string, frameId: string, ack: Record<string, unknown>) =>
      chatCommit('ticket', 'framed', { frame: { userId, frameId, ack } });

    test('a frame that was carried out, with the ack of the first time', async () => {
      await store().commit([framed('ann', 'f', { n: 1 })]);
      expect(await store().commit([framed('ann', 'f', { n: 2 })])).toEqual([
        { ok: false, code: 'duplicate_id', ack: { n: 1 } },
      ]);
      expect(await store().position('ticket')).toMatchObject({ seq: 1 });
    });

    test('a frame that stands in the same call twice', async () => {
      const [first, second] = await store().commit([
        framed('ann', 'f', { n: 1 }),
        framed('ann', 'f', { n: 2 }),
      ]);
      expect(first).toMatchObject({ ok: true });
      expect(second).toEqual({ ok: false, code: 'duplicate_id', ack: { n: 1 } });
    });

    test('even if what it asked for has changed since', async () => {
      const request = requestRecord();
      const answer = commitTo('ticket', {
        requests: [requestWrite({ ...request, status: 'approved' }, { version: 1 })],
        frame: { userId: 'ann', frameId: 'f', ack: { won: true } },
      });
      await store().commit([requestsCommit(request), answer]);
      expect(await store().commit([answer])).toEqual([
        { ok: false, code: 'duplicate_id', ack: { won: true } },
      ]);
    });

    test('but not the frame of another user', async () => {
      expect(outcomes(await store().commit([framed('ann', 'f', {}), framed('bob', 'f', {})]))).toEqual([
        [1],
        [2],
      ]);
    });
  });
}
