import { sample } from '../length';
import { restartedOnStage } from './on-stage';
import { modelOfRequest } from './request-model';
import { requests } from './request-rules';

describe('Requests in a SQLite file whose hub ends, in good order or by a crash, and starts again', () => {
  it.each(Object.entries(requests))(
    'with %s do what the specification says on the shortest way to every state, restarted after every step',
    async (_name, rules) => {
      const model = modelOfRequest(rules);
      const paths = sample(model.shortestPaths(), 3);
      const { restarts, steps } = await restartedOnStage(rules, { sqlite: true }, (source) =>
        model.test({ ...source, paths }),
      );
      expect(restarts).toBe(steps);
    },
    300_000,
  );
});
