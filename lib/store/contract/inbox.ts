/** Part of the store contract: in whose inbox a request is, in which order, on which page, and how many there are. */
import { answerersOf } from '../../actors/answerers';
import type { AnswerPolicy, RequestRecord } from '../../protocol/records';
import type { InboxFilter, InboxOrder, InboxOwner } from '../store';
import { expect } from './expect';
import { allPages, asked, fits, inOrder, orders, tally } from './inbox-model';
import { commitTo, noon, requestRecord, requestWrite } from './samples';
import { ids, range, type Subject } from './subject';

/** No groups and no tickets, unless given. */
function owner(userId: string, fields: Partial<InboxOwner> = {}): InboxOwner {
  return { userId, groups: [], tickets: [], ...fields };
}

/** Whether the obligation puts the request into this inbox. */
function isFor(record: RequestRecord, { userId, groups, tickets }: InboxOwner): boolean {
  const answerers = answerersOf(record);
  if (!answerers || answerers.except.includes(userId)) return false;
  const { users, groups: named } = answerers;
  if (users || named) return !!users?.includes(userId) || groups.some((group) => named?.includes(group));
  return tickets === 'all' || tickets.includes(record.ticketId);
}

const policies: readonly AnswerPolicy[] = [
  {},
  { users: ['ann'] },
  { users: ['bob', 'cem'], groups: ['analyst'] },
  { groups: ['analyst', 'lead'] },
  { users: [] },
  { excludeRequester: true },
  { groups: ['lead'], excludeRequester: true },
];
const kinds = [
  { type: 'question', payload: { question: 'Why?' } },
  { type: 'tool_approval', payload: { tool_name: 'block_ip', tool_args: {} } },
  { type: 'tool_approval', payload: { tool_name: 'question', tool_args: {} } },
  { type: 'severity', payload: { tool_name: 'block_ip' } },
] as const;
/** So many that every combination of policy, kind, ticket and time is there. */
const manyRecords = (shift: number) =>
  range(1, 84).map((n) =>
    requestRecord({
      id: `r${String((n * 37) % 84).padStart(2, '0')}`,
      ticketId: `T-${n % 3}`,
      userId: n % 2 ? 'ann' : 'bob',
      createdAt: noon + (n % 5),
      ...(n % 4 && { expiresAt: noon + 9 + (n % 3) }),
      policy: policies[(n + shift) % policies.length] ?? {},
      ...kinds[(n + shift) % kinds.length],
    }),
  );
const owners = [
  owner('ann'),
  owner('ann', { tickets: ['T-0', 'T-1'] }),
  owner('bob', { groups: ['analyst'], tickets: 'all' }),
  owner('cem', { groups: ['lead', 'analyst', 'lead'], tickets: ['T-2', 'T-2'] }),
  owner('dan', { tickets: 'all' }),
];
const filters: readonly InboxFilter[] = [
  {},
  { type: 'question' },
  { toolName: 'block_ip' },
  { ticketId: 'T-1' },
  { toolName: 'question', ticketId: 'T-2', type: 'tool_approval' },
  { toolName: 'block_ip', type: 'severity' },
];

