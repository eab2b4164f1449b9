import * as fc from 'fast-check';
import '../../seed';
import { HubError } from '../../../lib/errors';
import { jsonText } from '../../../lib/hub/kinds/json-text';

const circle: { self?: unknown } = {};
circle.self = circle;

class Call {
  readonly name = 'x';
  get shown(): string {
    return this.name;
  }
}

const shared = { n: 1 };

test.each<[string, unknown, string]>([
  ['a field that is undefined', { a: undefined, b: 1 }, '{"b":1}'],
  ['zero without its sign', { a: -0 }, '{"a":0}'],
  ['a Date as its ISO text', { at: [new Date(0)] }, '{"at":["1970-01-01T00:00:00.000Z"]}'],
  ['an object of an own class', { call: new Call() }, '{"call":{"name":"x"}}'],
  ['an object without a prototype', Object.assign(Object.create(null), { a: 1 }), '{"a":1}'],
  ['what a toJSON gives', { toJSON: () => ({ a: [1] }) }, '{"a":[1]}'],
  ['the same object at several places', [shared, { x: shared }, shared], '[{"n":1},{"x":{"n":1}},{"n":1}]'],
  ['null', { a: null, '': null }, '{"a":null,"":null}'],
  ['the largest safe integers', [2 ** 53 - 1, -(2 ** 53 - 1)], '[9007199254740991,-9007199254740991]'],
])('%s is written', (_what, value, text) => expect(jsonText(value, 'invalid_request')).toBe(text));

test.each<[string, unknown, RegExp]>([
  ['NaN', { a: [{ b: NaN }] }, /^a\.0\.b: NaN cannot be carried exactly/],
  ['an infinite number', { a: { b: {} }, c: -Infinity }, /^c: -Infinity cannot/],
  [
    'an unsafe integer',
    { a: 9007199254740992 },
    /^a: 9007199254740992 cannot .* as text, "9007199254740992"$/,
  ],
  ['a number that a toJSON gives', { a: { toJSON: () => NaN } }, /^a: NaN cannot/],
  ['a BigInt', { a: 10n }, /^a: A BigInt is not JSON; write it as text$/],
  ['undefined in a list', { a: [1, undefined] }, /^a\.1: A list cannot hold undefined/],
  ['a hole in a list', { a: [[1], new Array(2)] }, /^a\.1\.0: A list cannot hold undefined/],
  ['a function', { a: { b: [1], run() {} } }, /^a\.run: A function is not JSON/],
  ['a function in a list', [() => 1], /^0: A function is not JSON/],
  ['a symbol', { a: Symbol('s') }, /^a: A symbol is not JSON/],
  ['a Map', { a: [0, { b: 1 }, new Map([['x', 1]])] }, /^a\.2: A value of the kind Map/],
  ['a Set', { a: new Set([1]) }, /^a: A value of the kind Set/],
  ['an Error', { a: new Error('x') }, /^a: A value of the kind Error/],
  ['a RegExp', { a: /x/ }, /^a: A value of the kind RegExp/],
  ['a Promise', { a: Promise.resolve(1) }, /^a: A value of the kind Promise/],
  ['bytes', { a: new Uint8Array(2) }, /^a: A value of the kind Uint8Array/],
  ['a number as an object', { a: Object(1) }, /^a: A value of the kind Number/],
  ['an invalid Date', { at: new Date(NaN) }, /^at: Its toJSON gives nothing/],
  ['a toJSON that gives undefined', { a: { toJSON: () => undefined } }, /^a: Its toJSON gives nothing/],
])('%s is refused with its place', (_what, value, message) => {
  for (const code of ['invalid_request', 'invalid_response'] as const) {
    expect(() => jsonText(value, code)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  }
});

test('A circle is left to JSON.stringify to refuse', () =>
  expect(() => jsonText(circle, 'invalid_request')).toThrow(TypeError));

test('What is written reads as the value, which is refused otherwise', () =>
  fc.assert(
    fc.property(
      fc.anything({
        withBigInt: true,
        withDate: true,
        withMap: true,
        withSet: true,
        withSparseArray: true,
        withTypedArray: true,
      }),
      (value) => {
        let text: string | undefined;
        try {
          text = jsonText(value, 'invalid_request');
        } catch (error) {
          expect(error).toBeInstanceOf(HubError);
          expect((error as HubError).message).toMatch(/: .*(write|leave|written)/);
          return;
        }
        if (text === undefined) return;
        expect(text).toBe(JSON.stringify(value));
        expect(withoutDates(JSON.parse(text))).toEqual(withoutDates(value));
      },
    ),
    { numRuns: 2_000 },
  ));

/** Dates as texts, zeros without a sign, and no field that is `undefined`. */
function withoutDates(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(withoutDates);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, inner]) => inner !== undefined)
        .map(([key, inner]) => [key, withoutDates(inner)]),
    );
  return value === 0 ? 0 : value;
}
