import { fileURLToPath } from 'node:url';

const shared = {
  rootDir: fileURLToPath(new URL('.', import.meta.url)),
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest'] },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': ['$1.ts', '$1.js'] },
  testEnvironmentOptions: { customExportConditions: ['@millrace/source', 'node', 'node-addons'] },
  // CommonJS packages that require() ESM-only Nest die in Jest unless Nest is loaded first.
  setupFiles: ['<rootDir>/libs/testing/jest-setup.mjs'],
  modulePathIgnorePatterns: ['<rootDir>/.*/dist/', '<rootDir>/.millrace/'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '/.millrace/'],
};

/** `unit`: no input or output. `integration` and `e2e`: the real Kafka, registry, Redis and PostgreSQL. `data`: also needs MILLRACE_DATA. */
export default {
  maxWorkers: 2,
  // No test asserts a time; this one ends what hangs, also where two cores are shared with others.
  testTimeout: 60_000,
  coverageProvider: 'v8',
  projects: [
    { ...shared, displayName: 'unit', testMatch: ['<rootDir>/{libs,services,tools}/*/src/**/*.spec.ts'] },
    {
      ...shared,
      displayName: 'integration',
      testMatch: ['<rootDir>/{libs,services,tools}/*/test/**/*.int-spec.ts'],
      globalSetup: '<rootDir>/libs/testing/jest-stack.mjs',
      globalTeardown: '<rootDir>/libs/testing/jest-stack-down.mjs',
    },
    {
      ...shared,
      displayName: 'e2e',
      testMatch: ['<rootDir>/e2e/**/*.e2e-spec.ts'],
      globalSetup: '<rootDir>/libs/testing/jest-stack.mjs',
      globalTeardown: '<rootDir>/libs/testing/jest-stack-down.mjs',
    },
    {
      ...shared,
      displayName: 'data',
      testMatch: ['<rootDir>/e2e/**/*.data-spec.ts'],
      globalSetup: '<rootDir>/libs/testing/jest-stack.mjs',
      globalTeardown: '<rootDir>/libs/testing/jest-stack-down.mjs',
    },
  ],
};
