/** A hub warns of calls outside of steps in development, once for each place, and touches no global elsewhere. */
import { durable } from '../../../../lib/index';
import { startTestHub, type TestHub } from '../../../../lib/testing';

const agent = durable(async (turn) => {
  for (let round = 0; round < 3; round += 1) await turn.say(`${Math.random() > 2}`);
  await turn.step('allowed', () => Math.random());
});

const { NODE_ENV } = process.env;
let hub: TestHub | undefined;
afterEach(async () => {
  process.env.NODE_ENV = NODE_ENV;
  await hub?.close();
});

async function warningsIn(mode: string | undefined) {
  if (mode === undefined) delete process.env.NODE_ENV;
  else process.env.NODE_ENV = mode;
  const warnings: string[] = [];
  const nothing = () => {};
  const logger = {
    debug: nothing,
    info: nothing,
    warn: (text: string) => warnings.push(text),
    error: nothing,
  };
  hub = await startTestHub({ logger, sqlite: true, prepare: (hitl) => void hitl.agent(agent) });
  const globals = [Date, Math.random, setTimeout, fetch];
  for (const content of ['once', 'twice']) {
    const alice = await hub.connect({ tab: content });
    await alice.ask({ type: 'message', content });
    await alice.next('turn_ended');
  }
  return { warnings, globals };
}

it('warns once for each place in development, and leaves the globals as they were', async () => {
  const before = [Date, Math.random, setTimeout, fetch];
  const { warnings, globals } = await warningsIn('development');
  expect(globals).not.toEqual(before);
  expect(warnings).toEqual([
    expect.stringMatching(/calls Math\.random at .*development\.spec\.ts:6 outside a step/),
  ]);
  await hub?.close();
  hub = undefined;
  expect([Date, Math.random, setTimeout, fetch]).toEqual(before);
});

it.each(['production', 'test', undefined])(
  'says nothing and touches nothing where NODE_ENV is %s',
  async (mode) => {
    const before = [Date, Math.random, setTimeout, fetch];
    const { warnings, globals } = await warningsIn(mode);
    expect(warnings).toEqual([]);
    expect(globals.map((each, index) => each === before[index])).toEqual([true, true, true, true]);
  },
);
