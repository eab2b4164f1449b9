/** Inboxes by chance: whatever happens to requests, an inbox has what the request machine would let its owner answer; the spec of each store runs it. */
import fc from 'fast-check';
import '../seed';
import { requestGuards } from '../../lib/actors/hitl-request-guards';
import { stagesOf } from '../../lib/protocol/audience';
import type { AnswerPolicy, RequestRecord } from '../../lib/protocol/records';
import { allPages, asked, fits, inOrder, orders, tally } from '../../lib/store/contract/inbox-model';
import type { InboxOwner, Store } from '../../lib/store/store';
import { noon, requestRecord } from './records';

/** What the guards of the machine say of this person, unless they are counted; where no person is named, the tickets they have. */
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
const policy: fc.Arbitrary<AnswerPolicy> = fc.oneof(
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

/** @param make a store that is not open yet */
export function inboxByChance(make: () => Store): void {
  test('an inbox has exactly what the request machine would let its owner answer, whatever happens and however one looks', async () => {
    const store = make();
    await store.open();
    let stories: RequestRecord[][] = [];
    /** The store is that of the whole test: the next run begins with empty inboxes. */
    const expireAll = () =>
      store.commit(
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
      await store.commit(stories.flatMap((story) => story.map((record, version) => asked(record, version))));
      const now = stories.flatMap((story) => story.slice(-1));
      for (const { of, filter, order, size } of looks) {
        const mine = now.filter((record) => isFor(record, of) && fits(record, filter));
        const pages = await allPages(store, of, filter, order, size);
        expect(pages.flat()).toEqual(inOrder(mine, order));
        expect(pages).toHaveLength(Math.max(1, Math.ceil(mine.length / size)));
        expect(await store.inboxCounts(of, filter)).toEqual({
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
    await store.close();
  });
}
