import { defineConfig } from "tsdown";
import { bundleText } from "./scripts/bundle-text.js";

export default defineConfig({
  entry: {
    index: "src/index.ts",
    node: "src/host/index.ts",
    report: "src/report/index.ts",
    cli: "src/cli/main.ts",
  },
  plugins: [bundleText()],
  format: "esm",
  platform: "node",
  target: "node20",
  dts: true,
  clean: true,
  fixedExtension: false,
});
