/** Part of the store contract: the audit, to which is only ever added. */
import { expect } from './expect';
import { auditRecord, chatCommit, commitTo, noon, requestRecord, requestWrite } from './samples';
import { range, type Subject } from './subject';

export function auditObligations({ test, store }: Subject): void {
  const add = (ticketId: string, ...requestIds: string[]) =>
    commitTo(ticketId, { audit: requestIds.map((requestId) => auditRecord({ ticketId, requestId })) });
  const read = async (ticketId: string, requestId?: string) =>
    (await store().audit({ ticketId, requestId }, 200)).items.map((entry) => [entry.n, entry.requestId]);

  test('stores every field of a record, and numbers the records of each ticket from 1', async () => {
    const first = auditRecord({
      event: 'responded',
      fromState: 'pending.open',
      toState: 'resolved.denied',
      status: 'denied',
      verdict: 'denied',
      comment: 'No',
      via: 'socket',
    });
    const second = auditRecord({ event: 'refused', code: 'not_allowed', rule: 'answerers', via: 'link' });
    await store().commit([commitTo('ticket', { audit: [first, second] }), add('other', 'a')]);
    await store().commit([add('other', 'b')]);
    expect(await store().audit({ ticketId: 'ticket' }, 10)).toEqual({
      items: [
        { ...first, n: 1 },
        { ...second, n: 2 },
      ],
    });
    expect(await read('other')).toEqual([
      [1, 'a'],
      [2, 'b'],
    ]);
    expect(await read('nowhere')).toEqual([]);
  });

  test('has what a commit stored and nothing of one that was refused', async () => {
    const request = requestRecord();
    const birth = () =>
      commitTo('ticket', {
        requests: [requestWrite(request)],
        audit: [auditRecord({ requestId: request.id })],
      });
    const results = await store().commit([birth(), birth()]);
    expect(results).toMatchObject([{ ok: true }, { ok: false, code: 'conflict' }]);
    expect(await read('ticket')).toEqual([[1, request.id]]);
  });

  test('is read page by page, of a ticket or of one request, also while it grows', async () => {
    const names = range(1, 30).map((n) => (n % 3 === 0 ? 'rare' : 'often'));
    await store().commit([add('ticket', ...names.slice(0, 25)), add('other', 'rare')]);
    for (const [requestId, expected] of [
      [undefined, range(1, 30)],
      ['rare', range(1, 10).map((n) => 3 * n)],
      ['none', []],
    ] as const) {
      const found: number[] = [];
      let cursor: string | undefined;
      do {
        const page = await store().audit({ ticketId: 'ticket', requestId }, 4, cursor);
        expect(page.items.length).toBeLessThanOrEqual(4);
        found.push(...page.items.map(({ n }) => n));
        if (found.length === 4 && requestId === undefined) {
          await store().commit([add('ticket', ...names.slice(25))]);
        }
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      expect(found).toEqual(expected);
    }
  });

  test('gives at most 200 records, and at least one', async () => {
    await store().commit([add('ticket', ...range(1, 201).map(String))]);
    expect((await store().audit({ ticketId: 'ticket' }, 1_000)).items).toHaveLength(200);
    expect((await store().audit({ ticketId: 'ticket' }, 0)).items).toHaveLength(1);
  });

  test('refuses a cursor it did not give', async () => {
    await expect(store().audit({ ticketId: 'ticket' }, 1, 'x')).rejects.toMatchObject({
      code: 'invalid_frame',
    });
  });

  test('stays whole when the log is trimmed', async () => {
    await store().commit([{ ...chatCommit('ticket', 'x'), audit: [auditRecord()] }]);
    await store().trim('ticket', 0, noon + 1);
    expect(await read('ticket')).toEqual([[1, 'request']]);
  });

  test('is read as copies', async () => {
    await store().commit([add('ticket', 'a')]);
    const [entry] = (await store().audit({ ticketId: 'ticket' }, 1)).items;
    Object.assign(entry ?? {}, { requestId: 'changed' });
    expect(await read('ticket')).toEqual([[1, 'a']]);
  });
}
