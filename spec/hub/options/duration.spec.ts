import { type Duration, toMillis } from '../../../lib/hub/options/duration';

describe('A duration', () => {
  it.each<[Duration, number]>([
    [1, 1],
    [1_500.5, 1_500.5],
    ['250ms', 250],
    ['30s', 30_000],
    ['15m', 900_000],
    ['24h', 86_400_000],
    ['60d', 5_184_000_000],
    ['1.5h', 5_400_000],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  ])('%p is %p milliseconds', (duration, ms) => {
    expect(toMillis(duration)).toBe(ms);
  });

  it.each([
    0,
    -1,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    '0s',
    '-5m',
    '5',
    '',
    'm',
    '5 m',
    '5M',
    '5min',
    '1e3s',
    '.5s',
    '5.s',
    '5m5s',
    'soon',
    null,
    undefined,
    {},
    [],
    `${'9'.repeat(400)}s`,
  ])('%p is none', (duration) => {
    // Types forbid most of these; configuration does not.
    expect(() => toMillis(duration as Duration)).toThrow(
      expect.objectContaining({ code: 'invalid_request', message: expect.stringContaining('15m') }),
    );
  });
});
