/** What a request asks: every field of its payload is in one part, and nothing of another shape passes for what it is not. */
import fc from 'fast-check';
import { askedBy, carriesContent, takesFreeText, wholeSpan } from '../../lib/protocol/asked';
import '../seed';

test('Every field of a payload comes back from the parts, whatever the kind and the shapes', () => {
  const field = fc.constantFrom(
    'tool_name',
    'tool_args',
    'editable',
    'grants',
    'question',
    'options',
    'free_text',
    'title',
    'environment',
    '__proto__',
  );
  const payloads = fc.dictionary(
    field,
    fc.oneof(fc.string(), fc.boolean(), fc.array(fc.string()), fc.object({ maxDepth: 1 }), fc.constant(null)),
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(fc.constantFrom('tool_approval', 'question', 'own'), payloads, (type, payload) => {
      const { form, heading, values, options, freeText, editable, offers, rest } = askedBy({ type, payload });
      const back =
        form === 'own'
          ? values
          : {
              ...rest,
              ...(form === 'tool' ? { tool_name: heading } : { question: heading }),
              ...(form === 'tool' &&
                !('tool_args' in rest) &&
                'tool_args' in payload && { tool_args: values }),
              ...(editable !== undefined && { editable }),
              ...(offers.length > 0 && { grants: offers }),
              ...(options.length > 0 && { options }),
              ...(freeText !== undefined && { free_text: freeText }),
            };
      expect(back).toEqual(payload);
    }),
  );
});

test('A payload that is missing asks nothing, and does not throw', () => {
  expect(askedBy({ type: 'tool_approval' })).toMatchObject({ form: 'own', heading: undefined, values: {} });
});

test('A question without options takes any text, one with options only where it says so', () => {
  const question = (more: object) =>
    takesFreeText(askedBy({ type: 'question', payload: { question: 'x', ...more } }));
  expect([question({}), question({ options: ['a'] }), question({ options: ['a'], free_text: true })]).toEqual(
    [true, false, true],
  );
});

test('Only a tool whose arguments cannot be edited is approved without content', () => {
  const tool = { tool_name: 'x', tool_args: {} };
  expect(carriesContent(askedBy({ type: 'tool_approval', payload: tool }))).toBe(false);
  expect(carriesContent(askedBy({ type: 'tool_approval', payload: { ...tool, editable: true } }))).toBe(true);
  expect(carriesContent(askedBy({ type: 'question', payload: { question: 'x' } }))).toBe(true);
});

test.each([
  [86_400_000, 1, 'day'],
  [5_400_000, 90, 'minute'],
  [7_200_000, 2, 'hour'],
  [61_000, 61, 'second'],
  [1_500, 1.5, 'second'],
])('%i ms are exactly %d of the unit %s', (ms, count, unit) => {
  expect(wholeSpan(ms)).toEqual({ count, unit });
});
