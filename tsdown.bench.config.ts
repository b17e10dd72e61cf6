import { defineConfig } from "tsdown";
import { bundleText } from "./scripts/bundle-text.js";

// Benchmarks are bundled with the sources they measure, so that they see what is not exported.
export default defineConfig({
  entry: {
    compiler: "bench/compiler.ts",
    operators: "bench/operators.ts",
    kernels: "bench/kernels.ts",
    mapping: "bench/mapping.ts",
    "dnnfuser-decode": "bench/dnnfuser-decode.ts",
    "held-out": "bench/held-out.ts",
    "training-step": "bench/training-step.ts",
    "read-large-model": "bench/read-large-model.ts",
    "papers/baselines": "bench/papers/baselines.ts",
    "papers/dlfusion": "bench/papers/dlfusion.ts",
    "papers/fusion": "bench/papers/fusion.ts",
    "papers/table1": "bench/papers/table1.ts",
    "papers/ablation": "bench/papers/ablation.ts",
    "papers/table2": "bench/papers/table2.ts",
    "papers/figure3": "bench/papers/figure3.ts",
  },
  outDir: "out/bench",
  plugins: [bundleText()],
  format: "esm",
  platform: "node",
  target: "node20",
  dts: false,
  clean: true,
  fixedExtension: false,
});
