import { Waiters } from '../../../lib/hub/requests/waiters';
import type { RequestRecord } from '../../../lib/protocol/records';
import { requestRecord } from '../../store/records';
import { gate, idle } from '../rig';

describe('Those who wait for an outcome', () => {
  const pending = requestRecord({ id: 'r', status: 'pending' });
  const approved = requestRecord({ id: 'r', status: 'approved' });
  let waiters: Waiters;

  beforeEach(() => {
    waiters = new Waiters();
  });
  afterEach(async () => {
    // Jest fails a test during which an unhandled rejection occurs; this leaves time for it.
    await idle();
    // No waiter is left behind in memory, whatever became of the wait.
    expect(waiters.size).toBe(0);
    const maps = Object.values(waiters).filter((each) => each instanceof Map);
    expect(maps.map(({ size }) => size)).toEqual([0]);
  });

  const read = (record: RequestRecord) => async () => record;

  it('are answered at once if the outcome exists', async () => {
    expect(await waiters.wait('r', read(approved))).toBe(approved);
  });

  it('all get the same outcome when it is stored, those of other requests nothing', async () => {
    const three = [1, 2, 3].map(() => waiters.wait('r', read(pending)));
    const stop = new AbortController();
    const other = waiters.wait('other', read(requestRecord({ id: 'other', status: 'pending' })), stop.signal);
    await idle();
    expect(waiters.size).toBe(4);
    waiters.settle(approved);
    expect(await Promise.all(three)).toEqual([approved, approved, approved]);
    expect(waiters.size).toBe(1);
    stop.abort();
    await expect(other).rejects.toBe(stop.signal.reason);
  });

  it('do not miss an outcome that is stored while they look for it', async () => {
    const reading = gate<RequestRecord>();
    const waiting = waiters.wait('r', () => reading.opened);
    // Read as pending, settled before the reader receives it.
    waiters.settle(approved);
    reading.open(pending);
    expect(await waiting).toBe(approved);
  });

  it('do not take the outcome of another request for theirs', async () => {
    const waiting = waiters.wait('r', read(pending));
    await idle();
    waiters.settle(requestRecord({ id: 'other', status: 'denied' }));
    waiters.settle(approved);
    expect((await waiting).status).toBe('approved');
  });

  it('are rejected with what went wrong while looking', async () => {
    await expect(waiters.wait('r', () => Promise.reject(new Error('no such request')))).rejects.toThrow(
      'no such request',
    );
  });

  it('stop when their signal aborts, with its reason', async () => {
    const stop = new AbortController();
    const waiting = waiters.wait('r', read(pending), stop.signal);
    const staying = waiters.wait('r', read(pending));
    await idle();
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    waiters.settle(approved);
    expect(await staying).toBe(approved);
  });

  it('stop also when their signal aborts while they look, or before', async () => {
    const stop = new AbortController();
    const reading = gate<RequestRecord>();
    const waiting = waiters.wait('r', () => reading.opened, stop.signal);
    stop.abort(new Error('enough'));
    reading.open(pending);
    await expect(waiting).rejects.toThrow('enough');
    await expect(waiters.wait('r', read(approved), stop.signal)).rejects.toThrow('enough');
  });

  it('leave nothing on a signal that outlives them', async () => {
    const { signal } = new AbortController();
    const remove = jest.spyOn(signal, 'removeEventListener');
    const add = jest.spyOn(signal, 'addEventListener');
    await waiters.wait('r', read(approved), signal);
    expect(remove.mock.calls.map(([, listener]) => listener)).toEqual(
      add.mock.calls.map(([, listener]) => listener),
    );
  });

  it('are rejected when the hub closes, later waiters too', async () => {
    const waiting = [waiters.wait('r', read(pending)), waiters.wait('s', read({ ...pending, id: 's' }))];
    await idle();
    waiters.close();
    for (const each of waiting) await expect(each).rejects.toMatchObject({ code: 'closing' });
    await expect(waiters.wait('r', read(pending))).rejects.toMatchObject({ code: 'closing' });
  });

  it('are rejected when the hub closes while they look', async () => {
    const reading = gate<RequestRecord>();
    const waiting = waiters.wait('r', () => reading.opened);
    waiters.close();
    reading.open(pending);
    await expect(waiting).rejects.toMatchObject({ code: 'closing' });
  });

  it('may wait again for the same request after all others are gone', async () => {
    const first = waiters.wait('r', read(pending));
    await idle();
    waiters.settle(approved);
    await first;
    const second = waiters.wait('r', read(pending));
    await idle();
    waiters.settle(approved);
    expect(await second).toBe(approved);
  });
});
