/** How the specs are run, by `npm test`: every spec on Express 5, those that meet Express once more on Express 4, and those of the hooks and parts on React 19 and 18. `spec/site` builds the site, by `npm run test:site` only. */

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
    '\\.[jt]s$': ['@swc/jest', { jsc: { target: 'es2023', parser: { syntax: 'typescript' } } }],
    '\\.tsx$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2023',
          parser: { syntax: 'typescript', tsx: true },
          transform: { react: { runtime: 'automatic' } },
        },
      },
    ],
  },
};

const ownName = {
  '^express-hitl$': '<rootDir>/lib/index.ts',
  '^express-hitl/client$': '<rootDir>/lib/client/index.ts',
  '^express-hitl/react$': '<rootDir>/lib/react/index.ts',
  '^express-hitl/testing$': '<rootDir>/lib/testing/index.ts',
};

/** The hooks and parts, in a page of jsdom with Node's own network beside it, so that hub and page share one process. */
const inPages = {
  ...shared,
  testEnvironment: '<rootDir>/spec/react/page-environment.ts',
  testMatch: ['<rootDir>/spec/react/**/*.spec.tsx', '<rootDir>/spec/parts/**/*.spec.tsx'],
};

module.exports = {
  projects: [
    {
      ...shared,
      displayName: 'express 5',
      testMatch: ['<rootDir>/spec/**/*.spec.ts', '!<rootDir>/spec/site/**'],
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
    {
      ...inPages,
      displayName: 'react 19',
      globals: { reactMajor: 19 },
      moduleNameMapper: ownName,
    },
    {
      ...inPages,
      displayName: 'react 18',
      globals: { reactMajor: 18 },
      moduleNameMapper: { ...ownName, '^react(/.*)?$': 'react18$1', '^react-dom(/.*)?$': 'react-dom18$1' },
    },
  ],
};
