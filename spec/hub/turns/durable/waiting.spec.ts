/** Durable turns that wait: they rest and are let go, keep or leave their place in their session, wake in whichever process is there, and end for their age. */
import { z } from 'zod';
import { maxResting } from '../../../../lib/hub/turns/durable/durable-turns';
import { patienceMs } from '../../../../lib/hub/turns/durable/journal';
import { restAfterMs } from '../../../../lib/hub/turns/durable/rest';
import { diskFull, gate, idle } from '../../rig';
import { type Code, Processes } from './processes';

let processes: Processes;
beforeEach(() => {
  processes = new Processes();
});
afterEach(() => processes.close());

const did = (what: string) => void processes.effects.push(what);
const ask: Code = async (turn) => {
  await turn.step('before', () => did('before'));
  const { status } = await turn.approve({ tool: 'block', args: { of: turn.message.content } });
  await turn.say(`${turn.message.content}: ${status}`);
};
const sessionOf = async (turnId: string) => (await processes.turn(turnId)).sessionId;

describe('A turn that only waits', () => {
  it('rests after a second, says what for, and goes on from memory', async () => {
    await processes.begin(ask);
    const turnId = await processes.say();
    await processes.pass(restAfterMs);
    const [request] = await processes.pending();
    const { status, waitsFor, run } = await processes.turn(turnId);
    expect({ status, waitsFor, owner: run?.owner }).toMatchObject({
      ...{ status: 'waiting', waitsFor: { requestIds: [request?.id] }, owner: undefined },
    });
    await processes.approve();
    expect(await processes.status(turnId)).toBe('completed');
    expect(processes.effects).toEqual(['before']);
  });

  it('is let go of after a while, and goes on by a replay', async () => {
    await processes.begin(ask, { releaseAfter: '5s' });
    const turnId = await processes.say();
    await processes.pass(restAfterMs);
    await processes.pass(5_000);
    const reads = () => processes.now.asked.filter((name) => name === 'journal').length;
    const before = reads();
    await processes.approve();
    expect(await processes.status(turnId)).toBe('completed');
    expect(reads()).toBeGreaterThan(before);
    expect(processes.effects).toEqual(['before']);
  });

  it('is not read when another process starts, and wakes there', async () => {
    await processes.begin(ask);
    const turnId = await processes.say();
    await processes.pass(restAfterMs);
    await processes.restart(ask);
    expect(processes.now.asked).not.toContain('journal');
    await processes.approve();
    expect(await processes.status(turnId)).toBe('completed');
    expect(await processes.said()).toEqual(['go: approved']);
    expect((await processes.events()).filter((event) => event === 'turn_ended')).toHaveLength(1);
  });

  it('wakes by an answer that another hub has taken', async () => {
    await processes.begin(ask);
    const turnId = await processes.say();
    await processes.pass(restAfterMs);
    const first = processes.now;
    await processes.begin(ask);
    await processes.approve();
    await processes.pass(5_000);
    first.clock.advance(5_000);
    await idle();
    expect(await processes.status(turnId)).toBe('completed');
    expect(await processes.said()).toEqual(['go: approved']);
  });

  it('is one of so many in memory; the one that rests longest is let go first', async () => {
    await processes.begin(ask, { releaseAfter: '1d' });
    const begin = async (n: number) => {
      const user = { id: `u${n}`, name: 'U' };
      await processes.now.hub.turns.start({ ticketId: 'T', user, content: `${n}` });
      await idle();
      await processes.pass(restAfterMs);
    };
    const waiting = async () => (await processes.store.turns({ status: 'waiting' }, 200)).items;
    const answer = async (nth: number) => {
      const [requestId] = (await waiting())[nth]?.waitsFor?.requestIds ?? [];
      const reads = () => processes.now.asked.filter((name) => name === 'journal').length;
      const before = reads();
      await processes.now.port.hitl.respond(`${requestId}`, {
        by: { id: 'bob' },
        status: 'approved',
      } as never);
      await idle();
      return reads() - before;
    };
    for (let n = 0; n <= maxResting; n += 1) await begin(n);
    expect(await answer(1)).toBe(0);
    expect(await answer(0)).toBeGreaterThan(0);
  }, 60_000);

  it('sleeps over a restart, and no longer than it was to', async () => {
    const code: Code = async (turn) => {
      await turn.sleep('1h');
      await turn.say(`after ${turn.now()}`);
    };
    await processes.begin(code);
    const turnId = await processes.say();
    await processes.pass(restAfterMs);
    expect(await processes.turn(turnId)).toMatchObject({ status: 'waiting', waitsFor: { requestIds: [] } });
    await processes.restart(code);
    await processes.pass(3_500_000);
    expect(await processes.status(turnId)).toBe('waiting');
    await processes.pass(100_000);
    expect(await processes.status(turnId)).toBe('completed');
  });

  it('ends when it is too old, with its requests', async () => {
    await processes.begin(ask, { maxAge: '2d' });
    const turnId = await processes.say();
    await processes.pass(restAfterMs);
    await processes.restart(ask, { maxAge: '2d' });
    await processes.pass(2 * 86_400_000);
    expect(await processes.turn(turnId)).toMatchObject({ status: 'aborted', reason: 'expired' });
    expect(await processes.pending()).toEqual([]);
  });

  it('is cancelled without its code, from any process', async () => {
    await processes.begin(ask);
    const turnId = await processes.say();
    await processes.pass(restAfterMs);
    await processes.restart(ask);
    await processes.now.hub.turns.cancel({ turnId });
    await idle();
    expect(await processes.turn(turnId)).toMatchObject({ status: 'aborted', reason: 'cancelled' });
    expect(await processes.pending()).toEqual([]);
    expect(processes.effects).toEqual(['before']);
  });

  it('is cancelled when the person it acts for may go on no more', async () => {
    await processes.begin(ask);
    const turnId = await processes.say();
    await processes.pass(restAfterMs);
    processes.mayContinue = async () => false;
    await processes.restart(ask);
    await processes.approve();
    expect(await processes.turn(turnId)).toMatchObject({ status: 'aborted', reason: 'cancelled' });
    expect(await processes.said()).toEqual([]);
  });
});

