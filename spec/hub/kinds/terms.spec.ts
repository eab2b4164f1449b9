import { hasTerms, type Terms, termsDigestOf } from '../../../lib/hub/kinds/terms';
import { bareRequest } from '../../protocol/records';

const digest = termsDigestOf;

test.each<[string, Terms, Terms]>([
  ['defaults', {}, { policy: {}, onExpiry: 'expired', remindIn: [] }],
  [
    'the defaults of a policy',
    { policy: {} },
    { policy: { approvals: 1, denial: 'veto', claim: 'courtesy', excludeRequester: false } },
  ],
  ['people in another order', { policy: { users: ['a', 'b'] } }, { policy: { users: ['b', 'a', 'b'] } }],
  ['one stage', { policy: { users: ['a'] } }, { policy: { stages: [{ users: ['a'] }] } }],
  [
    'durations in other units',
    { expiresIn: '1h', remindIn: ['60s', 1] },
    { expiresIn: '60m', remindIn: [1, '1m'] },
  ],
])('%s are the same terms', (_what, terms, others) => {
  expect(digest(terms)).toBe(digest(others));
});

test.each<[string, Terms]>([
  ['people', { policy: { users: ['a'] } }],
  ['four eyes', { policy: { excludeRequester: true } }],
  ['an end', { expiresIn: '1h' }],
  ['what silence means', { onExpiry: 'denied' }],
  ['a reminder', { remindIn: '1m' }],
  ['an escalation', { escalate: { after: '1m', to: { groups: ['lead'] } } }],
])('%s make other terms', (_what, terms) => {
  expect(digest(terms)).not.toBe(digest({}));
});

test('a request stored before digests existed has the terms that it still shows', () => {
  const asked: Terms = {
    policy: { users: ['a'] },
    escalate: { after: '1m', to: { users: ['b'] } },
    expiresIn: 1_000,
  };
  const before = { ...bareRequest, policy: { users: ['a'] }, createdAt: 5, expiresAt: 1_005 };
  const escalated = { ...before, policy: { users: ['a', 'b'], groups: [] } };
  for (const record of [before, escalated]) expect(hasTerms(record, asked, digest(asked))).toBe(true);
  expect(hasTerms(before, { ...asked, expiresIn: 2_000 }, '')).toBe(false);
  expect(hasTerms(before, { ...asked, policy: {} }, '')).toBe(false);
});
