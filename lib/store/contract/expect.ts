/** The assertions of the store contract, so that it needs no test runner of its own; every part of the contract uses them. */
import { AssertionError } from 'node:assert';

/** How two values are compared: `strict`: the same fields; `equal`: an undefined field is as good as none; `subset`: more fields may be there. */
type Comparison = 'strict' | 'equal' | 'subset';

/** The comparisons of one value that is plain data: objects, arrays, errors and primitive values. */
export interface Expectation {
  toBe(expected: unknown): void;
  toBeUndefined(): void;
  toBeLessThanOrEqual(most: number): void;
  toHaveLength(length: number): void;
  /** A field that is undefined and one that is absent are the same. */
  toEqual(expected: unknown): void;
  toStrictEqual(expected: unknown): void;
  /** Objects may have more fields than expected, arrays not more items. A `RegExp` is matched with a text. */
  toMatchObject(expected: unknown): void;
  /** Of a promise that has to reject. */
  readonly rejects: { toMatchObject(expected: unknown): Promise<void> };
}

/** @throws AssertionError with both values, from what is called on it */
export function expect(actual: unknown): Expectation {
  const assert = (isRight: boolean, expected: unknown): void => {
    if (!isRight) throw new AssertionError({ actual, expected, operator: 'deepStrictEqual' });
  };
  return {
    toBe: (expected) => assert(Object.is(actual, expected), expected),
    toBeUndefined: () => assert(actual === undefined, undefined),
    toBeLessThanOrEqual: (most) => assert(typeof actual === 'number' && actual <= most, `at most ${most}`),
    toHaveLength: (length) => assert(Array.isArray(actual) && actual.length === length, `${length} items`),
    toEqual: (expected) => assert(fits(actual, expected, 'equal'), expected),
    toStrictEqual: (expected) => assert(fits(actual, expected, 'strict'), expected),
    toMatchObject: (expected) => assert(fits(actual, expected, 'subset'), expected),
    rejects: {
      toMatchObject: async (expected) => {
        const settled = await Promise.resolve(actual).then(
          (value) => ({ resolvedWith: value }),
          (error: unknown) => ({ rejectedWith: error }),
        );
        expect(settled).toMatchObject({ rejectedWith: expected });
      },
    },
  };
}

function fits(actual: unknown, expected: unknown, how: Comparison): boolean {
  if (Object.is(actual, expected)) return true;
  if (expected instanceof RegExp) return typeof actual === 'string' && expected.test(actual);
  if (!isData(actual) || !isData(expected) || Array.isArray(actual) !== Array.isArray(expected)) return false;
  if (Array.isArray(actual) && Array.isArray(expected) && actual.length !== expected.length) return false;
  const names = new Set([...Object.keys(expected), ...(how === 'subset' ? [] : Object.keys(actual))]);
  return [...names].every((name) => {
    const isThere = name in actual && name in expected;
    return (how === 'equal' || isThere) && fits(Reflect.get(actual, name), Reflect.get(expected, name), how);
  });
}

/** What the comparison by fields is right for; of a Map or a Date it would see nothing. Not by class: a store may be of another realm. */
function isData(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  return ['[object Object]', '[object Array]', '[object Error]'].includes(
    Object.prototype.toString.call(value),
  );
}
