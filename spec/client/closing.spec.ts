import { connectTicket } from '../../lib/client';
import { comesBack } from '../../lib/client/close-class';
import { steadyMs } from '../../lib/client/link';
import { type CloseName, closeCodes } from '../../lib/protocol/close-codes';
import { ManualClock } from '../../lib/testing/manual-clock';
import { startTestHub, type TestHub } from '../../lib/testing/test-hub';
import { Guest, leaveAll } from './guest';

let hub: TestHub;
afterEach(async () => {
  leaveAll();
  await hub.close();
});

// Object.keys() widens to string; the keys are exactly the names.
const names = Object.keys(closeCodes) as CloseName[];
const anHour = 3_600_000;

describe('a code that is final', () => {
  test.each(names.filter((name) => !closeCodes[name].comeBack))('%s', async (name) => {
    hub = await startTestHub();
    const clock = new ManualClock();
    const alice = await Guest.join(hub, { clock });
    hub.hub.clients.disconnect({ where: () => true, code: name });
    await alice.state('closed');

    expect(alice.client.ending).toEqual({ code: closeCodes[name].code, reason: closeCodes[name].reason });
    expect(clock.pending).toBe(0);
    clock.advance(anHour);
    expect(alice.sockets).toHaveLength(1);
    const refused = { code: 'closed', details: { code: closeCodes[name].code } };
    await expect(alice.client.send('too late')).rejects.toMatchObject(refused);
  });
});

describe('a code that says come back', () => {
  test.each(names.filter((name) => closeCodes[name].comeBack))('%s', async (name) => {
    hub = await startTestHub();
    const clock = new ManualClock();
    const alice = await Guest.join(hub, { clock });
    hub.hub.clients.disconnect({ where: () => true, code: name });
    await alice.state('resuming');
    expect(alice.client.ending).toBeUndefined();
    clock.advance(steadyMs);
    await alice.state('live');
    expect(alice.all('welcome').map(({ resumed }) => resumed)).toEqual([false, true]);
  });
});

test('a code that is not known goes by its range', async () => {
  hub = await startTestHub();
  expect([4400, 4402, 4499].map(comesBack)).toEqual([false, false, false]);
  expect([1005, 1006, 1014, 3000, 4000, 4399, 4500, 4599].every(comesBack)).toBe(true);
});

test('two clients of one tab do not fight: the newer one stays, the older one is over', async () => {
  hub = await startTestHub();
  const clock = new ManualClock();
  const older = await Guest.join(hub, { tab: 'one', clock });
  const newer = await Guest.join(hub, { tab: 'one' });
  await older.state('closed');
  expect(older.client.ending).toMatchObject({ code: 4409 });
  clock.advance(anHour);
  await newer.client.send('still here');
  expect(older.sockets).toHaveLength(1);
  expect(newer.states).toEqual(['live']);
});

test('two clients of one page have a tab each', async () => {
  hub = await startTestHub();
  const [one, two] = await Promise.all([Guest.join(hub), Guest.join(hub)]);
  await Promise.all([one.client.send('one'), two.client.send('two')]);
  await one.until(() => one.contents().length === 2, 'both messages');
  expect([one.states, two.states]).toEqual([['live'], ['live']]);
});

describe('close leaves nothing running', () => {
  /** Counts who listens for what. */
  class CountedEvents extends EventTarget {
    listening = 0;
    override addEventListener(...args: Parameters<EventTarget['addEventListener']>): void {
      this.listening += 1;
      super.addEventListener(...args);
    }
    override removeEventListener(...args: Parameters<EventTarget['removeEventListener']>): void {
      this.listening -= 1;
      super.removeEventListener(...args);
    }
  }

  /** Where the client is when it is closed. */
  const moments: Array<[string, (guest: Guest) => Promise<void> | void]> = [
    ['on its way in', () => {}],
    ['live', (guest) => guest.state('live')],
    [
      'waiting to come back',
      async (guest) => {
        await guest.state('live');
        hub.hub.clients.disconnect({ where: () => true, code: 'resync' });
        await guest.state('resuming');
      },
    ],
  ];

  test.each(moments)('%s', async (_moment, reach) => {
    hub = await startTestHub();
    const clock = new ManualClock();
    const events = new CountedEvents();
    const alice = Guest.start(hub, { clock, events });
    await reach(alice);
    expect(events.listening).toBeGreaterThan(0);
    alice.client.close();
    alice.client.close();
    expect(alice.states.filter((state) => state === 'closed')).toEqual(['closed']);
    expect({ timers: clock.pending, listeners: events.listening }).toEqual({ timers: 0, listeners: 0 });
    const isClosed = ({ readyState, CLOSED }: { readyState: number; CLOSED: number }) =>
      readyState === CLOSED;
    await alice.until(() => alice.sockets.every(isClosed), 'end of the sockets');
    expect(alice.client.ending).toEqual({ code: 1000, reason: 'closed' });
  });

  test('by a signal, which is let go of as well', async () => {
    hub = await startTestHub();
    const abort = new AbortController();
    const alice = await Guest.join(hub, { signal: abort.signal });
    abort.abort();
    expect(alice.client.state).toBe('closed');
    const late = Guest.start(hub, { signal: abort.signal });
    expect(late.client.state).toBe('closed');
  });

  test('what has no answer is rejected', async () => {
    hub = await startTestHub();
    const alice = Guest.start(hub);
    const sent = alice.client.send('never');
    alice.client.close();
    await expect(sent).rejects.toMatchObject({ code: 'closed', details: { code: 1000 } });
    expect(alice.client.waiting).toBe(0);
  });
});

test('an address that is none is refused at once', async () => {
  hub = await startTestHub();
  expect(() => Guest.start(hub, { url: '/soc' })).toThrow('Invalid URL');
});

test('a place without WebSocket has to be given one', async () => {
  hub = await startTestHub();
  // Node 20 has none, later ones have; the global object is this file's own.
  Reflect.deleteProperty(globalThis, 'WebSocket');
  expect(() => connectTicket({ url: hub.url, ticketId: 'T-1' })).toThrow('There is no WebSocket here');
});

test('a listener that throws does not prevent the others from being called', async () => {
  hub = await startTestHub();
  const alice = Guest.start(hub);
  const uncaught = jest.spyOn(globalThis, 'queueMicrotask').mockImplementation(() => {});
  try {
    const told: string[] = [];
    alice.client.on('snapshot', () => {
      throw new Error('a bug of the page');
    });
    alice.client.on('snapshot', () => told.push('second'));
    const stop = alice.client.on('snapshot', () => told.push('never'));
    stop();
    await alice.state('live');
    expect(told).toEqual(['second']);
    const [report] = uncaught.mock.calls[0] ?? [];
    expect(report).toThrow('a bug of the page');
  } finally {
    uncaught.mockRestore();
  }
});
