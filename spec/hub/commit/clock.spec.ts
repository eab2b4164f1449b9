import { systemClock } from '../../../lib/hub/commit/clock';

describe("The system's clock", () => {
  it('returns the time of the machine', () => {
    const before = Date.now();
    const now = systemClock.now();
    expect(now).toBeGreaterThanOrEqual(before);
    expect(now).toBeLessThanOrEqual(Date.now());
  });

  it('calls later, once, and not what was cancelled', async () => {
    const called: string[] = [];
    const cancel = systemClock.later(1, () => called.push('cancelled'));
    cancel();
    await new Promise<void>((resolve) => {
      // Held open, since the clock itself does not keep the process alive.
      const hold = setInterval(() => {}, 1_000);
      systemClock.later(2, () => {
        called.push('called');
        clearInterval(hold);
        resolve();
      });
    });
    expect(called).toEqual(['called']);
    cancel();
  });

  it('does not keep the process alive', () => {
    const timer = jest.spyOn(globalThis, 'setTimeout');
    const cancel = systemClock.later(60_000, () => {});
    const [made] = timer.mock.results;
    expect(made?.value.hasRef()).toBe(false);
    cancel();
    timer.mockRestore();
  });
});
