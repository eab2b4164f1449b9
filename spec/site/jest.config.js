/** `npm run test:site`: builds the documentation site and reads it. */
const { projects } = require('../../jest.config');

module.exports = {
  ...projects[0],
  rootDir: '../..',
  displayName: 'site',
  roots: ['<rootDir>/spec/site'],
  testMatch: ['<rootDir>/spec/site/**/*.spec.ts'],
};
