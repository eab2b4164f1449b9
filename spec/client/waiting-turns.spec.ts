/** Turns that wait and are stuck, as a client has them: from a snapshot, over a break, and until they end. */
import { emptyView, reduce, type View } from '../../lib/client';
import { durable } from '../../lib/index';
import { ManualClock } from '../../lib/testing/manual-clock';
import { startTestHub, type TestHub } from '../../lib/testing/test-hub';
import { putTurn, stuck } from '../transport/put-turn';
import { cutAll, Guest, leaveAll } from './guest';

let hub: TestHub;
beforeEach(async () => {
  hub = await startTestHub();
});
afterEach(async () => {
  leaveAll();
  await hub.close();
});

const turnsOf = (guest: Guest) => guest.heard.reduce<View>(reduce, emptyView()).turns;

test('they are in the snapshot, and one that is cancelled ends in its place', async () => {
  const waiting = await putTurn(hub.store);
  const wedged = await putTurn(hub.store, stuck);
  const alice = Guest.start(hub);
  await alice.state('live');
  await alice.until(() => turnsOf(alice).length === 2, 'two turns');
  expect(turnsOf(alice)[1]?.problem).toMatchObject({ recorded: 'step:lookup#1', instead: ['say:trace#2'] });
  await alice.client.cancelTurn(wedged.id);
  await alice.until(() => turnsOf(alice)[1]?.status === 'aborted', 'the end of the second');
  expect(turnsOf(alice).map(({ id, status }) => [id, status])).toEqual([
    [waiting.id, 'waiting'],
    [wedged.id, 'aborted'],
  ]);
  expect(turnsOf(alice)[1]).not.toHaveProperty('problem');
});

test('one in the queue is the same in a snapshot and for a client that saw it come', async () => {
  await hub.close();
  const agent = durable(async (turn) => void (await turn.ask({ question: 'Well?' })), { version: 'may' });
  hub = await startTestHub({ prepare: (hitl) => void hitl.agent(agent) });
  const alice = Guest.start(hub);
  await alice.client.send('first');
  await alice.client.send('second');
  await alice.until(() => turnsOf(alice).length === 2, 'two turns');
  const bob = Guest.start(hub, { user: 'bob' });
  await bob.until(() => turnsOf(bob).length === 2, 'two turns');
  expect(turnsOf(bob)).toEqual(turnsOf(alice));
  expect(turnsOf(bob).map(({ status, version }) => [status, version])).toEqual([
    ['running', 'may'],
    ['queued', undefined],
  ]);
});

test('what became of them while the connection was away comes with the resume', async () => {
  const { id } = await putTurn(hub.store);
  const clock = new ManualClock();
  const alice = Guest.start(hub, { clock });
  await alice.state('live');
  await alice.until(() => turnsOf(alice).length === 1, 'one turn');
  cutAll(hub);
  await alice.state('resuming');
  const turn = await hub.store.turn(id);
  if (!turn) throw new Error('no turn');
  const { waitsFor: _waitsFor, ...rest } = turn;
  await putTurn(hub.store, { ...rest, ...stuck });
  clock.advance(0);
  await alice.state('live');
  await alice.until(() => turnsOf(alice)[0]?.status === 'stuck', 'the turn to be stuck');
  expect(turnsOf(alice)).toHaveLength(1);
  expect(turnsOf(alice)[0]).not.toHaveProperty('waits_for');
});
