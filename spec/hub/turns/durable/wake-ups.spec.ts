/** Durable turns and the answers that they wait for: whichever moment one comes at, and from whichever hub, the turn goes on, once. */
import { z } from 'zod';
import { restAfterMs } from '../../../../lib/hub/turns/durable/rest';
import type { TurnRecord } from '../../../../lib/protocol/records';
import type { Store } from '../../../../lib/store/store';
import { sample } from '../../../length';
import { idle } from '../../rig';
import { type Code, type Process, Processes } from './processes';

let processes: Processes;
beforeEach(() => {
  processes = new Processes();
});
afterEach(() => processes.close());

const did = (what: string) => void processes.effects.push(what);
const ask: Code = async (turn) => {
  const { status } = await turn.approve({ tool: 'block', args: { of: turn.message.content } });
  await turn.step('after', () => did('after'));
  await turn.say(status);
};
const quick = { releaseAfter: '1s' } as const;

/** Moments of what is being done, each as far as so many calls of the store or turns of the loop. */
const moments = sample(
  Array.from({ length: 24 }, (_each, n) => n),
  2,
);

/** Approves all that is pending, through this hub; resolves when that is stored. */
async function approveIn({ port }: Process): Promise<void> {
  for (const { id } of await processes.pending())
    await port.hitl.respond(id, { by: { id: 'bob' }, status: 'approved' } as never);
}

async function turnsOfLoop(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Time passes in every process, as long as it takes for an answer to be noticed that nobody was told of. */
async function passInAll(ms: number): Promise<void> {
  for (const { clock } of processes.all) clock.advance(ms);
  await idle();
}

async function expectWoken(turnId: string): Promise<void> {
  for (let look = 0; look < 4; look += 1) await passInAll(5_000);
  expect(await processes.turn(turnId)).toMatchObject({ status: 'completed' });
  expect(await processes.said()).toEqual(['approved']);
  expect(processes.effects).toEqual(['after']);
  expect((await processes.events()).filter((event) => event === 'turn_ended')).toHaveLength(1);
}

/** The same through another hub, whose own calls of the store are not counted. */
async function approveFrom(other: Process): Promise<void> {
  for (const name of watched) delete processes.trouble[name];
  await approveIn(other);
}

/** Before the nth call of the store by the first process from now on, the answer is stored. */
function answerBeforeCall(nth: number, by: () => Process): void {
  let calls = 0;
  const before = async () => {
    calls += 1;
    if (calls !== nth + 1) return;
    await approveFrom(by());
  };
  for (const name of watched) processes.trouble[name] = before;
}

const watched = [
  'commit',
  'turn',
  'message',
  'journal',
  'request',
  'openTurns',
  'dueTurns',
  'nextDueTurn',
] as const satisfies (keyof Store)[];

describe('An answer is not lost that comes', () => {
  it.each(moments)(
    'while a turn begins to rest, through its own hub, %i turns of the loop later',
    async (n) => {
      await processes.begin(ask, quick);
      const turnId = await processes.say();
      processes.now.clock.advance(restAfterMs);
      await turnsOfLoop(n);
      await approveIn(processes.now);
      await expectWoken(turnId);
    },
  );

  it.each(moments)('while it is let go of, through its own hub, %i turns of the loop later', async (n) => {
    await processes.begin(ask, quick);
    const turnId = await processes.say();
    await processes.pass(restAfterMs);
    const answered = turnsOfLoop(n).then(() => approveIn(processes.now));
    await turnsOfLoop(3);
    processes.now.clock.advance(1_000);
    await answered;
    await expectWoken(turnId);
  });

  it.each(moments)(
    'while a turn begins to rest, through another hub, before call %i of the store',
    async (n) => {
      const other = await processes.beginWithoutAgent();
      await processes.begin(ask, quick);
      const turnId = await processes.say();
      answerBeforeCall(n, () => other);
      await processes.pass(restAfterMs);
      await processes.pass(1_000);
      await approveFrom(other);
      await expectWoken(turnId);
    },
  );

  it.each(moments)(
    'while a turn has just been asked for it, through another hub, before call %i',
    async (n) => {
      const other = await processes.beginWithoutAgent();
      await processes.begin(ask, quick);
      const said = processes.say();
      await until(async () => (await processes.pending()).length > 0);
      answerBeforeCall(n, () => other);
      const turnId = await said;
      await processes.pass(restAfterMs);
      await approveFrom(other);
      await expectWoken(turnId);
    },
  );

  it.each(moments)('while another process starts, before call %i of the store', async (n) => {
    await processes.begin(ask, quick);
    const turnId = await processes.say();
    if (n % 2 === 0) await processes.pass(restAfterMs);
    const other = await processes.beginWithoutAgent();
    processes.all[0]?.die();
    answerBeforeCall(n, () => other);
    await processes.begin(ask, quick);
    await approveFrom(other);
    await expectWoken(turnId);
  });
});

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 2_000; turn += 1) {
    if (await isSo()) return;
    await turnsOfLoop(1);
  }
  throw new Error('It did not come to that');
}

