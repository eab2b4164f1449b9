import { oneOf } from '../length';
import { seed } from '../seed';
import { RequestInHubs } from './request-in-hubs';
import { modelOfRequest } from './request-model';
import { type Rules, requests } from './request-rules';

/** Where several people and programs get in each other's way. */
const contested = [
  'no rule',
  'two approvals, one veto',
  'two approvals of three',
  'two stages',
  'an exclusive claim',
  'an end that approves',
  'grants on offer',
  'grants on offer and two approvals',
].map((name): [string, Rules] => {
  const rules = requests[name];
  if (!rules) throw new Error(`There is no request with ${name}`);
  return [name, rules];
});

describe('Requests that two hubs share in one store', () => {
  it.each(contested)(
    'with %s do what the specification says, whichever hub is asked',
    async (_name, rules) => {
      const model = modelOfRequest(rules);
      const start = () => RequestInHubs.ask((_what, work) => work(), rules);
      await model.fuzz({ start, stop: (request) => request.stop(), seed, runs: 40 / oneOf(4) });
    },
    60_000,
  );

  it.each(contested)(
    'with %s take what comes at the same time as if it came one after another',
    async (_name, rules) => {
      const model = modelOfRequest(rules);
      const runs = 120 / oneOf(3);
      const { paths } = await model.races({
        start: (schedule) => RequestInHubs.ask(schedule, rules),
        stop: (request) => request.stop(),
        events: ['respond', 'claim', 'release', 'amend', 'cancel', 'execute', 'executed', 'failed'],
        seed,
        runs,
      });
      expect(paths).toBe(runs);
    },
    60_000,
  );
});
