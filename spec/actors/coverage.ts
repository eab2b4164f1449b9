/** What of a machine a spec has been through: its states, its transitions, and what each guard said where it stands. */
import { type Actor, type AnyStateMachine, type AnyStateNode, createActor, type EventObject } from 'xstate';

interface Site {
  name: string;
  isGuarded: boolean;
  /** True: it was taken. False: its guard said no. */
  said: Set<boolean>;
}

/** An actor whose every step is counted. */
export interface Watched {
  actor: Actor<AnyStateMachine>;
  /** What the event made it emit. @throws what the machine threw */
  send(event: EventObject): EventObject[];
}

export class Coverage {
  private readonly states = new Map<string, boolean>();
  private readonly sites = new Map<object, Site>();

  constructor(private readonly machine: AnyStateMachine) {
    const nodes: AnyStateNode[] = [machine.root];
    for (const node of nodes) {
      nodes.push(...Object.values(node.states));
      this.states.set(node.id, false);
      for (const [event, transitions] of node.transitions) {
        for (const [index, transition] of transitions.entries()) {
          const isGuarded = transition.guard !== undefined;
          this.sites.set(transition, { name: `${node.id} ${event} ${index}`, isGuarded, said: new Set() });
        }
      }
    }
  }

  /** A started actor. */
  watch(input: object): Watched {
    let taken: object[] = [];
    let emitted: EventObject[] = [];
    const actor = createActor(this.machine, {
      input,
      inspect: (seen) => {
        if (seen.type === '@xstate.microstep') taken.push(...seen._transitions);
      },
    });
    actor.on('*', (event) => emitted.push(event));
    actor.subscribe({ error: () => {} });
    actor.start();
    this.enter(actor.getSnapshot()._nodes);
    const send = (event: EventObject) => {
      const { _nodes } = actor.getSnapshot();
      taken = [];
      emitted = [];
      actor.send(event);
      const { status, error } = actor.getSnapshot();
      if (status === 'error') throw error;
      this.count(_nodes, event, taken);
      this.enter(actor.getSnapshot()._nodes);
      return emitted;
    };
    return { actor, send };
  }

  /** What no step has reached yet, one line each; empty when all was seen. */
  missing(): string[] {
    const states = [...this.states].filter(([, entered]) => !entered).map(([id]) => `${id} was not entered`);
    const sites = [...this.sites.values()].flatMap(({ name, isGuarded, said }) => [
      ...(said.has(true) ? [] : [`${name} was not taken`]),
      ...(isGuarded && !said.has(false) ? [`${name} was not refused by its guard`] : []),
    ]);
    return [...states, ...sites];
  }

  private enter(nodes: readonly AnyStateNode[]): void {
    for (const { id } of nodes) this.states.set(id, true);
  }

  /** Guards are asked from the innermost state outwards, in the order in which they stand, up to the one that says yes. */
  private count(nodes: readonly AnyStateNode[], event: EventObject, taken: readonly object[]): void {
    for (const node of nodes.toSorted((a, b) => b.path.length - a.path.length)) {
      for (const transition of node.transitions.get(event.type) ?? []) {
        const isTaken = taken.includes(transition);
        this.sites.get(transition)?.said.add(isTaken);
        if (isTaken) return;
      }
    }
  }
}
