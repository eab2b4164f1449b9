import { z } from 'zod';
import { unknownField } from '../../lib/protocol/unknown-field';

const schema = (advice?: string) =>
  z.strictObject({ tool_name: z.string() }, { error: unknownField(['tool_name', 'tool_args'], advice) });
const messageOf = (value: unknown, advice?: string) =>
  schema(advice).safeParse(value).error?.issues[0]?.message;

test('an unknown field is named, with the nearest known one where there is one', () => {
  expect(messageOf({ tool_name: 'x', toolArgs: {} })).toBe(
    'unknown field "toolArgs" (did you mean "tool_args"?)',
  );
  expect(messageOf({ tool_name: 'x', environment: 'PRODUCTION' })).toBe('unknown field "environment"');
});

test('all are named, long names shortened and many counted', () => {
  const many = Object.fromEntries(
    ['a'.repeat(100), 'f2', 'f3', 'f4', 'f5', 'f6', 'f7'].map((key) => [key, 1]),
  );
  expect(messageOf({ tool_name: 'x', ...many })).toBe(
    `unknown field "${'a'.repeat(64)}…", unknown field "f2", unknown field "f3", unknown field "f4", unknown field "f5", and 2 more`,
  );
});

test('the advice comes last', () =>
  expect(messageOf({ tool_name: 'x', colour: 1 }, 'leave it out')).toBe(
    'unknown field "colour"; leave it out',
  ));

test('whatever else is wrong is said in the words of zod', () =>
  expect(messageOf({ tool_name: 1 }, 'leave it out')).toBe(
    'Invalid input: expected string, received number',
  ));
