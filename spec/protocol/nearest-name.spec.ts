import { nearestName } from '../../lib/protocol/nearest-name';

const known = ['excludeRequester', 'approvals', 'expiresIn', 'onExpiry', 'users', 'groups'];

test.each([
  ['exclude_requester', 'excludeRequester'],
  ['excludeRequestor', 'excludeRequester'],
  ['minApprovals', 'approvals'],
  ['expireIn', 'expiresIn'],
  ['expires', 'expiresIn'],
  ['OnExpiry', 'onExpiry'],
  ['gruops', 'groups'],
])('%s was meant as %s', (unknown, meant) => expect(nearestName(unknown, known)).toBe(meant));

test('a name like no other has no nearest one', () => expect(nearestName('colour', known)).toBeUndefined());
test('a name of a million letters is compared by its beginning', () =>
  expect(nearestName('x'.repeat(1_000_000), known)).toBeUndefined());
