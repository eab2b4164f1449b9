/** Every stress scenario in its short form, with a fixed seed; `npm run stress` has the long one and all other seeds. */
import { scenarios } from './scenarios';
import { perform } from './stage';

test.each(scenarios.map((scenario) => [scenario.name, scenario] as const))(
  '%s: everything holds',
  async (_name, scenario) => {
    const { violations } = await perform(scenario, 1, 'short');
    expect(violations).toEqual([]);
  },
  60_000,
);
