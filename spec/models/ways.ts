/** The ways through the models of requests that a suite goes: all of them take minutes, so `npm test` goes those that the machine needs to be seen whole; the specs of this folder ask for them. */
import { executionMachine } from '../../lib/actors/execution-machine';
import * as request from '../../lib/actors/hitl-request';
import { hitlRequestMachine } from '../../lib/actors/hitl-request-machine';
import { Coverage, type Path, reportCoverage, type TestModel, watchMachine } from '../../lib/testing';
import { isLong } from '../length';
import { RequestAlone } from './request-alone';
import { modelOfRequest, type RequestSystem, type requestSpecification } from './request-model';
import { type Rules, requests } from './request-rules';

type Way = Path<typeof requestSpecification>;
type Model = TestModel<typeof requestSpecification, RequestSystem>;

/** For titles. */
export const everyEvent = isLong
  ? 'every event in every state'
  : 'a sample of the ways to every event in every state';

/**
 * The ways of each kind of request, there when the tests of the file run: every event in every state. In the short form, of
 * those that differ in what comes of an event, the ones that bring the machines alone to a state, transition or guard it was
 * not seen in; and one more, so that each kind of request has one. Stands before `watched`, which is to see none of this.
 */
export function chosenWays(): (rules: Rules) => readonly Way[] {
  const ways = new Map<Rules, readonly Way[]>();
  beforeAll(async () => {
    const coverages = [hitlRequestMachine, executionMachine].map((machine) => new Coverage(machine));
    const watches = coverages.map((coverage) => watchMachine(coverage.machine, coverage));
    for (const rules of Object.values(requests)) {
      const all = modelOfRequest(rules).edgePaths();
      ways.set(rules, isLong ? all : await chosenOf(all, rules, coverages));
    }
    for (const watch of watches) watch.stop();
  }, 60_000);
  return (rules) => ways.get(rules) ?? [];
}

async function chosenOf(all: readonly Way[], rules: Rules, coverages: readonly Coverage[]): Promise<Way[]> {
  const extent = () =>
    coverages.reduce((sum, coverage) => {
      const { states, transitions, guards } = reportCoverage(coverage).totals;
      return sum + states.seen + transitions.seen + guards.seen;
    }, 0);
  const chosen = new Set(all.slice(all.length / 2, all.length / 2 + 1));
  const trial = modelOfRequest(rules);
  const start = () => new RequestAlone({ ...request, hitlRequestMachine, executionMachine }, rules);
  for (const way of ofDifferentOutcomes(all)) {
    const before = extent();
    await trial.test({ start, paths: [way] });
    if (extent() > before) chosen.add(way);
  }
  return [...chosen];
}

/** How many steps these ways have; in the long form as many as there are events to try, at the least. */
export function stepsOf(model: Model, ways: readonly Way[]): number {
  const own = ways.reduce((sum, { steps }) => sum + steps.length, 0);
  return isLong ? Math.max(own, model.size.edges) : own;
}

/** The ways on which an event comes to something that it came to on none before. */
function ofDifferentOutcomes(ways: readonly Way[]): Way[] {
  const seen = new Set<string>();
  return ways.filter(({ steps }) => {
    const size = seen.size;
    for (const { before, event, after, emitted } of steps) {
      const facts = Object.keys(after.context) as (keyof typeof after.context)[];
      const changed = facts.filter((fact) => after.context[fact] !== before.context[fact]);
      seen.add(JSON.stringify([before.value, event.type, after.value, emitted, changed]));
    }
    return seen.size > size;
  });
}
