import * as fc from 'fast-check';
import '../seed';
import { HubError } from '../../lib/errors';
import { maxFrameBytes } from '../../lib/protocol/client-frames';
import { assertPlain, parseExact } from '../../lib/protocol/exact-json';
import { isExact } from '../../lib/protocol/exact-number';

/** What a refusal says; nothing if there is none. */
function refusal(check: () => unknown): string | undefined {
  try {
    check();
    return undefined;
  } catch (thrown) {
    if (thrown instanceof HubError && thrown.code === 'invalid_frame') return thrown.message;
    throw thrown;
  }
}

test.each([
  '1.0',
  '{"a": 1e3, "b": [1.50, -0, 0.1, 9007199254740991]}',
  '{"a":{"a":{"a":1}},"b":{"a":1}}',
  '[{"a":1},{"a":1}]',
  '{"a":["a","a"],"b":"a"}',
  '{"":1,"a":{"":2}}',
  '{"toString":1,"constructor":{"hasOwnProperty":2}}',
  '{"é":"\\ud83d\\ude00","😀":"9007199254740993 and 1e400, \\"a\\":1,\\"a\\":1"}',
  '{"b":1,"2":1,"1":1}',
  ' null ',
])('%s is read as JSON.parse reads it', (text) => expect(parseExact(text)).toEqual(JSON.parse(text)));

test.each([
  ['9007199254740993', 'The content: 9007199254740993 cannot'],
  ['{"payload":{"tool_args":{"account":9007199254740993}}}', 'payload.tool_args.account: 9007199254740993 '],
  ['{"a":[{"b":1},[0,1e400]]}', 'a.1.1: 1e400 '],
  ['{"a":[{},[[]],{"x":{}},-1e400]}', 'a.3: -1e400 '],
  ['{"a":{"b":[]},"c":0.1234567890123456789012345}', 'c: 0.1234567890123456789012345 '],
  ['{"a": 1e-400}', 'a: 1e-400 '],
  ['{"a":9007199254740992}', 'a: 9007199254740992 '],
  ['{"a":1e21}', 'a: 1e'],
  ['[-9007199254740992]', '0: -9007199254740992 '],
])('%s is refused with the place and the advice to write text', (text, beginning) => {
  const message = refusal(() => parseExact(text)) ?? '';
  expect(message).toContain(beginning);
  expect(message).toMatch(/cannot be carried exactly by a number; write it as text, "[^"]+"$/);
});

test('The whole sentence has the number as it was written twice', () => {
  expect(refusal(() => parseExact('{"payload":{"tool_args":{"account": 9007199254740993 }}}'))).toBe(
    'payload.tool_args.account: 9007199254740993 cannot be carried exactly by a number; write it as text, "9007199254740993"',
  );
});

test.each([
  ['{"a":1,"a":2}', 'a'],
  ['{"a":1,"a":1}', 'a'],
  ['{"a":null,"b":[],"a":null}', 'a'],
  ['{"a":1,"\\u0061":1}', 'a'],
  ['{"x":[{"a":{"c":1},"b":"a","a":{"c":1}}]}', 'x.0.a'],
  ['{"a":{"b":1},"c":[1,{"d":1}],"a":1}', 'a'],
  ['{"constructor":1,"constructor":1}', 'constructor'],
  ['{"__proto__":1,"__proto__":1}', '__proto__'],
])('%s is refused since a key is doubled, even with the same value', (text, place) =>
  expect(refusal(() => parseExact(text))).toBe(`${place}: This key is written twice; write it once`),
);

test.each([
  '',
  ' ',
  '{',
  '{"a":1,}',
  "{'a':1}",
  '[1,]',
  '01',
  '.5',
  'NaN',
  'Infinity',
  '{"a":NaN}',
  '\uFEFF{}',
  '{}{}',
])('%j is refused as no JSON', (text) => expect(refusal(() => parseExact(text))).toBe('This is not JSON'));

test.each(['{"__proto__":1}', '{"a":[{"__proto__":{"b":1}}]}', '{"__pr\\u006fto__": 1}'])(
  '%s is refused as dangerous',
  (text) => expect(refusal(() => parseExact(text))).toContain('A key may not be __proto__'),
);

