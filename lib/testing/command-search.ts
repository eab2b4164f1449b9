/** Sequences of events by chance, made and made short by fast-check; `TestModel.fuzz` runs them. */
import type { AnyStateMachine, EventFromLogic, SnapshotFrom } from 'xstate';
import { loadFastCheck } from './fast-check';
import { type Finding, ModelFailure } from './model-failure';
import type { FuzzOptions, Step, TestResult } from './model-options';
import type { PureModel } from './pure-model';
import { Walk } from './walk';

/** Where the model stands in one run. */
interface Position<M extends AnyStateMachine> {
  snapshot: SnapshotFrom<M>;
}

/** The system in one run, and what was done to it. */
interface Trace<M extends AnyStateMachine, S> {
  walk: Walk<M, S>;
  events: EventFromLogic<M>[];
}

/** @throws ModelFailure; Error where fast-check is not installed */
export async function searchCommands<M extends AnyStateMachine, S>(
  model: PureModel<M, S>,
  { seed = 1, runs = 100, maxSteps = 30, ...source }: FuzzOptions<S>,
  onStep: (step: Step<M>) => void,
): Promise<TestResult> {
  const fc = await loadFastCheck();
  const result: TestResult = { paths: 0, steps: 0, restarts: 0 };
  const found: { events: EventFromLogic<M>[]; finding: Finding }[] = [];

  const types = [...new Set(model.types())];
  const commands = types.map((type) =>
    fc.nat().map((choice) => ({
      check: ({ snapshot }: Position<M>) => model.casesOf(type, snapshot).length > 0,
      run: async (position: Position<M>, { walk, events }: Trace<M, S>) => {
        const cases = model.casesOf(type, position.snapshot);
        const event = cases[choice % cases.length];
        if (!event) return;
        events.push(event);
        const step = model.step(position.snapshot, event);
        await walk.take(step);
        position.snapshot = step.after;
      },
      toString: () => type,
    })),
  );

  const property = fc.asyncProperty(
    fc.commands(commands, { maxCommands: maxSteps, size: 'max' }),
    async (sequence) => {
      const walk = await Walk.begin<M, S>(model, source, (step, isRestart) => {
        if (isRestart) result.restarts += 1;
        else {
          result.steps += 1;
          onStep(step);
        }
      });
      const events: EventFromLogic<M>[] = [];
      try {
        const position: Position<M> = { snapshot: model.first() };
        await walk.look(position.snapshot);
        await fc.asyncModelRun(() => ({ model: position, real: { walk, events } }), sequence);
        result.paths += 1;
      } catch (thrown) {
        found.push({ events, finding: walk.toFinding(thrown) });
        throw thrown;
      } finally {
        await walk.end();
      }
    },
  );

  const details = await fc.check(property, { seed, numRuns: runs });
  const first = found[0];
  const shortest = found.at(-1);
  if (first && shortest) {
    const search = { firstLength: first.events.length, tried: details.numShrinks, seed };
    throw new ModelFailure(model.id, model.pathOf(shortest.events), shortest.finding, search);
  }
  if (details.failed) throw details.errorInstance ?? new Error('The search was interrupted');
  return result;
}
