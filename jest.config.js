/** How the specs are run, by `npm test`: every spec on Express 5, those that meet Express once more on Express 4, and those of the hooks and parts on React 19 and 18. `spec/site` builds the site, by `npm run test:site` only. */

const { readdirSync, readFileSync } = require('node:fs');
const { join } = require('node:path');

const core = 'spec/transport/core';

/** Those of the core that mount an app, or middleware of one, themselves: what else is there meets a socket and no Express. */
const ofCoreWithExpress = readdirSync(join(__dirname, core))
  .filter((file) => /from '(express|compression)/.test(readFileSync(join(__dirname, core, file), 'utf8')))
  .map((file) => `<rootDir>/${core}/${file}`);

/** The specs that run on both; each takes its time twice, so only what meets Express belongs here. */
const onBothExpresses = [
  '<rootDir>/spec/transport/{express,rest,pages}/**/*.spec.ts',
  ...ofCoreWithExpress,
  '<rootDir>/spec/packaging/express.spec.ts',
];

const shared = {
  testEnvironment: 'node',
  // `development` makes xstate warn of unimplemented actions instead of ignoring them.
  testEnvironmentOptions: { customExportConditions: ['node', 'node-addons', 'development'] },
  roots: ['<rootDir>/spec'],
  // ArkType comes as modules alone, and specs are scripts.
  transformIgnorePatterns: ['/node_modules/(?!(arktype|arkregex|@ark)/)'],
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
  '^express-hitl/store$': '<rootDir>/lib/store/index.ts',
  '^express-hitl/store-contract$': '<rootDir>/lib/store/contract/index.ts',
  '^express-hitl/testing$': '<rootDir>/lib/testing/index.ts',
};

/** The hooks and parts, in a page of jsdom with Node's own network beside it, so that hub and page share one process. */
const inPages = {
  ...shared,
  testEnvironment: '<rootDir>/spec/react/page-environment.ts',
  testMatch: ['<rootDir>/spec/react/**/*.spec.tsx', '<rootDir>/spec/parts/**/*.spec.tsx'],
};

module.exports = {
  // By itself jest leaves one core to whoever sits at the machine; nobody does.
  maxWorkers: '100%',
  // What a file has loaded is freed late: a worker that has grown is replaced before it takes what the browsers need.
  workerIdleMemoryLimit: '1GB',
  testSequencer: '<rootDir>/spec/longest-first.js',
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
