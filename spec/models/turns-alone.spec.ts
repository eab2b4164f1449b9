import { turnMachine, turnRecord } from '../../lib/actors/turn-machine';
import { assertCoverage } from '../../lib/testing';
import { modelOfTurns } from './turn-model';
import { TurnsAlone } from './turns-alone';
import { watched } from './watched';

describe('The machine of turns alone', () => {
  const seen = watched(turnMachine);
  const model = modelOfTurns();
  const start = () => new TurnsAlone({ turnMachine, turnRecord });

  it('does what the specification says, on every event in every state', async () => {
    const { steps } = await model.test({ start });
    expect(steps).toBeGreaterThanOrEqual(model.size.edges);
    model.assertCoverage();
  });

  it('does so too when it is persisted as JSON and restored after every step', async () => {
    const { restarts, steps } = await model.test({ start, restart: (turns) => turns.restart?.() });
    expect(restarts).toBe(steps);
  });

  it('was in every state, took every transition, and had every guard say yes and no', () => {
    assertCoverage(seen);
  });
});