test.each([
  ['nothing but opening brackets', '['.repeat(maxFrameBytes), 'This is not JSON'],
  ['arrays', '['.repeat(maxFrameBytes / 2) + ']'.repeat(maxFrameBytes / 2), 'More than 32 levels deep'],
  ['objects', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`, 'More than 32 levels deep'],
  ['arrays around an inexact number', `${'['.repeat(30_000)}1e400${']'.repeat(30_000)}`, '1e400 cannot'],
])('%s as deep as a frame has room for are refused and overflow nothing', (_what, text, expected) =>
  expect(refusal(() => parseExact(text))).toContain(expected),
);

test('A refusal has no more of a long number or a long place than is needed', () => {
  const digits = '7'.repeat(50_000);
  expect(refusal(() => parseExact(`{"${'k'.repeat(5_000)}":${digits}}`))?.length).toBeLessThan(600);
  expect(
    refusal(() => parseExact(`{"${'k'.repeat(5_000)}":1,"${'k'.repeat(5_000)}":1}`))?.length,
  ).toBeLessThan(600);
});

test.each([[NaN], [Infinity], [-Infinity], [2 ** 53], [-(2 ** 53)], [1e21], [1e300]])(
  'Of a value whose text is gone the number %p is refused with its place',
  (value) => {
    expect(refusal(() => assertPlain({ a: [{ b: value }] }))).toMatch(/^a\.0\.b: .* write it as text, ".+"$/);
  },
);

test.each([[0], [-0], [0.1], [1.5e-300], [2 ** 53 - 1], [-(2 ** 53 - 1)]])(
  'Of a value whose text is gone the number %p is accepted',
  (value) => expect(refusal(() => assertPlain({ a: [{ b: value }] }))).toBeUndefined(),
);

/** A number as JSON may write it, mostly awkward. */
const source = fc.oneof(
  fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map(String),
  fc.bigInt({ min: 2n ** 53n - 3n, max: 2n ** 53n + 3n }).map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
  fc
    .tuple(fc.integer(), fc.stringMatching(/^\d{0,30}$/), fc.integer({ min: -420, max: 420 }))
    .map(([whole, digits, exponent]) => `${whole}${digits && `.${digits}`}e${exponent}`),
  fc.constantFrom('1.0', '1e3', '1E+3', '-0', '0.10', '1e400', '-1e400'),
);
/** A tree of JSON text, each number in it with what was written. */
const tree = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    source,
    fc.string().map((text) => JSON.stringify(text)),
    fc.array(tie('value'), { maxLength: 4 }).map((items) => `[ ${items.join(' , ')}]`),
    fc
      .array(fc.tuple(fc.constantFrom('a', 'b', 'c', '\\u0061', '😀'), tie('value')), { maxLength: 4 })
      .map((fields) => `{${fields.map(([key, value]) => `"${key}" :${value}`).join(',')}}`),
  ),
})).value;

/** The numbers of a JSON text as they are written, in order; an own reading, beside the one under test. */
const numbersOf = (text: string): string[] =>
  text.replace(/"(?:[^"\\]|\\.)*"/g, '""').match(/-?\d[-+.\deE]*/g) ?? [];
const keysOf = (value: unknown): number =>
  typeof value !== 'object' || value === null
    ? 0
    : Object.values(value).reduce(
        (sum: number, inner) => sum + keysOf(inner),
        Array.isArray(value) ? 0 : Object.keys(value).length,
      );
const writtenKeys = (text: string): number => text.replace(/"(?:[^"\\]|\\.)*"/g, '""').split(':').length - 1;

test('Any text is read with all its numbers and keys as they are written, or refused with a place', () =>
  fc.assert(
    fc.property(tree, (text) => {
      const parsed: unknown = JSON.parse(text);
      const isSafe = (number: string) =>
        isExact(number) && (!Number.isInteger(Number(number)) || Number.isSafeInteger(Number(number)));
      const isGood = numbersOf(text).every(isSafe);
      // A doubled key whose first value had keys hides those too; more are written than were read either way.
      const isSingle = keysOf(parsed) === writtenKeys(text);
      const message = refusal(() => expect(parseExact(text)).toEqual(parsed));
      expect(message === undefined).toBe(isGood && isSingle);
      if (message !== undefined) expect(message).toMatch(/^(The content|[a-c😀.\d]+): /u);
    }),
    { numRuns: 2_000 },
  ));
