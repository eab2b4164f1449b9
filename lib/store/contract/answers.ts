/** Part of the store contract: how durable turns are answered by what settles requests, and when they are due. */
import type { RequestRecord, TurnRecord } from '../../protocol/records';
import type { Commit, JournalEntry } from '../store';
import { expect } from './expect';
import { commitTo, durableTurn, noon, requestRecord, requestWrite, turnRecord } from './samples';
import { outcomes, type Subject } from './subject';

export function answerObligations({ describe, test, store }: Subject): void {
  const put = (...turns: TurnRecord[]) => store().commit([commitTo('ticket', { turns })]);
  /** What a single commit appends to journals. */
  const appended = async (commit: Commit): Promise<readonly JournalEntry[] | string> => {
    const [result] = await store().commit([commit]);
    return result?.ok ? result.journal : (result?.code ?? 'no result');
  };
  const calls = async (turnId: string) => (await store().journal(turnId, 0, 100)).map(({ call }) => call);
  const waits = (turnId: string, ...requests: RequestRecord[]) =>
    requests.map(({ id: requestId }) => ({ turnId, requestId }));
  /** Asks for these, which `turnId` waits for. */
  const ask = (turnId: string, ...requests: RequestRecord[]) =>
    store().commit([
      commitTo('ticket', {
        requests: requests.map((each) => requestWrite(each)),
        waits: waits(turnId, ...requests),
      }),
    ]);
  const settle = (request: RequestRecord, version = 1, status: RequestRecord['status'] = 'approved') =>
    commitTo('ticket', { requests: [requestWrite({ ...request, status }, { version })] });

  for (const status of ['approved', 'denied', 'expired', 'cancelled', 'superseded'] as const)
    test(`are entries in the commit in which a request becomes ${status}, asked for by no fence`, async () => {
      const request = requestRecord({ id: 'r' });
      await put(durableTurn({ id: 't' }));
      await ask('t', request);
      await store().commit([commitTo('ticket', { journal: [{ turnId: 't', call: 'say', body: 1 }] })]);
      const entry = { turnId: 't', n: 2, at: noon + 5, call: 'answer:r', body: null };
      expect(await appended({ ...settle(request, 1, status), at: noon + 5 })).toStrictEqual([entry]);
      expect(await store().journal('t', 1, 9)).toStrictEqual([entry]);
    });

  test('come once, and not for a change that leaves a request pending or settled', async () => {
    const request = requestRecord({ id: 'r' });
    await put(durableTurn({ id: 't' }));
    await ask('t', request);
    expect(await appended(settle(request, 1, 'pending'))).toEqual([]);
    expect(await appended(settle(request, 2))).toMatchObject([{ call: 'answer:r' }]);
    expect(await appended(settle(request, 3))).toEqual([]);
    expect(await calls('t')).toEqual(['answer:r']);
  });

  test('come at once to a wait for a request that is settled already', async () => {
    const request = requestRecord({ id: 'r' });
    await put(durableTurn({ id: 't' }));
    await store().commit([
      commitTo('ticket', { requests: [requestWrite(request)] }),
      commitTo('ticket', { requests: [requestWrite({ ...request, status: 'denied' }, { version: 1 })] }),
    ]);
    const entry = { turnId: 't', call: 'ask', body: 'r' };
    expect(
      await appended(commitTo('ticket', { journal: [entry], waits: waits('t', request) })),
    ).toMatchObject([
      { n: 1, call: 'ask' },
      { n: 2, call: 'answer:r' },
    ]);
    expect(await appended(settle(request, 2))).toEqual([]);
  });

  test('come at once for a request that is settled at its birth, as one that a grant covers', async () => {
    const request = requestRecord({ id: 'r', status: 'approved', usedGrant: { id: 'g', givenBy: [] } });
    await put(durableTurn({ id: 't' }));
    const journal = [{ turnId: 't', call: 'ask', body: 'r' }];
    expect(
      await appended(
        commitTo('ticket', { requests: [requestWrite(request)], waits: waits('t', request), journal }),
      ),
    ).toMatchObject([
      { n: 1, call: 'ask' },
      { n: 2, call: 'answer:r' },
    ]);
  });

  test('come to every turn that waits for the request, by id, and to no other', async () => {
    const request = requestRecord({ id: 'r' });
    await put(...['c', 'a', 'b', 'other'].map((id) => durableTurn({ id })));
    for (const id of ['c', 'a', 'b', 'a'])
      await store().commit([commitTo('ticket', { waits: waits(id, request) })]);
    await ask('other', requestRecord({ id: 'another' }));
    expect(await appended(commitTo('ticket', { requests: [requestWrite(request)] }))).toEqual([]);
    expect(await appended(settle(request))).toMatchObject([
      { turnId: 'a', n: 1, call: 'answer:r' },
      { turnId: 'b', n: 1, call: 'answer:r' },
      { turnId: 'c', n: 1, call: 'answer:r' },
    ]);
    expect(await calls('other')).toEqual([]);
  });

  test('come from a commit to another ticket', async () => {
    const request = requestRecord({ id: 'r', ticketId: 'elsewhere' });
    await put(durableTurn({ id: 't' }));
    await store().commit([commitTo('elsewhere', { requests: [requestWrite(request)] })]);
    await store().commit([commitTo('ticket', { waits: waits('t', request) })]);
    const settled = requestWrite({ ...request, status: 'approved' }, { version: 1 });
    expect(await appended(commitTo('elsewhere', { requests: [settled] }))).toMatchObject([
      { turnId: 't', call: 'answer:r' },
    ]);
  });

  test('stand behind the entries of their commit, in the order of its requests and then of its waits', async () => {
    const [a, b, c] = ['a', 'b', 'c'].map((id) => requestRecord({ id }));
    if (!a || !b || !c) throw new Error('three were made');
    await put(durableTurn({ id: 't' }));
    await ask('t', a, b, c);
    await store().commit([settle(c)]);
    const both = commitTo('ticket', {
      requests: [b, a].map((each) => requestWrite({ ...each, status: 'cancelled' }, { version: 1 })),
      waits: waits('t', c, a),
      journal: [{ turnId: 't', call: 'say', body: null }],
    });
    expect(await appended(both)).toMatchObject([
      { n: 2, call: 'say' },
      { n: 3, call: 'answer:b' },
      { n: 4, call: 'answer:a' },
      { n: 5, call: 'answer:c' },
    ]);
  });

  test('go to the journal of the present leg', async () => {
    const request = requestRecord({ id: 'r' });
    await put(durableTurn({ id: 't' }));
    await ask('t', request);
    await put(durableTurn({ id: 't' }, { leg: 1 }));
    expect(await appended(settle(request))).toMatchObject([{ turnId: 't', n: 1, call: 'answer:r' }]);
  });

  test('do not come to a turn that has ended, not even by the commit that ends it', async () => {
    const [request, mine] = [requestRecord({ id: 'r' }), requestRecord({ id: 'mine' })];
    const turn = durableTurn({ id: 't' });
    await put(turn, durableTurn({ id: 'other' }));
    await ask('t', request, mine);
    await store().commit([commitTo('ticket', { waits: waits('other', request) })]);
    const end = { ...settle(mine, 1, 'cancelled'), turns: [{ ...turn, status: 'completed' as const }] };
    expect(await appended(end)).toEqual([]);
    expect(await appended(commitTo('ticket', { waits: waits('t', mine) }))).toEqual([]);
    // What it waited for is forgotten, and not only passed over: not even a turn of its name is answered.
    await put(turn);
    expect(await appended(settle(request))).toMatchObject([{ turnId: 'other', n: 1, call: 'answer:r' }]);
    expect(await calls('t')).toEqual([]);
  });

  test('refuse who counts on a shorter journal, so that none is slept through', async () => {
    const request = requestRecord({ id: 'r' });
    await put(durableTurn({ id: 't' }));
    await ask('t', request);
    const rest = commitTo('ticket', {
      turns: [durableTurn({ id: 't', status: 'waiting' })],
      fence: { turnId: 't', generation: 1, entries: 0 },
    });
    expect(outcomes(await store().commit([settle(request), rest]))).toEqual([[], 'conflict']);
    expect((await store().turn('t'))?.status).toBe('running');
  });

  describe('and turns that are due:', () => {
    const due = async (until: number) => (await store().dueTurns(until, 10)).map(({ id }) => id);

    test('those whose time has come, earliest first, at most as many as asked for', async () => {
      const of = (id: string, dueAt: number, fields: Partial<TurnRecord> = {}) =>
        durableTurn({ id, ticketId: `ticket-${id}`, ...fields }, { dueAt });
      await put(
        of('c', noon + 3, { status: 'waiting' }),
        of('a', noon + 1, { status: 'stuck' }),
        of('b', noon + 2),
        of('d', noon + 3, { status: 'queued' }),
        of('ended', noon, { status: 'completed' }),
        durableTurn({ id: 'never', status: 'waiting' }),
        turnRecord({ id: 'plain' }),
      );
      expect(await store().dueTurns(noon + 2, 10)).toEqual([
        { id: 'a', ticketId: 'ticket-a' },
        { id: 'b', ticketId: 'ticket-b' },
      ]);
      expect([await due(noon), await due(noon + 9)]).toEqual([[], ['a', 'b', 'c', 'd']]);
      expect(await store().dueTurns(noon + 9, 1)).toEqual([{ id: 'a', ticketId: 'ticket-a' }]);
      expect([await store().nextDueTurn(0), await store().nextDueTurn(noon + 2)]).toEqual([
        noon + 1,
        noon + 3,
      ]);
      expect(await store().nextDueTurn(noon + 3)).toBeUndefined();
      await put(of('b', noon + 8), of('c', noon + 3, { status: 'aborted' }));
      expect(await due(noon + 9)).toEqual(['a', 'd', 'b']);
    });

    test('those that wait, once they are answered, if not earlier, until they do something else', async () => {
      const [first, second] = [requestRecord({ id: 'r1' }), requestRecord({ id: 'r2' })];
      const resting = durableTurn({ id: 't', status: 'waiting' }, { dueAt: noon + 60 });
      await put(resting);
      await ask('t', first, second);
      expect(await due(noon + 59)).toEqual([]);
      await store().commit([{ ...settle(first), at: noon + 5 }]);
      expect([await due(noon + 4), await due(noon + 5)]).toEqual([[], ['t']]);
      await store().commit([{ ...settle(second), at: noon + 6 }]);
      expect(await due(noon + 5)).toEqual(['t']);
      // It waits as before: the answer is still to be taken.
      await put(durableTurn({ id: 't', status: 'waiting' }, { dueAt: noon + 90 }));
      expect([await due(noon + 5), await store().nextDueTurn(noon + 5)]).toEqual([['t'], undefined]);
      await put(durableTurn({ id: 't' }, { generation: 2, dueAt: noon + 90 }));
      expect([await due(noon + 89), await due(noon + 90)]).toEqual([[], ['t']]);
      await put(durableTurn({ id: 't', status: 'waiting' }, { generation: 2, dueAt: noon + 90 }));
      expect(await due(noon + 89)).toEqual([]);
    });

    test('not later than before, though an answer comes later', async () => {
      const request = requestRecord({ id: 'r' });
      await put(durableTurn({ id: 't', status: 'waiting' }, { dueAt: noon + 1 }));
      await ask('t', request);
      await store().commit([{ ...settle(request), at: noon + 5 }]);
      expect(await due(noon + 1)).toEqual(['t']);
    });

    test('also those that begin to wait for what is settled in the same commit', async () => {
      const request = requestRecord({ id: 'r', status: 'approved' });
      await put(durableTurn({ id: 't' }));
      await store().commit([
        commitTo('ticket', {
          turns: [durableTurn({ id: 't', status: 'waiting' }, { leg: 1 })],
          requests: [requestWrite(request)],
          waits: waits('t', request),
        }),
      ]);
      expect(await due(noon)).toEqual(['t']);
    });

    for (const status of ['queued', 'running', 'stuck'] as const)
      test(`not by an answer one that is ${status}`, async () => {
        const request = requestRecord({ id: 'r' });
        await put(durableTurn({ id: 't', status }, { dueAt: noon + 60 }));
        await ask('t', request);
        await store().commit([settle(request)]);
        expect([await due(noon + 59), await calls('t')]).toEqual([[], ['answer:r']]);
      });
  });
}
