/** The model of a flow and everything a test does with it: paths, runs against a system, searches, coverage; a spec makes one by `testModel`. */
import type { AnyStateMachine, EventFromLogic, SnapshotFrom } from 'xstate';
import { searchCommands } from './command-search';
import { Coverage } from './coverage';
import { coverageSvg } from './coverage-picture';
import {
  assertCoverage,
  type CoverageReport,
  coverageText,
  reportCoverage,
  type Threshold,
} from './coverage-report';
import { watchMachine } from './machine-watch';
import { ModelFailure } from './model-failure';
import type {
  FuzzOptions,
  ModelOptions,
  Path,
  RaceOptions,
  Step,
  SystemSource,
  TestResult,
} from './model-options';
import {
  edgePaths,
  type RandomWalkOptions,
  randomWalks,
  type SimplePathBounds,
  shortestPaths,
  simplePaths,
} from './paths';
import { PureModel } from './pure-model';
import { searchRaces } from './race-search';
import { shortestFailure } from './shortest-failure';
import { exploreGraph, type Vertex, wayTo } from './state-graph';
import { walkPath } from './walk';

export interface TestOptions<M extends AnyStateMachine, S> extends SystemSource<S> {
  /** Default: `edgePaths()`. */
  paths?: readonly Path<M>[];
  /** How many shorter sequences are tried after a failure. Default 200. */
  shrink?: number;
}

export class TestModel<M extends AnyStateMachine, S> {
  /** What of the model the systems have been through in all runs so far. */
  readonly coverage: Coverage;
  private readonly model: PureModel<M, S>;
  private vertices: readonly Vertex<M>[] | undefined;

  /** @throws Error naming every event and timer nothing carries out, and every name the machine does not have */
  constructor(machine: M, options: ModelOptions<M, S>) {
    this.model = new PureModel(machine, options);
    this.coverage = new Coverage(this.model.machine);
  }

  /** How large the model is: its states, and the events that are tried in them. */
  get size(): { states: number; edges: number } {
    const vertices = this.explored();
    return { states: vertices.length, edges: vertices.reduce((sum, { edges }) => sum + edges.length, 0) };
  }

  /** Every event with every payload in every state, refused ones included; shortest paths first. */
  edgePaths(): Path<M>[] {
    return this.toPaths(edgePaths(this.explored()));
  }

  /** The shortest way to every state. Misses what a refused event does, since it leads nowhere new. */
  shortestPaths(): Path<M>[] {
    return this.toPaths(shortestPaths(this.explored()));
  }

  /** Every way that comes to no state twice, up to the bounds. */
  simplePaths(bounds?: SimplePathBounds): Path<M>[] {
    return this.toPaths(simplePaths(this.explored(), bounds));
  }

  /** Walks by chance; the same seed gives the same walks. */
  randomWalks(options?: RandomWalkOptions): Path<M>[] {
    return randomWalks(this.model, options);
  }

  /** The path of these events. */
  pathOf(events: readonly EventFromLogic<M>[]): Path<M> {
    return this.model.pathOf(events);
  }

  /**
   * Walks every path, each on a system of its own, one after another.
   * @throws ModelFailure at the first path that fails, made as short as it will go; Error if there is no path
   */
  async test({ paths = this.edgePaths(), shrink = 200, ...source }: TestOptions<M, S>): Promise<TestResult> {
    if (paths.length === 0) throw new Error(`The model ${this.model.id} has no path to test`);
    const result = { paths: 0, steps: 0, restarts: 0 };
    const walkOne = (path: Path<M>) =>
      walkPath(this.model, path, source, (step, isRestart) => {
        if (isRestart) result.restarts += 1;
        else result.steps += 1;
        if (!isRestart) this.count(step);
      });
    for (const path of paths) {
      this.begin();
      const finding = await walkOne(path);
      if (finding) {
        const { search, ...shortest } = await shortestFailure(
          { path, finding },
          {
            pathOf: (events) => this.model.possiblePathOf(events),
            wayTo: (snapshot) => this.wayTo(snapshot),
            walk: walkOne,
            limit: shrink,
          },
        );
        const { seed } = path;
        const found = { ...search, ...(seed !== undefined && { seed }) };
        throw new ModelFailure(this.model.id, shortest.path, shortest.finding, found);
      }
      result.paths += 1;
    }
    return result;
  }

  /**
   * Sequences of events by chance, by fast-check (to be installed), which also makes a failing one short.
   * @throws ModelFailure
   */
  async fuzz(options: FuzzOptions<S>): Promise<TestResult> {
    return searchCommands(this.model, options, (step) => this.count(step));
  }

  /**
   * Events at the same time, in every order of what they wait for that fast-check (to be installed) comes upon: what the
   * system answers and shows must be what the model says of the same events one after another in some order. Needs
   * `reply` and `view`.
   * @throws ModelFailure
   */
  async races(options: RaceOptions<M, S>): Promise<TestResult> {
    return searchRaces(this.model, options);
  }

  /** The coverage as JSON, with the ids of the charts. */
  report(): CoverageReport {
    return reportCoverage(this.coverage);
  }

  /** The coverage as text. */
  reportText(): string {
    return coverageText(this.report());
  }

  /** The coverage painted on the chart of the model. @throws Error when the optional package `elkjs` is not installed */
  reportSvg(): Promise<string> {
    return coverageSvg(this.coverage);
  }

  /** @throws Error with the report if less was seen than the threshold asks for; without one, everything must be */
  assertCoverage(threshold?: Threshold): void {
    assertCoverage(this.coverage, threshold);
  }

  private explored(): readonly Vertex<M>[] {
    this.vertices ??= exploreGraph(this.model);
    return this.vertices;
  }

  /** The shortest way to a state, if the model has been explored: one that has no end can be walked all the same. */
  private wayTo(snapshot: SnapshotFrom<M>): EventFromLogic<M>[] | undefined {
    const key = this.model.keyOf(snapshot);
    const vertex = this.vertices?.find((each) => this.model.keyOf(each.snapshot) === key);
    return vertex && wayTo(vertex).map(({ event }) => event);
  }

  private toPaths(paths: readonly (readonly EventFromLogic<M>[])[]): Path<M>[] {
    return paths.map((events) => this.model.pathOf(events));
  }

  private begin(): void {
    this.watched(() => this.model.first());
  }

  private count({ before, event }: Step<M>): void {
    this.watched(() => this.model.step(before, event));
  }

  /** The model makes a step again that a system has made with it, this time counted. */
  private watched(work: () => unknown): void {
    const { stop } = watchMachine(this.model.machine, this.coverage);
    try {
      work();
    } finally {
      stop();
    }
  }
}

/**
 * A model to test a system with: the machine says what should happen, `events` how each event is done to the system.
 * The machine is copied; test it against something that was written apart from it.
 * @throws Error naming everything that is missing or unknown
 */
export function testModel<M extends AnyStateMachine, S>(
  machine: M,
  options: ModelOptions<M, S>,
): TestModel<M, S> {
  return new TestModel(machine, options);
}
