import { Writable } from 'node:stream';
import { createLogger, transports } from 'winston';
import { HubError } from '../../../lib/errors';
import type { Subscriber } from '../../../lib/hub/commit/after-commit';
import { AfterCommit } from '../../../lib/hub/commit/after-commit';
import { Funnel, maxWaitingCommits } from '../../../lib/hub/commit/funnel';
import { sessionMessageAdded } from '../../../lib/protocol/envelopes';
import { memoryStore } from '../../../lib/store/memory/memory-store';
import type { Commit, Store } from '../../../lib/store/store';
import { messageRecord, noon } from '../../store/records';
import { diskFull, gate, type Trouble, troubled } from '../rig';

describe('The funnel', () => {
  const trouble: Trouble = {};
  /** The number of commits in each transaction. */
  let groups: number[];
  /** `seq` of every delivered envelope, by ticket. */
  let delivered: string[];
  let errors: string[];
  let kept: Store;
  let funnel: Funnel;

  const deliver: Subscriber = ({ commit, envelopes }) => {
    for (const { seq } of envelopes) delivered.push(`${commit.ticketId}:${seq}`);
  };
  const newFunnel = (how = deliver) => {
    const stream = new Writable({
      objectMode: true,
      write: ({ message }, _encoding, done) => {
        errors.push(message);
        done();
      },
    });
    const logger = createLogger({ transports: [new transports.Stream({ stream })] });
    const after = new AfterCommit(logger);
    after.add('deliver', how);
    return new Funnel(troubled(kept, trouble), after, logger);
  };

  beforeEach(async () => {
    groups = [];
    delivered = [];
    errors = [];
    trouble.commit = (commits) => groups.push(commits.length);
    kept = memoryStore();
    await kept.open();
    funnel = newFunnel();
  });

  function line(content: string, ticketId = 'T'): Commit {
    const message = messageRecord({ ticketId, content });
    return { ticketId, at: noon, messages: [message], envelopes: [sessionMessageAdded(message, noon)] };
  }

  it('stores the commits of one tick in one transaction and delivers them in their order', async () => {
    const commits = ['a', 'b', 'c', 'd'].map((content, n) => line(content, n === 2 ? 'U' : 'T'));
    const results = await Promise.all(commits.map((commit) => funnel.commit(commit)));
    expect(groups).toEqual([4]);
    expect(results.map((envelopes) => envelopes.map(({ seq }) => seq))).toEqual([[1], [2], [1], [3]]);
    expect(delivered).toEqual(['T:1', 'T:2', 'U:1', 'T:3']);
    const { items } = await kept.log('T', 0, 10);
    expect(items.map((each) => ('message' in each ? each.message.content : ''))).toEqual(['a', 'b', 'd']);
  });

  it('stores commits of different ticks in different transactions', async () => {
    await funnel.commit(line('a'));
    await funnel.commit(line('b'));
    expect(groups).toEqual([1, 1]);
  });

  it('stores the commits that arrive while the store is busy together, a hundred at a time, in the order of arrival', async () => {
    const disk = gate();
    trouble.commit = async (commits) => {
      groups.push(commits.length);
      await disk.opened;
    };
    const first = funnel.commit(line('first'));
    await new Promise((resolve) => setImmediate(resolve));
    const rest = Array.from({ length: 250 }, (_, n) => funnel.commit(line(`${n}`)));
    disk.open();
    await Promise.all([first, ...rest]);
    expect(groups).toEqual([1, 100, 100, 50]);
    expect(delivered).toEqual(Array.from({ length: 251 }, (_, n) => `T:${n + 1}`));
  });

  it('delivers nothing before it is stored, and resolves only after it was delivered', async () => {
    const disk = gate();
    trouble.commit = () => disk.opened;
    const order: string[] = [];
    funnel = newFunnel(() => order.push('delivered'));
    const commit = funnel.commit(line('a')).then(() => order.push('resolved'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(order).toEqual([]);
    expect((await kept.position('T')).seq).toBe(0);
    disk.open();
    await commit;
    expect(order).toEqual(['delivered', 'resolved']);
  });

  it('rejects all of a transaction that the store did not commit, delivers none of it, and goes on', async () => {
    trouble.commit = diskFull;
    const failed = await Promise.allSettled([funnel.commit(line('a')), funnel.commit(line('b'))]);
    for (const each of failed)
      expect(each).toMatchObject({
        status: 'rejected',
        reason: { code: 'storage_failed', cause: { message: 'disk full' } },
      });
    expect(delivered).toEqual([]);
    delete trouble.commit;
    await funnel.commit(line('c'));
    expect(delivered).toEqual(['T:1']);
  });

  it('logs why the store cannot commit, once until it commits again or the reason changes', async () => {
    trouble.commit = diskFull;
    for (let n = 0; n < 3; n += 1) await expect(funnel.commit(line('a'))).rejects.toThrow();
    trouble.commit = () => {
      throw new Error('disk gone');
    };
    for (let n = 0; n < 3; n += 1) await expect(funnel.commit(line('a'))).rejects.toThrow();
    delete trouble.commit;
    for (let n = 0; n < 3; n += 1) await funnel.commit(line('a'));
    trouble.commit = diskFull;
    await expect(funnel.commit(line('a'))).rejects.toThrow();
    const refused = 'The store does not commit; changes are refused';
    expect(errors).toEqual([refused, refused, 'The store commits again', refused]);
  });

  it('passes the code on that the store gives', async () => {
    trouble.commit = () => Promise.reject(new HubError('unavailable'));
    await expect(funnel.commit(line('a'))).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('refuses the commit that conflicts with its code, and stores the others of its transaction', async () => {
    const ack = { message_id: 'm' };
    const frame = { userId: 'ann', frameId: 'f', ack };
    const [first, second, third] = await Promise.allSettled([
      funnel.commit({ ...line('a'), frame }),
      funnel.commit({ ...line('b'), frame }),
      funnel.commit(line('c')),
    ]);
    expect(groups).toEqual([3]);
    expect([first?.status, third?.status]).toEqual(['fulfilled', 'fulfilled']);
    expect(second).toMatchObject({ reason: { code: 'duplicate_id', details: ack } });
    expect(delivered).toEqual(['T:1', 'T:2']);
  });

  it(`lets ${maxWaitingCommits} commits wait and refuses one more as busy`, async () => {
    const disk = gate();
    trouble.commit = () => disk.opened;
    const waiting = Array.from({ length: maxWaitingCommits }, () => funnel.commit(line('a')));
    await expect(funnel.commit(line('one more'))).rejects.toMatchObject({ code: 'busy' });
    disk.open();
    await Promise.all(waiting);
    await funnel.commit(line('later'));
    expect((await kept.position('T')).seq).toBe(maxWaitingCommits + 1);
  });

  it('counts as stored what is stored, whatever becomes of its delivery', async () => {
    funnel = newFunnel(() => {
      throw new Error('nobody there');
    });
    const envelopes = await Promise.all([funnel.commit(line('a')), funnel.commit(line('b'))]);
    expect(envelopes.flat().map(({ seq }) => seq)).toEqual([1, 2]);
    expect(errors).toEqual(['What follows a commit failed', 'What follows a commit failed']);
  });

  it('has settled when nothing waits any more, also what came while it was settling', async () => {
    const disk = gate();
    trouble.commit = () => disk.opened;
    void funnel.commit(line('a')).then(() => void funnel.commit(line('b')));
    const settled = funnel.settled();
    disk.open();
    await settled;
    expect(delivered).toEqual(['T:1', 'T:2']);
    await funnel.settled();
  });

  it('runs work that must see the store between two transactions, after everything stored has been delivered', async () => {
    const story: string[] = [];
    const held = gate();
    trouble.commit = () => {
      trouble.commit = () => {};
      return held.opened;
    };
    const first = funnel.commit(line('first'), { onStored: () => story.push('first is told') });
    await new Promise((resolve) => setImmediate(resolve));
    const read = funnel.between(async () => {
      story.push(`${(await kept.position('T')).seq} kept, ${delivered.length} delivered`);
    });
    const second = funnel.commit(line('second'), { onStored: () => story.push('second is told') });
    held.open();
    await Promise.all([first, read, second]);
    expect(story).toEqual(['first is told', '1 kept, 1 delivered', 'second is told']);
  });

  it('sends nothing about a commit that was not stored', async () => {
    trouble.commit = diskFull;
    const told = jest.fn();
    await expect(funnel.commit(line('lost'), { onStored: told })).rejects.toMatchObject({
      code: 'storage_failed',
    });
    expect(told).not.toHaveBeenCalled();
  });
});
