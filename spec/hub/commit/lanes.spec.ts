import { Lanes } from '../../../lib/hub/commit/lanes';
import { gate, idle } from '../rig';

describe('Lanes', () => {
  it('run the work of one key one after another, in the order in which it was given', async () => {
    const lanes = new Lanes();
    const order: string[] = [];
    const first = gate();
    const works = [
      lanes.run('a', async () => {
        order.push('first begins');
        await first.opened;
        order.push('first ends');
        return 1;
      }),
      lanes.run('a', async () => {
        order.push('second');
        return 2;
      }),
      lanes.run('a', async () => {
        order.push('third');
        return 3;
      }),
    ];
    await idle();
    expect(order).toEqual(['first begins']);
    first.open();
    expect(await Promise.all(works)).toEqual([1, 2, 3]);
    expect(order).toEqual(['first begins', 'first ends', 'second', 'third']);
  });

  it('leave waiting work in its order when more arrives after some of it is done', async () => {
    const lanes = new Lanes();
    const second = gate();
    const order: string[] = [];
    const first = lanes.run('a', async () => {});
    const waiting = lanes.run('a', async () => {
      await second.opened;
      order.push('second');
    });
    await first;
    await idle();
    const third = lanes.run('a', async () => {
      order.push('third');
    });
    await idle();
    expect(order).toEqual([]);
    second.open();
    await Promise.all([waiting, third]);
    expect(order).toEqual(['second', 'third']);
  });

  it('begin at once where nothing is under way, so that the work of a tick shares a transaction', () => {
    const lanes = new Lanes();
    const begun: string[] = [];
    for (const key of ['a', 'b'])
      void lanes.run(key, async () => {
        begun.push(key);
      });
    expect(begun).toEqual(['a', 'b']);
  });

  it('of different keys do not wait for each other', async () => {
    const lanes = new Lanes();
    const stuck = gate();
    const slow = lanes.run('a', () => stuck.opened);
    expect(await lanes.run('b', async () => 'done')).toBe('done');
    stuck.open();
    await slow;
  });

  it('go on after work that failed, and reject the promise of the failed work only', async () => {
    const lanes = new Lanes();
    const failing = lanes.run('a', () => Promise.reject(new Error('first')));
    const next = lanes.run('a', async () => 'second');
    await expect(failing).rejects.toThrow('first');
    expect(await next).toBe('second');
  });

  it('may be used for other keys from within', async () => {
    const lanes = new Lanes();
    expect(await lanes.run('outer', () => lanes.run('inner', async () => 'in'))).toBe('in');
  });

  it('have settled when no work is left, including work that arrived in the meantime', async () => {
    const lanes = new Lanes();
    const ended: string[] = [];
    void lanes.run('a', async () => {
      await idle();
      ended.push('a');
      void lanes.run('b', async () => {
        await idle();
        ended.push('b');
      });
    });
    await lanes.settled();
    expect(ended).toEqual(['a', 'b']);
    await lanes.settled();
  });

  it('forget a key that is idle', async () => {
    const lanes = new Lanes();
    for (let key = 0; key < 100; key += 1) await lanes.run(`key ${key}`, async () => {});
    await lanes.run('failing', () => Promise.reject(new Error('no'))).catch(() => {});
    await lanes.settled();
    // The state stored per key is all that there is to see of it.
    expect(Object.values(lanes).map((kept) => kept.size)).toEqual([0]);
  });
});
