import fc from 'fast-check';
import '../seed';
import { z } from 'zod';
import { inputSchema } from '../../lib/hub/kinds/input-schema';
import { checkResponse } from '../../lib/react/check-response';
import { unfinished } from '../../lib/react/unfinished';

/** The schema as a request carries it. */
const sent = inputSchema;

const nested = z.strictObject({
  comment: z.string().max(5).optional(),
  tool_args: z.strictObject({
    ip: z.ipv4(),
    hours: z.number().gt(0).lte(72),
    ports: z.array(z.int().min(1)).max(2).optional(),
    mode: z.enum(['drop', 'reject']).default('drop'),
  }),
});
const good = { ip: '203.0.113.7', hours: 1 };

describe('what a page can see is reported with its place:', () => {
  test.each<[string, object, [path: string, message: string][]]>([
    ['nothing wrong', { tool_args: good }, []],
    ['everything there', { comment: 'ok', tool_args: { ...good, ports: [1, 2], mode: 'reject' } }, []],
    ['a missing field', {}, [['tool_args', 'is required']]],
    ['a field that is undefined', { tool_args: undefined }, [['tool_args', 'is required']]],
    ['a field too many', { tool_args: good, extra: 1 }, [['extra', 'is not expected']]],
    ['a wrong type', { tool_args: [] }, [['tool_args', 'has to be an object']]],
    [
      'a text that is a number',
      { tool_args: { ...good, hours: '1' } },
      [['tool_args.hours', 'has to be a number']],
    ],
    [
      'a bound that is excluded',
      { tool_args: { ...good, hours: 0 } },
      [['tool_args.hours', 'has to be above 0']],
    ],
    [
      'a bound that is included',
      { tool_args: { ...good, hours: 73 } },
      [['tool_args.hours', 'has to be at most 72']],
    ],
    [
      'an item',
      { tool_args: { ...good, ports: [1.5] } },
      [['tool_args.ports[0]', 'has to be a whole number']],
    ],
    [
      'a list too long',
      { tool_args: { ...good, ports: [1, 2, 3] } },
      [['tool_args.ports', 'has to be at most 2 items long']],
    ],
    [
      'a choice',
      { tool_args: { ...good, mode: 'x' } },
      [['tool_args.mode', 'has to be one of drop, reject']],
    ],
    [
      'a text too long',
      { comment: 'too long', tool_args: good },
      [['comment', 'has to be at most 5 characters long']],
    ],
  ])('%s', (_what, response, issues) => {
    expect(checkResponse(sent(nested), response)).toEqual(
      issues.map(([path, message]) => ({ path, message })),
    );
  });

  test('of several shapes, what is wrong with the nearest', () => {
    const either = sent(
      z.union([z.strictObject({ a: z.string() }), z.strictObject({ b: z.number(), c: z.number() })]),
    );
    expect(checkResponse(either, { c: 1 })).toEqual([{ path: 'b', message: 'is required' }]);
    expect(checkResponse(either, { a: 'x' })).toEqual([]);
  });

  test('in a shape that holds itself', () => {
    const tree = z.strictObject({
      name: z.string(),
      get children() {
        return z.array(tree).optional();
      },
    });
    expect(checkResponse(sent(tree), { name: 'a', children: [{ name: 'b' }, {}] })).toEqual([
      { path: 'children[1].name', message: 'is required' },
    ]);
  });
});

const node = z.strictObject({ a: z.string().optional() });

describe('what only the server can know is left to it:', () => {
  test.each<[string, z.ZodType, unknown]>([
    ['a pattern with a flag', z.string().regex(/^abc$/i), 'ABC'],
    ['a format', z.ipv4(), 'home'],
    ['an address of a page', z.url(), 'http:x'],
    ['a step that no double has exactly', z.number().multipleOf(0.1), 0.3],
    ['names of a record', z.record(z.string().regex(/^a/), z.number()), { b: 1 }],
    ['how long a text with emoji is', z.string().max(2), '\u{1f600}\u{1f600}'],
    ['at least how long', z.string().min(2), '\u{1f600}'],
  ])('%s', (_what, schema, value) => {
    expect(checkResponse(sent(schema), value)).toEqual([]);
  });

  test('a pattern that explodes is not evaluated', () => {
    const began = performance.now();
    expect(checkResponse({ type: 'string', pattern: '^(a+)+$' }, `${'a'.repeat(40)}!`)).toEqual([]);
    expect(performance.now() - began).toBeLessThan(1_000);
  });

  test('a shape that leads to itself ends', () => {
    const around = { $ref: '#/$defs/a', $defs: { a: { anyOf: [{ $ref: '#/$defs/a' }] } } };
    expect(checkResponse(around, 1)).toEqual([]);
  });
});

