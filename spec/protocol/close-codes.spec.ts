import { type CloseName, classicCloseCode, closeCodes } from '../../lib/protocol/close-codes';

const all = Object.entries(closeCodes) as [CloseName, (typeof closeCodes)[CloseName]][];

test('Every close code has one name, and a reason that fits a close frame', () => {
  expect(new Set(all.map(([, { code }]) => code)).size).toBe(all.length);
  for (const [, { reason }] of all) {
    expect(reason).not.toBe('');
    expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(123);
  }
});

test.each(all)('%s is a code that an endpoint may send', (_name, { code }) => {
  const reservedByTheRfc = [1004, 1005, 1006, 1015];
  expect(reservedByTheRfc).not.toContain(code);
  expect((code >= 1000 && code <= 1013) || (code >= 4400 && code <= 4599)).toBe(true);
});

test.each(all)('%s says by its range whether to come back', (_name, { code, comeBack }) => {
  if (code >= 4400) expect(comeBack).toBe(code >= 4500);
  else expect(comeBack).toBe([1001, 1011, 1012, 1013].includes(code));
});

test.each(all)(
  'A classic client that is closed with %s comes back if and only if it should (C5)',
  (name, { code, comeBack }) => {
    const staysAway = (closedWith: number) => closedWith === 1000 || closedWith === 1001;
    const saidByTheProtocol = [1002, 1003, 1007, 1009];
    if (saidByTheProtocol.includes(code)) expect(classicCloseCode(name)).toBe(code);
    else expect(staysAway(classicCloseCode(name))).toBe(!comeBack);
  },
);
