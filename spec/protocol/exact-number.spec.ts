import * as fc from 'fast-check';
import { isExact } from '../../lib/protocol/exact-number';

test.each([
  '0',
  '-0',
  '0.0',
  '1.0',
  '1e3',
  '1E+3',
  '0.1',
  '-12.50',
  '9007199254740991',
  '9007199254740992',
  '1e21',
  '5e-324',
  '100000000000000000000000',
])('the number %s retains its value', (source) => expect(isExact(source)).toBe(true));

test.each([
  '9007199254740993',
  '1e400',
  '-1e400',
  '1e-400',
  '0.1234567890123456789012345',
  '1234567890123456789012345',
  '1e99999999999999999999',
])('the number %s does not retain its value', (source) => expect(isExact(source)).toBe(false));

test.each(['', ' 1', '01', '1.', '.5', '+1', 'NaN', 'Infinity', '0x10', '1_000'])(
  '%j is no JSON number',
  (source) => expect(isExact(source)).toBe(false),
);

test('whatever a double is written as retains its value', () =>
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) =>
      isExact(JSON.stringify(value)),
    ),
  ));

test('an integer retains its value exactly if a BigInt of it survives', () =>
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }), (value) => {
      const shortest = BigInt(Number(value)) === value;
      // A double that equals the integer is exact although its shortest text has fewer digits; then its text differs and it is refused.
      if (isExact(String(value))) expect(shortest).toBe(true);
    }),
  ));
