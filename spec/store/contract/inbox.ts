/** Part of the store contract: in whose inbox a request is, in which order, on which page, and how many there are. */
import fc from 'fast-check';
import '../../seed';
import { stagesOf } from '../../../lib/actors/answer-policy';
import { answerersOf } from '../../../lib/actors/answerers';
import { requestGuards } from '../../../lib/actors/hitl-request-guards';
import type { RequestRecord } from '../../../lib/protocol/records';
import type { InboxFilter, InboxOrder, InboxOwner, Store } from '../../../lib/store/store';
import { commitTo, noon, requestRecord, requestWrite } from '../records';
import { ids, range, type Subject } from './subject';

const orders: InboxOrder[] = ['oldest', 'newest', 'urgent'];

/** Nobody's groups and no tickets, unless given. */
export function owner(userId: string, fields: Partial<InboxOwner> = {}): InboxOwner {
  return { userId, groups: [], tickets: [], ...fields };
}

/** The request as the hub would write it: for the people its policy names. */
export function asked(record: RequestRecord, version = 0) {
  const answerers = answerersOf(record);
  return commitTo(record.ticketId, {
    requests: [requestWrite(record, { version, ...(answerers && { answerers }) })],
  });
}

/** What the guards of the machine say of this person, unless they are counted; where nobody is named, the tickets they have. */
function isFor(record: RequestRecord, { userId, groups, tickets }: InboxOwner): boolean {
  const by = { userId, displayName: userId, groups };
  const step = {
    context: { ...record, remindAt: [], escalateTo: {}, onExpiry: 'expired' as const },
    event: { type: 'claim' as const, at: noon, until: noon, permitted: true, by },
  };
  const { isSelfApproval, isNotAmongAnswerers } = requestGuards;
  const isCounted = record.verdicts.some((verdict) => verdict.by.userId === userId);
  if (record.status !== 'pending' || isCounted || isSelfApproval(step) || isNotAmongAnswerers(step))
    return false;
  const { users, groups: named } = stagesOf(record.policy)[record.stage] ?? {};
  return users !== undefined || named !== undefined || tickets === 'all' || tickets.includes(record.ticketId);
}

function fits({ type, payload, ticketId }: RequestRecord, filter: InboxFilter): boolean {
  return (
    (filter.type ?? type) === type &&
    (filter.ticketId ?? ticketId) === ticketId &&
    (filter.toolName === undefined || (type === 'tool_approval' && payload.tool_name === filter.toolName))
  );
}

function inOrder(records: readonly RequestRecord[], order: InboxOrder): RequestRecord[] {
  const byAge = (a: RequestRecord, b: RequestRecord) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1);
  const end = ({ expiresAt = Number.POSITIVE_INFINITY }: RequestRecord) => expiresAt;
  return records.toSorted((a, b) => {
    if (order === 'newest') return byAge(b, a);
    return order === 'urgent' && end(a) !== end(b) ? end(a) - end(b) : byAge(a, b);
  });
}

async function allPages(store: Store, of: InboxOwner, filter: InboxFilter, order: InboxOrder, limit: number) {
  const pages: RequestRecord[][] = [];
  let cursor: string | undefined;
  do {
    const page = await store.inbox(of, filter, order, limit, cursor);
    pages.push([...page.items]);
    cursor = page.nextCursor;
  } while (cursor !== undefined && pages.length < 100);
  return pages;
}

const user = fc.constantFrom('ann', 'bob', 'cem');
const group = fc.constantFrom('analyst', 'lead');
const ticket = fc.constantFrom('T-1', 'T-2', 'T-3');
const people = fc.record(
  { users: fc.uniqueArray(user, { maxLength: 2 }), groups: fc.uniqueArray(group, { maxLength: 2 }) },
  { requiredKeys: [] },
);
const question = { type: 'question', payload: { question: 'Why?' } };
const tool = (tool_name: string) => ({ type: 'tool_approval', payload: { tool_name, tool_args: {} } });
const what = fc.constantFrom(question, tool('block_ip'), tool('question'), {
  type: 'severity',
  payload: { tool_name: 'block_ip' },
});
const policy = fc.oneof(
  people,
  fc.record({ stages: fc.array(people, { minLength: 1, maxLength: 2 }) }),
  people.map((some) => ({ ...some, excludeRequester: true })),
);
const verdicts = fc.uniqueArray(user, { maxLength: 2 }).map((users) =>
  users.map((userId) => ({
    by: { userId, displayName: userId },
    at: noon,
    status: 'approved' as const,
    stage: 0,
  })),
);
/** What of a request can change. */
const state = fc.record({
  policy,
  verdicts,
  stage: fc.constantFrom(0, 1),
  what,
  status: fc.constantFrom<RequestRecord['status']>('pending', 'pending', 'pending', 'approved', 'expired'),
});
/** A request through all of its states. */
const life = fc.record({
  ticketId: ticket,
  userId: user,
  createdAt: fc.integer({ min: noon, max: noon + 3 }),
  expiresAt: fc.option(fc.integer({ min: noon + 9, max: noon + 11 }), { nil: undefined }),
  states: fc.array(state, { minLength: 1, maxLength: 3 }),
});
type Life = typeof life extends fc.Arbitrary<infer L> ? L : never;
const look = fc.record({
  of: fc.record({
    userId: user,
    groups: fc.uniqueArray(group),
    tickets: fc.oneof(fc.constant<'all'>('all'), fc.uniqueArray(ticket)),
  }),
  filter: fc.record(
    {
      type: fc.constantFrom('question', 'tool_approval', 'severity'),
      toolName: fc.constantFrom('block_ip', 'question', 'other'),
      ticketId: ticket,
    },
    { requiredKeys: [] },
  ),
  order: fc.constantFrom(...orders),
  size: fc.integer({ min: 1, max: 7 }),
});

