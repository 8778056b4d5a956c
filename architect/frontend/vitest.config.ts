import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
    restoreMocks: true,
    // Five seconds, the default, are too few for the largest page beside other work.
    testTimeout: 20_000,
    // Two workers: the machines this runs on have two cores, and the suite is short.
    maxWorkers: 2,
    pool: "vmThreads",
  },
});
