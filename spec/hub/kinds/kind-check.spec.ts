import { z } from 'zod';
import * as z3 from 'zod/v3';
import { whyUnanswerable } from '../../../lib/hub/kinds/kind-check';

class Point {}

test.each<[string, unknown, string]>([
  ['a date', z.object({ a: z.date() }), 'a: JSON cannot carry a Date'],
  ['a date that may be left out', z.object({ a: z.date().optional() }), 'Date'],
  ['a set in a list', z.object({ l: z.array(z.set(z.string())) }), 'l.*: JSON cannot carry a Set'],
  ['a map', z.map(z.string(), z.string()), 'Map'],
  ['a bigint', z.coerce.bigint(), 'bigint'],
  ['undefined', z.object({ a: z.undefined() }), 'undefined'],
  ['a symbol', z.symbol(), 'symbol'],
  ['NaN', z.nan(), 'NaN'],
  ['nothing at all', z.object({ a: z.never() }), 'accepts none'],
  ['an instance of a class', z.object({ a: z.instanceof(Point) }), 'Point'],
  ['a literal that is a bigint', z.literal(1n), 'literals'],
  ['no option that JSON carries', z.union([z.date(), z.bigint()]), 'Date'],
  ['an asynchronous refinement', z.object({ a: z.string().refine(async () => true) }), 'asynchronous'],
  ['a refinement that gives a promise', z.string().refine(() => Promise.resolve(true)), 'asynchronous'],
  [
    'a promise behind fields with bounds',
    z.object({ n: z.int().min(5).max(9), s: z.string().min(30) }).refine(() => Promise.resolve(true)),
    'asynchronous',
  ],
  ['an asynchronous transform', z.string().transform(async (each) => each), 'asynchronous'],
  ['a transform that throws', z.object({ a: z.string().transform((each) => JSON.parse(each)) }), 'throws'],
  [
    'a refinement that throws',
    z.object({ a: z.number() }).refine(() => {
      throw new Error('boom');
    }),
    'boom',
  ],
  ['a value put in the place of a wrong one', z.object({ a: z.number().catch(1) }), '.catch'],
  ['a pattern that explodes', z.record(z.string().regex(/^(a|a)+$/), z.number()), 'exponential'],
  ['a schema of zod 3', z3.z.object({}), 'zod 3'],
  ['no schema', { type: 'object' }, 'zod 4'],
])('A schema with %s is refused with the reason', (_what, schema, says) => {
  expect(whyUnanswerable(schema)).toContain(says);
});

const tree: z.ZodType = z.object({ name: z.string(), children: z.lazy(() => z.array(tree)) });
test.each<[string, unknown]>([
  ['a date made from a text', z.object({ a: z.coerce.date() })],
  [
    'a date read by a codec',
    z.codec(z.iso.datetime(), z.date(), {
      decode: (text) => new Date(text),
      encode: (date) => date.toISOString(),
    }),
  ],
  ['a check of the app', z.custom<string>((value) => typeof value === 'string')],
  ['a field that is forbidden', z.object({ a: z.never().optional() })],
  ['a text among its options', z.union([z.date(), z.string()])],
  ['itself in it', tree],
  ['a transform', z.string().transform((text) => text.trim())],
  ['a default', z.object({ a: z.number().default(1) })],
  ['anything', z.any()],
])('A schema with %s can be answered', (_what, schema) => {
  expect(whyUnanswerable(schema)).toBeUndefined();
});