type Look = typeof look extends fc.Arbitrary<infer L> ? L : never;

export function inboxObligations({ store }: Subject): void {
  const put = (...records: RequestRecord[]) => store().commit(records.map((record) => asked(record)));
  const idsOf = async (of: InboxOwner, filter: InboxFilter = {}, order: InboxOrder = 'oldest') =>
    ids((await store().inbox(of, filter, order, 200)).items);

  test('has exactly what the request machine would let its owner answer, whatever happens and however one looks', async () => {
    let stories: RequestRecord[][] = [];
    /** The store is that of the whole test: the next run begins with empty inboxes. */
    const expireAll = () =>
      store().commit(
        stories.flatMap((story) =>
          story.slice(-1).map((record) => asked({ ...record, status: 'expired' }, story.length)),
        ),
      );
    const property = async (lives: Life[], looks: Look[]) => {
      stories = lives.map(({ states, expiresAt, ...born }) => {
        const id = crypto.randomUUID();
        const expiring = expiresAt !== undefined && { expiresAt };
        return states.map(({ what: asks, ...fields }) =>
          requestRecord({ id, ...born, ...asks, ...fields, ...expiring }),
        );
      });
      await store().commit(
        stories.flatMap((story) => story.map((record, version) => asked(record, version))),
      );
      const now = stories.flatMap((story) => story.slice(-1));
      for (const { of, filter, order, size } of looks) {
        const mine = now.filter((record) => isFor(record, of) && fits(record, filter));
        const pages = await allPages(store(), of, filter, order, size);
        expect(pages.flat()).toEqual(inOrder(mine, order));
        expect(pages).toHaveLength(Math.max(1, Math.ceil(mine.length / size)));
        expect(await store().inboxCounts(of, filter)).toEqual({
          total: mine.length,
          isCapped: false,
          byType: tally(mine.map(({ type }) => type)),
          byTool: tally(
            mine.flatMap(({ type, payload }) => (type === 'tool_approval' ? [payload.tool_name] : [])),
          ),
        });
      }
    };
    const lives = fc.array(life, { maxLength: 25 });
    const looks = fc.array(look, { minLength: 10, maxLength: 10 });
    await fc.assert(fc.asyncProperty(lives, looks, property).afterEach(expireAll), { numRuns: 60 });
  });

  test('is left the moment a request settles, and by whoever is counted; and is entered again if that is forgotten', async () => {
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

  test("is nobody's where a write names nobody, and of nobody where a stage has none", async () => {
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

  test.each(orders)(
    'goes on behind its cursor in the order %s, though others have come and gone',
    async (order) => {
      const made = range(1, 6).map((n) =>
        requestRecord({ id: `r${n}`, createdAt: noon + n, expiresAt: noon + 100 + n }),
      );
      const [a, b, c, d, e, f] = made;
      if (!a || !b || !c || !d || !e || !f) throw new Error('six were made');
      await put(b, c, d, e);
      const ann = owner('ann', { tickets: 'all' });
      const { items, nextCursor } = await store().inbox(ann, {}, order, 2);
      expect(ids(items)).toEqual(order === 'newest' ? ['r5', 'r4'] : ['r2', 'r3']);
      await put(a, f);
      const last = order === 'newest' ? d : c;
      await store().commit([asked({ ...last, status: 'approved' }, 1)]);
      const rest = await store().inbox(ann, {}, order, 9, nextCursor);
      expect(ids(rest.items)).toEqual(order === 'newest' ? ['r3', 'r2', 'r1'] : ['r4', 'r5', 'r6']);
      expect(rest.nextCursor).toBeUndefined();
    },
  );

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

  test.each(['', 'garbage', 'WzEsMl0', 'bnVsbA', 'WzEsImEiXQ', 'WyJvbGRlc3QiLDEsMiwzXQ'])(
    'refuses the cursor %j, which it did not give',
    async (cursor) => {
      const reading = store().inbox(owner('ann'), {}, 'oldest', 10, cursor);
      await expect(reading).rejects.toMatchObject({ code: 'invalid_frame' });
    },
  );

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

function tally(names: readonly unknown[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[String(name)] = (counts[String(name)] ?? 0) + 1;
  return counts;
}
