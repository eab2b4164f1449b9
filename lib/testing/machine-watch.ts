/** Counts what a machine goes through wherever its actors run, deep inside a server too; models and specs switch it on and off. */
import type { AnyMachineSnapshot, AnyStateMachine } from 'xstate';
import { activeNodes, type Branch, branchesOf, listening, type Microstep } from '../insides/xstate';
import { Coverage } from './coverage';

/** What is being counted of one machine. */
export interface MachineWatch {
  coverage: Coverage;
  /** Counts no more. Repeatable; the machine is as it was before. */
  stop(): void;
}

/**
 * From now on every actor of exactly this machine is counted, those that run already too.
 * @param coverage to continue an earlier count; default: a new one
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
    for (const step of microsteps) {
      coverage.take(branchesOf(step));
      coverage.enter(activeNodes(step.snapshot));
    }
    coverage.enter(activeNodes(first));
    return first;
  };
  let isOn = true;
  const stop = () => {
    if (isOn) Object.assign(machine, { transition, getInitialSnapshot });
    isOn = false;
  };
  return { coverage, stop };
}

function countEvent(coverage: Coverage, from: AnyMachineSnapshot, microsteps: readonly Microstep[]): void {
  if (microsteps.length === 0)
    throw new Error('This version of xstate reports no microsteps; coverage needs xstate ^5.33');
  let nodes = activeNodes(from);
  microsteps.forEach((step, index) => {
    const { event, snapshot } = step;
    const taken = branchesOf(step);
    if (isEventless(taken)) coverage.decideAlways(nodes, taken);
    else coverage.decide(nodes, event, taken);
    coverage.enter(activeNodes(snapshot), nodes);
    nodes = activeNodes(snapshot);
    // Between two events every `always` was asked; if none was taken, each of them said no.
    const next = microsteps[index + 1];
    const wasAsked = snapshot.status === 'active' && !(next && isEventless(branchesOf(next)));
    if (wasAsked) coverage.decideAlways(nodes, []);
  });
}

function isEventless(transitions: readonly Branch[]): boolean {
  return transitions.length > 0 && transitions.every(({ eventType }) => eventType === '');
}
