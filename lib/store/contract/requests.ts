/** Part of the store contract: how requests are stored, listed and found by key, turn and deadline. */
import type { RequestRecord } from '../../protocol/records';
import { requestStatuses } from '../../protocol/request-status';
import type { Commit, RequestFilter } from '../store';
import { expect } from './expect';
import { commitTo, noon, requestRecord, requestsCommit, requestWrite } from './samples';
import { ids, range, type Subject } from './subject';

export function requestObligations({ describe, test, store }: Subject): void {
  const put = (...records: RequestRecord[]) =>
    store().commit(records.map((record) => requestsCommit(record)));
  const dueIds = async (until: number, limit: number) =>
    (await store().dueRequests(until, limit)).map(({ id }) => id);
  const putDue = (id: string, dueAt: number, fields: Partial<RequestRecord> = {}) =>
    store().commit([
      commitTo('ticket', { requests: [requestWrite(requestRecord({ id, ...fields }), { dueAt })] }),
    ]);
  const change = (record: RequestRecord, version: number, dueAt?: number): Commit =>
    commitTo(record.ticketId, {
      requests: [requestWrite(record, { version, ...(dueAt !== undefined && { dueAt }) })],
    });
  const idsOf = (list: readonly { record: RequestRecord }[]) => list.map(({ record }) => record.id);

  test('are stored with their snapshot, version and deadline, which go on with every write', async () => {
    const record = requestRecord({ key: 'k', turnId: 'turn', expiresAt: noon + 9 });
    const first = { record, snapshot: { value: 'pending', context: [1] }, dueAt: noon + 9 };
    await store().commit([commitTo('ticket', { requests: [{ ...first, version: 0 }] })]);
    expect(await store().request(record.id)).toStrictEqual({ ...first, version: 1 });

    const second = { record: { ...record, revision: 2 }, snapshot: { value: 'claimed' } };
    await store().commit([commitTo('ticket', { requests: [{ ...second, version: 1 }] })]);
    const stored = { ...second, version: 2 };
    expect(await store().request(record.id)).toStrictEqual(stored);
    expect(await store().requestByKey('ticket', 'k')).toStrictEqual(stored);
    expect(await store().requestsOfTurn('turn')).toStrictEqual([stored]);
    expect(await store().request('another')).toBeUndefined();
    expect(await store().requestByKey('ticket', 'another')).toBeUndefined();
    expect(await store().requestByKey('another', 'k')).toBeUndefined();
  });

  test('without a snapshot are read back without one, also where an earlier write had one', async () => {
    const record = requestRecord({ key: 'k', turnId: 'turn' });
    const read = async () => [
      await store().request(record.id),
      await store().requestByKey('ticket', 'k'),
      ...(await store().requestsOfTurn('turn')),
    ];
    const versions = [undefined, { version: 3 }, undefined].entries();
    for (const [version, snapshot] of versions) {
      const write = { record, ...(snapshot && { snapshot }), version };
      expect(await store().commit([commitTo('ticket', { requests: [write] })])).toMatchObject([{ ok: true }]);
      const stored = { ...write, version: version + 1 };
      expect(await read()).toStrictEqual([stored, stored, stored]);
    }
  });

  test('are read as copies', async () => {
    const record = requestRecord({ key: 'k', turnId: 'turn' });
    await store().commit([commitTo('ticket', { requests: [requestWrite(record, { dueAt: 1 })] })]);
    const read = async () => [
      ...[await store().request(record.id), await store().requestByKey('ticket', 'k')],
      ...(await store().requestsOfTurn('turn')),
      ...(await store().requests({}, 1)).items,
      ...(await store().state('ticket', 1)).requests,
    ];
    const before = await read();
    const expected = structuredClone(before);
    expect(before).toHaveLength(5);
    for (const found of before)
      Object.assign(found && 'record' in found ? found.record : (found ?? {}), { id: 'x' });
    expect(await read()).toEqual(expected);
  });

  test('that are pending are in the state of their ticket, all of them, oldest first', async () => {
    const waiting = range(1, 300).map((n) => requestRecord({ id: `r${n}`, createdAt: noon - n }));
    await put(...waiting, requestRecord({ status: 'denied' }), requestRecord({ ticketId: 'other' }));
    const { requests } = await store().state('ticket', 1);
    expect(requests).toEqual(waiting);
  });

  test('stay pending once however often they change, and are nowhere among the pending ones once they are settled', async () => {
    const record = requestRecord({ turnId: 'turn' });
    const pending = async () => [
      ...(await store().state('ticket', 1)).requests,
      ...(await store().requests({ status: 'pending' }, 10)).items,
      ...(await store().requests({ status: 'pending', ticketId: 'ticket' }, 10)).items,
      ...(await store().requestsOfTurn('turn')).map((stored) => stored.record),
    ];
    await put(record);
    const changed = { ...record, revision: 2 };
    await store().commit([change(changed, 1)]);
    expect(await pending()).toEqual([changed, changed, changed, changed]);
    const settled: RequestRecord = { ...changed, status: 'denied' };
    await store().commit([change(settled, 2)]);
    expect(await pending()).toEqual([]);
    expect((await store().requests({}, 10)).items).toEqual([settled]);
  });

  test('of a turn are those that are pending, oldest first', async () => {
    const [a, b, c] = [2, 1, 3].map((n) =>
      requestRecord({ id: `r${n}`, turnId: 'turn', createdAt: noon + n }),
    );
    if (!a || !b || !c) throw new Error('three were made');
    await put(a, b, c, requestRecord(), requestRecord({ turnId: 'other' }));
    expect(idsOf(await store().requestsOfTurn('turn'))).toEqual(['r2', 'r1', 'r3']);
    await store().commit([change({ ...b, status: 'cancelled' }, 1)]);
    expect(idsOf(await store().requestsOfTurn('turn'))).toEqual(['r2', 'r3']);
    expect(await store().requestsOfTurn('none')).toEqual([]);
  });

  test('are found by who holds the claim, for as long as it is held', async () => {
    const claim = (userId: string) => ({ by: { userId, displayName: userId }, at: noon, until: noon + 1 });
    const [a, b, other] = [
      requestRecord({ claim: claim('ann') }),
      requestRecord({ claim: claim('ann') }),
      requestRecord({ claim: claim('ann'), ticketId: 'other' }),
    ];
    await put(a, b, other, requestRecord({ claim: claim('bob') }), requestRecord());
    const of = async (userId: string) => (await store().claims('ticket', userId)).toSorted();
    expect(await of('ann')).toEqual([a.id, b.id].sort());
    await store().commit([change({ ...a, claim: undefined }, 1), change({ ...b, claim: claim('bob') }, 1)]);
    expect(await of('ann')).toEqual([]);
    expect((await of('bob')).includes(b.id)).toBe(true);
    expect(await of('nobody')).toEqual([]);
  });

  describe('in lists', () => {
    /** Sixty requests, ten per status, thirty per ticket, three per millisecond, committed in no order. */
    const many = range(0, 59).map((n) =>
      requestRecord({
        id: `r${String(n).padStart(2, '0')}`,
        ticketId: n % 4 < 2 ? 'ticket' : 'other',
        status: requestStatuses[n % 6] ?? 'pending',
        createdAt: noon + Math.floor(n / 3),
      }),
    );
    const inNoOrder = many.toSorted(
      (a, b) => ((Number(a.id.slice(1)) * 37) % 60) - ((Number(b.id.slice(1)) * 37) % 60),
    );

    /** Every page, each of at most `limit`; stops at 100, where a list that does not move on is plain to see. */
    async function pages(filter: RequestFilter, limit: number): Promise<string[][]> {
      const found: string[][] = [];
      let cursor: string | undefined;
      do {
        const page = await store().requests(filter, limit, cursor);
        found.push(ids(page.items));
        cursor = page.nextCursor;
      } while (cursor !== undefined && found.length < 100);
      return found;
    }

    const filters: readonly RequestFilter[] = [
      {},
      { ticketId: 'ticket' },
      { status: 'pending' },
      { status: 'denied' },
      { ticketId: 'other', status: 'pending' },
      { ticketId: 'other', status: 'denied' },
    ];
    for (const filter of filters)
      test(`of ${JSON.stringify(filter)} come in the order in which they were first committed, each once, on pages of any size`, async () => {
        await put(...inNoOrder);
        const expected = ids(
          inNoOrder.filter(
            ({ ticketId, status }) =>
              (filter.ticketId ?? ticketId) === ticketId && (filter.status ?? status) === status,
          ),
        );
        expect(expected.length > 4).toBe(true);
        for (const size of [1, 4, expected.length, 200]) {
          const found = await pages(filter, size);
          expect(found.flat()).toEqual(expected);
          expect(found).toHaveLength(Math.ceil(expected.length / size));
        }
      });

    test('are whole records', async () => {
      const record = requestRecord({ status: 'denied', respondedBy: { userId: 'bob', displayName: 'Bob' } });
      await put(record);
      expect(await store().requests({}, 10)).toStrictEqual({ items: [record] });
    });

    test('have at most 200 on a page and at least one, whatever is asked for', async () => {
      await put(...range(1, 201).map((n) => requestRecord({ createdAt: noon + n })));
      expect((await store().requests({}, 5_000)).items).toHaveLength(200);
      expect((await store().requests({}, 0)).items).toHaveLength(1);
      expect((await store().requests({}, -3)).items).toHaveLength(1);
    });

    test('that are empty have no next page', async () => {
      expect(await store().requests({ ticketId: 'none' }, 10)).toEqual({ items: [] });
      expect(await store().requests({ status: 'pending' }, 10)).toEqual({ items: [] });
    });

    test('go on behind their cursor, though the request it was at has left the list and others have come', async () => {
      const [a, b, c] = [1, 2, 3].map((n) => requestRecord({ id: `r${n}`, createdAt: noon + n }));
      if (!a || !b || !c) throw new Error('three were made');
      await put(a, b, c);
      const { nextCursor } = await store().requests({ status: 'pending' }, 2);
      await store().commit([change({ ...b, status: 'approved' }, 1)]);
      await put(
        requestRecord({ id: 'r0', createdAt: noon }),
        requestRecord({ id: 'r4', createdAt: noon + 4 }),
      );
      const { items } = await store().requests({ status: 'pending' }, 9, nextCursor);
      expect(ids(items)).toEqual(['r3', 'r0', 'r4']);
    });

    const strange = [
      '',
      'garbage',
      'WzEsMl0',
      'WyIxIiwiYSJd',
      'bnVsbA',
      'eyJhIjoxfQ',
      'W10',
      '!',
      '%00',
      'WzEsImEiXQ==',
      ' WzEsImEiXQ',
    ];
    for (const cursor of strange)
      test(`refuse the cursor '${cursor}', which they did not give`, async () => {
        await put(requestRecord());
        const refused = { code: 'invalid_frame' };
        await expect(store().requests({}, 10, cursor)).rejects.toMatchObject(refused);
        // Also of what is not there.
        await expect(store().requests({ ticketId: 'none' }, 10, cursor)).rejects.toMatchObject(refused);
        await expect(store().grantUses('none', 10, cursor)).rejects.toMatchObject(refused);
      });
  });

  describe('with a deadline', () => {
    test('are found once it is there, earliest first, at most as many as asked for', async () => {
      await putDue('c', noon + 3);
      await putDue('a', noon + 1);
      await putDue('d', noon + 4);
      await putDue('b', noon + 1, { ticketId: 'other' });
      await put(requestRecord());
      expect(await store().dueRequests(noon, 10)).toEqual([]);
      expect(await dueIds(noon + 1, 10)).toEqual(['a', 'b']);
      expect(await dueIds(noon + 3, 10)).toEqual(['a', 'b', 'c']);
      expect(await dueIds(noon + 9, 3)).toEqual(['a', 'b', 'c']);
      expect(await store().dueRequests(noon + 9, 0)).toEqual([]);
      expect(await store().dueRequests(noon + 1, 1)).toEqual([{ id: 'a', ticketId: 'ticket' }]);
    });

    test('say when the next is due; without any, nothing', async () => {
      expect(await store().nextDue(0)).toBeUndefined();
      await put(requestRecord());
      expect(await store().nextDue(0)).toBeUndefined();
      await putDue('b', noon + 2);
      await putDue('a', noon + 1);
      expect(await store().nextDue(0)).toBe(noon + 1);
      await putDue('c', noon + 2);
      expect(await store().nextDue(noon)).toBe(noon + 1);
      expect(await store().nextDue(noon + 1)).toBe(noon + 2);
      expect(await store().nextDue(noon + 2)).toBeUndefined();
    });

    test('may have it moved or taken away, also when they are settled', async () => {
      const record = requestRecord({ id: 'a' });
      await putDue('b', noon + 5);
      await store().commit([
        commitTo('ticket', { requests: [requestWrite(record, { dueAt: noon + 1 })] }),
        change(record, 1, noon + 7),
      ]);
      expect(await store().nextDue(0)).toBe(noon + 5);
      expect(await dueIds(noon + 9, 10)).toEqual(['b', 'a']);
      await store().commit([change(record, 2)]);
      expect(await dueIds(noon + 9, 10)).toEqual(['b']);
      await store().commit([change(record, 3, noon + 1)]);
      expect(await store().nextDue(0)).toBe(noon + 1);
      await store().commit([change({ ...record, status: 'approved' }, 4, noon + 2)]);
      expect(await store().nextDue(0)).toBe(noon + 2);
      await store().commit([change({ ...record, status: 'approved' }, 5)]);
      expect(await store().nextDue(0)).toBe(noon + 5);
      expect(await dueIds(noon + 9, 10)).toEqual(['b']);
    });
  });

  test('that let go of their key leave it to another', async () => {
    const older = requestRecord({ id: 'older', key: 'block' });
    await put(older);
    const { key: _key, ...without } = older;
    const settled = requestWrite({ ...without, status: 'approved' }, { version: 1 });
    const newer = requestWrite(requestRecord({ id: 'newer', key: 'block' }));
    const [result] = await store().commit([commitTo('ticket', { requests: [settled, newer] })]);
    expect(result).toMatchObject({ ok: true });
    expect((await store().requestByKey('ticket', 'block'))?.record.id).toBe('newer');
  });
}
