/** Prints jest's own numbers as one plain line; `.ci/run` ends with it. */
const { readFileSync } = require('node:fs');

const results = JSON.parse(readFileSync(process.argv[2], 'utf8'));
// A spec file that could not be loaded holds no test that failed, and yet is no success.
const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
const skipped = results.numPendingTests + results.numTodoTests;
console.log(
  `jest: ${results.numPassedTests} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`,
);
if (failed > 0 || results.numPassedTests === 0) process.exitCode = 1;
