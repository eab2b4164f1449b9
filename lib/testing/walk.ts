/** One path walked on the system under test, everything the model says being asked after each step; tests and searches use it. */
import type { AnyStateMachine, SnapshotFrom } from 'xstate';
import { activeNodes, stateIdOf } from '../insides/xstate';
import type { Finding } from './model-failure';
import type { ModelOptions, Path, Perform, Step, SystemSource } from './model-options';
import type { PureModel } from './pure-model';
import { timerNameOf } from './state-nodes';
import { canonical } from './wording';

/** Thrown where the system deviates from the model; the walker catches it. */
export class Deviation extends Error {
  constructor(readonly finding: Omit<Finding, 'at' | 'afterRestart'>) {
    super(finding.what);
  }
}

/** One system on its way. */
export class Walk<M extends AnyStateMachine, S> {
  private at = -1;
  private afterRestart = false;

  private constructor(
    private readonly model: PureModel<M, S>,
    private readonly source: SystemSource<S>,
    /** The system as it is after the last restart. */
    private current: S,
    private readonly onStep: (step: Step<M>, isRestart: boolean) => void,
  ) {}

  /** @throws what `start` throws */
  static async begin<M extends AnyStateMachine, S>(
    model: PureModel<M, S>,
    source: SystemSource<S>,
    onStep: (step: Step<M>, isRestart: boolean) => void = () => {},
  ): Promise<Walk<M, S>> {
    return new Walk(model, source, await source.start(), onStep);
  }

  get system(): S {
    return this.current;
  }

  /** Everything the model says of the beginning. @throws Deviation */
  look(origin: SnapshotFrom<M>): Promise<void> {
    return compare(this.model, this.system, origin);
  }

  /** One step, and once more everything after a restart. @throws Deviation; what `restart` throws */
  async take(step: Step<M>): Promise<void> {
    this.at += 1;
    this.afterRestart = false;
    await carryOut(this.model, this.system, step);
    await compare(this.model, this.system, step.after);
    this.onStep(step, false);
    const { restart, restartAfter = 'step' } = this.source;
    const changed = this.model.keyOf(step.before) !== this.model.keyOf(step.after);
    if (!restart || (restartAfter === 'change' && !changed)) return;
    this.afterRestart = true;
    this.current = (await restart(this.system)) ?? this.system;
    await compare(this.model, this.system, step.after);
    this.onStep(step, true);
  }

  /** What was thrown during the walk as a finding. @throws it, if it is none */
  toFinding(thrown: unknown): Finding {
    if (!(thrown instanceof Deviation)) throw thrown;
    return { ...thrown.finding, at: this.at, afterRestart: this.afterRestart };
  }

  async end(): Promise<void> {
    await this.source.stop?.(this.system);
  }
}

/**
 * Starts a system, walks a path, and stops it.
 * @returns where it left the model, or nothing
 * @throws what `start`, `stop` or `restart` throw; these are no findings
 */
export async function walkPath<M extends AnyStateMachine, S>(
  model: PureModel<M, S>,
  path: Path<M>,
  source: SystemSource<S>,
  onStep?: (step: Step<M>, isRestart: boolean) => void,
): Promise<Finding | undefined> {
  const walk = await Walk.begin(model, source, onStep);
  try {
    await walk.look(path.origin);
    for (const step of path.steps) await walk.take(step);
    return undefined;
  } catch (thrown) {
    return walk.toFinding(thrown);
  } finally {
    await walk.end();
  }
}

/** One step, done and answered. @throws Deviation */
export async function carryOut<M extends AnyStateMachine, S>(
  model: PureModel<M, S>,
  system: S,
  step: Step<M>,
): Promise<unknown> {
  const { reply, stepTimeoutMs = 10_000 } = model.options;
  const observed = await tried('perform', () =>
    inTime(performOf(model.options, step)(system, step.event, step), stepTimeoutMs),
  );
  if (reply) assertSame('reply', reply(step), observed);
  return observed;
}

/** Everything the model says of a state. @throws Deviation */
export async function compare<M extends AnyStateMachine, S>(
  model: PureModel<M, S>,
  system: S,
  snapshot: SnapshotFrom<M>,
): Promise<void> {
  const { look, view, states = {} } = model.options;
  if (look && view) assertSame('view', view(snapshot), await tried('look', () => look(system)));
  for (const node of activeNodes(snapshot)) {
    const path = node.path.join('.');
    const holds = states[path];
    if (holds) await tried(stateIdOf(node), () => holds(system, snapshot));
  }
}

/** How a step is carried out; that there is a way was seen to when the model was made. */
export function performOf<M extends AnyStateMachine, S>(
  { events, timers = {} }: ModelOptions<M, S>,
  { event }: Step<M>,
): Perform<M, S, Step<M>['event']> {
  const { type }: { type: string } = event;
  // Chosen by the type of the event, so it takes this event; the compiler cannot follow that.
  const tests = events as unknown as Record<string, { perform: Perform<M, S, Step<M>['event']> } | undefined>;
  const perform = type.startsWith('xstate.after.') ? timers[timerNameOf(type)] : tests[type]?.perform;
  if (!perform) throw new Error(`Nothing carries out ${type}`);
  return perform;
}

async function tried<T>(what: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new Deviation({ what, cause });
  }
}

function assertSame(what: 'reply' | 'view', expected: unknown, observed: unknown): void {
  if (canonical(expected) !== canonical(observed)) throw new Deviation({ what, expected, observed });
}

/** @throws Error when it takes longer */
function inTime<T>(work: T | Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`It was not done within ${ms} ms`)), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
