import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Programs and sockets are started by some tests: a stuck one must fail, not hang the run.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // The end-to-end tests are the longest: they are handed out first and the short ones fill the gaps.
    maxWorkers: 2,
  },
});