describe('The session of a turn that waits', () => {
  it('lets the next message wait, also in another process', async () => {
    await processes.begin(ask);
    const first = await processes.say('first');
    await processes.pass(restAfterMs);
    await processes.restart(ask);
    const second = await processes.say('second', await sessionOf(first));
    expect(await processes.status(second)).toBe('queued');
    await processes.restart(ask);
    await processes.approve();
    expect(await processes.status(first)).toBe('completed');
    await processes.approve();
    expect(await processes.status(second)).toBe('completed');
    expect(await processes.said()).toEqual(['first: approved', 'second: approved']);
  });

  it('answers the next message meanwhile where that is chosen; the turn takes its place behind it', async () => {
    const options = { session: 'free_while_waiting' } as const;
    await processes.begin(ask, options);
    const first = await processes.say('first');
    const [request] = await processes.pending();
    await processes.pass(restAfterMs);
    const second = await processes.say('second', await sessionOf(first));
    expect(await processes.status(second)).toBe('running');
    await processes.now.port.hitl.respond(`${request?.id}`, {
      by: { id: 'bob' },
      status: 'approved',
    } as never);
    await idle();
    expect(await processes.status(first)).toBe('waiting');
    await processes.approve();
    expect([await processes.status(second), await processes.status(first)]).toEqual([
      'completed',
      'completed',
    ]);
    expect(await processes.said()).toEqual(['second: approved', 'first: approved']);
  });
});

