/** Which control each schema gets, and which place a comment has. */
import { z } from 'zod';
import { inputSchema } from '../../lib/hub/kinds/input-schema';
import { commentPlace } from '../../lib/parts/response-form';
import { fieldOf, fieldsOf, responseField } from '../../lib/parts/schema-fields';
import { emptyText, filledIn, initialOf } from '../../lib/parts/schema-values';
import { checkResponse } from '../../lib/react';

const of = (schema: z.ZodType) => {
  const root = inputSchema(schema);
  return fieldOf(root, { name: 'a', path: 'a', isRequired: true, root });
};
const node = z.strictObject({
  name: z.string(),
  get next() {
    return node.optional();
  },
});

describe('the control is chosen from the schema:', () => {
  test.each<[string, z.ZodType, object]>([
    ['a text', z.string(), { kind: 'text', format: undefined, mayBeEmpty: true }],
    ['a text that may not be empty', z.string().min(1), { kind: 'text', mayBeEmpty: false }],
    ['a text with a pattern', z.string().regex(/a/), { kind: 'text', format: undefined }],
    ['a time of day', z.iso.time(), { kind: 'text', format: 'time' }],
    ['a number', z.int32(), { kind: 'number' }],
    ['yes or no', z.boolean(), { kind: 'choice', options: [true, false] }],
    ['yes, no or none', z.boolean().nullable(), { kind: 'choice', options: [true, false, null] }],
    [
      'literals in a union',
      z.union([z.literal(1), z.literal('a'), z.null()]),
      { kind: 'choice', options: [1, 'a', null] },
    ],
    [
      'some of a few',
      z.array(z.enum(['a', 'b'])),
      { kind: 'choices', options: ['a', 'b'], mayBeEmpty: true },
    ],
    ['a list', z.array(z.string()).max(2).nonempty(), { kind: 'list', most: 2, mayBeEmpty: false }],
    ['a tuple', z.tuple([z.string()], z.int()), { kind: 'tuple', least: 1, rest: { type: 'integer' } }],
    ['a record', z.record(z.string(), z.int()), { kind: 'record' }],
    [
      'a record of known names',
      z.record(z.enum(['x', 'y']), z.int()),
      { kind: 'group', required: ['x', 'y'] },
    ],
    [
      'a text or none',
      z.email().nullable(),
      { kind: 'union', branches: [{ title: 'Text' }, { title: 'None' }] },
    ],
    [
      'two sides put together',
      z.looseObject({ a: z.int() }).and(z.looseObject({ b: z.int() })),
      { kind: 'group' },
    ],
    ['a shape that holds itself', node, { kind: 'group' }],
    ['anything', z.unknown(), { kind: 'json' }],
    ['JSON', z.json(), { kind: 'union' }],
  ])('%s', (_what, schema, control) => {
    expect(of(schema).control).toMatchObject(control);
  });

  test('one that leads to itself ends', () => {
    const root = { $ref: '#/$defs/a', $defs: { a: { anyOf: [{ $ref: '#/$defs/a' }] } } };
    expect(responseField(root).control.kind).toBe('json');
  });

  test('branches are called by what distinguishes them', () => {
    const action = z.discriminatedUnion('do', [
      z.strictObject({ do: z.literal('go') }),
      z.strictObject({ do: z.literal('stay'), long: z.boolean() }),
    ]);
    expect(of(action).control).toMatchObject({ branches: [{ title: 'go' }, { title: 'stay' }] });
  });
});

describe('what a form begins with is sent as it is:', () => {
  const schema = z.strictObject({
    mode: z.string().default('drop'),
    many: z.int().prefault(3),
    deep: z.strictObject({ on: z.boolean().default(false), text: z.string().optional() }),
    maybe: z.strictObject({ on: z.boolean().default(true) }).optional(),
    sure: z.literal(true),
  });

  test('defaults within defaults, and nothing that was not chosen', () => {
    expect(initialOf(of(schema))).toEqual({ mode: 'drop', many: 3, deep: { on: false } });
    expect(filledIn(of(schema), { mode: 'x', maybe: {} })).toEqual({
      mode: 'x',
      many: 3,
      deep: { on: false },
      maybe: { on: true },
    });
  });

  test('a default that is emptied is not filled in again', () => {
    const [mode, many] = fieldsOf(of(schema));
    expect(mode && emptyText(mode)).toBe('');
    const emptied = { many: many && emptyText(many) };
    expect(checkResponse(inputSchema(z.object({ many: z.int().default(3) })), emptied)).toMatchObject([
      { path: 'many', message: expect.stringContaining('is empty') },
    ]);
  });
});

describe('a comment has its place:', () => {
  test.each<[string, z.ZodType, object]>([
    [
      'as long as the schema says',
      z.strictObject({ comment: z.string().max(7).optional() }),
      { kind: 'box', most: 7 },
    ],
    ['as long as any, where the schema says nothing', z.looseObject({}), { kind: 'box', most: 4_000 }],
    ['none with an approval', z.strictObject({}), { kind: 'denial' }],
    ['none where it would be dropped', z.object({}), { kind: 'denial' }],
    ['in the form, where it is required', z.strictObject({ comment: z.string() }), { kind: 'text' }],
    ['in the form, where it is no text', z.strictObject({ comment: z.int().optional() }), { kind: 'field' }],
    [
      'of the shortest branch',
      z.union([
        z.strictObject({ a: z.int(), comment: z.string().max(9).optional() }),
        z.strictObject({ comment: z.string().max(8).optional() }),
      ]),
      { kind: 'box', most: 8 },
    ],
  ])('%s', (_what, schema, place) => {
    expect(commentPlace(inputSchema(schema))).toEqual(place);
  });
});
