import { defineConfig } from "vitest/config";

// unit: fast facts beside the code, part of `npm run check`. slow: whole models, fuzzing, the command line.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["src/**/*.test.ts", "test/architecture.test.ts"],
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: "slow",
          include: ["test/**/*.test.ts"],
          exclude: ["test/architecture.test.ts"],
          globalSetup: ["test/build-dist.ts"],
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
