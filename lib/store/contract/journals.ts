/** Part of the store contract: the journals and states of durable turns, and the fence before whoever writes for one. */
import type { TurnRecord } from '../../protocol/records';
import { maxJournalPage, maxPageBytes } from '../shared/limits';
import type { Commit, JournalWrite } from '../store';
import { expect } from './expect';
import { chatCommit, commitTo, durableTurn, noon, requestRecord, requestWrite, turnRecord } from './samples';
import { outcomes, range, type Subject } from './subject';

/** An entry for each of these calls, with its name as its body. */
function entries(turnId: string, ...calls: readonly (string | number)[]): JournalWrite[] {
  return calls.map((call) => ({ turnId, call: `${call}`, body: `${call}` }));
}

export function journalObligations({ describe, test, store }: Subject): void {
  const put = (...turns: TurnRecord[]) => store().commit([commitTo('ticket', { turns })]);
  const append = (...journal: JournalWrite[]) => store().commit([commitTo('ticket', { journal })]);
  /** Number and call of each. */
  const journal = async (turnId: string) =>
    (await store().journal(turnId, 0, maxJournalPage)).map(({ n, call }) => [n, call]);

  test('number their entries from 1 per turn, without a gap, in the order of the commits', async () => {
    const [a, b] = [durableTurn({ id: 'a' }), durableTurn({ id: 'b' })];
    await put(a, b);
    const results = await store().commit([
      commitTo('ticket', { journal: entries('a', 1, 2) }),
      commitTo('ticket', { journal: [...entries('a', 3), ...entries('b', 1), ...entries('a', 4)] }),
    ]);
    await append(...entries('b', 2));
    expect(results.map((result) => result.ok && result.journal.map(({ turnId, n }) => [turnId, n]))).toEqual([
      [
        ['a', 1],
        ['a', 2],
      ],
      [
        ['a', 3],
        ['b', 1],
        ['a', 4],
      ],
    ]);
    expect(await journal('a')).toEqual(range(1, 4).map((n) => [n, `${n}`]));
    expect(await journal('b')).toEqual(range(1, 2).map((n) => [n, `${n}`]));
  });

  test('share no number with a commit of another call, however the calls overlap', async () => {
    await put(durableTurn({ id: 't' }));
    const results = await Promise.all(range(1, 20).map((n) => append(...entries('t', n))));
    const numbered = results.flat().flatMap((result) => (result.ok ? result.journal : []));
    expect(numbered.map(({ n }) => n).sort((a, b) => a - b)).toEqual(range(1, 20));
    const read = await store().journal('t', 0, 100);
    expect(read.map(({ n }) => n)).toEqual(range(1, 20));
    expect(read).toEqual(numbered.sort((a, b) => a.n - b.n));
  });

  test('begin in the commit that begins the turn', async () => {
    await store().commit([
      commitTo('ticket', { turns: [durableTurn({ id: 't' })], journal: entries('t', 'first') }),
    ]);
    expect(await journal('t')).toEqual([[1, 'first']]);
  });

  test('have any JSON, as a copy, with the time of its commit', async () => {
    await put(durableTurn({ id: 't' }));
    const body = { v: [1, 'zwei', null], gone: undefined };
    const [result] = await store().commit([
      {
        ...commitTo('ticket', { journal: [{ turnId: 't', call: 'step:plan', body }] }),
        at: noon + 7,
      },
    ]);
    await append({ turnId: 't', call: 'say', body: undefined });
    body.v = [];
    const [reported] = result?.ok ? result.journal : [];
    const first = { turnId: 't', n: 1, at: noon + 7, call: 'step:plan', body: { v: [1, 'zwei', null] } };
    expect(reported).toStrictEqual(first);
    Object.assign(reported ?? {}, { call: 'changed' });
    const read = () => store().journal('t', 0, 9);
    Object.assign((await read())[0] ?? {}, { call: 'changed' });
    expect(await read()).toStrictEqual([first, { turnId: 't', n: 2, at: noon, call: 'say', body: null }]);
  });

  test('that cannot be written reject the call, and nothing of it was stored', async () => {
    await put(durableTurn({ id: 't' }));
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    const bad = commitTo('ticket', { journal: [{ turnId: 't', call: 'bad', body: circular }] });
    const good = commitTo('ticket', { journal: entries('t', 'good') });
    await expect(store().commit([good, bad])).rejects.toMatchObject({ code: 'storage_failed' });
    expect(await journal('t')).toEqual([]);
  });

  test(`are read from any place, at most ${maxJournalPage} entries at once`, async () => {
    await put(durableTurn({ id: 't' }));
    await append(...entries('t', ...range(1, maxJournalPage + 5)));
    const read = async (after: number, limit: number) =>
      (await store().journal('t', after, limit)).map(({ n }) => n);
    expect(await read(0, 3)).toEqual([1, 2, 3]);
    expect(await read(3, 2)).toEqual([4, 5]);
    expect(await read(0, 0)).toEqual([]);
    expect(await read(0, 10_000)).toEqual(range(1, maxJournalPage));
    expect(await read(maxJournalPage, 10_000)).toEqual(range(maxJournalPage + 1, maxJournalPage + 5));
    expect(await read(maxJournalPage + 5, 10)).toEqual([]);
    expect(await store().journal('unknown', 0, 10)).toEqual([]);
  });

  test(`are read within ${maxPageBytes} bytes, and an entry that is larger alone`, async () => {
    await put(durableTurn({ id: 't' }));
    const quarter = 'x'.repeat(maxPageBytes / 4 - 1_000);
    const sizes = [quarter, quarter, quarter, quarter, quarter, 'x'.repeat(maxPageBytes + 1), 'small'];
    await append(...sizes.map((body) => ({ turnId: 't', call: 'step', body })));
    const read = async (after: number) => (await store().journal('t', after, 100)).map(({ n }) => n);
    expect(await read(0)).toEqual([1, 2, 3, 4]);
    expect(await read(4)).toEqual([5]);
    expect(await read(5)).toEqual([6]);
    expect(await read(6)).toEqual([7]);
  });

  test('begin again at 1 with another leg, and stay with the same', async () => {
    const turn = durableTurn({ id: 't' });
    await put(turn);
    await append(...entries('t', 'old', 'old'));
    await put({ ...turn, status: 'waiting' });
    expect(await journal('t')).toEqual([
      [1, 'old'],
      [2, 'old'],
    ]);
    const next = durableTurn({ id: 't' }, { leg: 1 });
    const [result] = await store().commit([
      commitTo('ticket', { turns: [next], journal: entries('t', 'new') }),
    ]);
    expect(result).toMatchObject({ ok: true, journal: [{ n: 1, call: 'new' }] });
    await append(...entries('t', 'newer'));
    expect(await journal('t')).toEqual([
      [1, 'new'],
      [2, 'newer'],
    ]);
  });

  for (const status of ['completed', 'aborted'] as const)
    test(`and states are gone with a turn that is ${status}, and do not come back`, async () => {
      const [turn, other] = [durableTurn({ id: 't' }), durableTurn({ id: 'other' })];
      await put(turn, other);
      for (const turnId of ['t', 'other'])
        await store().commit([
          commitTo('ticket', { journal: entries(turnId, 'say'), state: { turnId, state: { n: 1 } } }),
        ]);
      const late = commitTo('ticket', { journal: entries('t', 'late'), state: { turnId: 't', state: 2 } });
      const [ended, after] = await store().commit([
        { ...late, turns: [{ ...turn, status, endedAt: noon }] },
        late,
      ]);
      expect([ended, after]).toMatchObject([
        { ok: true, journal: [] },
        { ok: true, journal: [] },
      ]);
      expect([await journal('t'), await store().turnState('t')]).toEqual([[], undefined]);
      expect([await journal('other'), await store().turnState('other')]).toEqual([[[1, 'say']], { n: 1 }]);
    });

  test('and states are those of durable turns alone', async () => {
    await put(turnRecord({ id: 'plain' }));
    for (const turnId of ['plain', 'unknown']) {
      const [result] = await store().commit([
        commitTo('ticket', { journal: entries(turnId, 'say'), state: { turnId, state: 1 } }),
      ]);
      expect(result).toMatchObject({ ok: true, journal: [] });
      expect([await journal(turnId), await store().turnState(turnId)]).toEqual([[], undefined]);
    }
  });

  test('stand beside the state of the next leg: the last one given, until another or none is', async () => {
    await put(durableTurn({ id: 't' }));
    const give = (state: unknown) => store().commit([commitTo('ticket', { state: { turnId: 't', state } })]);
    expect(await store().turnState('t')).toBeUndefined();
    const state = { messages: ['a', { b: null }] };
    await give(state);
    state.messages.push('c');
    await put(durableTurn({ id: 't' }, { leg: 1 }));
    expect(await store().turnState('t')).toStrictEqual({ messages: ['a', { b: null }] });
    await give(null);
    expect(await store().turnState('t')).toBe(null);
    await give(undefined);
    expect(await store().turnState('t')).toBeUndefined();
  });

  describe('behind a fence', () => {
    const fenced = (fence: Commit['fence'], fields: Partial<Commit> = {}): Commit => ({
      ...chatCommit('ticket', 'fenced'),
      ...(fence && { fence }),
      ...fields,
    });
    const outcome = async (commit: Commit) => outcomes(await store().commit([commit]))[0];

    test('are written by the present generation alone', async () => {
      await put(durableTurn({ id: 't' }, { generation: 3 }));
      const write = (generation: number) => outcome(fenced({ turnId: 't', generation }));
      expect([await write(2), await write(4), await write(0)]).toEqual(range(1, 3).map(() => 'turn_lost'));
      expect(await write(3)).toEqual([1]);
    });

    test('are not written for a turn that has ended, is not durable or is not there', async () => {
      await put(
        durableTurn({ id: 'completed', status: 'completed' }),
        durableTurn({ id: 'aborted', status: 'aborted' }),
        turnRecord({ id: 'plain' }),
      );
      for (const turnId of ['completed', 'aborted', 'plain', 'unknown'])
        expect([turnId, await outcome(fenced({ turnId, generation: 1 }))]).toEqual([turnId, 'turn_lost']);
      for (const status of ['queued', 'running', 'waiting', 'stuck'] as const) {
        await put(durableTurn({ id: status, status }));
        const written = await outcome(fenced({ turnId: status, generation: 1 }, { envelopes: [] }));
        expect([status, written]).toEqual([status, []]);
      }
    });

    test('are written only where they are as long as the writer believes', async () => {
      await put(durableTurn({ id: 't' }));
      await append(...entries('t', 1, 2));
      const write = (length: number, journal = entries('t', length + 1)) =>
        outcome(fenced({ turnId: 't', generation: 1, entries: length }, { journal, envelopes: [] }));
      expect([await write(1), await write(3), await write(0)]).toEqual(range(1, 3).map(() => 'conflict'));
      expect(await write(2)).toEqual([]);
      expect([await write(2), await write(3)]).toEqual(['conflict', []]);
      expect(await journal('t')).toEqual(range(1, 4).map((n) => [n, `${n}`]));
      // Who has lost the turn hears that, however long the journal is.
      expect(await outcome(fenced({ turnId: 't', generation: 2, entries: 9 }))).toBe('turn_lost');
    });

    test('are judged against what was committed before, also in the same call, and not by the commit itself', async () => {
      const turn = durableTurn({ id: 't' });
      await put(turn);
      const take = (generation: number) =>
        fenced(
          { turnId: 't', generation: generation - 1 },
          { turns: [durableTurn({ id: 't' }, { generation })], envelopes: [] },
        );
      const end = fenced(
        { turnId: 't', generation: 2 },
        { turns: [{ ...durableTurn({ id: 't' }, { generation: 2 }), status: 'completed' }], envelopes: [] },
      );
      const results = await store().commit([take(2), take(2), end, end]);
      expect(outcomes(results)).toEqual([[], 'turn_lost', [], 'turn_lost']);
      expect(await store().turn('t')).toMatchObject({ status: 'completed', run: { generation: 2 } });
    });

    test('leave no trace of what is refused', async () => {
      await put(durableTurn({ id: 't' }, { generation: 2, dueAt: noon }));
      const request = requestRecord();
      const refused = (fence: Commit['fence']) =>
        fenced(fence, {
          turns: [durableTurn({ id: 't', status: 'waiting' }, { generation: 9, leg: 4, dueAt: noon + 5 })],
          journal: entries('t', 'lost'),
          waits: [{ turnId: 't', requestId: request.id }],
          state: { turnId: 't', state: 'lost' },
          requests: [requestWrite(request)],
          frame: { userId: 'ann', frameId: 'f', ack: {} },
        });
      expect(await outcome(refused({ turnId: 't', generation: 1 }))).toBe('turn_lost');
      expect(await outcome(refused({ turnId: 't', generation: 2, entries: 1 }))).toBe('conflict');
      expect([await journal('t'), await store().turnState('t')]).toEqual([[], undefined]);
      expect(await store().turn('t')).toMatchObject({ status: 'running', run: { generation: 2, leg: 0 } });
      expect(await store().request(request.id)).toBeUndefined();
      expect(await store().processedFrame('ann', 'f')).toBeUndefined();
      expect(await store().position('ticket')).toMatchObject({ seq: 0 });
      expect(await store().nextDueTurn(noon)).toBeUndefined();
      const settled = requestWrite({ ...request, status: 'approved' });
      expect(await store().commit([commitTo('ticket', { requests: [settled] })])).toMatchObject([
        { ok: true, journal: [] },
      ]);
    });

    test('are not reached by a frame that was carried out before', async () => {
      await put(durableTurn({ id: 't' }));
      const frame = { userId: 'ann', frameId: 'f', ack: { n: 1 } };
      await store().commit([fenced({ turnId: 't', generation: 1 }, { frame })]);
      expect(await outcome(fenced({ turnId: 't', generation: 7 }, { frame }))).toBe('duplicate_id');
    });
  });
}
