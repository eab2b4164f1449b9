/** The question, tested with Node's own runner. */
import { test } from 'node:test';
import question from './question.js';

test('a question is answered once, with one of its options, or it expires', async () => {
  await question.model.test(question.source);
  question.model.assertCoverage();
});
