/** The question, tested with jest, 29 or 30. */
const { model, source } = require('./question.js');

test('a question is answered once, with one of its options, or it expires', async () => {
  await model.test(source);
  model.assertCoverage();
});
