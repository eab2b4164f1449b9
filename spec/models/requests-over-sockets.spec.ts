import { hitlRequestMachine } from '../../lib/actors/hitl-request-machine';
import { assertCoverage } from '../../lib/testing';
import { modelOfRequest, type RequestDeed } from './request-model';
import { RequestOverSockets } from './request-over-sockets';
import { type Rules, requests, tickOf } from './request-rules';
import { RequestStage } from './request-stage';
import { slowStore } from './slow-store';
import { watched } from './watched';

describe('Requests in a hub, over sockets and REST', () => {
  const seen = watched(hitlRequestMachine);
  let stage: RequestStage;
  afterEach(() => stage.close());

  it.each(Object.entries(requests))(
    'with %s do what the specification says, on every event in every state',
    async (_name, rules) => {
      stage = await RequestStage.open();
      const model = modelOfRequest(rules);
      const start = () => RequestOverSockets.ask(stage, rules);
      const { steps } = await model.test({ start, stop: (request) => request.stop() });
      expect(steps).toBeGreaterThanOrEqual(model.size.edges);
    },
    60_000,
  );

  it.each<[string, Partial<Rules>, string]>([
    ['an answer', { end: { after: 2, means: 'expired' } }, 'already_resolved pending'],
    ['a claim by the requester', { fourEyes: true }, 'not_allowed four_eyes'],
    [
      'a claim by somebody else than was named',
      { rounds: [{ users: ['ann'], yes: 1 }] },
      'not_allowed answerers',
    ],
  ])('refuse %s when a deadline passes while the store is busy with another', async (what, more, refusal) => {
    const { store, meanwhile } = slowStore();
    stage = await RequestStage.open({ store });
    const rules: Rules = { rounds: [{ yes: 1 }], remindAfter: [1], actors: [], ...more };
    const request = await RequestOverSockets.ask(stage, rules);
    const { clock } = stage.hub;
    const tick = tickOf(rules);
    await request.perform({ type: 'claim', who: 'ann' });
    // The reminder is due and told first; while that is kept, the next tick passes and with it the claim and the end.
    const born = clock.now();
    clock.jumpTo(born + tick);
    meanwhile(() => clock.jumpTo(born + 2 * tick));
    const deed: RequestDeed =
      what === 'an answer'
        ? { type: 'respond', who: 'ann', yes: true, revision: 1 }
        : { type: 'claim', who: 'rita' };
    expect(await request.perform(deed)).toBe(refusal);
    expect(await request.look()).toMatchObject({ status: 'pending', claimedBy: 'ann', reminded: 1 });
  });

  it('were in every state, took every transition, and had every guard say yes and no', async () => {
    stage = await RequestStage.open();
    assertCoverage(seen);
  });
});