describe('A leg that begins after a time', () => {
  const state = z.object({ round: z.number() });

  it('does not begin before it, though what the leg before it had asked is answered', async () => {
    const code: Code = async (turn) => {
      if (turn.state) return turn.say(`at ${turn.now()}`);
      await turn.open({ kind: 'tool_approval', tool: 'block', args: {} });
      return turn.again({ round: 1 }, { when: '1h' });
    };
    await processes.begin(code, { state });
    const turnId = await processes.say();
    await processes.approve();
    await processes.pass(5_000);
    expect(await processes.turn(turnId)).toMatchObject({ status: 'waiting', run: { leg: 1 } });
    await processes.restart(code, { state });
    await processes.pass(5_000);
    expect(await processes.said()).toEqual([]);
    await processes.pass(3_600_000);
    expect(await processes.status(turnId)).toBe('completed');
  });
});

describe('10,000 turns that wait', () => {
  it('are not read when a process starts, nor are their journals', async () => {
    await processes.store.open();
    const at = Date.UTC(2026, 0, 1);
    const waiting = (n: number): TurnRecord => ({
      ...{ id: `t${n}`, ticketId: `T-${n % 100}`, sessionId: `s${n}`, userId: 'ann', status: 'waiting' },
      ...{ queuedAt: at, startedAt: at, messageId: `m${n}`, user: { id: 'ann', name: 'Ann', groups: [] } },
      run: { generation: 1, leg: 0, tries: 0, triedAt: 0, dueAt: at + 1e9, expiresAt: at + 1e9 },
      waitsFor: { since: at, requestIds: [`r${n}`] },
    });
    const commits = Array.from({ length: 10_000 }, (_each, n) => {
      const journal = [{ turnId: `t${n}`, call: 'step:one#1', body: { v: 1 } }];
      return { ticketId: `T-${n % 100}`, at, turns: [waiting(n)], journal, envelopes: [] };
    });
    await processes.store.commit(commits);
    await processes.begin(ask);
    const { asked } = processes.now;
    for (const name of ['journal', 'turn', 'message', 'turnState', 'openTurns', 'commit'])
      expect([name, asked.filter((each) => each === name).length]).toEqual([name, 0]);
    expect(asked.length).toBeLessThan(12);
  });
});

test('a turn under which each process ends is stuck, and a hundred others beside it come to their end', async () => {
  const poison: Code = async (turn) => {
    if (turn.message.content === 'poison') return new Promise(() => {});
    return ask(turn);
  };
  const start = async (content: string) => {
    const user = { id: content, name: content };
    return `${(await processes.now.hub.turns.start({ ticketId: 'T', user, content })).turnId}`;
  };
  await processes.begin(poison);
  const bad = await start('poison');
  const good = await Promise.all(Array.from({ length: 100 }, (_each, n) => start(`good ${n}`)));
  await idle();
  for (let death = 0; death < 3; death += 1) await processes.restart(poison);
  expect(await processes.turn(bad)).toMatchObject({ status: 'stuck', problem: { reason: 'crashing' } });
  await processes.approve();
  await until(async () =>
    (await Promise.all(good.map((id) => processes.status(id)))).every((status) => status === 'completed'),
  );
  expect(processes.effects).toHaveLength(100);
  expect(await processes.said()).toEqual(good.map(() => 'approved'));
});
