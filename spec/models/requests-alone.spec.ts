import { executionMachine } from '../../lib/actors/execution-machine';
import * as request from '../../lib/actors/hitl-request';
import { hitlRequestMachine } from '../../lib/actors/hitl-request-machine';
import { assertCoverage } from '../../lib/testing';
import { sample } from '../length';
import { seed } from '../seed';
import { missedDeadlines } from './missed-deadlines';
import { RequestAlone } from './request-alone';
import { modelOfRequest } from './request-model';
import { requests } from './request-rules';
import { watched } from './watched';

const code = { ...request, hitlRequestMachine, executionMachine };

describe('The machine of requests alone', () => {
  const seen = [watched(hitlRequestMachine), watched(executionMachine)];

  /** Of each kind of request, what of the specification was not tried. */
  const untriedOf: (readonly string[])[] = [];

  describe.each(Object.entries(requests))('with %s', (_name, rules) => {
    const model = modelOfRequest(rules);
    const start = () => new RequestAlone(code, rules);

    it('does what the specification says, on every event in every state', async () => {
      const { steps } = await model.test({ start });
      expect(steps).toBeGreaterThanOrEqual(model.size.edges);
      untriedOf.push(model.report().missing);
    });

    it('does so too when it is persisted as JSON and restored after every step', async () => {
      const paths = sample(model.edgePaths(), 3);
      const { restarts, steps } = await model.test({ start, restart: (alone) => alone.restart?.(), paths });
      expect(restarts).toBe(steps);
    });

    it('does so on walks by chance that are longer than any shortest path', async () => {
      await model.test({ start, paths: model.randomWalks({ seed, walks: 5, steps: 80 }) });
    });
  });

  // A hub sends deadlines before it asks anything; these cases are for a hub that is too slow.
  it.each(missedDeadlines)(
    'refuses $what when a deadline has passed that it was not sent',
    async ({ deed, rules, refusal }) => {
      const alone = new RequestAlone(code, rules);
      await alone.perform({ type: 'claim', who: 'ann' });
      alone.sleep(2);
      expect(await alone.perform(deed)).toBe(refusal);
      expect(await alone.look()).toMatchObject({ status: 'pending', claimedBy: 'ann' });
    },
  );

  it('was in every state, took every transition, and had every guard say yes and no', () => {
    for (const machine of seen) assertCoverage(machine);
  });

  it('left nothing of the specification untried', () => {
    expect(untriedOf).toHaveLength(Object.keys(requests).length);
    const [first = [], ...others] = untriedOf;
    const untried = first.filter((line) => others.every((missing) => missing.includes(line)));
    // Which way a request begins is decided before its first step, which is not observed yet.
    expect(untried.filter((line) => !line.includes('request.asked'))).toEqual([]);
  });
});
