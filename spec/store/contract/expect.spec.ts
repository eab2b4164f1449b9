/** The contract's own assertions: what they accept and what they refuse. */
import { AssertionError } from 'node:assert';
import { expect as check, type Expectation } from '../../../lib/store/contract/expect';

type Comparison = 'toBe' | 'toEqual' | 'toStrictEqual' | 'toMatchObject';

const cases: readonly [Comparison, unknown, unknown, boolean][] = [
  ['toBe', Number.NaN, Number.NaN, true],
  ['toBe', 1, '1', false],
  ['toEqual', { a: 1, b: undefined }, { a: 1 }, true],
  ['toEqual', { a: 1 }, { a: 1, b: undefined }, true],
  ['toEqual', { a: 1, b: null }, { a: 1 }, false],
  ['toEqual', { a: [{ b: 1 }] }, { a: [{ b: 2 }] }, false],
  ['toEqual', [1, 2], [1], false],
  ['toEqual', [], {}, false],
  ['toEqual', null, {}, false],
  ['toEqual', new Map([[1, 2]]), new Map([[1, 3]]), false],
  ['toEqual', new Date(1), new Date(2), false],
  ['toEqual', Object.assign(Object.create(null), { a: 1 }), { a: 1 }, true],
  ['toStrictEqual', { a: { b: 1 } }, { a: { b: 1 } }, true],
  ['toStrictEqual', { a: 1, b: undefined }, { a: 1 }, false],
  ['toMatchObject', { a: 1, b: 2 }, { a: 1 }, true],
  ['toMatchObject', { a: 1 }, { a: 1, b: undefined }, false],
  ['toMatchObject', [{ a: 1, b: 2 }], [{ a: 1 }], true],
  ['toMatchObject', [1, 2], [1], false],
  ['toMatchObject', { message: 'before it' }, { message: /before/ }, true],
  ['toMatchObject', { message: 'after it' }, { message: /before/ }, false],
  ['toMatchObject', { message: 1 }, { message: /1/ }, false],
];

test.each(cases)('%s of %j and %j', (comparison, actual, expected, isRight) => {
  const compare = () => check(actual)[comparison](expected);
  if (isRight) compare();
  else expect(compare).toThrow(AssertionError);
});

test.each<[(of: Expectation) => void, unknown, unknown]>([
  [(of) => of.toBeUndefined(), undefined, null],
  [(of) => of.toHaveLength(1), [0], []],
  [(of) => of.toBeLessThanOrEqual(1), 1, 2],
])('%s accepts %j and refuses %j', (compare, right, wrong) => {
  compare(check(right));
  expect(() => compare(check(wrong))).toThrow(AssertionError);
});

test('a promise has to reject, with what is expected', async () => {
  const refused = Object.assign(new Error('no'), { code: 'conflict' });
  await check(Promise.reject(refused)).rejects.toMatchObject({ code: 'conflict', message: 'no' });
  await expect(
    check(Promise.reject(refused)).rejects.toMatchObject({ code: 'other' }),
  ).rejects.toBeInstanceOf(AssertionError);
  await expect(check(Promise.resolve(1)).rejects.toMatchObject({})).rejects.toBeInstanceOf(AssertionError);
});
