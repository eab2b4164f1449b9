import { turnMachine } from '../../lib/actors/turn-machine';
import { assertCoverage } from '../../lib/testing';
import { sample } from '../length';
import { modelOfTurns } from './turn-model';
import { TurnsOverSockets } from './turns-over-sockets';
import { watched } from './watched';

/** The model has plain turns; these are of durable ones, which the machine alone is tried with in `turns-alone.spec.ts`. */
const ofDurableTurns = [
  'never entered: turn.waiting',
  'never entered: turn.stuck',
  'never taken: turn:expire:1',
  'never taken: turn.queued:get_stuck:1 [isDurable]',
  'never taken: turn.running:rest:1 [isDurable]',
  'never taken: turn.running:take:1 [isOutOfTries]',
  'never taken: turn.running:take:2 [isDurable]',
  'never taken: turn.running:release:1 [isDurable]',
  'never taken: turn.running:again:1 [(inline)]',
  'never taken: turn.running:again:2 [isDurable]',
  'never taken: turn.running:get_stuck:1 [isDurable]',
  'never taken: turn.waiting:wake:1',
  'never taken: turn.waiting:get_stuck:1',
  'never taken: turn.stuck:retry:1 [hasBegun]',
  'never taken: turn.stuck:retry:2',
  'never taken: turn.stuck:start_over:1 [hasBegun]',
  'never taken: turn.stuck:start_over:2',
  'never refused: turn:shutdown:1 [isPlain]',
  'never refused: turn:crash:1 [isPlain]',
  'never refused: turn.queued:get_stuck:1 [isDurable]',
  'never refused: turn.running:rest:1 [isDurable]',
  'never refused: turn.running:take:1 [isOutOfTries]',
  'never refused: turn.running:take:2 [isDurable]',
  'never refused: turn.running:release:1 [isDurable]',
  'never refused: turn.running:again:1 [(inline)]',
  'never refused: turn.running:again:2 [isDurable]',
  'never refused: turn.running:get_stuck:1 [isDurable]',
  'never refused: turn.stuck:retry:1 [hasBegun]',
  'never refused: turn.stuck:start_over:1 [hasBegun]',
];

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

  it('were in every state of a plain turn, took every transition, and had every guard say yes and no', () => {
    const except = Object.fromEntries(ofDurableTurns.map((line) => [line, 'only of a durable turn']));
    assertCoverage(seen, { except });
  });
});
