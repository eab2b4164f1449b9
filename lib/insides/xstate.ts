/** What we use of the private parts of XState: the active nodes of a snapshot, and the transitions of a microstep; live charts and coverage use them. */
import type { AnyMachineSnapshot, AnyStateMachine, AnyStateNode, EventObject, InspectionEvent } from 'xstate';

/** One branch of one event of one state. */
export type Branch = NonNullable<AnyStateNode['always']>[number];

/** One microstep as the inspection of an actor system reports it. */
export interface Microstep {
  type: string;
  event: EventObject;
  snapshot: AnyMachineSnapshot;
  _transitions: readonly Branch[];
}

/** The active nodes, outermost first. */
export function activeNodes(snapshot: unknown): readonly AnyStateNode[] {
  return (snapshot as AnyMachineSnapshot)._nodes;
}

/** The ids of the active states as in the charts, outermost first, without the machine itself. */
export function statesOf(snapshot: unknown): string[] {
  return activeNodes(snapshot)
    .filter(({ path }) => path.length > 0)
    .map(stateIdOf);
}

/** Unique in its machine, whatever `id` the config gives it; the charts name states the same. */
export function stateIdOf({ machine, path }: AnyStateNode): string {
  return [machine.id, ...path].join('.');
}

/** The ids of the transitions that an inspected microstep took, as in the charts; empty for any other inspection event. */
export function takenIn(seen: InspectionEvent): string[] {
  return seen.type === '@xstate.microstep' ? seen._transitions.map(transitionId) : [];
}

/** The branches that a microstep took. */
export function branchesOf({ _transitions }: Microstep): readonly Branch[] {
  return _transitions;
}

type Scope = Parameters<AnyStateMachine['transition']>[2];

/** The same actor scope, in a system whose microsteps are pushed to `microsteps` too. */
export function listening(scope: Scope, microsteps: Microstep[]): Scope {
  const { _sendInspectionEvent: send } = scope.system as unknown as { _sendInspectionEvent?: unknown };
  if (typeof send !== 'function')
    throw new Error('This version of xstate reports no microsteps; coverage needs xstate ^5.33');
  const value = (seen: Microstep) => {
    if (seen.type === '@xstate.microstep') microsteps.push(seen);
    send.call(scope.system, seen);
  };
  const system = Object.create(scope.system, { _sendInspectionEvent: { value } });
  return Object.create(scope, { system: { value: system } });
}

/** Its state, its event, and which of the event's branches it is, from 1. */
function transitionId(branch: Branch): string {
  const { source, eventType } = branch;
  const branches = eventType === '' ? source.always : source.transitions.get(eventType);
  const order = (branches?.indexOf(branch) ?? 0) + 1;
  return `${stateIdOf(source)}:${eventType || 'always'}:${order}`;
}
