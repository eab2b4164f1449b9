import { z } from 'zod';
import { misspeltField, namingFields, unknownField } from '../../lib/protocol/unknown-field';

const fields = { tool_name: z.string(), tool_args: z.unknown().optional() };
const messageOf = (value: unknown, schema: z.ZodType = z.strictObject(fields)) =>
  schema.safeParse(value, namingFields).error?.issues[0]?.message;

test('an unknown field is named, with the nearest known one where there is one, and all that are known', () => {
  expect(messageOf({ tool_name: 'x', toolArgs: {} })).toBe(
    'Unrecognized key: "toolArgs"; did you mean tool_args? (known: tool_name, tool_args)',
  );
  expect(messageOf({ tool_name: 'x', environment: 'PRODUCTION' })).toBe(
    'Unrecognized key: "environment" (known: tool_name, tool_args)',
  );
});

test('long names are cut and many are not all listed', () => {
  const many = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`${at}`.padStart(100, 'f'), 1]));
  const message = messageOf({ tool_name: 'x', ...many }) ?? '';
  expect(message).toMatch(/^Unrecognized keys: "f{80}", /);
  expect(message.match(/"f+"/g)).toHaveLength(40);
});

test('advice on where such fields belong comes last', () => {
  const schema = z.strictObject(fields, { error: unknownField('leave it out') });
  expect(messageOf({ tool_name: 'x', colour: 1 }, schema)).toBe(
    'Unrecognized key: "colour" (known: tool_name, tool_args); leave it out',
  );
});

test('whatever else is wrong is said in the words of zod', () => {
  const schema = z.strictObject(fields, { error: unknownField('leave it out') });
  expect(messageOf({ tool_name: 1 }, schema)).toBe(messageOf({ tool_name: 1 }, z.object(fields)));
});

test('a schema that ignores what it does not know refuses what looks like a missing field of its own', () => {
  const schema = z.object(fields);
  expect(misspeltField(schema, { toolName: 'x' })).toContain('did you mean tool_name?');
  expect(misspeltField(schema, { tool_name: 'x', toolName: 'y', colour: 1 })).toBeUndefined();
  expect(misspeltField(schema, null)).toBeUndefined();
});
