import { executionMachine } from '../../lib/actors/execution-machine';
import { hitlRequestMachine } from '../../lib/actors/hitl-request-machine';
import { assertCoverage } from '../../lib/testing';
import { missedDeadlines, tryTooLate } from './missed-deadlines';
import { restartedOnStage } from './on-stage';
import { modelOfRequest } from './request-model';
import { requests } from './request-rules';
import { RequestStage } from './request-stage';
import { slowStore } from './slow-store';
import { watched } from './watched';
import { chosenWays, everyEvent, stepsOf } from './ways';

describe('Requests whose hub ends, in good order or by a crash, and starts again', () => {
  const ways = chosenWays();
  const seen = [watched(hitlRequestMachine), watched(executionMachine)];

  it.each(Object.entries(requests))(
    `with %s do what the specification says on ${everyEvent}, restarted after every step`,
    async (_name, rules) => {
      const model = modelOfRequest(rules);
      const paths = ways(rules);
      const { restarts, steps } = await restartedOnStage(rules, {}, (source) =>
        model.test({ ...source, paths }),
      );
      expect(restarts).toBe(steps);
      expect(steps).toBeGreaterThanOrEqual(stepsOf(model, paths));
    },
    300_000,
  );

  it.each(missedDeadlines)(
    'refuse $what when a deadline has passed, and receive it from the next hub',
    async (missed) => {
      const { store, meanwhile } = slowStore();
      const stage = await RequestStage.open({ store });
      const { request, answer } = await tryTooLate(stage, meanwhile, missed);
      expect(answer).toBe(missed.answer);
      await stage.restart();
      const status = missed.rules.end ? 'expired' : 'pending';
      expect(await request.look()).toMatchObject({ status, claimedBy: null, reminded: 1 });
      await stage.close();
    },
  );

  it('were in every state, took every transition, and had every guard say yes and no', () => {
    for (const machine of seen) assertCoverage(machine);
  });
});
