/** A test's client says, reads and answers in the words of the API, and what the app knows of its user reaches the agent. */
import type { Turn } from '../../lib/index';
import { startTestHub } from '../../lib/testing/test-hub';

it('says, reads the request, answers, and sees time pass', async () => {
  const outcomes: object[] = [];
  const hub = await startTestHub({
    agent: async (turn: Turn) => {
      outcomes.push(await turn.ask({ question: 'Go?', options: ['Yes', 'No'], expiresIn: '15m' }));
    },
  });
  const alice = await hub.connect();
  await alice.say('go');
  const first = await alice.nextRequest();
  expect(first).toMatchObject({ kind: 'question', status: 'pending', requestedBy: 'alice' });
  await alice.answer({ requestId: first.id, status: 'answered', answer: 'Yes', comment: 'sure' });
  await alice.next('turn_ended');
  await expect(alice.answer({ requestId: first.id, status: 'denied' })).rejects.toThrow('already_resolved');
  await alice.say('again');
  await alice.nextRequest();
  await hub.advance('15m');
  await alice.next('turn_ended');
  expect(outcomes).toMatchObject([
    { status: 'answered', answer: 'Yes', comment: 'sure', decidedBy: 'people' },
    { status: 'expired', reason: 'nobody answered in time' },
  ]);
  await hub.close();
});

it("gives an agent its user with the app's own fields, and no other user", async () => {
  const users: object[] = [];
  const hub = await startTestHub({
    auth: { identify: () => ({ id: 'ann', tenant: 'acme' }) },
    agent: (turn: Turn) => users.push(turn.user),
  });
  const ann = await hub.connect();
  await ann.say('go');
  await ann.next('turn_ended');
  expect(users).toEqual([{ id: 'ann', name: 'ann', groups: [], tenant: 'acme' }]);
  expect(JSON.stringify(ann.received)).not.toContain('acme');
  await hub.close();
});
