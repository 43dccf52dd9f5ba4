import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{contract,server,test}/**/*.test.ts'],
    globalSetup: './test/support/global-setup.ts',
    // Processes, not threads: a test file may send signals, change its environment or load a native module.
    pool: 'forks',
    // Two on two cores: vitest would keep one for itself, yet most of the time is waiting for PostgreSQL and for processes.
    maxWorkers: Math.max(2, availableParallelism()),
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // As long as anything may take on a machine that is busy; what comes is seen at once.
    expect: { poll: { timeout: 15_000, interval: 20 } },
  },
})
