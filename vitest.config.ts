import { defineConfig } from 'vitest/config'

const slow = ['test/**/*.int.test.ts', 'test/**/*.e2e.test.ts', 'test/architecture/**/*.test.ts']

export default defineConfig({
  test: {
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 120_000,
    projects: [
      // Files share processes: they keep no state that another could find, and start twice as fast.
      { extends: true, test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: slow, isolate: false } },
      {
        extends: true,
        test: {
          name: 'slow',
          include: slow,
          fileParallelism: false,
          globalSetup: ['test/kit/kafka/global-setup.ts'],
        },
      },
    ],
  },
})
