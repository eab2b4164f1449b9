import fc from 'fast-check';
import { whyImpossible } from '../../lib/actors/answer-policy';
import { firstUnmet } from '../../lib/actors/distinct-people';
import type { AnswerPolicy } from '../../lib/protocol/records';

const asked = { userId: 'rita' };

test.each<[string, AnswerPolicy, string]>([
  ['only the excluded requester', { users: ['rita'], excludeRequester: true }, '0 of 1'],
  [
    'one too few without the requester',
    { users: ['rita', 'ann'], approvals: 2, excludeRequester: true },
    '1 of 2',
  ],
  ['one user twice', { users: ['ann', 'ann'], approvals: 2 }, '1 of 2'],
  ['one person for two stages', { stages: [{ users: ['ann'] }, { users: ['ann'] }] }, 'stage 2'],
  [
    'two people for three stages',
    {
      stages: [{ users: ['ann', 'bob'] }, { users: ['ann', 'bob'] }, { name: 'last', users: ['bob', 'ann'] }],
    },
    'stage 3 (last)',
  ],
  ['no groups', { groups: [] }, 'groups'],
  ['no users beside a group', { users: [], groups: ['lead'] }, 'users'],
  ['no stages', { stages: [] }, 'stages'],
  ['21 stages', { stages: Array.from({ length: 21 }, () => ({})) }, '20'],
  ['of less than approvals', { approvals: 3, of: 2, denial: 'majority' }, 'of'],
  ['half an of', { of: 1.5, denial: 'majority' }, 'of'],
  ['of without majority', { approvals: 2, of: 3 } as never, 'majority'],
  ['of more than are named', { users: ['ann', 'bob'], approvals: 2, of: 3, denial: 'majority' }, 'of is 3'],
])('A policy with %s is refused, with the place and the reason', (_what, policy, says) => {
  expect(whyImpossible(policy, asked)).toContain(says);
});

test.each<[string, AnswerPolicy]>([
  ['the requester, who is not excluded', { users: ['rita'] }],
  ['another beside the excluded requester', { users: ['rita', 'ann'], excludeRequester: true }],
  ['a group beside the excluded requester', { users: ['rita'], groups: ['lead'], excludeRequester: true }],
  ['one person and a group for two stages', { stages: [{ users: ['ann'] }, { groups: ['lead'] }] }],
  ['people of whom another must answer first', { stages: [{ users: ['ann', 'bob'] }, { users: ['ann'] }] }],
  ['a majority of those named', { users: ['ann', 'bob', 'cem'], approvals: 2, of: 3, denial: 'majority' }],
])('A policy with %s can be met', (_what, policy) => {
  expect(whyImpossible(policy, asked)).toBeUndefined();
});

test('Whom an escalation adds counts among those who may answer', () => {
  const policy = { users: ['rita'], excludeRequester: true };
  expect(whyImpossible(policy, { ...asked, escalateTo: { groups: ['lead'] } })).toBeUndefined();
  expect(whyImpossible(policy, { ...asked, escalateTo: { users: ['boss'] } })).toBeUndefined();
  expect(whyImpossible(policy, { ...asked, escalateTo: { users: ['rita'] } })).toContain('fewer');
});

test('Rounds can be answered by different people exactly if some way of placing them all exists', () => {
  const round = fc.record({
    users: fc
      .uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 1 })
      .map((each) => new Set(each)),
    approvals: fc.integer({ min: 1, max: 3 }),
  });
  fc.assert(
    fc.property(fc.array(round, { maxLength: 4 }), (rounds) => {
      const seats = rounds.flatMap(({ users, approvals }) => Array.from({ length: approvals }, () => users));
      const seat = (at: number, taken: ReadonlySet<string>): boolean =>
        at === seats.length ||
        [...(seats[at] ?? [])].some((user) => !taken.has(user) && seat(at + 1, new Set([...taken, user])));
      expect(firstUnmet(rounds) === undefined).toBe(seat(0, new Set()));
    }),
  );
});
