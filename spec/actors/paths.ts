/** The ways through a machine that its specs walk: for every state the shortest way to every event in it, refused ones too. */
import type { AnyMachineSnapshot, AnyStateMachine, EventObject } from 'xstate';
import { TestModel } from 'xstate/graph';

/**
 * Sequences of events that together send every one of `events` in every state that can be reached. A state is the same as
 * another if `toKey` says the same of both. The end of a sequence is an event, not a state: an event that changes nothing
 * leads nowhere new, and would never be sent if only states were counted.
 */
export function everyEventEverywhere<E extends EventObject>(
  machine: AnyStateMachine,
  input: object,
  events: readonly E[],
  toKey: (snapshot: AnyMachineSnapshot) => unknown,
): E[][] {
  const model = new TestModel(machine, {
    input,
    events,
    // An actor in a final state is stopped and hears nothing; what is sent to it then is a test of its own.
    filterEvents: ({ status }) => status === 'active',
    serializeState: (snapshot, event, previous) =>
      JSON.stringify([toKey(snapshot), event, previous && toKey(previous)]),
  });
  return model.getShortestPaths().map(({ steps }) => steps.slice(1).map(({ event }) => event));
}
