/** Turns whose code has changed while they waited: what may change, and what makes them stuck before anything new is done. */

import { Hub, portOf } from '../../../../lib/hub/hub';
import { patienceMs } from '../../../../lib/hub/turns/durable/journal';
import { durable } from '../../../../lib/index';
import { memoryStore } from '../../../../lib/store/memory/memory-store';
import { ManualClock } from '../../../../lib/testing/manual-clock';
import { type Code, Processes } from './processes';

let processes: Processes;
beforeEach(() => {
  processes = new Processes();
});
afterEach(() => processes.close());

const did = (what: string) => void processes.effects.push(what);

/** What all begin with: it looks something up, asks, and blocks. */
const first: Code = async (turn) => {
  await turn.trace('looking');
  const count = await turn.step('lookup', () => {
    did('lookup');
    return 5;
  });
  const approval = await turn.approve({ tool: 'block', args: { ip: '1', count } });
  if (approval.status === 'approved') await turn.step('block', () => did('block'));
  await turn.say('done');
};

/** Begins with one code, is killed while it waits, goes on with another, and is answered. */
async function change(before: Code, after: Code): Promise<string> {
  await processes.begin(before);
  const turnId = await processes.say();
  processes.effects.length = 0;
  await processes.restart(after);
  await processes.approve();
  await processes.pass(patienceMs);
  return turnId;
}

test.each<[what: string, code: Code, effects: string[], said: string[]]>([
  ['the same', first, ['block'], ['looking', 'done']],
  [
    'other words of a line, which stays as it was said',
    async (turn) => {
      await turn.trace('looking around');
      await turn.step('lookup', () => did('lookup'));
      await turn.approve({ tool: 'block', args: { ip: '1', count: 5 } });
      await turn.say('done');
    },
    [],
    ['looking', 'done'],
  ],
  [
    'another step after the wait',
    async (turn) => {
      await turn.trace('looking');
      await turn.step('lookup', () => did('lookup'));
      await turn.approve({ tool: 'block', args: { ip: '1', count: 5 } });
      await turn.step('block and log', () => did('block and log'));
      await turn.say('blocked');
    },
    ['block and log'],
    ['looking', 'blocked'],
  ],
])('Code with %s goes on', async (_what, code, effects, said) => {
  const turnId = await change(first, code);
  expect(await processes.status(turnId)).toBe('completed');
  expect(processes.effects).toEqual(effects);
  expect(await processes.said()).toEqual(said);
});

test.each<[what: string, code: Code, recorded: string]>([
  [
    'a line more before the wait',
    async (turn) => {
      await turn.plan('new');
      return first(turn);
    },
    'say:plan',
  ],
  [
    'a step more before the wait',
    async (turn) => {
      await turn.step('added', () => did('added'));
      return first(turn);
    },
    'step:added',
  ],
  [
    'a step less before the wait',
    async (turn) => {
      await turn.trace('looking');
      const approval = await turn.approve({ tool: 'block', args: { ip: '1', count: 5 } });
      if (approval.status === 'approved') await turn.step('block', () => did('block'));
    },
    // What it does next is recorded as well.
    '',
  ],
  [
    'other arguments to approve',
    async (turn) => {
      await turn.trace('looking');
      await turn.step('lookup', () => did('lookup'));
      const approval = await turn.approve({ tool: 'block', args: { ip: '2', count: 5 } });
      if (approval.status === 'approved') await turn.step('block', () => did('block 2'));
    },
    'ask:tool_approval',
  ],
  ['nothing of all that', async () => {}, ''],
  [
    'an error before the wait',
    async () => {
      throw new TypeError('no such field');
    },
    '',
  ],
])('Code with %s makes the turn stuck, and does nothing', async (_what, code, instead) => {
  const turnId = await change(first, code);
  const turn = await processes.turn(turnId);
  expect(turn).toMatchObject({ status: 'stuck', problem: { reason: 'changed' } });
  expect(turn.problem?.instead?.join() ?? '').toContain(instead);
  expect(processes.effects).toEqual([]);
  expect(await processes.said()).toEqual(['looking']);
  expect(await processes.events()).not.toContain('turn_ended');
});

