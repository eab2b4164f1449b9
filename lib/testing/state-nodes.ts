/** What is read off a machine's state nodes: their names, their branches and their timers; coverage and model use them. */
import type { AnyMachineSnapshot, AnyStateMachine, AnyStateNode, SnapshotFrom } from 'xstate';
import type { Branch } from '../insides/xstate';

/** What every machine's snapshot has; XState's type says nothing of it while the machine's own type is open. */
export function plainSnapshot<M extends AnyStateMachine>(snapshot: SnapshotFrom<M>): AnyMachineSnapshot {
  return snapshot as AnyMachineSnapshot;
}

/** A node and all below it, in the order of the machine. */
export function nodesOf(node: AnyStateNode): AnyStateNode[] {
  return [node, ...Object.values(node.states).flatMap(nodesOf)];
}

/** The branches that a node asks for an event, in the order in which it asks. */
export function candidatesOf(node: AnyStateNode, type: string): Branch[] {
  const wildcards = [...node.transitions.keys()]
    .filter((descriptor) => descriptor !== type && matches(type, descriptor))
    .sort((a, b) => b.length - a.length);
  return [type, ...wildcards].flatMap((descriptor) => node.transitions.get(descriptor) ?? []);
}

/** The event types of the `after` of these nodes. */
export function timersOf(nodes: readonly AnyStateNode[]): string[] {
  return [...new Set(nodes.flatMap((node) => node.after.map(({ eventType }) => eventType)))];
}

/** `reminder` of `xstate.after.reminder.refund.waiting`. */
export function timerNameOf(type: string): string {
  return type.split('.')[2] ?? type;
}

/** What a guard is called; one without a name is `(inline)`. */
export function guardNameOf(guard: unknown): string {
  if (typeof guard === 'string') return guard;
  if (typeof guard === 'object' && guard !== null && 'type' in guard) return String(guard.type);
  return '(inline)';
}

/** Whether a descriptor (`pay`, `pay.*`, `*`) takes events of this type. */
export function matches(type: string, descriptor: string): boolean {
  if (type === descriptor || descriptor === '*') return true;
  return descriptor.endsWith('.*') && `${type}.`.startsWith(descriptor.slice(0, -1));
}
