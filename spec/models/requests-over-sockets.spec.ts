import { executionMachine } from '../../lib/actors/execution-machine';
import { hitlRequestMachine } from '../../lib/actors/hitl-request-machine';
import { assertCoverage } from '../../lib/testing';
import { missedDeadlines, tryTooLate } from './missed-deadlines';
import { modelOfRequest } from './request-model';
import { RequestOverSockets } from './request-over-sockets';
import { requests } from './request-rules';
import { hubOptions, RequestStage } from './request-stage';
import { slowStore } from './slow-store';
import { watched } from './watched';
import { chosenWays, everyEvent, stepsOf } from './ways';

describe('Requests in a hub, over sockets and REST', () => {
  const ways = chosenWays();
  const seen = [watched(hitlRequestMachine), watched(executionMachine)];
  let stage: RequestStage;
  afterEach(() => stage.close());

  it.each(Object.entries(requests))(
    `with %s do what the specification says, on ${everyEvent}`,
    async (_name, rules) => {
      stage = await RequestStage.open(hubOptions(rules));
      const model = modelOfRequest(rules);
      const start = () => RequestOverSockets.ask(stage, rules);
      const paths = ways(rules);
      const { steps } = await model.test({ start, stop: (request) => request.stop(), paths });
      expect(steps).toBeGreaterThanOrEqual(stepsOf(model, paths));
    },
    120_000,
  );

  it.each(missedDeadlines)(
    'refuse $what when a deadline passes while the store is busy with another, and receive both',
    async (missed) => {
      const { store, meanwhile } = slowStore();
      stage = await RequestStage.open({ store });
      const { request, answer } = await tryTooLate(stage, meanwhile, missed);
      expect(answer).toBe(missed.answer);
      // What has passed is sent before the deed is decided.
      const status = missed.rules.end ? 'expired' : 'pending';
      expect(await request.look()).toMatchObject({ status, claimedBy: null, reminded: 1 });
    },
  );

  it('were in every state, took every transition, and had every guard say yes and no', async () => {
    stage = await RequestStage.open();
    for (const machine of seen) assertCoverage(machine);
  });
});
