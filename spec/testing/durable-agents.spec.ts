/** The checks of durable agents: each kind of fault is found by the check that is for it, and a sound agent passes all. */
import { basename } from 'node:path';
import { durable, memoryStore } from '../../lib/index';
import {
  crashAfterEachCommit,
  findStrayCalls,
  replayEveryPrefix,
  replayJournal,
  type SavedJournal,
  saveJournal,
  startTestHub,
} from '../../lib/testing';
import * as agents from './faulty-agents';

jest.setTimeout(60_000);

const run = { message: 'go' };
const soundRun = {
  message: 'go',
  answers: ({ kind }: { kind: string }) =>
    kind === 'question' ? undefined : { status: 'approved' as const },
};

describe('replayEveryPrefix', () => {
  it('passes a sound agent with parallel branches, races, sleeps and streams, and executes nothing', async () => {
    agents.effects.length = 0;
    expect(await replayEveryPrefix(agents.sound, soundRun)).toEqual({
      fits: true,
      entries: expect.any(Number),
    });
    expect(agents.effects).toEqual(['look', 'stream']);
  });

  it('replays each leg of a turn that begins again', async () => {
    expect(await replayEveryPrefix(agents.legs, run)).toEqual({ fits: true, entries: expect.any(Number) });
  });

  it.each([
    ['time in what is asked', agents.timeAsked, { after: 1, afterCall: 'say:trace#1' }],
    ['time in what is said', agents.timeSaid, { after: 0 }],
    [
      'state of the process',
      agents.processWide,
      { after: 1, recorded: 'step:fetched#1', instead: ['step:cached#1'] },
    ],
    ['a model outside of a step', agents.modelOutside, { after: 0 }],
    ['chance', agents.chance, {}],
  ])('finds %s', async (_what, agent, found) => {
    const result = await replayEveryPrefix(agent, run);
    expect(result).toMatchObject({ fits: false, leg: 0, message: expect.any(String), ...found });
  });

  it('gives up on a turn whose code fails', async () => {
    const failing = durable(() => {
      throw new Error('no');
    });
    await expect(replayEveryPrefix(failing, run)).rejects.toThrow('could not be recorded');
  });
});

describe('findStrayCalls', () => {
  const placesOf = async (agent: Parameters<typeof findStrayCalls>[0]) =>
    (await findStrayCalls(agent, run)).map(({ call, file, line }) => {
      expect(line).toBeGreaterThan(0);
      return `${call} in ${basename(file)}`;
    });

  it('finds nothing in a sound agent', async () => {
    expect(await findStrayCalls(agents.sound, soundRun)).toEqual([]);
  });

  it.each([
    ['time in what is asked', agents.timeAsked, ['performance.now in faulty-agents.ts']],
    ['time in what is said', agents.timeSaid, ['performance.now in faulty-agents.ts']],
    ['chance', agents.chance, ['Math.random in faulty-agents.ts']],
    ['a plain timer in a race', agents.plainTimer, ['setTimeout in faulty-agents.ts']],
    [
      'what the agent does by functions of the app',
      agents.helped,
      ['new Date()', 'fetch', 'AbortSignal.timeout', 'crypto.randomUUID', 'setInterval'].map(
        (call) => `${call} in faulty-agents.ts`,
      ),
    ],
  ])('finds %s, with file and line', async (_what, agent, places) => {
    expect(await placesOf(agent)).toEqual(places);
  });

  it('names the line', async () => {
    const agent = durable(async (turn) => {
      await turn.say('x');
      const here = Number(/durable-agents\.spec\.ts:(\d+)/.exec(`${new Error().stack}`)?.[1]);
      await turn.say(`${Math.random() > 2} ${here}`);
    });
    const [found] = await findStrayCalls(agent, run);
    expect(found?.file).toBe(__filename);
    const again = await findStrayCalls(agent, run);
    expect(again).toEqual([found]);
  });

  it('leaves the globals as they were, also where the turn fails', async () => {
    const before = [
      Date,
      Date.now,
      Math.random,
      setTimeout,
      setInterval,
      fetch,
      AbortSignal.timeout,
      crypto.randomUUID,
    ];
    await findStrayCalls(agents.helped, run);
    await findStrayCalls(
      durable(() => {
        throw new Error('no');
      }),
      run,
    );
    expect([
      Date,
      Date.now,
      Math.random,
      setTimeout,
      setInterval,
      fetch,
      AbortSignal.timeout,
      crypto.randomUUID,
    ]).toEqual(before);
    expect(new Date().constructor).toBe(Date);
    expect(Object.hasOwn(crypto, 'randomUUID')).toBe(false);
  });

  it('refuses to run twice at the same time', async () => {
    const first = findStrayCalls(agents.timeSaid, run);
    await expect(findStrayCalls(agents.timeSaid, run)).rejects.toThrow('under way already');
    expect(await first).toHaveLength(1);
  });
});

