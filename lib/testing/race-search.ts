/** Events at the same time, in orders made by fast-check's scheduler, held against every order of the model; `TestModel.races` runs them. */
import { setImmediate } from 'node:timers/promises';
import type { AnyStateMachine, EventFromLogic, SnapshotFrom } from 'xstate';
import { loadFastCheck } from './fast-check';
import { type Finding, ModelFailure } from './model-failure';
import type { RaceOptions, Schedule, Step, TestResult } from './model-options';
import type { PureModel } from './pure-model';
import { plainSnapshot } from './state-nodes';
import { Deviation, performOf, Walk } from './walk';
import { canonical, describe, describeEvent } from './wording';

/** What can be seen of some events at the same time: the answer to each, and what the system shows after all of them. */
interface Outcome {
  replies: readonly unknown[];
  view: unknown;
}

/** A choice of an event, whatever there is to choose from. */
interface Pick {
  type: number;
  payload: number;
}

/** @throws ModelFailure; Error where fast-check is not installed, or the model says neither `reply` nor `view` */
export async function searchRaces<M extends AnyStateMachine, S>(
  model: PureModel<M, S>,
  options: RaceOptions<M, S>,
): Promise<TestResult> {
  const { start, stop, before = 4, together = 3, seed = 1, runs = 100 } = options;
  const { reply, view, look } = model.options;
  if (!reply || !view || !look) throw new Error(`Races of ${model.id} need reply, look and view`);
  const fc = await loadFastCheck();
  const racing = options.events ?? model.types();
  const result: TestResult = { paths: 0, steps: 0, restarts: 0 };
  const found: { events: EventFromLogic<M>[]; finding: Finding }[] = [];

  const pick = fc.record({ type: fc.nat(), payload: fc.nat() });
  const first = fc.array(pick, { maxLength: before });
  const atOnce = fc.array(pick, { minLength: 2, maxLength: Math.min(Math.max(together, 2), 4) });
  const property = fc.asyncProperty(
    fc.scheduler(),
    first,
    atOnce,
    async (scheduler, firstPicks, oncePicks) => {
      let isRacing = false;
      const schedule: Schedule = async (what, work) => {
        if (isRacing) await scheduler.schedule(Promise.resolve(), what);
        return work();
      };
      const source = { start: () => start(schedule), ...(stop && { stop }) };
      const walk = await Walk.begin<M, S>(model, source);
      const events: EventFromLogic<M>[] = [];
      let atOnceNow = 0;
      try {
        let snapshot = model.first();
        for (const choice of firstPicks) {
          const event = chosen(model, snapshot, model.types(), choice);
          if (!event) continue;
          events.push(event);
          const step = model.step(snapshot, event);
          await walk.take(step);
          snapshot = step.after;
        }
        const steps = oncePicks.flatMap((choice) => {
          const event = chosen(model, snapshot, racing, choice);
          return event ? [model.step(snapshot, event)] : [];
        });
        events.push(...steps.map(({ event }) => event));
        atOnceNow = steps.length;
        isRacing = true;
        const replies = await scheduler.waitFor(
          Promise.all(
            steps.map((step) =>
              schedule(describeEvent(step.event), async () =>
                performOf(model.options, step)(walk.system, step.event, step),
              ),
            ),
          ),
        );
        isRacing = false;
        // What was begun in passing (an envelope on its way) is over before the state is read.
        await setImmediate();
        const observed = { replies, view: await look(walk.system) };
        const possible = outcomes(model, snapshot, steps, { reply, view });
        if (!possible.some((outcome) => canonical(outcome) === canonical(observed)))
          throw new Deviation({ what: 'race', cause: new Error(inWords(steps, observed, possible)) });
        result.paths += 1;
        result.steps += events.length;
      } catch (thrown) {
        isRacing = false;
        const deviation =
          thrown instanceof Deviation ? thrown : new Deviation({ what: 'perform', cause: thrown });
        const finding = {
          ...deviation.finding,
          at: events.length - 1,
          afterRestart: false,
          together: atOnceNow,
        };
        found.push({ events, finding });
        throw deviation;
      } finally {
        await walk.end();
      }
    },
  );

  const details = await fc.check(property, { seed, numRuns: runs });
  const shortest = found.at(-1);
  if (shortest) {
    const search = { firstLength: found[0]?.events.length ?? 0, tried: details.numShrinks, seed };
    throw new ModelFailure(model.id, model.pathOf(shortest.events), shortest.finding, search);
  }
  if (details.failed) throw details.errorInstance ?? new Error('The search was interrupted');
  return result;
}

function chosen<M extends AnyStateMachine, S>(
  model: PureModel<M, S>,
  snapshot: SnapshotFrom<M>,
  types: readonly string[],
  { type, payload }: Pick,
): EventFromLogic<M> | undefined {
  if (plainSnapshot<M>(snapshot).status !== 'active') return undefined;
  const tried = types.filter((each) => model.casesOf(each, snapshot).length > 0);
  const name = tried[type % tried.length];
  if (name === undefined) return undefined;
  const cases = model.casesOf(name, snapshot);
  return cases[payload % cases.length];
}

/** What the model allows: the outcome of every order, each event being answered in the order it had. */
function outcomes<M extends AnyStateMachine, S>(
  model: PureModel<M, S>,
  from: SnapshotFrom<M>,
  steps: readonly Step<M>[],
  { reply, view }: { reply(step: Step<M>): unknown; view(snapshot: SnapshotFrom<M>): unknown },
): Outcome[] {
  return orders(steps.map((_step, index) => index)).map((order) => {
    const replies: unknown[] = [];
    let snapshot = from;
    for (const index of order) {
      const event = steps[index]?.event;
      if (event === undefined) continue;
      const step = model.step(snapshot, event);
      replies[index] = reply(step);
      snapshot = step.after;
    }
    return { replies, view: view(snapshot) };
  });
}

function orders(items: readonly number[]): number[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item) =>
    orders(items.filter((each) => each !== item)).map((rest) => [item, ...rest]),
  );
}

function inWords<M extends AnyStateMachine>(
  steps: readonly Step<M>[],
  observed: Outcome,
  possible: readonly Outcome[],
): string {
  const outcome = ({ replies, view }: Outcome) =>
    `answers ${replies.map(describe).join(', ')}; then shows ${describe(view)}`;
  return [
    `at the same time: ${steps.map(({ event }) => describeEvent(event)).join(' | ')}`,
    `the system ${outcome(observed)}`,
    'in no order does the model say that:',
    ...new Set(possible.map((each) => `  ${outcome(each)}`)),
  ].join('\n');
}
