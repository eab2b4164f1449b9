/** How far the answers to a request agree, as pages explain it. */
import { agreementOf, contentOf } from '../../lib/protocol/agreement';

const said = (response: object | undefined, stage = 0, status: 'approved' | 'denied' = 'approved') => ({
  status,
  stage,
  response: response as Record<string, unknown> | undefined,
});
const of = (verdicts: ReturnType<typeof said>[], more: object = {}) =>
  agreementOf({ type: 'question', verdicts, ...more });

test('Answers of the same content count together, whatever their comments and the order of their fields', () => {
  expect(of([said({ answer: 'A', comment: 'x' }), said({ comment: 'y', answer: 'A' })])).toEqual({
    agreed: 2,
    isAtOdds: false,
  });
  expect(of([said({ a: [1, { b: 1, c: 2 }] }), said({ a: [1, { c: 2, b: 1 }] })]).isAtOdds).toBe(false);
});

test('Of answers that differ the largest group counts, and they are at odds; denials are apart', () => {
  expect(of([said({ answer: 'A' }), said({ answer: 'B' }), said({ answer: 'B' })])).toEqual({
    agreed: 2,
    isAtOdds: true,
  });
  expect(of([said({ answer: 'A' }), said({ comment: 'no' }, 0, 'denied')])).toEqual({
    agreed: 1,
    isAtOdds: false,
  });
  expect(of([])).toEqual({ agreed: 0, isAtOdds: false });
});

test('With the agreement any they count together, whatever they say', () => {
  const policy = { agreement: 'any' as const };
  expect(of([said({ answer: 'A' }), said({ answer: 'B' })], { policy })).toEqual({
    agreed: 2,
    isAtOdds: false,
  });
});

test('A stage has to agree with what the one before has approved', () => {
  const first = said({ answer: 'A' }, 0);
  expect(of([first], { stage: 1 })).toEqual({ agreed: 0, isAtOdds: false });
  expect(of([first, said({ answer: 'B' }, 1)], { stage: 1 })).toEqual({ agreed: 0, isAtOdds: true });
  expect(of([first, said({ answer: 'A' }, 1)], { stage: 1 })).toEqual({ agreed: 1, isAtOdds: false });
});

test('The choice of a grant is no content of a tool approval, and may be of a kind of the app’s own', () => {
  expect(contentOf('tool_approval', { grant: 0, comment: 'x', tool_args: {} })).toEqual({ tool_args: {} });
  expect(contentOf('access', { grant: 'read', comment: 'x' })).toEqual({ grant: 'read' });
  expect(contentOf('question')).toEqual({});
});