describe('crashAfterEachCommit', () => {
  it('passes a sound agent, whose process ends after every commit once', async () => {
    const found = await crashAfterEachCommit(agents.sound, soundRun);
    expect(found).toEqual({ same: true, crashes: expect.any(Number) });
    expect(found.same && found.crashes).toBeGreaterThan(20);
  });

  it('passes a turn of several legs', async () => {
    expect(await crashAfterEachCommit(agents.legs, run)).toEqual({ same: true, crashes: expect.any(Number) });
  });

  it('finds an agent that does something else in another process', async () => {
    let calls = 0;
    const agent = durable(async (turn) => {
      calls += 1;
      const mine = calls;
      await turn.step('a', () => 1);
      await turn.say(`call ${mine}`);
    });
    const found = await crashAfterEachCommit(agent, run);
    expect(found).toMatchObject({ same: false, after: 1, message: expect.stringContaining('said is') });
  });
});

describe('a saved journal', () => {
  let saved: SavedJournal;
  const april = durable(async (turn) => {
    const host = await turn.step('host', () => 'h-1');
    await turn.trace(`found ${host}`);
    await turn.approve({ tool: 'isolate', args: { host } });
    await turn.say('done');
  });
  beforeAll(async () => {
    const store = memoryStore();
    const hub = await startTestHub({ store, prepare: (hitl) => void hitl.agent(april) });
    const alice = await hub.connect();
    const { turn_id: turnId } = await alice.ask({ type: 'message', content: 'go' });
    await alice.next('hitl_request_pending');
    saved = JSON.parse(JSON.stringify(await saveJournal(hub, String(turnId))));
    expect(await saveJournal(store, String(turnId))).toEqual(saved);
    await expect(saveJournal(hub, 'none')).rejects.toThrow('There is no turn none');
    await hub.hub.turns.cancel({ turnId: String(turnId) });
    await expect(saveJournal(hub, String(turnId))).rejects.toThrow('is over');
    await hub.close();
  });

  it('fits the code that wrote it, and code that differs in words and behind it', async () => {
    expect(await replayJournal(april, saved)).toEqual({ fits: true });
    const may = durable(async (turn) => {
      const host = await turn.step('host', () => {
        throw new Error('must not be run');
      });
      await turn.trace(`Found: ${host}`);
      await turn.approve({ tool: 'isolate', args: { host: `${host}` } });
      await turn.step('new', () => {
        throw new Error('must not be run');
      });
    });
    expect(await replayJournal(may, saved)).toEqual({ fits: true });
  });

  it('does not fit code with another step before its end, and names both calls', async () => {
    const may = durable(async (turn) => {
      const host = await turn.step('host', () => 'h-1');
      await turn.step('owner', () => 'o');
      await turn.trace(`found ${host}`);
    });
    expect(await replayJournal(may, saved)).toEqual({
      fits: false,
      after: 1,
      recorded: 'say:trace#1',
      instead: ['step:owner#1'],
      message: 'After entry 1: say:trace#1 is not made; instead: step:owner#1',
    });
  });

  it('does not fit code that asks for something else, or returns before its end', async () => {
    const other = durable(async (turn) => {
      const host = await turn.step('host', () => 'h-1');
      await turn.trace('x');
      await turn.approve({ tool: 'isolate', args: { hosts: [host] } });
    });
    expect(await replayJournal(other, saved)).toMatchObject({ fits: false, after: 2 });
    const short = durable(async (turn) => {
      await turn.step('host', () => 'h-1');
    });
    expect(await replayJournal(short, saved)).toMatchObject({ fits: false, after: 1, instead: [] });
  });

  it('does not fit code that has no function for its version', async () => {
    const versioned = {
      ...saved,
      turn: { ...saved.turn, run: { ...saved.turn.run, version: 'april' } },
    } as SavedJournal;
    expect(
      await replayJournal(
        durable(() => {}, { version: 'may' }),
        versioned,
      ),
    ).toMatchObject({
      fits: false,
      message: expect.stringContaining('april'),
    });
  });
});
