/**
 * Damaged files through the whole pipeline, from bytes to a found mapping: each gives an answer or is refused as bad
 * input that names a place and the way out. Never another error, never long, and every number of an answer is finite.
 */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { expect, test } from "vitest";
import { LaminateError } from "../src/base/errors.ts";
import { seededRandom } from "../src/base/random.ts";
import { fuse } from "../src/compiler/fusion/static-plan.ts";
import { importOnnx } from "../src/graph/onnx/import-onnx.ts";
import { inferShapes } from "../src/graph/ops/infer-shapes.ts";
import { presets } from "../src/mapping/accelerator/presets/presets.ts";
import type { Evaluation } from "../src/mapping/cost/evaluation.ts";
import type { Problem } from "../src/mapping/cost/problem.ts";
import { exactMapper } from "../src/mapping/mappers/exact/exact.ts";
import { findMapping } from "../src/mapping/mappers/find-mapping.ts";
import { gTeacherMapper } from "../src/mapping/mappers/g-teacher/g-teacher.ts";
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

/** Inputs whose size the files leave open; without one every copy would be refused at the first layer. */
const bindings = new Map([["silero_vad_op18_ifless.onnx", new Map([["input", [1, 512]]])]]);

test.each(files)(`${rounds} damaged copies of %s (seed ${seed})`, async (file, bytes) => {
  const shapes = bindings.get(basename(file));
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    const evaluation = await costOrRefusal(mutate(bytes, seededRandom(seed + round)), round, shapes);
    if (evaluation?.feasible) expectFinite(evaluation, round);
    expect(performance.now() - start, `milliseconds of round ${round} of seed ${seed}`).toBeLessThan(5_000);
  }
});

/** Every second copy in paper mode, every third by sampling; a few hundred evaluations go through every part of a search. */
async function costOrRefusal(
  damaged: Uint8Array,
  round: number,
  shapes: ReadonlyMap<string, readonly number[]> | undefined,
): Promise<Evaluation | undefined> {
  try {
    const options = shapes === undefined ? { batch: 1 } : { bindings: shapes };
    const typed = inferShapes(importOnnx(damaged, { name: "damaged.onnx" }), options);
    const workload = extractWorkload(fuse(typed), { name: "damaged", elementType: "int8" });
    const problem: Problem = {
      workload,
      accelerator: presets.dnnfuser2022Calibrated,
      batch: 4,
      memoryBytes: 20e6,
      mode: round % 2 === 0 ? "full" : "paper",
    };
    const mapper = round % 3 === 0 ? gTeacherMapper() : exactMapper();
    const { evaluation } = await findMapping(mapper, problem, { budget: { evaluations: 300 } });
    return evaluation;
  } catch (error) {
    if (error instanceof LaminateError && error.code === "bad-input" && error.where && error.fix)
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
