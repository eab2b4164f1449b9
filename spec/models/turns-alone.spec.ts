import { restoreTurn, turnMachine, turnRecord } from '../../lib/actors/turn-machine';
import { LiveActor } from '../../lib/hub/commit/live-actor';
import { assertCoverage } from '../../lib/testing';
import { DurableTurnAlone } from './durable-turn-alone';
import { ages, modelOfDurableTurn } from './durable-turn-model';
import { modelOfTurns } from './turn-model';
import { TurnsAlone } from './turns-alone';
import { watched } from './watched';

const born = { id: 't1', ticketId: 'T-1', sessionId: 's1', userId: 'ann', queuedAt: 0 };
const code = { turnMachine, turnRecord, restoreTurn };

describe('The machine of turns alone', () => {
  const seen = watched(turnMachine);

  describe('with the plain turns of a session', () => {
    const model = modelOfTurns();
    const start = () => new TurnsAlone(code);

    it('does what the specification says, on every event in every state', async () => {
      const { steps } = await model.test({ start });
      expect(steps).toBeGreaterThanOrEqual(model.size.edges);
      model.assertCoverage();
    });

    it('does so too when it is persisted as JSON and restored after every step', async () => {
      const { restarts, steps } = await model.test({ start, restart: (turns) => turns.restart?.() });
      expect(restarts).toBe(steps);
    });
  });

  it('does nothing with a plain turn on what only durable turns are sent', () => {
    const take = { owner: 'n1', entries: 0 };
    const waitsFor = { since: 2, requestIds: ['r1'] };
    const problem = { reason: 'changed', at: 2, message: 'it has' } as const;
    const events = [
      { type: 'get_stuck', at: 2, problem },
      { type: 'rest', at: 2, waitsFor },
      { type: 'take', at: 2, maxTries: 0, ...take },
      { type: 'release', at: 2 },
      { type: 'again', at: 2 },
      { type: 'again', at: 2, waitsFor },
      { type: 'wake', at: 2, ...take },
      { type: 'retry', at: 2, ...take },
      { type: 'start_over', at: 2, owner: 'n1' },
    ] as const;
    const [queued] = LiveActor.begin(turnMachine, born);
    const [running] = LiveActor.begin(turnMachine, born);
    running.send({ type: 'start', at: 1, take });
    for (const turn of [queued, running]) {
      const before = turnRecord(turn.snapshot);
      for (const event of events) expect(turn.send(event)).toEqual([]);
      expect(turnRecord(turn.snapshot)).toStrictEqual(before);
      expect(before).not.toHaveProperty('run');
    }
  });

  describe.each([
    ['with a durable turn', null],
    ['with a durable turn that has a greatest age', ages.greatest],
  ])('%s', (_name, greatest) => {
    const model = modelOfDurableTurn(greatest);
    const start = () => new DurableTurnAlone(code, greatest);

    it('does what the specification says, on every event in every state', async () => {
      const { steps } = await model.test({ start });
      expect(steps).toBeGreaterThanOrEqual(model.size.edges);
      model.assertCoverage();
    });

    it('does so too when it is restored after every step, from what was persisted or from its record', async () => {
      const { restarts, steps } = await model.test({ start, restart: (turn) => turn.restart?.() });
      expect(restarts).toBe(steps);
    });
  });

  it('was in every state, took every transition, and had every guard say yes and no', () => {
    assertCoverage(seen);
  });
});
