import { defineConfig } from "vitest/config";
import { bundleText } from "./scripts/bundle-text.js";

// unit: fast facts beside the code, part of `npm run check`. slow: whole models, fuzzing, training, the command line.
export default defineConfig({
  test: {
    projects: [
      {
        plugins: [bundleText()],
        test: {
          name: "unit",
          include: ["src/**/*.test.ts", "test/architecture.test.ts"],
          exclude: ["src/**/*.slow.test.ts"],
          // Modules hold no state, so files may share them: importing afresh took as long as a third of the tests.
          isolate: false,
          testTimeout: 30_000,
        },
      },
      {
        plugins: [bundleText()],
        test: {
          name: "slow",
          include: ["test/**/*.test.ts", "src/**/*.slow.test.ts"],
          exclude: ["test/architecture.test.ts"],
          globalSetup: ["test/build-dist.ts"],
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
