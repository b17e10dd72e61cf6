/** Fusion plans of real networks: every rule holds on each, and the block counts of DNNFusion's networks are pinned. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { planFixed } from "../src/compiler/fusion/fixed-plan.ts";
import { exceptionNames, planFusion } from "../src/compiler/fusion/plan.ts";
import { summarizePlan } from "../src/compiler/fusion/plan-summary.ts";
import { fuse } from "../src/compiler/fusion/static-plan.ts";
import type { TypedGraph } from "../src/graph/ir/graph.ts";
import { importOnnx } from "../src/graph/onnx/import-onnx.ts";
import { inferShapes } from "../src/graph/ops/infer-shapes.ts";
import { checkPlan } from "./check-plan.ts";
import { describeShared, hasShared, sharedPath } from "./shared.ts";

interface ManifestEntry {
  readonly name: string;
  readonly file: string;
}

const manifest: readonly ManifestEntry[] = hasShared
  ? JSON.parse(readFileSync(sharedPath("models", "manifest.json"), "utf8")).files
  : [];
const models = manifest.filter(({ file }) => file.endsWith(".onnx"));

function load(file: string): TypedGraph {
  return inferShapes(importOnnx(readFileSync(file), { name: file }), { batch: 1 });
}

describeShared("every model is planned, by the rules", "all", () => {
  test.each(models)("$name", ({ file }) => {
    const typed = load(sharedPath(file));
    for (const exceptions of [[], exceptionNames]) checkPlan(planFusion(typed, { exceptions }));
    checkPlan(planFixed(typed));
  });
});

// Operators, heavy ones, blocks by fixed patterns, by the table, with all exceptions; and the paper's blocks.
const counts = [
  ["tv_efficientnet_b0", [288, 82, 223, 99, 82], 97],
  ["tv_vgg16", [38, 16, 23, 21, 16], 17],
  ["mobilenetv1_ssd_300", [135, 47, 73, 47, 47], 71],
  ["yolov4_416", [725, 110, 583, 113, 110], 135],
  ["c3d_16x112", [28, 11, 18, 17, 11], 16],
  ["tv_s3d", [257, 78, 103, 93, 78], 98],
  ["mb_unet_256", [68, 23, 31, 27, 23], 82],
  ["tv_fasterrcnn_resnet50_fpn_static", [215, 80, 122, 81, 79], 942],
  ["tv_maskrcnn_resnet50_fpn_static", [226, 86, 128, 87, 85], 981],
  ["hf_tinybert_4l_312_s128", [218, 32, 194, 55, 21], 74],
  ["hf_distilbert_base_s128", [330, 48, 294, 82, 32], 109],
  ["hf_albert_base_s128", [656, 97, 583, 160, 62], 225],
  ["hf_bert_base_s128", [618, 96, 546, 159, 61], 216],
  ["hf_mobilebert_s128", [1674, 409, 1217, 434, 314], 510],
  ["hf_gpt2_s128", [686, 73, 686, 136, 62], 254],
] as const;

describeShared("block counts of DNNFusion's networks", counts.length, () => {
  test.each(counts)("%s", (name, [operators, heavy, fixed, table, best], papersBlocks) => {
    const typed = load(sharedPath("models", "structure", `${name}.onnx`));
    const withAll = summarizePlan(planFusion(typed, { exceptions: exceptionNames }));
    expect(withAll).toMatchObject({ operators, heavyOperators: heavy, blocks: best });
    expect(summarizePlan(planFusion(typed)).blocks).toBe(table);
    expect(summarizePlan(planFixed(typed)).blocks).toBe(fixed);
    expect(best).toBeLessThanOrEqual(papersBlocks);
  });
});

// Without exceptions that join heavy operators the plan has the blocks of the static one.
const gallery = [
  "vgg16",
  "resnet18",
  "resnet50",
  "mobilenet_v2",
  "mnasnet1_0",
  "efficientnet_b0",
  "vit_b_16_op13",
];
test.each(gallery)("the gallery's %s: as many blocks as the static plan", (name) => {
  const typed = load(new URL(`../models/tv_${name}.onnx`, import.meta.url).pathname);
  const plan = planFusion(typed, { exceptions: ["pooling", "normalization"] });
  expect(plan.blocks.length).toBe(fuse(typed).blocks.length);
});
