/** The private parts of XState are where we look for them; a sentence says which are gone when a release moves them. */
import { createActor, initialTransition, setup } from 'xstate';
import {
  activeNodes,
  branchesOf,
  listening,
  type Microstep,
  statesOf,
  takenIn,
} from '../../lib/insides/xstate';

const machine = setup({ types: { events: {} as { type: 'go' } } }).createMachine({
  id: 'light',
  initial: 'on',
  states: { on: { initial: 'red', states: { red: { on: { go: 'green' } }, green: {} } } },
});

test('the active states of a snapshot are named as in the charts, outermost first', () => {
  const [snapshot] = initialTransition(machine);
  if (!activeNodes(snapshot))
    throw new Error('xstate has moved _nodes: live charts show no states (lib/insides/xstate.ts)');
  expect(statesOf(snapshot)).toEqual(['light.on', 'light.on.red']);
});

test('an inspected microstep says which transitions it took', () => {
  const actor = createActor(machine).start();
  const taken: string[] = [];
  const looking = actor.system.inspect((seen) => taken.push(...takenIn(seen)));
  actor.send({ type: 'go' });
  looking.unsubscribe();
  if (taken.length === 0)
    throw new Error('xstate has moved _transitions: live charts show no steps (lib/insides/xstate.ts)');
  expect(taken).toEqual(['light.on.red:go:1']);
});

test('a scope that is listened to reports each microstep', () => {
  const { transition } = machine;
  const seen: Microstep[] = [];
  machine.transition = (snapshot, event, scope) => transition(snapshot, event, listening(scope, seen));
  const actor = createActor(machine).start();
  actor.send({ type: 'go' });
  Object.assign(machine, { transition });
  expect(seen.flatMap(branchesOf).map(({ eventType }) => eventType)).toEqual(['go']);
});

test('a version that reports no microsteps is refused by name', () => {
  expect(() => listening({ system: {} } as never, [])).toThrow(
    'This version of xstate reports no microsteps; coverage needs xstate ^5.33',
  );
});
