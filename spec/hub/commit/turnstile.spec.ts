import { Turnstile } from '../../../lib/hub/commit/turnstile';
import { ManualClock } from '../../../lib/testing/manual-clock';

/** Work that ends when the test says so. */
function work() {
  let finish = () => {};
  let hasBegun = false;
  const run = () => {
    hasBegun = true;
    return new Promise<void>((resolve) => {
      finish = resolve;
    });
  };
  return { run, finish: () => finish(), hasBegun: () => hasBegun };
}

/** Everything that is ready has happened. */
const ready = () => new Promise((resolve) => setImmediate(resolve));

describe('a turnstile', () => {
  const clock = new ManualClock();
  const options = { maxRunning: 1, maxWaiting: 1, refusal: 'One at a time, please' };

  test('lets the work of one person wait for their own work, and for no other', async () => {
    const turnstile = new Turnstile(options);
    const [first, second, other] = [work(), work(), work()];
    const done = [turnstile.run('ana', first.run), turnstile.run('ana', second.run)];
    done.push(turnstile.run('ben', other.run));
    await ready();
    expect([first.hasBegun(), second.hasBegun(), other.hasBegun()]).toEqual([true, false, true]);
    first.finish();
    await ready();
    expect(second.hasBegun()).toBe(true);
    for (const each of [second, other]) each.finish();
    await Promise.all(done);
  });

  test('refuses what is too much for the line with the sentence it was given', async () => {
    const turnstile = new Turnstile(options);
    const first = work();
    const running = turnstile.run('ana', first.run);
    const waiting = turnstile.run('ana', async () => 'second');
    await expect(turnstile.run('ana', async () => 'third')).rejects.toMatchObject({
      code: 'busy',
      message: options.refusal,
    });
    first.finish();
    await running;
    expect(await waiting).toBe('second');
  });

  test('with a rest, gives the result at once and the place after a multiple of the time that was taken', async () => {
    const turnstile = new Turnstile({ ...options, rest: { times: 4, clock } });
    await turnstile.run('ana', async () => clock.advance(5));
    const next = work();
    const waiting = turnstile.run('ana', next.run);
    clock.advance(19);
    await ready();
    expect(next.hasBegun()).toBe(false);
    clock.advance(1);
    await ready();
    expect(next.hasBegun()).toBe(true);
    next.finish();
    await waiting;
  });

  test('rests 50 ms at most, since what took longer has waited for something else', async () => {
    const turnstile = new Turnstile({ ...options, rest: { times: 4, clock } });
    await turnstile.run('ana', async () => clock.advance(1_000));
    const next = work();
    const waiting = turnstile.run('ana', next.run);
    clock.advance(50);
    await ready();
    expect(next.hasBegun()).toBe(true);
    next.finish();
    await waiting;
  });

  test('goes on after work that has failed', async () => {
    const turnstile = new Turnstile(options);
    await expect(turnstile.run('ana', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await turnstile.run('ana', async () => 'yes')).toBe('yes');
  });
});
