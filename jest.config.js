/** How the specs are run, by `npm test`: every spec on Express 5, those that meet Express once more on Express 4. */

/** The specs that run on both; each takes its time twice, so only what touches Express belongs here. */
const onBothExpresses = [
  '<rootDir>/spec/transport/**/*.spec.ts',
  '!<rootDir>/spec/transport/documents/**',
  '<rootDir>/spec/packaging/express.spec.ts',
];

const shared = {
  testEnvironment: 'node',
  // `development` makes xstate warn of unimplemented actions instead of ignoring them.
  testEnvironmentOptions: { customExportConditions: ['node', 'node-addons', 'development'] },
  roots: ['<rootDir>/spec'],
  transform: {
    '\\.[jt]sx?$': ['@swc/jest', { jsc: { target: 'es2023', parser: { syntax: 'typescript' } } }],
  },
};

const ownName = {
  '^express-hitl$': '<rootDir>/lib/index.ts',
  '^express-hitl/testing$': '<rootDir>/lib/testing/index.ts',
};

module.exports = {
  projects: [
    {
      ...shared,
      displayName: 'express 5',
      testMatch: ['<rootDir>/spec/**/*.spec.ts'],
      globals: { expressMajor: 5 },
      moduleNameMapper: ownName,
    },
    {
      ...shared,
      displayName: 'express 4',
      testMatch: onBothExpresses,
      globals: { expressMajor: 4 },
      // Also redirects the `require('express')` inside express-ws, so that one run knows one Express.
      moduleNameMapper: { ...ownName, '^express(/.*)?$': 'express4$1' },
    },
  ],
};
