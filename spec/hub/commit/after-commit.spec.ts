/** Who follows a commit: in which order, and that one that fails holds up no other. */
import { AfterCommit, type Committed } from '../../../lib/hub/commit/after-commit';

const committed: Committed = {
  commit: { ticketId: 'T', at: 1, envelopes: [] },
  envelopes: [],
  requests: [],
  journal: [],
};

test('Subscribers are called in the order in which they were added, and one that throws is logged', () => {
  const called: string[] = [];
  const logged: unknown[] = [];
  const note = (message: string, details?: object) => void logged.push([message, details]);
  const after = new AfterCommit({ debug: note, info: note, warn: note, error: note });
  after.add('first', () => void called.push('first'));
  after.add('broken', () => {
    throw new Error('no disk');
  });
  after.add('last', ({ commit }) => void called.push(`last of ${commit.ticketId}`));
  after.publish(committed);
  expect(called).toEqual(['first', 'last of T']);
  expect(logged).toEqual([
    ['What follows a commit failed', { subscriber: 'broken', ticketId: 'T', error: 'Error: no disk' }],
  ]);
});
