/** Counts what a machine goes through wherever its actors run, deep inside a server too; models and specs switch it on and off. */
import type { AnyMachineSnapshot, AnyStateMachine, AnyStateNode, EventObject } from 'xstate';
import { Coverage } from './coverage';
import type { Branch } from './state-nodes';

/** One microstep as XState's inspection tells it. */
interface Microstep {
  type: string;
  event: EventObject;
  snapshot: AnyMachineSnapshot;
  _transitions: readonly Branch[];
}

type Transition = AnyStateMachine['transition'];
type Scope = Parameters<Transition>[2];

/** What is being counted of one machine. */
export interface MachineWatch {
  coverage: Coverage;
  /** Counts no more. Repeatable; the machine is as it was before. */
  stop(): void;
}

/**
 * From now on every actor of exactly this machine is counted, those that run already too.
 * @param coverage to go on with an earlier count; default: a new one
 */
export function watchMachine(machine: AnyStateMachine, coverage = new Coverage(machine)): MachineWatch {
  const { transition, getInitialSnapshot } = machine;
  machine.transition = (snapshot, event, scope) => {
    const microsteps: Microstep[] = [];
    const next = transition(snapshot, event, listening(scope, microsteps));
    countEvent(coverage, snapshot, microsteps);
    return next;
  };
  machine.getInitialSnapshot = (scope, input) => {
    const microsteps: Microstep[] = [];
    const first = getInitialSnapshot(listening(scope, microsteps), input);
    for (const { _transitions, snapshot } of microsteps) {
      coverage.take(_transitions);
      coverage.enter(snapshot._nodes);
    }
    coverage.enter(first._nodes);
    return first;
  };
  let isOn = true;
  const stop = () => {
    if (isOn) Object.assign(machine, { transition, getInitialSnapshot });
    isOn = false;
  };
  return { coverage, stop };
}

/** The same actor scope, in a system whose inspection events are heard here too. */
function listening(scope: Scope, microsteps: Microstep[]): Scope {
  // Internal to XState, and its only word on what a transition took; `countEvent` notices if it is gone.
  const told = scope.system as unknown as { _sendInspectionEvent(seen: Microstep): void };
  const value = (seen: Microstep) => {
    if (seen.type === '@xstate.microstep') microsteps.push(seen);
    told._sendInspectionEvent(seen);
  };
  const system = Object.create(scope.system, { _sendInspectionEvent: { value } });
  return Object.create(scope, { system: { value: system } });
}

function countEvent(coverage: Coverage, from: AnyMachineSnapshot, microsteps: readonly Microstep[]): void {
  if (microsteps.length === 0)
    throw new Error('This version of xstate tells no microsteps; coverage needs xstate ^5.33');
  let nodes: readonly AnyStateNode[] = from._nodes;
  microsteps.forEach(({ event, snapshot, _transitions }, index) => {
    if (isEventless(_transitions)) coverage.decideAlways(nodes, _transitions);
    else coverage.decide(nodes, event, _transitions);
    coverage.enter(snapshot._nodes, nodes);
    nodes = snapshot._nodes;
    // Between two events every `always` was asked; if none was taken, each of them said no.
    const next = microsteps[index + 1];
    const wasAsked = snapshot.status === 'active' && !(next && isEventless(next._transitions));
    if (wasAsked) coverage.decideAlways(nodes, []);
  });
}

function isEventless(transitions: readonly Branch[]): boolean {
  return transitions.length > 0 && transitions.every(({ eventType }) => eventType === '');
}
