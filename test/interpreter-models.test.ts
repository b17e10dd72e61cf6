/**
 * The interpreter against whole networks: the outputs that a reference runtime gave for the same pseudo-random inputs,
 * within 1e-3 of each output's range. Large networks are left out: they are the same operators for minutes.
 */
import { readFileSync } from "node:fs";
import { describe, test } from "vitest";
import { runGraph } from "../src/graph/interpreter/run-graph.ts";
import { importOnnx } from "../src/graph/onnx/import-onnx.ts";
import { readReference, referenceFiles } from "./references.ts";
import { describeShared, sharedPath } from "./shared.ts";

/**
 * More than four seconds each; LAMINATE_ALL_MODELS=1 runs them too, for many minutes. Of these tv_ssd300_vgg16 is not
 * comparable: with synthetic weights all its scores are 1, so that the last bit decides which boxes stay.
 */
const slowModels =
  /^(?:c3d|hf_albert|hf_bert|hf_distilbert|hf_gpt2|mb_unet|tv_resnet50|tv_s3d|tv_ssd300_vgg16|tv_vgg|tv_vit|yolov4|tv_(?:faster|mask)rcnn)/;
const runsAll = process.env.LAMINATE_ALL_MODELS === "1";

describeShared("networks in the interpreter", "about 30", () => {
  const files = referenceFiles();
  const leftOut = runsAll ? [] : files.filter((file) => slowModels.test(file));
  if (leftOut.length > 0) test.skip(`left out for time: ${leftOut.join(", ")}`, () => {});

  describe.each(files.filter((file) => !leftOut.includes(file)))("%s", (file) => {
    test("gives the reference's outputs", () => {
      const { model, inputs, check } = readReference(file);
      check(runGraph(importOnnx(readFileSync(sharedPath("models", model)), { name: model }), inputs));
    });
  });
});
