/** What of a machine has been seen: states entered, transitions taken, guards that said yes and no; filled by a machine watch. */
import type { AnyStateMachine, AnyStateNode, EventObject } from 'xstate';
import { type Branch, stateIdOf } from '../insides/xstate';
import { candidatesOf, guardNameOf, nodesOf } from './state-nodes';

export interface StateSeen {
  /** As in the charts: `hitlRequest.pending.open`. */
  id: string;
  /** How often it was entered or begun in. */
  entered: number;
}

export interface TransitionSeen {
  /** As in the charts: the state, the event and which of its branches, from 1: `hitlRequest.pending:respond:8`. */
  id: string;
  source: string;
  /** Empty for `always`. */
  event: string;
  guard?: string;
  taken: number;
  /** How often its guard was asked and said no. */
  refused: number;
}

export class Coverage {
  private readonly entered = new Map<AnyStateNode, StateSeen>();
  private readonly branches = new Map<Branch, TransitionSeen>();

  constructor(readonly machine: AnyStateMachine) {
    for (const node of nodesOf(machine.root)) {
      const source = stateIdOf(node);
      this.entered.set(node, { id: source, entered: 0 });
      for (const branches of [...node.transitions.values(), node.always ?? []]) {
        branches.forEach((branch, index) => {
          const { eventType: event, guard } = branch;
          const id = `${source}:${event || 'always'}:${index + 1}`;
          const named = guard === undefined ? {} : { guard: guardNameOf(guard) };
          this.branches.set(branch, { id, source, event, ...named, taken: 0, refused: 0 });
        });
      }
    }
  }

  /** In the order of the machine. */
  get states(): readonly StateSeen[] {
    return [...this.entered.values()];
  }

  /** In the order of the machine. */
  get transitions(): readonly TransitionSeen[] {
    return [...this.branches.values()];
  }

  /** The states that a step has led to. @internal */
  enter(nodes: readonly AnyStateNode[], before: readonly AnyStateNode[] = []): void {
    for (const node of nodes) {
      const seen = this.entered.get(node);
      if (seen && !before.includes(node)) seen.entered += 1;
    }
  }

  /** An event that was decided in these states by taking these branches, which may be none. @internal */
  decide(nodes: readonly AnyStateNode[], event: EventObject, taken: readonly Branch[]): void {
    this.ask(nodes, taken, (node) => candidatesOf(node, event.type));
  }

  /** The same for what happens without an event. @internal */
  decideAlways(nodes: readonly AnyStateNode[], taken: readonly Branch[]): void {
    this.ask(nodes, taken, (node) => node.always ?? []);
  }

  /** Branches taken where it is not known which others were asked before. @internal */
  take(branches: readonly Branch[]): void {
    for (const branch of branches) this.say(branch, true);
  }

  /** The same questions in the order of XState: from the inside outwards, each state's branches until one may. */
  private ask(
    nodes: readonly AnyStateNode[],
    taken: readonly Branch[],
    branchesOf: (node: AnyStateNode) => readonly Branch[],
  ): void {
    const isTakenIn = (node: AnyStateNode): boolean => {
      const children = nodes.filter(({ parent }) => parent === node);
      if (children.map(isTakenIn).some(Boolean)) return true;
      for (const branch of branchesOf(node)) {
        const isTaken = taken.includes(branch);
        this.say(branch, isTaken);
        if (isTaken) return true;
      }
      return false;
    };
    for (const node of nodes) if (!node.parent) isTakenIn(node);
  }

  private say(branch: Branch, isTaken: boolean): void {
    const seen = this.branches.get(branch);
    if (!seen) return;
    if (isTaken) seen.taken += 1;
    else seen.refused += 1;
  }
}
