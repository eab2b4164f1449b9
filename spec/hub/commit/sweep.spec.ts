/** What another hand changes in the store is noticed by those who wait here. */
import { maxSweptRequests, Sweep, sweepEveryMs } from '../../../lib/hub/commit/sweep';
import type { HitlRequestInput } from '../../../lib/hub/requests/ask';
import type { RequestRecord } from '../../../lib/index';
import { ManualClock } from '../../../lib/testing/manual-clock';
import { requestRecord } from '../../store/records';
import { idle, Rig } from '../rig';

const ben = { id: 'ben', name: 'Ben' };

describe('A change by another hand', () => {
  let rig: Rig;
  let here: Rig['hub'];
  /** A hub on the same store that has not been started, so that it fires no deadlines. */
  let there: Rig['hub'];
  const reminded: string[] = [];
  beforeEach(async () => {
    reminded.length = 0;
    rig = new Rig();
    here = rig.hub;
    await here.start();
    rig.app.on('request.reminded', ({ request }) => void reminded.push(request.id));
    there = rig.newHub();
    rig.app.on('request.reminded', ({ request }) => void reminded.push(request.id));
  });
  afterEach(async () => {
    await here.close();
    await there.close();
  });

  const ask = (hub: Rig['hub'], input: Partial<HitlRequestInput> = {}) =>
    hub.hitl.request({
      ...{ ticketId: 'T', sessionId: 's', userId: 'agent', type: 'question' },
      payload: { question: 'Why?' },
      ...input,
    });

  it('settles the promises that wait on this node, within a minute', async () => {
    const { id } = await ask(here);
    const both = [here.hitl.wait(id), here.hitl.wait(id)];
    await idle();
    await there.hitl.respond(id, { by: ben, status: 'denied' });
    await idle();
    expect(here.hitl.waiting).toBe(2);
    rig.clock.advance(sweepEveryMs);
    for (const each of await Promise.all(both)) expect(each).toMatchObject({ status: 'denied' });
    expect([here.hitl.waiting, rig.clock.pending]).toEqual([0, 0]);
  });

  it('is looked for again and again, and by no timer once no waiter is left', async () => {
    const { id } = await ask(here);
    const stop = new AbortController();
    const waiting = here.hitl.wait(id, { signal: stop.signal });
    await idle();
    let reads = 0;
    rig.trouble.request = () => {
      reads += 1;
    };
    for (let n = 1; n <= 3; n += 1) {
      rig.clock.advance(sweepEveryMs);
      await idle();
      expect(reads).toBe(n);
    }
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    expect(rig.clock.pending).toBe(0);
  });

  it('that brings a deadline is handled on this node while a waiter exists', async () => {
    const awaited = await ask(here);
    const waiting = here.hitl.wait(awaited.id);
    await idle();
    const { id } = await ask(there, { remindIn: '10s' });
    rig.clock.advance(sweepEveryMs);
    await idle();
    await here.settled();
    expect(reminded).toEqual([id]);
    await here.hitl.cancel(awaited.id, 'no need');
    await waiting;
  });

  it('is not looked for in the middle of an end', async () => {
    const { id } = await ask(here);
    const waiting = expect(here.hitl.wait(id)).rejects.toMatchObject({ code: 'closing' });
    await idle();
    rig.clock.advance(sweepEveryMs);
    await here.close();
    await waiting;
    expect(rig.clock.pending).toBe(0);
  });
});

describe('Reading what is waited for', () => {
  function sweepOf(ids: readonly string[], read: (id: string) => Promise<RequestRecord>) {
    const clock = new ManualClock();
    const warned: unknown[] = [];
    const settled: string[] = [];
    const logger = { warn: (...line: unknown[]) => warned.push(line) };
    const sweep = new Sweep({
      clock,
      logger: logger as never,
      awaited: () => ids,
      read,
      settle: ({ id }) => void settled.push(id),
      lookForDeadlines: () => {},
    });
    sweep.note(true);
    const once = async () => {
      clock.advance(sweepEveryMs);
      await sweep.settled();
      await idle();
    };
    return { once, warned, settled };
  }

  it(`reads ${maxSweptRequests} at a time, the others the next times, and so reads each`, async () => {
    const ids = Array.from({ length: 2.5 * maxSweptRequests }, (_, n) => `r${n}`);
    let read: string[] = [];
    const { once } = sweepOf(ids, async (id) => {
      read.push(id);
      return requestRecord({ id });
    });
    const seen = new Set<string>();
    for (let n = 0; n < 3; n += 1) {
      await once();
      expect(read).toHaveLength(maxSweptRequests);
      for (const id of read) seen.add(id);
      read = [];
    }
    expect(seen.size).toBe(ids.length);
  });

  it('goes on after one that cannot be read', async () => {
    const { once, warned, settled } = sweepOf(['broken', 'sound'], async (id) => {
      if (id === 'broken') throw new Error('damaged');
      return requestRecord({ id, status: 'approved' });
    });
    await once();
    expect(settled).toEqual(['sound']);
    expect(warned).toEqual([[expect.any(String), { requestId: 'broken', error: 'Error: damaged' }]]);
  });
});
