import { sessionMachine } from '../../lib/actors/session-machine';
import { assertCoverage } from '../../lib/testing';
import { SessionAlone } from './session-alone';
import { modelOfSession } from './session-model';
import { watched } from './watched';

describe('The machine of a session alone', () => {
  const seen = watched(sessionMachine);
  const model = modelOfSession();
  const start = () => new SessionAlone({ sessionMachine });

  it('does what the specification says, on every event in every state', async () => {
    const { steps } = await model.test({ start });
    expect(steps).toBeGreaterThanOrEqual(model.size.edges);
    model.assertCoverage();
  });

  it('does so too when it is persisted as JSON and restored after every step', async () => {
    const { restarts, steps } = await model.test({ start, restart: (session) => session.restart?.() });
    expect(restarts).toBe(steps);
  });

  it('was in every state, took every transition, and had every guard say yes and no', () => {
    assertCoverage(seen);
  });
});
