/** What a tester says of a model and of the system under test; `testModel` and the runners take these. */
import type { AnyStateMachine, EmittedFrom, EventFromLogic, InputFrom, SnapshotFrom } from 'xstate';

/** One event, and what the model makes of it. */
export interface Step<M extends AnyStateMachine = AnyStateMachine> {
  event: EventFromLogic<M>;
  before: SnapshotFrom<M>;
  after: SnapshotFrom<M>;
  /** What the model emitted on it, in order. */
  emitted: readonly EmittedFrom<M>[];
}

/** A way through the model, from its beginning. */
export interface Path<M extends AnyStateMachine = AnyStateMachine> {
  /** The events one after another, in words; different paths have different names. */
  name: string;
  /** Where it begins. */
  origin: SnapshotFrom<M>;
  steps: readonly Step<M>[];
  /** Of a walk by chance: the same seed makes it again. */
  seed?: number;
}

/** Does to the system under test what an event says; what it returns is held against `reply`. */
export type Perform<M extends AnyStateMachine, S, E> = (
  system: S,
  event: E,
  step: Step<M>,
) => unknown | Promise<unknown>;

/** The events of one type; one member of the union may stand for several types. */
export type EventOf<M extends AnyStateMachine, T> =
  EventFromLogic<M> extends infer E
    ? E extends { type: infer U }
      ? T extends U
        ? Omit<E, 'type'> & { type: T }
        : never
      : never
    : never;
/** What an event carries beside its type. */
export type EventPayload<E> = E extends unknown ? Omit<E, 'type'> : never;
/** The types of a model's events. */
export type EventTypeOf<M extends AnyStateMachine> = EventFromLogic<M>['type'];

/** How one type of event is tried and carried out. */
export interface EventTest<M extends AnyStateMachine, S, E> {
  /**
   * Everything the event may carry that is worth trying, what is not allowed included: the model says what happens then.
   * A function is asked in each state. Default: once, with nothing.
   */
  cases?: readonly EventPayload<E>[] | ((snapshot: SnapshotFrom<M>) => readonly EventPayload<E>[]);
  perform: Perform<M, S, E>;
}

/** What `testModel` takes for the system under test, `S`. */
export interface ModelOptions<M extends AnyStateMachine, S> {
  /** What the model starts with. */
  input?: InputFrom<M>;
  /** Every event of the model; one that is missing here is an error, as is one the model does not know. */
  events: { [T in EventTypeOf<M>]: EventTest<M, S, EventOf<M, T>> };
  /** Every `after` of the model, by the name of its delay (milliseconds count as a name); as strict as `events`. */
  timers?: Record<string, Perform<M, S, EventFromLogic<M>>>;
  /** What holds in a state, by its path (`pending.claimed`); asked after each step that ends there. A wrong path is an error. */
  states?: Record<string, (system: S, snapshot: SnapshotFrom<M>) => void | Promise<void>>;
  /** What the model says the system answers to a step; compared, as JSON, with what `perform` returned. */
  reply?: (step: Step<M>) => unknown;
  /** What the system shows; compared, as JSON, with `view` at the beginning and after each step. */
  look?: (system: S) => unknown | Promise<unknown>;
  /** What the model says the system shows. */
  view?: (snapshot: SnapshotFrom<M>) => unknown;
  /**
   * Two snapshots with equal keys are one state of the model, and tried once. Default: state value and context, which must
   * then return to where they were; leave out what only grows.
   */
  key?: (snapshot: SnapshotFrom<M>) => unknown;
  /** How long a step may take before it fails; a system that hangs is then a failing path. Milliseconds, default 10,000. */
  stepTimeoutMs?: number;
  /** States of the model at most; more is an error, since the paths would never end. Default 10,000. */
  maxStates?: number;
}

/** How a system under test is had for each path, and given back. */
export interface SystemSource<S> {
  /** One that stands where the model begins. */
  start(): S | Promise<S>;
  stop?(system: S): void | Promise<void>;
  /**
   * If given, ends the system after every step and restores it from what it has stored; then everything is asked again.
   * Returns the one to continue with, or nothing if that is still the same.
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: a tester's function that returns nothing has this type
  restart?(system: S): S | void | Promise<S | void>;
  /** `change`: only after steps that changed something in the model, where a restart takes long. Default `step`. */
  restartAfter?: 'step' | 'change';
}

export interface FuzzOptions<S> extends SystemSource<S> {
  /** Default 1; the same seed gives the same sequences. */
  seed?: number;
  /** Sequences. Default 100. */
  runs?: number;
  /** Events in one at most. Default 30. */
  maxSteps?: number;
}

/** Does some work when its turn comes; between whatever waits, chance decides whose turn it is. */
export type Schedule = <T>(what: string, work: () => Promise<T>) => Promise<T>;

export interface RaceOptions<M extends AnyStateMachine, S> {
  /** One that stands where the model begins, and that waits for `schedule` wherever something else could come between. */
  start(schedule: Schedule): S | Promise<S>;
  stop?(system: S): void | Promise<void>;
  /** Which types of event may happen at the same time. Default: all; timers never. */
  events?: readonly EventFromLogic<M>['type'][];
  /** Events that happen one after another before, at most. Default 4. */
  before?: number;
  /** Events at the same time at most; from 2 to 4. Default 3. */
  together?: number;
  /** Default 1; the same seed gives the same events in the same order, if the system itself leaves nothing to chance. */
  seed?: number;
  /** Default 100. */
  runs?: number;
}

/** What was done without finding anything. */
export interface TestResult {
  paths: number;
  steps: number;
  restarts: number;
}
