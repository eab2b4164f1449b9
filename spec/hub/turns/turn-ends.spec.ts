import type { Agent } from '../../../lib/hub/turns/turn';
import { gate, idle, Rig } from '../rig';

describe('A turn ends exactly once, when the agent', () => {
  let rig: Rig;
  afterEach(async () => {
    await rig.hub.close();
    // Jest fails a test during which an unhandled rejection or an uncaught error occurs; this leaves time for it.
    await idle();
    expect(rig.hub.turns.size).toBe(0);
  });

  async function start(agent: Agent): Promise<void> {
    rig = new Rig({ agent });
    await rig.hub.start();
  }
  const ends = async () => (await rig.story()).filter((line) => line.startsWith('turn_ended'));

  const hostile = new Proxy(new Error('hidden'), {
    getPrototypeOf: () => {
      throw new Error('do not look at me');
    },
  });
  const never = () => new Promise(() => {});
  const no = new Error('no');
  const fail = (error: unknown) => () => {
    throw error;
  };
  const thenable = (then: (done: (value: number) => void, fail: (error: Error) => void) => void) =>
    Object.fromEntries([['then', then]]);
  it.each<[string, Agent, string]>([
    ['returns nothing', () => {}, 'completed'],
    ['returns a value', () => 42, 'completed'],
    ['returns a promise', async () => 42, 'completed'],
    ['throws', fail(no), 'aborted error'],
    ['rejects', () => Promise.reject(no), 'aborted error'],
    ['throws null', fail(null), 'aborted error'],
    ['throws undefined', fail(undefined), 'aborted error'],
    ['rejects with text', () => Promise.reject('no'), 'aborted error'],
    ['throws what cannot be looked at', fail(hostile), 'aborted error'],
    ['returns a thenable', () => thenable((done) => done(1)), 'completed'],
    ['returns a thenable that rejects', () => thenable((_done, reject) => reject(no)), 'aborted error'],
    ['returns a thenable that throws', () => thenable(fail(no)), 'aborted error'],
    [
      'returns a thenable that settles more than once',
      () =>
        thenable((done, reject) => {
          done(1);
          reject(no);
          throw no;
        }),
      'completed',
    ],
    [
      'returns what throws when it is asked for its then',
      () => Object.defineProperty({}, 'then', { get: fail(no) }),
      'aborted error',
    ],
    [
      'leaves what it does to itself, and that rejects',
      (turn) => {
        void turn.update({ id: 'unknown' }, 'x');
      },
      'completed',
    ],
  ])('%s', async (_name, agent, end) => {
    await start(agent);
    await rig.say(rig.join(), 'help');
    await idle();
    expect(await ends()).toEqual([`turn_ended ${end}`]);
    expect(rig.errors).toHaveLength(end === 'completed' ? 0 : 1);
  });

  it('never returns and is cancelled', async () => {
    await start(never);
    const { turnId = '' } = await rig.say(rig.join(), 'help');
    await idle();
    expect(await ends()).toEqual([]);
    await rig.hub.turns.cancel('T', turnId);
    expect(await ends()).toEqual(['turn_ended aborted cancelled']);
    expect(rig.errors).toEqual([]);
  });

  it('does anything at all after it was cancelled', async () => {
    const cancelled = gate();
    await start(async (turn) => {
      await cancelled.opened;
      await turn.say('too late');
    });
    const { turnId = '' } = await rig.say(rig.join(), 'help');
    await idle();
    await rig.hub.turns.cancel('T', turnId);
    cancelled.open();
    await idle();
    expect((await rig.story()).slice(-2)).toEqual(['user: help', 'turn_ended aborted cancelled']);
    // That it failed after it was asked to stop is no news.
    expect(rig.errors).toEqual([]);
  });

  it('cancels its own turn while it is notified of its end', async () => {
    await start(async (turn) => {
      turn.signal.addEventListener('abort', () => void rig.hub.turns.cancel('T', turn.id).catch(() => {}));
    });
    await rig.say(rig.join(), 'help');
    await idle();
    expect(await ends()).toEqual(['turn_ended completed']);
  });

  it('fails in the same moment in which it is cancelled', async () => {
    const failing = gate();
    await start(async () => {
      await failing.opened;
      throw new Error('no');
    });
    const { turnId = '' } = await rig.say(rig.join(), 'help');
    await idle();
    failing.open();
    await rig.hub.turns.cancel('T', turnId);
    await idle();
    expect(await ends()).toHaveLength(1);
  });
});
