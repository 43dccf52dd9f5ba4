// What both runs of `npm run mutate` have in common.

/** @param {{ mutate: readonly string[], vitest: string, ignoreStatic?: boolean }} run */
export const strykerConfig = ({ mutate, vitest, ignoreStatic = false }) => ({
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: `test/mutation/${vitest}`, related: false },
  mutate,
  ignoreStatic,
  coverageAnalysis: 'perTest',
  concurrency: 2,
  reporters: ['clear-text', 'progress-append-only'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  // Not below node_modules, where Node reads no TypeScript.
  tempDirName: '.stryker-tmp',
  ignorePatterns: ['/bench', '/data*', '/docs'],
  thresholds: { high: 98, low: 95, break: 95 },
})