test('places of a tuple are looked at one by one', () => {
  const schema = sent(z.tuple([z.string(), z.number().optional()], z.boolean()));
  expect(checkResponse(schema, ['a', 1, true])).toEqual([]);
  expect(checkResponse(schema, [1, 'a', 'b'])).toEqual([
    { path: '[0]', message: 'has to be a text' },
    { path: '[1]', message: 'has to be a number' },
    { path: '[2]', message: 'has to be a boolean' },
  ]);
});

test('a field that one side of an intersection knows is expected', () => {
  const schema = { allOf: [node, z.strictObject({ b: z.string() })].map(sent) };
  expect(checkResponse(schema, { a: 'x', b: 'y' })).toEqual([]);
  expect(checkResponse(schema, { b: 'y', c: 1 })).toEqual([{ path: 'c', message: 'is not expected' }]);
});

test('what is not complete is refused at its place, whatever the schema says of it', () => {
  const draft = { list: [{ x: unfinished('12a', 'has to be a number') }], note: undefined };
  const issues = [{ path: 'list[0].x', message: 'has to be a number' }];
  expect(checkResponse(undefined, draft)).toEqual(issues);
  expect(checkResponse({}, draft)).toEqual(issues);
  expect(checkResponse(sent(z.object({ list: z.array(z.object({ x: z.number() })) })), draft)).toEqual(
    issues,
  );
  // A draft may be stored and read again.
  expect(checkResponse({}, JSON.parse(JSON.stringify(draft)))).toEqual(issues);
});

test('without a schema nothing is wrong, and what it does not know it lets through', () => {
  expect(checkResponse(undefined, { anything: 1 })).toEqual([]);
  const odd = {
    type: 'object',
    properties: { a: { $ref: 'https://example.com/a' }, b: { pattern: '(' }, c: { not: {} } },
  };
  expect(checkResponse(odd, { a: 1, b: 'b', c: 1 })).toEqual([]);
});

/** A schema, and values of which some fit it. */
const leaf: fc.Arbitrary<z.ZodType> = fc.oneof(
  fc.constant(z.string()),
  fc.nat(4).map((length) => z.string().min(length)),
  fc.nat(4).map((length) => z.string().max(length)),
  fc.constant(z.number()),
  fc.constant(z.int()),
  fc.integer({ min: -5, max: 5 }).map((bound) => z.number().min(bound)),
  fc.integer({ min: -5, max: 5 }).map((bound) => z.number().lt(bound)),
  fc.constant(z.boolean()),
  fc.constant(z.null()),
  fc.constant(z.enum(['a', 'b'])),
  fc.constant(z.literal('a')),
  fc.constant(z.any()),
  fc.constant(z.string().regex(/^[ab]*$/)),
  fc.constant(z.string().regex(/^[AB]*$/i)),
  fc.nat(4).map((length) => z.string().trim().max(length)),
  fc.constant(z.string().toLowerCase().max(3)),
  fc.constant(z.number().multipleOf(0.5)),
  fc.constant(z.url()),
  fc.constant(z.tuple([z.string(), z.number().optional()])),
);
const { schema: schemas } = fc.letrec<{ schema: z.ZodType }>((tie) => ({
  schema: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    tie('schema').map((each) => each.optional()),
    tie('schema').map((each) => each.nullable()),
    fc.array(tie('schema'), { maxLength: 2 }).map((all) => z.union([z.string(), ...all])),
    fc.tuple(tie('schema'), tie('schema')).map(([a, b]) => z.object({ a, b })),
    fc.tuple(tie('schema'), tie('schema')).map(([a, b]) => z.strictObject({ a, b: b.optional() })),
    fc
      .tuple(tie('schema'), tie('schema'))
      .map(([a, b]) => z.intersection(z.looseObject({ a }), z.looseObject({ b }))),
    tie('schema').map((each) => z.array(each).max(2)),
    tie('schema').map((each) => z.record(z.string(), each)),
  ),
}));
const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(
      'a',
      'b',
      'abcde',
      '',
      'A',
      '  a  ',
      '\u{1f600}\u{1f600}',
      'http:a',
      null,
      true,
      0,
      3,
      -4.5,
      '7',
    ),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.record({ a: tie('value'), b: tie('value') }, { requiredKeys: [] }),
  ),
})).value;

function takes(schema: z.ZodType, value: unknown): boolean {
  try {
    return schema.safeParse(value).success;
  } catch {
    // Both sides of an intersection made something else of a text.
    return false;
  }
}

test('what the server takes is never refused here', () => {
  let taken = 0;
  fc.assert(
    fc.property(schemas, fc.array(values, { minLength: 1, maxLength: 20 }), (schema, all) => {
      for (const value of all) {
        if (!takes(schema, value)) continue;
        taken += 1;
        expect(checkResponse(sent(schema), value)).toEqual([]);
      }
    }),
    { numRuns: 1_500 },
  );
  // Else the property would say nothing.
  expect(taken).toBeGreaterThan(300);
}, 30_000);
