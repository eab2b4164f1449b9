import fc from 'fast-check';
import '../seed';
import { canonicalJson } from '../../lib/protocol/canonical-json';

/** The same value, with the keys of every object the other way round. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, child]) => [key, turned(child)]),
  );
}

describe('Canonical JSON', () => {
  const value = fc.jsonValue({ noUnicodeString: false });

  it('says the same of the same value, whatever the order of its keys', () => {
    fc.assert(fc.property(value, (one) => canonicalJson(turned(one)) === canonicalJson(one)));
  });

  it('is JSON of the value, so that no two values have the same', () => {
    fc.assert(
      fc.property(value, (one) => {
        expect(JSON.parse(canonicalJson(one))).toEqual(JSON.parse(JSON.stringify(one)));
      }),
    );
  });

  it.each([
    [{ b: 1, a: [{ d: null, c: 'x' }] }, '{"a":[{"c":"x","d":null}],"b":1}'],
    [{ a: undefined, b: 1 }, '{"b":1}'],
    [[1, 2], '[1,2]'],
    ['1', '"1"'],
  ])('of %j is %s', (one, text) => {
    expect(canonicalJson(one)).toBe(text);
  });
});