describe('A turn that is stuck', () => {
  const other: Code = async (turn) => {
    await turn.step('another', () => did('another'));
  };
  async function stuck(options = {}): Promise<string> {
    await processes.begin(ask, options);
    const turnId = await processes.say('first');
    await processes.restart(other, options);
    await processes.pass(patienceMs);
    return turnId;
  }

  it('frees its session, and is tried again once nothing else runs there', async () => {
    const first = await stuck();
    expect(await processes.status(first)).toBe('stuck');
    await processes.restart(ask);
    const second = await processes.say('second', await sessionOf(first));
    await expect(processes.now.hub.turns.retry({ turnId: first })).rejects.toMatchObject({ code: 'busy' });
    await processes.now.hub.turns.cancel({ turnId: second });
    await idle();
    await processes.now.hub.turns.retry({ turnId: first });
    await idle();
    await processes.approve();
    expect(await processes.status(first)).toBe('completed');
    await expect(processes.now.hub.turns.retry({ turnId: first })).rejects.toMatchObject({
      code: 'turn_ended',
    });
    expect(await processes.said()).toEqual(['first: approved']);
  });

  it('begins at the top with what people have answered', async () => {
    const first = await stuck();
    await processes.approve();
    await processes.restart(async (turn) => {
      await turn.step('another', () => did('another'));
      const { status } = await turn.approve({ tool: 'block', args: { of: 'first' } });
      await turn.say(status);
    });
    await processes.now.hub.turns.startOver({ turnId: first });
    await idle();
    expect(await processes.status(first)).toBe('completed');
    expect(await processes.said()).toEqual(['approved']);
    expect((await processes.store.requests({}, 10)).items).toHaveLength(1);
  });

  it('begins at the top by itself where that is chosen, once: code that differs in one process is not changed but random', async () => {
    const first = await stuck({ onChange: 'start_over' });
    expect(await processes.status(first)).toBe('completed');
    expect(processes.effects).toEqual(['before', 'another']);
  });

  it('was under processes that ended without it getting further; others go on beside it', async () => {
    let isPoison = true;
    const poison: Code = async (turn) => {
      if (turn.message.content === 'poison' && isPoison) return new Promise(() => {});
      return ask(turn);
    };
    await processes.begin(poison);
    const bad = await processes.say('poison');
    for (let death = 0; death < 3; death += 1) await processes.restart(poison);
    expect(await processes.turn(bad)).toMatchObject({ status: 'stuck', problem: { reason: 'crashing' } });
    await processes.restart(poison);
    expect(await processes.status(bad)).toBe('stuck');
    const good = await processes.say('good', await sessionOf(bad));
    await processes.approve();
    expect(await processes.status(good)).toBe('completed');
    isPoison = false;
    await processes.now.hub.turns.retry({ turnId: bad });
    await idle();
    await processes.approve();
    expect(await processes.status(bad)).toBe('completed');
  });

  it('has a journal that is full', async () => {
    await processes.begin(async (turn) => {
      for (let n = 0; n < 100; n += 1) await turn.step(`fill ${n}`, () => 'x'.repeat(262_000));
    });
    const turnId = await processes.say();
    for (let n = 0; n < 5; n += 1) await idle();
    expect(await processes.turn(turnId)).toMatchObject({ status: 'stuck', problem: { reason: 'too_long' } });
    expect(processes.now.logged.map(({ message }) => message)).toContainEqual(
      expect.stringContaining('half full'),
    );
  });
});

describe('Versions of the code', () => {
  it('go on with turns that began with them, side by side', async () => {
    const of =
      (name: string): Code =>
      async (turn) => {
        await turn.ask({ question: `${name}?` });
        await turn.say(`${name} ${turn.since('april')}`);
      };
    await processes.begin(of('april'), { version: 'april' });
    const old = await processes.say('first');
    await processes.restart(of('may'), { version: 'may', earlier: { april: of('april') } });
    const fresh = await processes.now.hub.turns.start({
      ticketId: 'T',
      user: { id: 'eve' },
      content: 'second',
    });
    await idle();
    expect(await processes.now.hub.turns.versions()).toMatchObject([
      { version: 'april', turns: 1 },
      { version: 'may', turns: 1 },
    ]);
    await processes.approve();
    expect((await processes.said()).toSorted()).toEqual(['april true', 'may true']);
    expect([await processes.status(old), await processes.status(`${fresh.turnId}`)]).toEqual([
      'completed',
      'completed',
    ]);
    expect(await processes.now.hub.turns.versions()).toEqual([]);
  });

  it('that are not there any more make their turns stuck, and say which are', async () => {
    await processes.begin(ask, { version: 'april' });
    const turnId = await processes.say();
    await processes.restart(ask, { version: 'may' });
    const { status, problem } = await processes.turn(turnId);
    expect(status).toBe('stuck');
    expect(problem?.message).toMatch(/april.*may/);
  });
});

