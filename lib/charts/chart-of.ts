/** Reads a chart off a machine by walking its state nodes; the command and every app call it first. */
import type { AnyStateMachine, AnyStateNode } from 'xstate';
import type { Chart, ChartGuard, ChartSentences, ChartState, ChartTransition } from './chart';
import { actionOf, guardOf, isCombination } from './implementations';

/** The fields of a formatted transition that are read here; XState holds the rest of the configuration beside them. */
type Branch = AnyStateNode['always'] extends readonly (infer T)[] | undefined
  ? T & { delay?: unknown }
  : never;

/**
 * The chart of a machine. Nothing is run; names, guards and actions are taken as written, in the order of the machine.
 * A machine of another copy of XState 5 will do.
 */
export function chartOf(machine: AnyStateMachine): Chart {
  const { root } = machine;
  return {
    id: machine.id,
    root: stateOf(root, machine.id),
    sentences: sentencesOf(root.meta),
    combined: combinedOf(machine),
  };
}

function stateOf(node: AnyStateNode, machineId: string): ChartState {
  const id = idOf(node, machineId);
  // The initial state of a compound is one of its own children unless the config reaches deeper.
  const initial = node.type === 'compound' ? node.initial.target[0] : undefined;
  return {
    id,
    key: node.key,
    type: node.type,
    ...(node.type === 'history' && { history: node.history === 'deep' ? 'deep' : 'shallow' }),
    ...(node.type === 'history' &&
      typeof node.config.target === 'string' && { otherwise: node.config.target }),
    ...(node.description !== undefined && { description: node.description }),
    ...(initial && { initial: idOf(initial, machineId) }),
    // Not `node.entry` and `node.exit`: there XState adds the starting and stopping of `after`.
    entry: listOf(node.config.entry).map(actionOf),
    exit: listOf(node.config.exit).map(actionOf),
    invoke: node.invoke.map(({ id: invokeId, src }) => ({
      id: invokeId,
      src: String(src).startsWith('xstate.invoke.') ? '(inline)' : String(src),
    })),
    tags: [...node.tags],
    transitions: [
      ...[...node.transitions.values()].flatMap((branches) => transitionsOf(branches, id, machineId)),
      ...transitionsOf(node.always ?? [], id, machineId),
    ],
    states: Object.values(node.states).map((child) => stateOf(child, machineId)),
  };
}

function transitionsOf(branches: readonly Branch[], source: string, machineId: string): ChartTransition[] {
  return branches.map((branch, index) => ({
    id: `${source}:${branch.eventType || 'always'}:${index + 1}`,
    source,
    event: branch.eventType,
    ...((typeof branch.delay === 'number' || typeof branch.delay === 'string') && { delay: branch.delay }),
    order: index + 1,
    branches: branches.length,
    ...(branch.guard !== undefined && { guard: guardOf(branch.guard) }),
    actions: branch.actions.map(actionOf),
    targets: (branch.target ?? []).map((target) => idOf(target, machineId)),
    reenter: branch.reenter,
    ...(branch.description !== undefined && { description: branch.description }),
  }));
}

function idOf(node: AnyStateNode, machineId: string): string {
  return [machineId, ...node.path].join('.');
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

function sentencesOf(meta: unknown): ChartSentences {
  const of = (name: string): Record<string, string> => {
    const sentences = isRecord(meta) ? meta[name] : undefined;
    if (!isRecord(sentences)) return {};
    return Object.fromEntries(Object.entries(sentences).map(([key, sentence]) => [key, String(sentence)]));
  };
  return { guards: of('guards'), events: of('events'), deadlines: of('deadlines'), actions: of('actions') };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function combinedOf(machine: AnyStateMachine): Record<string, ChartGuard> {
  const guards = Object.entries(machine.implementations.guards);
  return Object.fromEntries(
    guards.filter(([, guard]) => isCombination(guard)).map(([name, guard]) => [name, guardOf(guard)]),
  );
}
