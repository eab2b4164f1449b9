/** zod schemas by chance, of all that forms have controls for, each with a value that fits; the properties of forms are about these. */
import fc from 'fast-check';
import { z } from 'zod';
import { inputSchema } from '../../lib/hub/kinds/input-schema';

export interface Sampled {
  schema: z.ZodType;
  /** Fits the schema. */
  sample: unknown;
}

const fixed = (schema: z.ZodType, sample: unknown) => fc.constant<Sampled>({ schema, sample });

const leaves: fc.Arbitrary<Sampled> = fc.oneof(
  fixed(z.string(), 'two\nlines'),
  fixed(z.string().min(1).max(4), 'ab'),
  fixed(z.string().regex(/^[a-z]+$/i), 'AbC'),
  fixed(z.email(), 'a@example.com'),
  fixed(z.url(), 'https://example.com/'),
  fixed(z.iso.date(), '2027-01-31'),
  fixed(z.iso.time(), '16:30'),
  fixed(z.iso.datetime({ offset: true }), '2027-01-31T16:30:00+02:00'),
  fixed(z.iso.duration(), 'P1DT12H'),
  fixed(z.uuid(), '6ba7b810-9dad-41d1-80b4-00c04fd430c8'),
  fixed(z.number(), 0.25),
  fixed(z.int().min(1).max(5), 3),
  fixed(z.number().gt(0).multipleOf(0.5), 1.5),
  fixed(z.boolean(), false),
  fixed(z.enum(['red', 'green', 'blue']), 'green'),
  fixed(z.literal([1, 'one', null, true]), 1),
  fixed(z.literal('sure'), 'sure'),
  fixed(z.enum(['c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7', 'c8', 'c9', 'c10']), 'c7'),
  fixed(z.array(z.enum(['x', 'y', 'z'])), ['x', 'z']),
  fixed(z.array(z.enum(['x', 'y', 'z'])).min(1), ['y']),
  fixed(z.unknown(), { any: [1, 'thing'] }),
);

export const { schema: sampled } = fc.letrec<{ schema: Sampled }>((tie) => {
  const inner = tie('schema') as fc.Arbitrary<Sampled>;
  return {
    schema: fc.oneof(
      { depthSize: 'small', maxDepth: 3, withCrossShrink: true },
      { arbitrary: leaves, weight: 5 },
      inner.map(({ schema, sample }) => ({ schema: schema.nullable(), sample })),
      inner.map(({ schema, sample }) => ({ schema: z.array(schema).max(3), sample: [sample] })),
      inner.map(({ schema, sample }) => ({ schema: z.record(z.string(), schema), sample: { one: sample } })),
      fc.tuple(inner, inner).map(([a, b]) => ({
        schema: z.tuple([a.schema, b.schema.optional()]),
        sample: [a.sample],
      })),
      fc.tuple(inner, inner).map(([a, b]) => ({
        schema: z.strictObject({ a: a.schema, b: b.schema.optional() }),
        sample: { a: a.sample },
      })),
      inner.map(({ schema, sample }) => ({
        schema: z.looseObject({ a: schema.optional() }),
        sample: { a: sample },
      })),
      fc.tuple(inner, inner).map(([a, b]) => ({
        schema: z.union([z.strictObject({ p: a.schema }), z.strictObject({ q: b.schema }), z.int()]),
        sample: { q: b.sample },
      })),
      fc.tuple(inner, inner).map(([a, b]) => ({
        schema: z.discriminatedUnion('do', [
          z.strictObject({ do: z.literal('go'), a: a.schema }),
          z.strictObject({ do: z.literal('stay'), b: b.schema.optional() }),
        ]),
        sample: { do: 'go', a: a.sample },
      })),
    ),
  };
});

/** How a field stands in its object. */
const standing = fc.constantFrom<(all: Sampled) => z.ZodType>(
  ({ schema }) => schema,
  ({ schema }) => schema,
  ({ schema }) => schema.optional(),
  ({ schema, sample }) => schema.default(sample as never),
  ({ schema, sample }) => schema.prefault(sample as never),
  ({ schema, sample }) => schema.optional().default(sample as never),
);

export interface SampledObject {
  schema: z.ZodType<Record<string, unknown>>;
  sample: Record<string, unknown>;
}

/** The schema of a whole response, or of the arguments of a tool. */
export const objects: fc.Arbitrary<SampledObject> = fc
  .array(fc.tuple(sampled, standing), { minLength: 1, maxLength: 4 })
  .map((fields) => {
    const schema = z.strictObject({
      ...Object.fromEntries(fields.map(([each, stand], at) => [`field${at}`, stand(each)])),
      comment: z.string().max(20).optional(),
    });
    const sample = Object.fromEntries(fields.map(([each], at) => [`field${at}`, each.sample]));
    // So that a counterexample can be read.
    return { schema, sample, [fc.toStringMethod]: () => JSON.stringify(inputSchema(schema)) };
  });