test('a branch by chance makes the turn stuck, and the other branch is not run', async () => {
  let calls = 0;
  const byChance: Code = async (turn) => {
    calls += 1;
    const name = calls === 1 ? 'heads' : 'tails';
    await turn.step(name, () => did(name));
    await turn.ask({ question: 'On?' });
    await turn.say('on');
  };
  const turnId = await change(byChance, byChance);
  expect(await processes.status(turnId)).toBe('stuck');
  expect(processes.effects).toEqual([]);
});

test('a model outside of a step makes the turn stuck before anything is asked twice; inside it gives the same', async () => {
  let calls = 0;
  const outside: Code = async (turn) => {
    calls += 1;
    await turn.approve({ tool: 'block', args: {}, key: `call-${calls}` });
  };
  expect(await processes.status(await change(outside, outside))).toBe('stuck');
  expect((await processes.store.requests({}, 10)).items).toHaveLength(1);
  const inside: Code = async (turn) => {
    const id = await turn.step('model', () => {
      calls += 1;
      return `call-${calls}`;
    });
    await turn.approve({ tool: 'block', args: {}, key: id });
  };
  processes = new Processes();
  expect(await processes.status(await change(inside, inside))).toBe('completed');
  expect((await processes.store.requests({}, 10)).items).toHaveLength(1);
});

test('what a step returns is JSON from the first time on', async () => {
  const types: string[] = [];
  const code: Code = async (turn) => {
    const at = await turn.step('when', () => new Date(0));
    types.push(`${typeof at} ${at}`);
    await turn.ask({ question: 'On?' });
  };
  await change(code, code);
  expect(types).toEqual(Array(2).fill('string 1970-01-01T00:00:00.000Z'));
});

test('a step that throws for good gives the same error again, and is not run again', async () => {
  const errors: string[] = [];
  const code: Code = async (turn) => {
    await turn
      .step('pay', () => {
        did('pay');
        throw new RangeError('no money');
      })
      .catch((error: Error) => errors.push(`${error.name}: ${error.message}`));
    await turn.say('x'.repeat(300_000)).catch((error: { code: string }) => errors.push(error.code));
    await turn.ask({ question: 'On?' });
    await turn.say('on');
  };
  const turnId = await change(code, code);
  expect(await processes.status(turnId)).toBe('completed');
  expect(errors).toEqual(['RangeError: no money', 'too_large', 'RangeError: no money', 'too_large']);
  expect(processes.effects).toEqual([]);
});

test('steps of one name at the same time are refused at once, and right with an input each', async () => {
  const refused: string[] = [];
  const code: Code = async (turn) => {
    const both = ['1', '2'].map((ip) =>
      turn.step('lookup', () => did(ip)).catch((error: { code: string }) => refused.push(error.code)),
    );
    await Promise.all(both);
    const results = ['a', 'b', 'c'].map((ip) => turn.step('lookup of', () => `of ${ip}`, { input: ip }));
    await turn.ask({ question: 'On?' });
    await turn.say((await Promise.all(results)).join());
  };
  await change(code, code);
  expect(refused).toEqual(['invalid_request', 'invalid_request']);
  expect(await processes.said()).toEqual(['of a,of b,of c']);
});

test('a step that uses its turn is refused', async () => {
  const codes: string[] = [];
  await processes.begin(async (turn) => {
    await turn.step('loud', () =>
      turn.say('no').catch((error: { code: string }) => void codes.push(error.code)),
    );
    await turn.say('after');
  });
  await processes.say();
  expect(codes).toEqual(['invalid_request']);
  expect(await processes.said()).toEqual(['after']);
});

test('a durable agent cannot be called', () => {
  expect(() => durable(() => {})['~durable'](undefined as never)).toThrow(/hitl\.agent/);
});

test('durable itself, without an agent in it, is refused with what to write', () => {
  const port = portOf(new Hub({ store: memoryStore(), clock: new ManualClock(), logger: console }));
  expect(() => port.setAgent(durable as never)).toThrow(/hitl\.agent\(durable\(/);
});