export function inboxObligations({ test, store }: Subject): void {
  const put = (...records: RequestRecord[]) => store().commit(records.map((record) => asked(record)));
  const idsOf = async (of: InboxOwner, filter: InboxFilter = {}, order: InboxOrder = 'oldest') =>
    ids((await store().inbox(of, filter, order, 200)).items);

  test('has exactly the requests whose answerers name its owner, however one looks', async () => {
    const [before, now] = [manyRecords(1), manyRecords(0)];
    await store().commit(before.map((record) => asked(record)));
    await store().commit(now.map((record) => asked(record, 1)));
    let found = 0;
    for (const of of owners)
      for (const filter of filters) {
        const mine = now.filter((record) => isFor(record, of) && fits(record, filter));
        for (const order of orders)
          for (const size of [1, 7, 200]) {
            const pages = await allPages(store(), of, filter, order, size);
            expect(pages.flat()).toEqual(inOrder(mine, order));
            expect(pages).toHaveLength(Math.max(1, Math.ceil(mine.length / size)));
          }
        expect(await store().inboxCounts(of, filter)).toEqual({
          total: mine.length,
          isCapped: false,
          byType: tally(mine.map(({ type }) => type)),
          byTool: tally(
            mine.flatMap(({ type, payload }) => (type === 'tool_approval' ? [payload.tool_name] : [])),
          ),
        });
        found += mine.length;
      }
    expect(found > 100).toBe(true);
  });

  test('is left the moment a request settles, and by each person who is counted; and is entered again if that is forgotten', async () => {
    const record = requestRecord({ policy: { groups: ['analyst'], approvals: 2 } });
    const ann = owner('ann', { groups: ['analyst'] });
    const bob = owner('bob', { groups: ['analyst'] });
    await put(record);
    expect([await idsOf(ann), await idsOf(bob)]).toEqual([[record.id], [record.id]]);
    const by = { userId: 'ann', displayName: 'Ann' };
    const counted = { ...record, verdicts: [{ by, at: noon, status: 'approved' as const, stage: 0 }] };
    await store().commit([asked(counted, 1)]);
    expect([await idsOf(ann), await idsOf(bob)]).toEqual([[], [record.id]]);
    await store().commit([asked({ ...record, revision: 2 }, 2)]);
    expect([await idsOf(ann), await idsOf(bob)]).toEqual([[record.id], [record.id]]);
    await store().commit([asked({ ...record, status: 'approved' }, 3)]);
    expect([await idsOf(ann), await idsOf(bob)]).toEqual([[], []]);
    expect(await store().inboxCounts(bob, {})).toEqual({ total: 0, isCapped: false, byType: {}, byTool: {} });
  });

  test('follows what a request asks: another tool, another list', async () => {
    const record = requestRecord();
    await put(record);
    const ann = owner('ann', { tickets: 'all' });
    const changed = { ...record, payload: { tool_name: 'isolate_host', tool_args: {} } };
    await store().commit([asked(changed, 1)]);
    expect(await idsOf(ann, { toolName: 'block_ip' })).toEqual([]);
    expect(await idsOf(ann, { toolName: 'isolate_host' })).toEqual([record.id]);
    expect((await store().inboxCounts(ann, {})).byTool).toEqual({ isolate_host: 1 });
  });

  test('has no request that is settled, whomever its write names', async () => {
    const named = requestRecord({ policy: { users: ['ann'] } });
    const open = requestRecord();
    await put(named, open);
    const ann = owner('ann', { tickets: 'all' });
    expect((await idsOf(ann)).length).toBe(2);
    const settled = (record: RequestRecord) => {
      const answerers = answerersOf(record) ?? { except: [] };
      return commitTo('ticket', {
        requests: [requestWrite({ ...record, status: 'approved' }, { version: 1, answerers })],
      });
    };
    await store().commit([settled(named), settled(open)]);
    expect(await idsOf(ann)).toEqual([]);
    expect((await store().inboxCounts(ann, {})).total).toBe(0);
  });

  test('is not changed by a commit that is refused', async () => {
    const record = requestRecord();
    await put(record);
    const ann = owner('ann', { tickets: 'all' });
    await store().commit([
      asked({ ...record, status: 'approved' }, 7),
      asked(requestRecord({ id: record.id })),
    ]);
    expect(await idsOf(ann)).toEqual([record.id]);
  });

  test('is of no person where a write names none, nor where a stage has none', async () => {
    const unnamed = requestRecord();
    await store().commit([commitTo('ticket', { requests: [requestWrite(unnamed)] })]);
    await put(requestRecord({ policy: { users: [] } }));
    expect(await idsOf(owner('ann', { tickets: 'all' }))).toEqual([]);
  });

  test('takes a name for nothing but itself', async () => {
    const tricky = ['all', '"],["all"', 'T","in","x', 'ticket', '', 'ann', '%', '_', "'", 'Ann', 'ann '];
    const records = tricky.map((name) => requestRecord({ id: `of ${name}`, policy: { users: [name] } }));
    await put(...records, ...tricky.map((name) => requestRecord({ policy: { groups: [name] } })));
    for (const [index, name] of tricky.entries()) {
      expect(await idsOf(owner(name, { tickets: tricky }))).toEqual([records[index]?.id]);
    }
  });

  const rests = {
    oldest: ['r4', 'r5', 'r1', 'r6'],
    newest: ['r3', 'r2'],
    urgent: ['r4', 'r5', 'r6'],
  };
  for (const order of orders)
    test(`goes on behind its cursor in the order ${order}, though others have come and gone`, async () => {
      const made = range(1, 6).map((n) =>
        requestRecord({ id: `r${n}`, createdAt: noon + n, expiresAt: noon + 100 + n }),
      );
      const [a, b, c, d, e, f] = made;
      if (!a || !b || !c || !d || !e || !f) throw new Error('six were made');
      // The oldest comes late: lists go by the commit, so that it has its place behind the cursor.
      await put(b, c, d, e);
      const ann = owner('ann', { tickets: 'all' });
      const { items, nextCursor } = await store().inbox(ann, {}, order, 2);
      expect(ids(items)).toEqual(order === 'newest' ? ['r5', 'r4'] : ['r2', 'r3']);
      await put(a, f);
      const last = order === 'newest' ? d : c;
      await store().commit([asked({ ...last, status: 'approved' }, 1)]);
      const rest = await store().inbox(ann, {}, order, 9, nextCursor);
      expect(ids(rest.items)).toEqual(rests[order]);
      expect(rest.nextCursor).toBeUndefined();
    });

  test('has at most 200 on a page and at least one, and copies', async () => {
    await put(...range(1, 201).map((n) => requestRecord({ createdAt: noon + n })));
    const ann = owner('ann', { tickets: 'all' });
    const sizes = [5_000, 0, -3, 200];
    const pages = await Promise.all(sizes.map((size) => store().inbox(ann, {}, 'oldest', size)));
    expect(pages.map(({ items }) => items.length)).toEqual([200, 1, 1, 200]);
    for (const { items } of pages) Object.assign(items[0] ?? {}, { id: 'x' });
    expect((await idsOf(ann)).includes('x')).toBe(false);
  });

  test('is counted up to 1,000, each request once', async () => {
    const both = { groups: ['analyst', 'lead'] };
    const ann = owner('ann', both);
    await put(...range(1, 1_000).map(() => requestRecord({ policy: both })));
    const counts = { total: 1_000, byType: { tool_approval: 1_000 }, byTool: { block_ip: 1_000 } };
    expect(await store().inboxCounts(ann, {})).toEqual({ ...counts, isCapped: false });
    await put(requestRecord({ policy: both }));
    expect(await store().inboxCounts(ann, {})).toEqual({ ...counts, isCapped: true });
  });

  for (const cursor of ['', 'garbage', 'WzEsMl0', 'bnVsbA', 'WzEsImEiXQ', 'WyJvbGRlc3QiLDEsMiwzXQ'])
    test(`refuses the cursor '${cursor}', which it did not give`, async () => {
      const reading = store().inbox(owner('ann'), {}, 'oldest', 10, cursor);
      await expect(reading).rejects.toMatchObject({ code: 'invalid_frame' });
    });

  test('refuses a cursor of another order, and of another list', async () => {
    await put(requestRecord(), requestRecord());
    const ann = owner('ann', { tickets: 'all' });
    const { nextCursor } = await store().inbox(ann, {}, 'oldest', 1);
    const refused = { code: 'invalid_frame' };
    await expect(store().inbox(ann, {}, 'urgent', 1, nextCursor)).rejects.toMatchObject(refused);
    await expect(store().requests({}, 1, nextCursor)).rejects.toMatchObject(refused);
    const { nextCursor: ofList } = await store().requests({}, 1);
    await expect(store().inbox(ann, {}, 'oldest', 1, ofList)).rejects.toMatchObject(refused);
  });
}
