import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
    restoreMocks: true,
    // Two workers: the machines this runs on have two cores, and the suite is short.
    maxWorkers: 2,
    pool: "vmThreads",
  },
});
