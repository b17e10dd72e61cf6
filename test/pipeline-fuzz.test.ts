/**
 * Damaged files through the whole pipeline, from bytes to the cost of a mapping: each gives an answer or is refused as
 * bad input that names a place. Never another error, never long, and every number of an answer is finite.
 */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { LaminateError } from "../src/base/errors.ts";
import { seededRandom } from "../src/base/random.ts";
import { fuse } from "../src/compiler/fusion/static-plan.ts";
import { importOnnx } from "../src/graph/onnx/import-onnx.ts";
import { inferShapes } from "../src/graph/ops/infer-shapes.ts";
import { presets } from "../src/mapping/accelerator/presets/presets.ts";
import { evaluateLayerByLayer } from "../src/mapping/cost/evaluate.ts";
import type { Evaluation } from "../src/mapping/cost/evaluation.ts";
import { extractWorkload } from "../src/mapping/workload/extract.ts";
import { mutate } from "./mutate.ts";
import { hasShared, sharedPath } from "./shared.ts";
import { tinyModels } from "./tiny-models.ts";

const seed = Number(process.env.LAMINATE_SEED ?? 64_000);
const rounds = 500;

const sharedFiles = [
  "structure/tv_resnet18.onnx",
  "structure/tv_mobilenet_v2.onnx",
  "structure/hf_tinybert_4l_312_s128.onnx",
  "complete/mlperftiny_kws_dscnn_int8.onnx",
  "complete/silero_vad_op18_ifless.onnx",
  "third-party/light_shufflenet.onnx",
];

const files: readonly (readonly [string, Uint8Array])[] = [
  ...Object.entries(tinyModels()),
  ...(hasShared ? sharedFiles.map((file) => [file, readFileSync(sharedPath("models", file))] as const) : []),
];

test.each(files)(`${rounds} damaged copies of %s (seed ${seed})`, (_, bytes) => {
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    const evaluation = costOrRefusal(mutate(bytes, seededRandom(seed + round)), round);
    if (evaluation?.feasible) expectFinite(evaluation, round);
    expect(performance.now() - start, `milliseconds of round ${round} of seed ${seed}`).toBeLessThan(5_000);
  }
});

function costOrRefusal(damaged: Uint8Array, round: number): Evaluation | undefined {
  try {
    const typed = inferShapes(importOnnx(damaged, { name: "damaged.onnx" }), { batch: 1 });
    const workload = extractWorkload(fuse(typed), { elementType: "int8" });
    return evaluateLayerByLayer({ workload, accelerator: presets.dnnfuser2022Calibrated, batch: 4 });
  } catch (error) {
    if (error instanceof LaminateError && error.code === "bad-input" && error.where !== undefined)
      return undefined;
    throw new Error(`round ${round} of seed ${seed}: ${String(error)}`, { cause: error });
  }
}

function expectFinite(evaluation: Extract<Evaluation, { feasible: true }>, round: number): void {
  const { latencySeconds, offChipBytes, onChipTrafficBytes, energyJoules, peakFootprintBytes } = evaluation;
  for (const value of [latencySeconds, offChipBytes, onChipTrafficBytes, energyJoules, peakFootprintBytes]) {
    expect(Number.isFinite(value) && value >= 0, `round ${round} of seed ${seed}: ${value}`).toBe(true);
  }
}
