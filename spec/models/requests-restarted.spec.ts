import { hitlRequestMachine } from '../../lib/actors/hitl-request-machine';
import { assertCoverage, type TestHubOptions } from '../../lib/testing';
import { modelOfRequest } from './request-model';
import { RequestOverSockets } from './request-over-sockets';
import { type Rules, requests } from './request-rules';
import { RequestStage } from './request-stage';
import { watched } from './watched';

const all = Object.entries(requests);

describe('Requests whose hub ends, in good order or by a crash, and starts again', () => {
  const seen = watched(hitlRequestMachine);

  /** Where requests of these rules come from, on a stage of the test's own. */
  async function onStage<T>(
    rules: Rules,
    options: TestHubOptions,
    test: (source: Parameters<ReturnType<typeof modelOfRequest>['test']>[0]) => Promise<T>,
  ): Promise<T> {
    const stage = await RequestStage.open(options);
    try {
      return await test({
        start: () => RequestOverSockets.ask(stage, rules),
        stop: (request) => request.stop(),
        restart: (request) => request.restart?.(),
      });
    } finally {
      await stage.close();
    }
  }

  it.each(all)(
    'with %s do what the specification says on every event in every state, restarted after every change',
    async (_name, rules) => {
      const model = modelOfRequest(rules);
      const { restarts } = await onStage(rules, {}, (source) =>
        model.test({ ...source, restartAfter: 'change' }),
      );
      expect(restarts).toBeGreaterThan(model.size.states);
    },
    60_000,
  );

  it.each(all)(
    'with %s do so in a SQLite file too, on the shortest way to every state, restarted after every step',
    async (_name, rules) => {
      const model = modelOfRequest(rules);
      const paths = model.shortestPaths();
      const { restarts, steps } = await onStage(rules, { sqlite: true }, (source) =>
        model.test({ ...source, paths }),
      );
      expect(restarts).toBe(steps);
    },
    60_000,
  );

  it('were in every state, took every transition, and had every guard say yes and no', () => {
    const slow = 'needs a store that is slow at that moment: requests-over-sockets.spec.ts';
    assertCoverage(seen, {
      except: {
        'never taken: hitlRequest.pending:respond:1 [isTooLate]': slow,
        'never taken: hitlRequest.pending.claimed:claim:3 [isSelfApproval]': slow,
        'never taken: hitlRequest.pending.claimed:claim:4 [isNotAmongAnswerers]': slow,
      },
    });
  });
});
