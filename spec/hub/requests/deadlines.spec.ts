import { Writable } from 'node:stream';
import { createLogger, transports } from 'winston';
import { damaged, describe as describeError, HubError } from '../../../lib/errors';
import { Deadlines, maxSleepMs, maxUnderWay, retryMs } from '../../../lib/hub/requests/deadlines';
import { memoryStore } from '../../../lib/store/memory/memory-store';
import type { Store } from '../../../lib/store/store';
import { ManualClock } from '../../../lib/testing/manual-clock';
import { commitTo, noon, requestRecord, requestWrite } from '../../store/records';
import { diskFull, gate, idle, type Trouble, troubled } from '../rig';

describe('Deadlines', () => {
  let clock: ManualClock;
  let store: Store;
  let trouble: Trouble;
  /** The ids of the requests that were sent a deadline, in order. */
  let told: string[];
  let errors: Record<string, unknown>[];
  let deadlines: Deadlines;
  /** What happens when a request is sent its deadline, apart from its expiry. */
  let whenTold: (id: string) => unknown;
  let fires: (id: string) => Promise<boolean>;

  beforeEach(async () => {
    clock = new ManualClock(noon);
    store = memoryStore();
    await store.open();
    trouble = {};
    told = [];
    errors = [];
    whenTold = () => {};
    const stream = new Writable({
      objectMode: true,
      write: (entry, _encoding, done) => {
        errors.push(entry);
        done();
      },
    });
    const logger = createLogger({ transports: [new transports.Stream({ stream })] });
    fires = async (id) => {
      told.push(id);
      await whenTold(id);
      const stored = await store.request(id);
      if (!stored) throw new HubError('not_found');
      const { dueAt: _over, ...rest } = stored;
      await store.commit([
        commitTo('T', { requests: [{ ...rest, record: { ...stored.record, status: 'expired' } }] }),
      ]);
      return true;
    };
    const asked = troubled(store, trouble);
    deadlines = new Deadlines({
      ...{ clock, logger },
      due: (until, limit) => asked.dueRequests(until, limit),
      next: (after) => asked.nextDue(after),
      fire: (id) => fires(id),
    });
  });
  afterEach(() => deadlines.stop());

  async function put(id: string, dueAt: number, ticketId = 'T'): Promise<void> {
    const record = requestRecord({ id, ticketId });
    await store.commit([commitTo(ticketId, { requests: [requestWrite(record, { dueAt })] })]);
  }
  /** As the hub does it: stored first, noted then. */
  async function ask(id: string, inMs: number): Promise<void> {
    await put(id, clock.now() + inMs);
    deadlines.note(clock.now() + inMs);
  }
  async function pass(ms: number): Promise<void> {
    clock.advance(ms);
    await idle();
  }

  it('that passed while no hub was running are sent at the start, earliest first', async () => {
    for (const [id, ago] of [
      ['c', 1],
      ['a', 9],
      ['b', 5],
    ] as const)
      await put(id, noon - ago);
    await put('other', noon - 7, 'U');
    await put('later', noon + 1);
    whenTold = idle;
    await deadlines.start();
    expect(told).toEqual(['a', 'other', 'b', 'c']);
    await pass(1);
    expect(told.at(-1)).toBe('later');
  });

  it('that passed are all sent however many there are, a hundred at a time, and the start waits for the first of them', async () => {
    for (let n = 0; n < 350; n += 1) await put(`r${n}`, noon - 1_000 + n, `T${n % 7}`);
    const telling = gate();
    let atOnce = 0;
    let most = 0;
    let over = 0;
    whenTold = async () => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      await (over < maxUnderWay ? undefined : telling.opened);
      over += 1;
      atOnce -= 1;
    };
    await deadlines.start();
    expect(over).toBe(maxUnderWay);
    telling.open();
    await deadlines.settled();
    expect(most).toBe(maxUnderWay);
    expect(new Set(told).size).toBe(350);
    expect(told).toHaveLength(350);
  });

  it('of one request wait for no other request, however long that takes', async () => {
    const telling = gate();
    whenTold = (id) => (id === 'a slow one' ? telling.opened : undefined);
    await deadlines.start();
    await ask('a slow one', 10);
    await ask('quick', 10);
    await ask('later', 1_000);
    await pass(10);
    expect((await store.request('quick'))?.record.status).toBe('expired');
    await pass(990);
    expect((await store.request('later'))?.record.status).toBe('expired');
    expect(told).toEqual(['a slow one', 'quick', 'later']);
    // Nothing is asked of the store again and again in the meantime.
    const asked = jest.spyOn(store, 'dueRequests');
    await pass(60_000);
    expect(asked.mock.calls.length).toBeLessThanOrEqual(2);
    telling.open();
    await idle();
    expect((await store.request('a slow one'))?.record.status).toBe('expired');
  });

  it('that are due and change nothing are logged and left alone for a while', async () => {
    await put('stuck', noon - 10);
    fires = async (id) => {
      told.push(id);
      return false;
    };
    await deadlines.start();
    await deadlines.settled();
    expect(told).toEqual(['stuck']);
    expect(errors).toMatchObject([{ requestId: 'stuck', error: 'it is due and did not change' }]);
    await pass(retryMs - 1);
    expect(told).toHaveLength(1);
    await pass(1);
    expect(told).toHaveLength(2);
  });

  it('that were left alone and are settled in the meantime are forgotten, and the store is not asked for them again', async () => {
    await put('stuck', noon - 10);
    fires = async (id) => {
      told.push(id);
      return false;
    };
    await deadlines.start();
    const stored = await store.request('stuck');
    if (!stored) throw new Error('It was put there');
    const { dueAt: _over, ...rest } = stored;
    await store.commit([
      commitTo('T', { requests: [{ ...rest, record: { ...stored.record, status: 'denied' } }] }),
    ]);
    const asked = jest.spyOn(store, 'dueRequests');
    await pass(retryMs);
    expect(told).toEqual(['stuck']);
    expect(asked.mock.calls.length).toBeLessThanOrEqual(2);
    expect(clock.pending).toBe(0);
  });

  it('need one timer, however many there are', async () => {
    await deadlines.start();
    for (let n = 0; n < 100; n += 1) await ask(`r${n}`, 1_000 + n);
    expect(clock.pending).toBe(1);
    await pass(1_050);
    expect(told).toHaveLength(51);
    expect(clock.pending).toBe(1);
    await pass(49);
    expect(told).toHaveLength(100);
    expect(clock.pending).toBe(0);
  });

  it('are sent when they are due, also when an earlier one is added later', async () => {
    await deadlines.start();
    await ask('late', 20_000);
    await ask('early', 10_000);
    await pass(9_999);
    expect(told).toEqual([]);
    await pass(1);
    expect(told).toEqual(['early']);
    await pass(10_000);
    expect(told).toEqual(['early', 'late']);
  });

  it('may be further away than a timer of Node can wait', async () => {
    await deadlines.start();
    const sixtyDays = 60 * 86_400_000;
    await ask('far', sixtyDays);
    const later = jest.spyOn(clock, 'later');
    await pass(maxSleepMs);
    expect(later.mock.calls.map(([ms]) => ms)).toEqual([maxSleepMs]);
    clock.jumpTo(noon + sixtyDays);
    await pass(maxSleepMs);
    expect(told).toEqual(['far']);
  });

  it('are sent within a minute after the clock was set forward or the machine slept', async () => {
    await deadlines.start();
    await ask('r', 3_600_000);
    clock.jumpTo(noon + 7_200_000);
    await pass(maxSleepMs);
    expect(told).toEqual(['r']);
  });

  it('are not sent early when the clock was set back', async () => {
    await deadlines.start();
    await ask('r', 1_000);
    clock.jumpTo(noon - 3_600_000);
    for (let minute = 0; minute < 60; minute += 1) await pass(maxSleepMs);
    expect(told).toEqual([]);
    await pass(maxSleepMs);
    expect(told).toEqual(['r']);
  });

  it('that fall due while others are being sent are not forgotten', async () => {
    const telling = gate();
    whenTold = (id) => (id === 'first' ? telling.opened : undefined);
    await deadlines.start();
    await ask('first', 10);
    clock.advance(10);
    await idle();
    await ask('second', 5);
    // Its time comes while the first is still being sent.
    await pass(5);
    expect(told).toEqual(['first', 'second']);
    telling.open();
    await idle();
    expect(told).toEqual(['first', 'second']);
  });

  it('that become due while the store is asked what is next are not forgotten', async () => {
    await deadlines.start();
    const asking = gate();
    trouble.nextDue = () => asking.opened;
    await ask('first', 10);
    await pass(10);
    await ask('second', 5);
    await pass(5);
    expect(told).toEqual(['first']);
    asking.open();
    await idle();
    expect(told).toEqual(['first', 'second']);
  });

  it('are sent after a failure of the store, again and again until they are', async () => {
    await deadlines.start();
    await ask('r', 10);
    trouble.dueRequests = diskFull;
    await pass(10);
    await pass(retryMs);
    expect(errors).toHaveLength(2);
    expect(told).toEqual([]);
    delete trouble.dueRequests;
    await pass(retryMs - 1);
    expect(told).toEqual([]);
    await pass(1);
    expect(told).toEqual(['r']);
    expect(clock.pending).toBe(0);
  });

  it('that could not be stored wait for the next attempt, all of them', async () => {
    whenTold = () => Promise.reject(new HubError('storage_failed'));
    await put('a', noon - 2);
    await put('b', noon - 1);
    await deadlines.start();
    expect(errors).toMatchObject([{ error: expect.stringMatching(/^storage_failed: /) }]);
    whenTold = () => {};
    told = [];
    await pass(retryMs);
    expect(told).toEqual(['a', 'b']);
  });

  it.each([
    ['broken', new HubError('internal')],
    ['damaged', damaged('requests', 'r')],
  ])('of a request that is %s do not prevent those of others', async (_what, error) => {
    whenTold = (id) => (id.startsWith('broken') ? Promise.reject(error) : undefined);
    for (let n = 0; n < 150; n += 1) await put(`broken${n}`, noon - 1_000 + n);
    await put('sound', noon - 1);
    await deadlines.start();
    expect(told.at(-1)).toBe('sound');
    expect(told).toHaveLength(151);
    expect(errors).toHaveLength(150);
    expect(errors[0]).toMatchObject({ requestId: 'broken0', error: describeError(error) });
    told = [];
    await ask('another', 10);
    await pass(10);
    expect(told).toContain('another');
    // And the broken ones are tried again, but not without pause.
    told = [];
    await pass(retryMs - 20);
    expect(told).toEqual([]);
    await pass(20);
    expect(told).toHaveLength(150);
  });

  it('are not sent any more after the stop, which waits for what is being sent', async () => {
    const telling = gate();
    whenTold = () => telling.opened;
    await deadlines.start();
    await ask('a', 10);
    await pass(10);
    await ask('b', 10);
    let stopped = false;
    const stop = deadlines.stop().then(() => {
      stopped = true;
    });
    await idle();
    expect(stopped).toBe(false);
    telling.open();
    await stop;
    expect(told).toEqual(['a']);
    deadlines.note(clock.now());
    expect(clock.pending).toBe(0);
    await pass(maxSleepMs);
    expect(told).toEqual(['a']);
  });

  it('have settled when what is being sent has been sent', async () => {
    const telling = gate();
    whenTold = () => telling.opened;
    await deadlines.start();
    await ask('a', 10);
    clock.advance(10);
    await idle();
    const settled = deadlines.settled().then(() => store.request('a'));
    telling.open();
    expect((await settled)?.record.status).toBe('expired');
  });
});
