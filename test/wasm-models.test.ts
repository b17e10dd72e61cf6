/**
 * Whole networks compiled and run: the outputs that a reference runtime gave for the same pseudo-random inputs, within
 * 1e-3 of each output's range. LAMINATE_RELAXED=1 runs the kernels with relaxed SIMD.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { compareValues } from "../src/graph/interpreter/compare-values.ts";
import { randomInputs } from "../src/graph/interpreter/random-inputs.ts";
import { runGraph } from "../src/graph/interpreter/run-graph.ts";
import type { RuntimeValue } from "../src/graph/ir/runtime-value.ts";
import { importOnnx } from "../src/graph/onnx/import-onnx.ts";
import { readReference, referenceFiles } from "./references.ts";
import { runCompiled, runsRelaxed } from "./run-compiled.ts";
import { describeShared, sharedPath } from "./shared.ts";

/** Too much time or memory for every run; LAMINATE_ALL_MODELS=1 runs them too. */
const slowModels = /^tv_(?:vgg19|fasterrcnn|maskrcnn)/;
const runsAll = process.env.LAMINATE_ALL_MODELS === "1";

/** How many boxes stay depends on the scores: the error names the first node or value that it concerns, and the way out. */
const refused = /^tv_(?:maskrcnn_resnet50_fpn|ssd300_vgg16|ssdlite320_mobilenet_v3_large)\.synthetic/;

const run = async (file: string, relaxedSimd: boolean): Promise<void> => {
  const { model, inputs, check } = readReference(file);
  const network = importOnnx(readFileSync(sharedPath("models", model)), { name: model });
  check(await runCompiled(network, inputs, { relaxedSimd }));
};

describeShared("networks compiled", "about 40", () => {
  const files = referenceFiles();
  const leftOut = runsAll ? [] : files.filter((file) => slowModels.test(file) && !refused.test(file));
  if (leftOut.length > 0) test.skip(`left out for time: ${leftOut.join(", ")}`, () => {});
  const compiled = files.filter((file) => !leftOut.includes(file) && !refused.test(file));

  test.each(compiled)("%s gives the reference's outputs", (file) => run(file, runsRelaxed));

  // Those with their own weights are small.
  test.each(compiled.filter((file) => !file.includes("synthetic")))(
    "%s does so in the other flavour too",
    (file) => run(file, !runsRelaxed),
  );

  test.each(["inception_v1", "shufflenet", "squeezenet"])(
    "light_%s, whose weights are made by its own nodes, gives the interpreter's outputs",
    async (name) => {
      const model = `third-party/light_${name}.onnx`;
      const network = importOnnx(readFileSync(sharedPath("models", model)), { name: model });
      const inputs = randomInputs(network.graph, 1);
      const found = await runCompiled(network, inputs);
      for (const [output, value] of runGraph(network, inputs)) {
        const difference = compareValues(found.get(output) as RuntimeValue, value, {
          relative: 1e-3,
          absolute: 1e-6,
        });
        expect(difference.isClose, `${output}: ${JSON.stringify(difference)}`).toBe(true);
      }
    },
  );

  describe("networks whose shapes depend on data", () => {
    test.each(files.filter((file) => refused.test(file)))("%s is refused", async (file) => {
      await expect(run(file, false)).rejects.toMatchObject({
        code: "bad-input",
        where: expect.stringMatching(/^(?:node|value) "/),
        fix: expect.stringMatching(/interpreter/),
      });
    });
  });
});
