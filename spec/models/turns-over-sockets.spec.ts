import { turnMachine } from '../../lib/actors/turn-machine';
import { assertCoverage } from '../../lib/testing';
import { sample } from '../length';
import { modelOfTurns } from './turn-model';
import { TurnsOverSockets } from './turns-over-sockets';
import { watched } from './watched';

describe('Turns in a hub, over sockets, with closes and crashes among the events', () => {
  const seen = watched(turnMachine);
  const model = modelOfTurns();
  const stop = (turns: { stop(): void | Promise<void> }) => turns.stop();

  it('do what the specification says, on every event in every state', async () => {
    const { steps } = await model.test({ start: () => TurnsOverSockets.start(), stop });
    expect(steps).toBeGreaterThanOrEqual(model.size.edges);
    model.assertCoverage();
  }, 60_000);

  it('do so in a SQLite file too, on the shortest way to every state', async () => {
    const start = () => TurnsOverSockets.start({ sqlite: true });
    const all = model.shortestPaths();
    expect(all.length).toBeGreaterThan(10);
    const { paths } = await model.test({ start, stop, paths: sample(all, 3) });
    expect(paths).toBe(sample(all, 3).length);
  }, 60_000);

  it('were in every state, took every transition, and had every guard say yes and no', () => {
    assertCoverage(seen);
  });
});