describe('Legs', () => {
  const state = z.object({ round: z.number(), heard: z.array(z.string()) });
  const rounds: Code = async (turn) => {
    const { round, heard } = turn.state ?? { round: 0, heard: [] };
    const all = [...heard, ...turn.outcomes.map(({ status }: { status: string }) => status)];
    await turn.step(`round ${round}`, () => did(`round ${round}`));
    if (round === 3) return turn.say(all.join());
    if (round === 1) return turn.again({ round: 2, heard: all }, { when: '1h' });
    const request = await turn.open({ kind: 'tool_approval', tool: 'block', args: { round } });
    return turn.again({ round: round + 1, heard: all }, { when: [request] });
  };

  it('begin when their requests are settled or their time has come, with the state and the outcomes', async () => {
    await processes.begin(rounds, { state });
    const turnId = await processes.say();
    expect(await processes.turn(turnId)).toMatchObject({ status: 'waiting', run: { leg: 1 } });
    await processes.restart(rounds, { state });
    await processes.approve();
    expect(await processes.turn(turnId)).toMatchObject({ status: 'waiting', run: { leg: 2 } });
    await processes.pass(3_600_000);
    await processes.restart(rounds, { state });
    await processes.approve();
    expect(await processes.status(turnId)).toBe('completed');
    expect(await processes.said()).toEqual(['approved,approved']);
    expect(processes.effects).toEqual(['round 0', 'round 1', 'round 2', 'round 3']);
  });

  it('whose state the schema does not take are stuck', async () => {
    await processes.begin(rounds, { state });
    const turnId = await processes.say();
    await processes.restart(rounds, { state: z.object({ page: z.string() }) });
    await processes.approve();
    expect(await processes.turn(turnId)).toMatchObject({
      status: 'stuck',
      problem: { message: expect.stringMatching(/schema at page/) },
    });
  });
});

describe('A process', () => {
  it('in whose step it ends leaves one with `once` unknown, and runs any other again with the same key', async () => {
    const keys: string[] = [];
    const hangs = gate();
    const code: Code = async (turn) => {
      const once = turn
        .step('once', () => hangs.opened, { once: true })
        .catch((error: { code: string }) => error.code);
      const often = turn.step('often', ({ key }) => {
        keys.push(key);
        return keys.length > 1 ? 'done' : hangs.opened.then(() => 'never');
      });
      await turn.say(`${await once} ${await often}`);
    };
    await processes.begin(code);
    await processes.say();
    await processes.restart(code);
    expect(await processes.said()).toEqual(['step_unknown done']);
    expect(new Set(keys).size).toBe(1);
    expect(keys).toHaveLength(2);
  });

  it('whose store is away lets calls wait; the code sees nothing of that', async () => {
    await processes.begin(ask);
    const turnId = await processes.say();
    processes.trouble.commit = diskFull;
    const failed = processes.approve().catch((error: { code: string }) => error.code);
    expect(await failed).toBe('storage_failed');
    delete processes.trouble.commit;
    await processes.approve();
    processes.trouble.commit = diskFull;
    await processes.pass(1_000);
    delete processes.trouble.commit;
    await processes.pass(60_000);
    expect(await processes.status(turnId)).toBe('completed');
    expect(await processes.said()).toEqual(['go: approved']);
  });

  it('that has lost a turn to another writes nothing more for it, and its signal aborts', async () => {
    const signals: AbortSignal[] = [];
    const slow = gate<string>();
    const code: Code = async (turn) => {
      signals.push(turn.signal);
      await turn.say(await turn.step('slow', () => (signals.length === 1 ? slow.opened : 'second')));
    };
    await processes.begin(code);
    const turnId = await processes.say();
    await processes.begin(code);
    expect(await processes.status(turnId)).toBe('completed');
    slow.open('first');
    await idle();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    expect(await processes.said()).toEqual(['second']);
    expect((await processes.events()).filter((event) => event === 'turn_ended')).toHaveLength(1);
  });

  it('that drains lets go of turns that wait at once, and of others when their step is done', async () => {
    const step = gate();
    const code: Code = async (turn) => {
      if (turn.message.content === 'works') await turn.step('work', () => step.opened);
      return ask(turn);
    };
    await processes.begin(code);
    const waits = await processes.say('waits');
    await processes.pass(restAfterMs);
    const works = await processes.now.hub.turns.start({
      ticketId: 'T',
      user: { id: 'eve' },
      content: 'works',
    });
    await idle();
    let hasDrained = false;
    const drained = processes.now.port.drain({ over: '10s' }).then(() => {
      hasDrained = true;
    });
    await idle();
    expect(hasDrained).toBe(false);
    step.open();
    await drained;
    expect(await processes.status(waits)).toBe('waiting');
    expect(await processes.turn(`${works.turnId}`)).toMatchObject({ status: 'running', run: { tries: 0 } });
    await processes.begin(code);
    await processes.approve();
    expect(await processes.status(`${works.turnId}`)).toBe('completed');
    expect(processes.effects.filter((each) => each === 'before')).toHaveLength(2);
  });
});
