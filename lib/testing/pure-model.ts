/** A machine as a function from a state and an event to the next state, without timers or effects; the graph and the walks step through it. */
import {
  type AnyStateMachine,
  type EventFromLogic,
  initialTransition,
  type SnapshotFrom,
  transition,
} from 'xstate';
import type { ModelOptions, Path, Step } from './model-options';
import { matches, nodesOf, plainSnapshot, timerNameOf, timersOf } from './state-nodes';
import { canonical, describeEvent } from './wording';

export class PureModel<M extends AnyStateMachine, S> {
  /**
   * A copy, so that what is counted of the tester's machine while the system runs is not mixed with what the model does.
   */
  readonly machine: M;

  constructor(
    machine: M,
    readonly options: ModelOptions<M, S>,
  ) {
    // `provide` gives the same machine again, only typed by what it was created from.
    this.machine = machine.provide({}) as M;
    assertComplete(this.machine, options);
  }

  get id(): string {
    return this.machine.id;
  }

  /** @throws what the machine throws while it starts */
  first(): SnapshotFrom<M> {
    const [snapshot] = initialTransition(this.machine, this.options.input as never);
    const { status, error } = plainSnapshot<M>(snapshot);
    if (status === 'error') throw error;
    return snapshot;
  }

  /** Every event with every payload that is to be tried in this state. */
  choices(snapshot: SnapshotFrom<M>): EventFromLogic<M>[] {
    const { status, _nodes } = plainSnapshot<M>(snapshot);
    if (status !== 'active') return [];
    const timers = timersOf(_nodes).map((type) => ({ type }));
    const events = this.types().flatMap((type) => this.casesOf(type, snapshot));
    // XState types a machine's own events only; those of its timers are events like all others.
    return [...events, ...timers] as EventFromLogic<M>[];
  }

  /** The types of event that a tester sends; timers are not among them. */
  types(): string[] {
    return Object.keys(this.options.events);
  }

  /** The events of one type that are to be tried in this state. */
  casesOf(type: string, snapshot: SnapshotFrom<M>): EventFromLogic<M>[] {
    const { cases = [{}] } = this.options.events[type as keyof ModelOptions<M, S>['events']];
    const payloads = typeof cases === 'function' ? cases(snapshot) : cases;
    // Put together from the type and the payload of that type, which the compiler cannot follow.
    return payloads.map((payload) => ({ ...payload, type }) as unknown as EventFromLogic<M>);
  }

  step(before: SnapshotFrom<M>, event: EventFromLogic<M>): Step<M> {
    const [after, actions] = transition(this.machine, before, event);
    const emitted = actions.flatMap(({ type, params }: { type: string; params: unknown }) =>
      // XState's own action has the event it emits as its parameter.
      type === 'xstate.emit' ? [(params as { event: Step<M>['emitted'][number] }).event] : [],
    );
    return { event, before, after, emitted };
  }

  /** The path of these events, one after another. It ends early where the model does. */
  pathOf(events: readonly EventFromLogic<M>[]): Path<M> {
    const origin = this.first();
    const steps: Step<M>[] = [];
    for (const event of events) {
      const before = steps.at(-1)?.after ?? origin;
      if (plainSnapshot<M>(before).status !== 'active') break;
      steps.push(this.step(before, event));
    }
    return { name: steps.map((step) => describeEvent(step.event)).join(', ') || 'nothing', origin, steps };
  }

  /** The same, if each of the events is one that is tried in the state it meets; else nothing. */
  possiblePathOf(events: readonly EventFromLogic<M>[]): Path<M> | undefined {
    const path = this.pathOf(events);
    const isTried = ({ before, event }: Step<M>) =>
      this.choices(before).some((choice) => canonical(choice) === canonical(event));
    return path.steps.length === events.length && path.steps.every(isTried) ? path : undefined;
  }

  /** What two snapshots have in common that are one state. */
  keyOf(snapshot: SnapshotFrom<M>): string {
    const { key } = this.options;
    const { value, context } = plainSnapshot<M>(snapshot);
    return canonical(key ? key(snapshot) : [value, context]);
  }
}

/** @throws Error naming every event and timer without a way to carry it out, and every name the machine does not have */
function assertComplete<M extends AnyStateMachine, S>(machine: M, options: ModelOptions<M, S>): void {
  const nodes = nodesOf(machine.root);
  const types = new Set(nodes.flatMap((node) => [...node.transitions.keys()]));
  const needed = [...types].filter(isForTester);
  const events = Object.keys(options.events);
  const delays = new Set(timersOf(nodes).map(timerNameOf));
  const timers = Object.keys(options.timers ?? {});
  const paths = nodes.map(({ path }) => path.join('.'));
  const says = (names: readonly string[], what: string) =>
    names.length > 0 ? [`${what}: ${names.join(', ')}`] : [];
  const wrong = [
    ...says(
      needed.filter((type) => !events.includes(type)),
      'nothing carries out the events',
    ),
    ...says(
      events.filter((type) => ![...types].some((known) => matches(type, known))),
      'the model knows no events',
    ),
    ...says(
      [...delays].filter((name) => !timers.includes(name)),
      'nothing fires the timers',
    ),
    ...says(
      timers.filter((name) => !delays.has(name)),
      'the model has no timers',
    ),
    ...says(
      Object.keys(options.states ?? {}).filter((path) => !paths.includes(path)),
      'the model has no states',
    ),
    ...(Boolean(options.look) === Boolean(options.view) ? [] : ['look and view need each other']),
  ];
  if (wrong.length > 0) throw new Error(`The model ${machine.id} cannot be tested: ${wrong.join('; ')}`);
}

/** Events that a tester has to send: not wildcards, timers, or what a machine sends to itself. */
function isForTester(type: string): boolean {
  return !type.includes('*') && !type.startsWith('xstate.after.') && !type.startsWith('xstate.done.state.');
}
