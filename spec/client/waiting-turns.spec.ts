/** Turns that wait and are stuck, as a client has them: from a snapshot, over a break, and until they end. */
import { emptyView, reduce, type View } from '../../lib/client';
import { ManualClock } from '../../lib/testing/manual-clock';
import { startTestHub, type TestHub } from '../../lib/testing/test-hub';
import { putTurn, stuck } from '../transport/put-turn';
import { cutAll, Guest, type GuestOptions, leaveAll } from './guest';

let hub: TestHub;
let view: View;
beforeEach(async () => {
  hub = await startTestHub();
  view = emptyView();
});
afterEach(async () => {
  leaveAll();
  await hub.close();
});

function join(options: GuestOptions = {}): Guest {
  const guest = Guest.start(hub, options);
  guest.client.on('envelope', (envelope) => {
    view = reduce(view, envelope);
  });
  return guest;
}
const statuses = () => view.turns.map(({ id, status }) => [id, status]);

test('they are in the snapshot, and one that is cancelled ends in its place', async () => {
  const waiting = await putTurn(hub.store);
  const wedged = await putTurn(hub.store, stuck);
  const alice = join();
  await alice.state('live');
  await alice.until(() => view.turns.length === 2, 'two turns');
  expect(view.turns[1]?.problem).toMatchObject({ recorded: 'step:lookup#1', instead: ['say:trace#2'] });
  await alice.client.cancelTurn(wedged.id);
  await alice.until(() => view.turns[1]?.status === 'aborted', 'the end of the second');
  expect(statuses()).toEqual([
    [waiting.id, 'waiting'],
    [wedged.id, 'aborted'],
  ]);
  expect(view.turns[1]).not.toHaveProperty('problem');
});

test('what became of them while the connection was away comes with the resume', async () => {
  const { id } = await putTurn(hub.store);
  const clock = new ManualClock();
  const alice = join({ clock });
  await alice.state('live');
  await alice.until(() => view.turns.length === 1, 'one turn');
  cutAll(hub);
  await alice.state('resuming');
  const turn = await hub.store.turn(id);
  if (!turn) throw new Error('no turn');
  const { waitsFor: _waitsFor, ...rest } = turn;
  await putTurn(hub.store, { ...rest, ...stuck });
  clock.advance(0);
  await alice.state('live');
  await alice.until(() => view.turns[0]?.status === 'stuck', 'the turn to be stuck');
  expect(view.turns).toHaveLength(1);
  expect(view.turns[0]).not.toHaveProperty('waits_for');
});
