import { damaged } from '../../../lib/errors';
import { maxWaitingCommits } from '../../../lib/hub/commit/funnel';
import type { Turn } from '../../../lib/hub/turns/turn';
import { chatCommit, commitTo, turnRecord } from '../../store/records';
import { diskFull, gate, idle, Rig } from '../rig';

const block = { tool: 'block_ip', args: { ip: '203.0.113.7' } };
const never = () => new Promise(() => {});

describe('In trouble', () => {
  let rig: Rig;
  /** What the agent does with its turn. */
  let work: (turn: Turn) => unknown;
  /** The messages the agent was called for. */
  let called: string[];

  beforeEach(async () => {
    work = () => {};
    called = [];
    rig = new Rig({
      agent: (turn) => {
        called.push(turn.message.content);
        return work(turn);
      },
    });
    await rig.hub.start();
  });
  afterEach(async () => {
    await rig.hub.close();
    // Jest fails a test during which an unhandled rejection occurs; this leaves time for it.
    await idle();
  });

  const ends = async () => (await rig.story()).filter((line) => line.startsWith('turn_ended'));
  const statuses = async () => (await rig.kept.state('T', 10)).turns.map(({ status }) => status);
  async function pass(ms: number): Promise<void> {
    rig.clock.advance(ms);
    await idle();
  }
  /** Another process on the same store, as after a crash of this one. */
  async function restart(): Promise<void> {
    rig.newHub();
    await rig.hub.start();
  }

  describe('a store that fails', () => {
    it('at a message: it is refused, no client sees it, and the agent is not called', async () => {
      rig.trouble.commit = diskFull;
      const ann = rig.join();
      await expect(rig.say(ann, 'help')).rejects.toMatchObject({ code: 'storage_failed' });
      await idle();
      expect([ann.ears.seqs, called, rig.hub.turns.size]).toEqual([[], [], 0]);
    });

    it('at the end of a turn: it is tried again until it is stored, less and less often; the session waits', async () => {
      const ending = gate();
      work = ({ message }) => (message.content === 'one' ? ending.opened : undefined);
      const ann = rig.join();
      await rig.say(ann, 'one');
      await rig.say(ann, 'two');
      await idle();
      let attempts = 0;
      rig.trouble.commit = () => {
        attempts += 1;
        diskFull();
      };
      ending.open();
      await idle();
      const counted = [attempts];
      for (const ms of [249, 1, 499, 1, 1_000, 60_000]) {
        await pass(ms);
        counted.push(attempts);
      }
      expect(counted.slice(0, 6)).toEqual([1, 1, 2, 2, 3, 4]);
      expect(called).toEqual(['one']);
      delete rig.trouble.commit;
      await pass(30_000);
      expect(await ends()).toEqual(['turn_ended completed', 'turn_ended completed']);
      expect(called).toEqual(['one', 'two']);
      // Each attempt says so, and the store once.
      expect(rig.errors.length).toBe(attempts + 1);
    });

    it('at the end of a turn does not hold up other sessions', async () => {
      let failing = true;
      rig.trouble.commit = (commits) => {
        const isEnd = commits.some(({ envelopes }) => envelopes.some(({ event }) => event === 'turn_ended'));
        if (failing && isEnd) diskFull();
      };
      await rig.say(rig.join('ann'), 'one');
      await idle();
      failing = false;
      await rig.say(rig.join('ben'), 'two');
      await idle();
      expect(await ends()).toEqual(['turn_ended completed']);
      expect(await statuses()).toEqual(['running']);
      await pass(250);
      expect(await ends()).toHaveLength(2);
    });

    it('only at the requests of a turn does not prevent its end', async () => {
      work = (turn) => {
        void turn.approve(block);
      };
      rig.trouble.requestsOfTurn = diskFull;
      await rig.say(rig.join(), 'help');
      await idle();
      expect(await ends()).toEqual([]);
      for (const ms of [250, 500, 1_000, 2_000]) await pass(ms);
      expect(await ends()).toEqual(['turn_ended completed']);
      expect(rig.errors.at(-1)).toMatchObject({ message: 'The requests of a turn could not be withdrawn' });
    });

    it('at the start of a turn that waited: that one is aborted, the next has its chance', async () => {
      const ending = gate();
      work = ({ message }) => (message.content === 'one' ? ending.opened : undefined);
      const ann = rig.join();
      for (const content of ['one', 'two', 'three']) await rig.say(ann, content);
      let failed = false;
      rig.trouble.commit = (commits) => {
        const started = commits.flatMap(({ envelopes }) => envelopes.map(({ event }) => event));
        if (failed || !started.includes('turn_started')) return;
        failed = true;
        diskFull();
      };
      ending.open();
      await idle();
      expect(await ends()).toEqual([
        'turn_ended completed',
        'turn_ended aborted error',
        'turn_ended completed',
      ]);
      expect(called).toEqual(['one', 'three']);
    });

    it('at the end of a turn does not prevent the hub from closing; the next start ends it', async () => {
      await rig.say(rig.join(), 'help');
      rig.trouble.commit = diskFull;
      await idle();
      await rig.hub.close();
      delete rig.trouble.commit;
      expect(await statuses()).toEqual(['running']);
      await restart();
      expect(await ends()).toEqual(['turn_ended aborted crash']);
    });
  });

  describe('a crash', () => {
    it('aborts what ran and what waited, at the next start, once, and it is not run again', async () => {
      work = never;
      const ann = rig.join();
      for (const content of ['one', 'two', 'three']) await rig.say(ann, content);
      await idle();
      rig.clock.advance(60_000);
      await restart();
      expect(await ends()).toEqual(Array(3).fill('turn_ended aborted crash'));
      const ended = (await rig.log()).filter(({ event }) => event === 'turn_ended');
      expect(new Set(ended.map(({ timestamp }) => timestamp))).toEqual(
        new Set([new Date(rig.clock.now()).toISOString()]),
      );
      expect(await statuses()).toEqual([]);
      await restart();
      expect(await ends()).toHaveLength(3);
      expect(called).toEqual(['one']);
    });

    it('leaves requests pending, for the agent to ask again', async () => {
      work = (turn) => turn.approve({ ...block, key: 'k' });
      await rig.say(rig.join(), 'help');
      await idle();
      await restart();
      expect((await rig.kept.requests({ status: 'pending' }, 10)).items).toHaveLength(1);
      expect((await rig.story()).slice(-3)).toEqual([
        'hitl_request_pending',
        'turn_ended aborted crash',
        'hitl_request_updated',
      ]);
    });

    it('may have stored a turn that cannot be read: it is named in the log, and the others are ended', async () => {
      const turns = ['bad', 'good'].map((id) => turnRecord({ id, ticketId: 'T' }));
      await rig.kept.commit([commitTo('T', { turns })]);
      rig.trouble.turn = (id) => {
        if (id === 'bad') throw damaged('turns', id);
      };
      await restart();
      expect(await ends()).toEqual(['turn_ended aborted crash']);
      expect(rig.errors).toMatchObject([
        { turnId: 'bad', error: 'storage_failed: The row bad of turns is damaged' },
      ]);
      delete rig.trouble.turn;
      await restart();
      expect(await ends()).toHaveLength(2);
    });

    it('may have stored more unfinished turns than commits may wait', async () => {
      const many = maxWaitingCommits + 1;
      const turns = Array.from({ length: many }, (_, n) => turnRecord({ ticketId: 'T', sessionId: `s${n}` }));
      await rig.kept.commit([commitTo('T', { turns })]);
      await restart();
      expect(await rig.kept.unfinishedTurns()).toEqual([]);
      expect(await ends()).toHaveLength(many);
    }, 30_000);

    it('of the start itself is repaired by the next, which does not touch what has begun in the meantime', async () => {
      await rig.kept.commit([commitTo('T', { turns: [turnRecord({ ticketId: 'T' })] })]);
      rig.newHub();
      rig.trouble.commit = diskFull;
      await expect(rig.hub.start()).rejects.toMatchObject({ code: 'storage_failed' });
      delete rig.trouble.commit;
      const ending = gate();
      work = () => ending.opened;
      await rig.say(rig.join(), 'help');
      await idle();
      await rig.hub.start();
      expect(await ends()).toEqual(['turn_ended aborted crash']);
      ending.open();
      await idle();
      expect(await ends()).toEqual(['turn_ended aborted crash', 'turn_ended completed']);
    });
  });

  describe('the end of the hub', () => {
    it('aborts what runs and what waits, notifies the agent, and persists all that', async () => {
      const signals: AbortSignal[] = [];
      work = (turn) => {
        signals.push(turn.signal);
        return never();
      };
      const [ann, ben] = [rig.join(), rig.join('ben')];
      await rig.say(ann, 'one');
      await rig.say(ann, 'two');
      await rig.say(ben, 'three');
      await idle();
      await rig.hub.close();
      expect(await ends()).toEqual(Array(3).fill('turn_ended aborted shutdown'));
      expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
      expect(ann.ears.seqs.at(-1)).toBe((await rig.log()).length);
      expect(rig.errors).toEqual([]);
      await restart();
      expect(await ends()).toHaveLength(3);
      expect(called).toEqual(['one', 'three']);
    });

    it('leaves requests pending and rejects their waiters, since the hub is closing', async () => {
      const outcome = gate<unknown>();
      work = (turn) => turn.approve(block).catch(outcome.open);
      await rig.say(rig.join(), 'help');
      await idle();
      await rig.hub.close();
      expect(await outcome.opened).toMatchObject({ code: 'closing' });
      expect((await rig.kept.requests({ status: 'pending' }, 10)).items).toHaveLength(1);
      expect((await rig.story()).slice(-2)).toEqual(['hitl_request_pending', 'turn_ended aborted shutdown']);
    });

    it('leaves also that request pending which was on its way to the store', async () => {
      const disk = gate();
      work = (turn) => {
        rig.trouble.requestByKey = () => disk.opened;
        return turn.approve({ ...block, key: 'k' });
      };
      await rig.say(rig.join(), 'help');
      await idle();
      const closed = rig.hub.close();
      await idle();
      disk.open();
      await closed;
      expect((await rig.kept.requests({ status: 'pending' }, 10)).items).toHaveLength(1);
      expect((await rig.story()).slice(-2)).toEqual(['hitl_request_pending', 'turn_ended aborted shutdown']);
    });

    it('waits for a turn that is just ending', async () => {
      const reading = gate();
      rig.trouble.requestsOfTurn = () => reading.opened;
      await rig.say(rig.join(), 'help');
      await idle();
      const closed = rig.hub.close();
      await idle();
      reading.open();
      await closed;
      expect(await ends()).toEqual(['turn_ended completed']);
    });

    it('aborts the turn of a message that was just being taken, without calling the agent', async () => {
      const disk = gate();
      rig.trouble.commit = () => disk.opened;
      const said = rig.say(rig.join(), 'help');
      await idle();
      const closed = rig.hub.close();
      await idle();
      disk.open();
      await Promise.all([said, closed]);
      await idle();
      expect(await ends()).toEqual(['turn_ended aborted shutdown']);
      expect(called).toEqual([]);
    });

    it('refuses messages, those that were waiting too', async () => {
      const disk = gate();
      rig.trouble.commit = () => disk.opened;
      const ann = rig.join();
      const [first, second] = [rig.say(ann, 'one'), rig.say(ann, 'two')];
      await idle();
      const closed = rig.hub.close();
      const third = rig.say(ann, 'three');
      await expect(third).rejects.toMatchObject({ code: 'closing' });
      const waiting = expect(second).rejects.toMatchObject({ code: 'closing' });
      disk.open();
      await Promise.all([first, waiting, closed]);
      expect((await rig.story()).filter((line) => line.startsWith('user:'))).toEqual(['user: one']);
    });

    it('does not start those that waited when the one before completes in the meantime', async () => {
      const ending = gate();
      const disk = gate();
      work = () => ending.opened;
      const ann = rig.join();
      await rig.say(ann, 'one');
      await rig.say(ann, 'two');
      await idle();
      rig.trouble.commit = () => disk.opened;
      ending.open();
      await idle();
      const closed = rig.hub.close();
      disk.open();
      await closed;
      expect((await rig.story()).slice(2)).toEqual([
        'user: one',
        'user: two',
        'turn_ended completed',
        'turn_ended aborted shutdown',
      ]);
      expect(called).toEqual(['one']);
    });
  });

  it('the log continues at its position', async () => {
    await rig.kept.commit([chatCommit('T', 'from before')]);
    const ann = rig.join();
    await rig.say(ann, 'help');
    await idle();
    expect(ann.ears.seqs).toEqual([2, 3, 4, 5]);
  });
});
