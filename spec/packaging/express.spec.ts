/** That the two runs of `jest.config.js` really are two: each meets the Express it is named after. */
import express from 'express';
import { version } from 'express/package.json';

/** Set by `jest.config.js` for each run. */
declare const expressMajor: number;

test('this run has the Express it is named after', () => {
  expect(version).toMatch(new RegExp(`^${expressMajor}\\.`));
  // Only Express 4 has a `del`; asked of the code itself, since a version could be read from beside it.
  expect('del' in express()).toBe(expressMajor === 4);
});
